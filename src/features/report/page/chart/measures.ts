import {drawChart, type Form, moveRule} from './chart.ts';
import {isCounted, kinds, type ChartMeasure, page, placeAt} from '../data.ts';
import {byId, cell, element, headRow, number} from '../dom.ts';
import {current, follow} from '../moment.ts';
import {countText, deltaText, sizeText} from '../../../../model/amounts.ts';
import {MEASURES} from '../../../../model/measures.ts';
import {swatch} from '../colours.ts';

/** In the order in which they are offered. */
const CHOICES = ['rss', 'pss', 'privateDirty', 'swap', 'size', 'regions'] as const satisfies readonly ChartMeasure[];

/** What there is to say about the chart of a measure besides what the measure is. */
const REMARKS: Readonly<Partial<Record<ChartMeasure, string>>> = {
  rss:
    ' Between two readings of smaps a straight line is drawn, unless smaps was not read for long while memory ' +
    'changed; the thin line on top is the whole process as in /proc/PID/status at each sample.',
};

let measure: ChartMeasure = page.measure;
let form: Form = 'stacked';

export function redrawChart(): void {
  drawChart(measure, form);
  drawLegend(measure);
  byId('measure-words').textContent = `${MEASURES[measure].metric.help}${REMARKS[measure] ?? ''}`;
}

/** The chart, its table, and the choice of what they show. */
export function startMeasures(): void {
  const isThere = (each: ChartMeasure): boolean =>
    !isCounted(each) || page.series.some((series) => series[each].some((value, at) => at % 2 === 0 && value > 0));
  const some = CHOICES.filter(isThere);
  if (!isThere(measure)) measure = 'size';
  const measures = some.map((each) => [each, MEASURES[each].words] as const);
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
let shown: ChartMeasure = 'size';

/** The chart's numbers: each kind at the moment, at the beginning, at the end and at its highest. */
function drawLegend(measure: ChartMeasure): void {
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
  for (const {values, now} of lines) now.textContent = place < 0 ? 'not read' : amount(values[place] ?? 0);
}
