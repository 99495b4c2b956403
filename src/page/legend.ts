import {countText, deltaText, sizeText} from '../model/size.ts';
import {swatch} from './colours.ts';
import {isCounted, kinds, placeAt, type Measure} from './data.ts';
import {byId, cell, element, headRow, number} from './dom.ts';
import {current} from './moment.ts';

interface Line {
  readonly name: string;
  readonly values: readonly number[];
  readonly now: HTMLTableCellElement;
}

let lines: Line[] = [];
let shown: Measure = 'size';

/** The chart's numbers: each kind at the moment, at the beginning, at the end and at its highest. */
export function drawLegend(measure: Measure): void {
  shown = measure;
  const some = kinds.map(({kind, [measure]: values}) => ({name: kind as string, values})).filter(({values}) => values.some((value) => value > 0));
  const length = kinds[0]?.[measure].length ?? 0;
  const total = Array.from({length}, (_, at) => kinds.reduce((sum, kind) => sum + kind[measure][at]!, 0));
  const peak = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
  lines = [{name: 'total', values: total}, ...some.sort((a, b) => peak(b.values) - peak(a.values))].map((line) => ({...line, now: number('')}));
  const amount = measure === 'regions' ? countText : sizeText;
  const change = measure === 'regions' ? (count: number) => (count > 0 ? `+${countText(count)}` : count < 0 ? `−${countText(-count)}` : '0') : deltaText;
  const rows = lines.map(({name, values, now}) => {
    const [first, last] = [values[0] ?? 0, values.at(-1) ?? 0];
    const title = cell(name, 'nowrap');
    if (name !== 'total') title.prepend(swatch(name));
    const delta = number(first === last ? '' : change(last - first));
    delta.classList.add(last > first ? 'come' : 'go');
    return element('tr', {class: name === 'total' ? 'total' : undefined}, title, now, number(amount(first)), number(amount(last)), delta, number(amount(peak(values))));
  });
  byId('legend').replaceChildren(headRow(['kind', '>at the moment', isCounted(measure) ? '>first read' : '>first', isCounted(measure) ? '>last read' : '>last', '>change', '>most seen']), element('tbody', {}, ...rows));
  updateLegend(current());
} // prettier-ignore

export function updateLegend(look: number): void {
  const place = placeAt(shown, look);
  const amount = shown === 'regions' ? countText : sizeText;
  for (const {values, now} of lines) now.textContent = place < 0 ? '?' : amount(values[place] ?? 0);
}
