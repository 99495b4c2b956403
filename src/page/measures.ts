import {drawChart, moveRule} from './chart.ts';
import type {Form} from './chart-labels.ts';
import {page, type Measure} from './data.ts';
import {byId, element} from './dom.ts';
import {drawLegend, updateLegend} from './legend.ts';
import {follow} from './moment.ts';

const MEASURES: ReadonlyArray<readonly [Measure, string, string]> = [
  [
    'rss',
    'resident',
    'Bytes in RAM by kind of memory; shared pages count in full. Between two readings of smaps a straight line is drawn; the thin line on top is the whole process as /proc/PID/status has it at each look.',
  ],
  ['pss', 'PSS', 'Bytes in RAM by kind of memory; a page that n processes map counts as 1/n.'],
  ['privateDirty', 'private dirty', 'Bytes that only this process has and that can not be dropped.'],
  ['swap', 'swapped', 'Bytes that lie in swap.'],
  ['size', 'address space', 'The sizes of the regions: a promise, not memory.'],
  ['regions', 'regions', 'How many regions there are.'],
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
  choice('form', [['stacked', 'layers'], ['lines', 'lines']] as const, form, (chosen) => (form = chosen));
  follow((look) => {
    moveRule(look);
    updateLegend(look);
  });
} // prettier-ignore

function choice<Value extends string>(id: string, options: ReadonlyArray<readonly [Value, string]>, chosen: Value, choose: (value: Value) => void): void {
  for (const [value, word] of options) {
    const change = (): void => {
      choose(value);
      redrawChart();
    };
    byId(id).append(element('label', {}, element('input', {type: 'radio', name: id, value, checked: value === chosen, onchange: change}), word));
  }
} // prettier-ignore
