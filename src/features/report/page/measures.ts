import {drawChart, type Form, moveRule} from './chart.ts';
import {isCounted, kinds, type Measure, page, placeAt} from './data.ts';
import {byId, cell, element, headRow, number} from './dom.ts';
import {current, follow} from './moment.ts';
import {countText, deltaText, sizeText} from '../../../model/amounts.ts';
import {swatch} from './colours.ts';

const MEASURES: ReadonlyArray<readonly [Measure, string, string]> = [
  [
    'rss',
    'resident',
    'Bytes in RAM by kind of memory; shared pages count in full. Between two readings of smaps a straight line is drawn; the thin line on top is the whole process as in /proc/PID/status at each sample.',
  ],
  ['pss', 'PSS', 'Bytes in RAM by kind of memory; a page that n processes map counts as 1/n.'],
  ['privateDirty', 'private dirty', 'Bytes that only this process has and that cannot be dropped.'],
  ['swap', 'swapped', 'Bytes in swap.'],
  ['size', 'address space', 'The sizes of the regions: a promise, not memory.'],
  ['regions', 'regions', 'The number of regions.'],
];

let measure: Measure = page.measure;
let form: Form = 'stacked';

export function redrawChart(): void {
  drawChart(measure, form);
  drawLegend(measure);
  const words = MEASURES.find(([each]) => each === measure)![2];
  byId('measure-words').textContent = words;
}

/** The chart, its table, and the choice of what they show. */
export function startMeasures(): void {
  const has = new Set<Measure>(['size', 'regions']);
  for (const series of page.series) {
    for (const counter of ['rss', 'pss', 'privateDirty', 'swap'] as const) {
      if (series[counter].some((value, at) => at % 2 === 0 && value > 0)) has.add(counter);
    }
  }
  if (!has.has(measure)) measure = 'size';
  const measures = MEASURES.filter(([each]) => has.has(each)).map(([each, word]) => [each, word] as const);
  choice('measure', measures, measure, (chosen) => (measure = chosen));
  choice(
    'form',
    [
      ['stacked', 'layers'],
      ['lines', 'lines'],
    ] as const,
    form,
    (chosen) => (form = chosen),
  );
  follow((look) => {
    moveRule(look);
    updateLegend(look);
  });
}

function choice<Value extends string>(
  id: string,
  options: ReadonlyArray<readonly [Value, string]>,
  chosen: Value,
  choose: (value: Value) => void,
): void {
  for (const [value, word] of options) {
    const change = (): void => {
      choose(value);
      redrawChart();
    };
    byId(id).append(
      element(
        'label',
        {},
        element('input', {type: 'radio', name: id, value, checked: value === chosen, onchange: change}),
        word,
      ),
    );
  }
}

interface Line {
  readonly name: string;
  readonly values: readonly number[];
  readonly now: HTMLTableCellElement;
}

let lines: Line[] = [];
let shown: Measure = 'size';

/** The chart's numbers: each kind at the moment, at the beginning, at the end and at its highest. */
function drawLegend(measure: Measure): void {
  shown = measure;
  const some = kinds
    .map(({kind, [measure]: values}) => ({name: kind as string, values}))
    .filter(({values}) => values.some((value) => value > 0));
  const length = kinds[0]?.[measure].length ?? 0;
  const total = Array.from({length}, (_, at) => kinds.reduce((sum, kind) => sum + kind[measure][at]!, 0));
  const peak = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
  lines = [{name: 'total', values: total}, ...some.sort((a, b) => peak(b.values) - peak(a.values))].map((line) => ({
    ...line,
    now: number(''),
  }));
  const amount = measure === 'regions' ? countText : sizeText;
  const change =
    measure === 'regions'
      ? (count: number) => (count > 0 ? `+${countText(count)}` : count < 0 ? `−${countText(-count)}` : '0')
      : deltaText;
  const rows = lines.map(({name, values, now}) => {
    const [first, last] = [values[0] ?? 0, values.at(-1) ?? 0];
    const title = cell(name, 'nowrap');
    if (name !== 'total') title.prepend(swatch(name));
    const delta = number(first === last ? '' : change(last - first));
    delta.classList.add(last > first ? 'come' : 'go');
    return element(
      'tr',
      {class: name === 'total' ? 'total' : undefined},
      title,
      now,
      number(amount(first)),
      number(amount(last)),
      delta,
      number(amount(peak(values))),
    );
  });
  byId('legend').replaceChildren(
    headRow([
      'kind',
      '>at the moment',
      isCounted(measure) ? '>first read' : '>first',
      isCounted(measure) ? '>last read' : '>last',
      '>change',
      '>most seen',
    ]),
    element('tbody', {}, ...rows),
  );
  updateLegend(current());
}

function updateLegend(look: number): void {
  const place = placeAt(shown, look);
  const amount = shown === 'regions' ? countText : sizeText;
  for (const {values, now} of lines) now.textContent = place < 0 ? '?' : amount(values[place] ?? 0);
}
