import uPlot from 'uplot';
import {countText, sizeText} from '../model/size.ts';
import {drawEvents, drawLabels, lastOf, type Form} from './chart-labels.ts';
import {colourOf, styleColour} from './colours.ts';
import {duration, isCounted, lookAt, page, timeText, type Measure} from './data.ts';
import {byId} from './dom.ts';
import {columnsIn} from './layout.ts';
import {current, show} from './moment.ts';
import {layersOf, stacked, type Layers} from './stacks.ts';

const HEIGHT = 300;
const FONT = '11px system-ui, sans-serif';

let plot: uPlot | undefined;
let rule: HTMLElement | undefined;

/** Draws the kinds of memory over time, one on the other or as lines. */
export function drawChart(measure: Measure, form: Form): void {
  const place = byId('chart');
  plot?.destroy();
  const layers = layersOf(measure);
  const {left, right} = columnsIn(place.clientWidth);
  const lines = form === 'stacked' ? stacked(layers.layers) : layers.layers.map(({values}) => values);
  const isDense = layers.times.length > (place.clientWidth - left - right) / 2;
  // The tallest is drawn first, and the others over it.
  const order = layers.layers.map((_, index) => index).reverse();
  const options: uPlot.Options = {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [12, right, 0, 0],
    legend: {show: false},
    cursor: {x: false, y: false, points: {show: false}, drag: {x: false, y: false}},
    scales: {x: {time: false, range: [0, duration / 1000]}, y: {range: (_plot, _least, most) => [0, (most || 1) * 1.04]}},
    axes: axes(measure, left),
    series: [{}, ...order.map((index) => lineOf(layers.layers[index]!.kind, form, isCounted(measure), isDense)), ...(layers.total ? [totalLine()] : [])],
    hooks: {draw: [(self) => drawLabels(self, layers, lines, form, right), drawEvents]},
  };
  plot = new uPlot(options, [[...layers.times], ...order.map((index) => [...lines[index]!]), ...(layers.total ? [[...layers.total]] : [])], place);
  rule = document.createElement('div');
  rule.className = 'rule';
  plot.over.append(rule);
  listen(plot.over);
  place.setAttribute('aria-label', describe(layers, measure));
  moveRule(current());
} // prettier-ignore

/** Puts the line of the moment to its time. */
export function moveRule(look: number): void {
  if (plot && rule) rule.style.left = `${plot.valToPos((page.times[look] ?? 0) / 1000, 'x')}px`;
}

/**
 * Borders hold until they are changed: steps. What a counter was between two readings isn't known: a straight line.
 *
 * @param isDense there are so many looks that lines between layers would hide the layers
 */
function lineOf(kind: string, form: Form, isCounter: boolean, isDense: boolean): uPlot.Series {
  const colour = colourOf(kind);
  const paths = isCounter ? uPlot.paths.linear!() : uPlot.paths.stepped!({align: 1});
  const common = {paths, spanGaps: true, points: {show: false}};
  return form === 'stacked'
    ? {...common, stroke: isDense ? colour : styleColour('--paper'), width: 1, fill: colour}
    : {...common, stroke: colour, width: 2};
}

const totalLine = (): uPlot.Series => ({
  paths: uPlot.paths.stepped!({align: 1}),
  stroke: styleColour('--ink'),
  width: 1.4,
  points: {show: false},
});

/** Steps of whole seconds, minutes and hours; sizes in powers of two. */
const SECONDS = [
  0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800,
];
const POWERS = Array.from({length: 60}, (_, power) => 2 ** power);

function axes(measure: Measure, left: number): uPlot.Axis[] {
  const common = {
    stroke: styleColour('--soft'),
    font: FONT,
    ticks: {show: false},
    border: {show: false},
  };
  const amount = measure === 'regions' ? countText : sizeText;
  return [
    {
      ...common,
      incrs: SECONDS,
      size: 30,
      space: 70,
      grid: {show: false},
      values: (_plot, splits) => splits.map((at) => timeText(at * 1000).replace(/\.0$/, '')),
    },
    {
      ...common,
      size: left,
      incrs: POWERS,
      space: 44,
      grid: {stroke: styleColour('--line'), width: 1},
      values: (_plot, splits) => splits.map((value) => amount(value)),
    },
  ];
}

/** A press on the chart, or a drag over it, shows the moment there. */
function listen(over: HTMLElement): void {
  const follow = (event: PointerEvent): void => {
    if (event.buttons === 1 && plot) show(lookAt(plot.posToVal(event.clientX - over.getBoundingClientRect().left, 'x') * 1000));
  };
  over.addEventListener('pointerdown', follow);
  over.addEventListener('pointermove', follow);
} // prettier-ignore

/** The chart in words, for those who can't see it; the table below has the numbers. */
function describe({layers}: Layers, measure: Measure): string {
  const amount = measure === 'regions' ? countText : sizeText;
  const parts = layers.map(({kind, values}) => `${kind} from ${amount(values.find((value) => value !== null) ?? 0)} to ${amount(lastOf(values))}`);
  return `Chart over ${timeText(duration)}: ${parts.join('; ')}.`;
} // prettier-ignore
