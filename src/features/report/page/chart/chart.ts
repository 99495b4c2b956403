import uPlot from 'uplot';
import {countText, sizeText} from '../../../../model/amounts.ts';
import {colourOf, styleColour} from '../colours.ts';
import {duration, isCounted, isUnread, kinds, lookAt, type ChartMeasure, page, timeText} from '../data.ts';
import {byId} from '../dom.ts';
import {columnsIn} from '../layout.ts';
import {current, show} from '../moment.ts';

const HEIGHT = 300;
const FONT = '11px system-ui, sans-serif';

let plot: uPlot | undefined;
let rule: HTMLElement | undefined;

/** Draws the kinds of memory over time, stacked or as lines. */
export function drawChart(measure: ChartMeasure, form: Form): void {
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
    scales: {
      x: {time: false, range: [0, duration / 1000]},
      y: {range: (_plot, _least, most) => [0, (most || 1) * 1.04]},
    },
    axes: axes(measure, left),
    series: [
      {},
      ...order.map((index) => lineOf(layers.layers[index]!.kind, form, isCounted(measure), isDense)),
      ...(layers.total ? [totalLine()] : []),
    ],
    hooks: {
      draw: [
        (self) => drawUnread(self, isCounted(measure)),
        (self) => drawLabels(self, layers, lines, form, right),
        drawEvents,
      ],
    },
  };
  plot = new uPlot(
    options,
    [[...layers.times], ...order.map((index) => [...lines[index]!]), ...(layers.total ? [[...layers.total]] : [])],
    place,
  );
  rule = document.createElement('div');
  rule.className = 'rule';
  plot.over.append(rule);
  listen(plot.over);
  place.setAttribute('aria-label', describe(layers, measure));
  moveRule(current());
}

/** Moves the line of the moment to its time. */
export function moveRule(look: number): void {
  if (plot && rule) rule.style.left = `${plot.valToPos((page.times[look] ?? 0) / 1000, 'x')}px`;
}

/**
 * Sizes hold until they change: steps. Between two readings of a counter that follow each other as usual there is a
 * straight line; where it was not read for long the line breaks, since null ends it (undefined does not).
 *
 * @param isDense whether there are that many looks that lines between layers would hide the layers
 */
function lineOf(kind: string, form: Form, isCounter: boolean, isDense: boolean): uPlot.Series {
  const colour = colourOf(kind);
  const paths = isCounter ? uPlot.paths.linear!() : uPlot.paths.stepped!({align: 1});
  const common = {paths, spanGaps: false, points: {show: false}};
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

function axes(measure: ChartMeasure, left: number): uPlot.Axis[] {
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
    if (event.buttons === 1 && plot)
      show(lookAt(plot.posToVal(event.clientX - over.getBoundingClientRect().left, 'x') * 1000));
  };
  over.addEventListener('pointerdown', follow);
  over.addEventListener('pointermove', follow);
}

/** The chart in words, for those who can't see it; the table below has the numbers. */
function describe({layers}: Layers, measure: ChartMeasure): string {
  const amount = measure === 'regions' ? countText : sizeText;
  const parts = layers.map(
    ({kind, values}) =>
      `${kind} from ${amount(values.find((value) => typeof value === 'number') ?? 0)} to ${amount(lastOf(values))}`,
  );
  const holes = isCounted(measure)
    ? page.unread.map(([from, to]) => `; not read from ${timeText(from)} to ${timeText(to)}`)
    : [];
  return `Chart over ${timeText(duration)}: ${parts.join('; ')}${holes.join('')}.`;
}

/** One layer on the other, or a line for each kind. */
export type Form = 'stacked' | 'lines';

/** The last known value. */
const lastOf = (values: Values): number => values.findLast((value) => typeof value === 'number') ?? 0;

/** Each layer's name beside its end, where it fits. */
function drawLabels(self: uPlot, {layers}: Layers, lines: readonly Values[], form: Form, right: number): void {
  if (right < 60) return;
  const {ctx, bbox} = self;
  const scale = devicePixelRatio;
  const labels = layers
    .map(({kind}, index) => {
      const top = lastOf(lines[index]!);
      const bottom = form === 'stacked' && index > 0 ? lastOf(lines[index - 1]!) : 0;
      const isThere = top > bottom;
      return {kind, isThere, y: self.valToPos(form === 'stacked' ? (top + bottom) / 2 : top, 'y', true)};
    })
    .filter(({isThere}) => isThere)
    .sort((a, b) => b.y - a.y);
  ctx.save();
  ctx.font = `${11.5 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  let floor = Infinity;
  for (const {kind, y} of labels) {
    const at = Math.min(y, floor - 13 * scale);
    if (at < bbox.top - 4 * scale) break;
    floor = at;
    const x = bbox.left + bbox.width + 8 * scale;
    ctx.fillStyle = colourOf(kind);
    ctx.fillRect(x, at - 4 * scale, 8 * scale, 8 * scale);
    ctx.fillStyle = styleColour('--ink');
    ctx.fillText(kind, x + 13 * scale, at);
  }
  ctx.restore();
}

/** Marks, exec and exit as lines, each with its first letters. */
function drawEvents(self: uPlot): void {
  const {ctx, bbox} = self;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = styleColour('--ink');
  ctx.lineWidth = scale;
  ctx.setLineDash([2 * scale, 3 * scale]);
  ctx.font = `${10.5 * scale}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  let free = -Infinity;
  for (const {look, kind, text} of page.events) {
    const x = Math.round(self.valToPos((page.times[look] ?? 0) / 1000, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const label = kind === 'mark' ? text.replace(/^Mark: /, '').slice(0, 24) : kind;
    const width = ctx.measureText(label).width;
    const begin = Math.min(x + 4 * scale, bbox.left + bbox.width - width - 4 * scale);
    if (begin < free) continue;
    ctx.fillText(label, begin, bbox.top + 9 * scale);
    free = begin + width + 6 * scale;
  }
  ctx.restore();
}

/** What the chart draws: for each layer a value at each time. */
interface Layers {
  /** Seconds since the beginning. */
  readonly times: readonly number[];
  /** The largest first; null where a counter was not read. */
  readonly layers: readonly Layer[];
  /** The resident memory of the whole process as in status, which is known more often than that of the kinds. */
  readonly total: ReadonlyArray<number | null> | undefined;
}

interface Layer {
  readonly kind: string;
  readonly values: Values;
}

/** More colours than this can't be distinguished; the rest is one layer. */
const MOST = 8;

/** The kinds that have any of a measure, the largest ones separately and the others together. */
function layersOf(measure: ChartMeasure): Layers {
  const times = [...page.times, duration].map((time) => time / 1000);
  const all = kinds
    .map((each) => ({kind: each.kind as string, values: spread(measure, each[measure])}))
    .map((layer) => ({...layer, peak: layer.values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)}))
    .filter(({peak}) => peak > 0)
    .sort((a, b) => b.peak - a.peak);
  const total =
    measure === 'rss' && page.resident.some((bytes) => bytes !== null)
      ? [...page.resident, page.resident.at(-1)!]
      : undefined;
  if (all.length <= MOST) return {times, total, layers: all};
  const rest = all.slice(MOST - 1).map(({values}) => values);
  return {
    times,
    total,
    layers: [
      ...all.slice(0, MOST - 1),
      {
        kind: 'other',
        values: rest.reduce<Values>(
          plus,
          rest[0]!.map((value) => (typeof value === 'number' ? 0 : value)),
        ),
      },
    ],
  };
}

/**
 * Values at the looks that have them; the last one holds until the end of the recording, unless more is known.
 * undefined: not read at this look; null: unknown, since smaps was not read for long.
 */
function spread(measure: ChartMeasure, values: readonly number[]): Values {
  const last = values.at(-1) ?? null;
  if (!isCounted(measure)) return [...values, last];
  const isKnownToEnd = page.knownUntil >= page.duration;
  const all: Array<number | null | undefined> = page.times.map((time) => (isUnread(time) ? null : undefined));
  for (const [at, look] of page.usageAt.entries()) all[look] = values[at]!;
  return [...all, isKnownToEnd ? last : null];
}

type Values = ReadonlyArray<number | null | undefined>;

/** Where either is unknown or not read, so is the sum. */
const plus = (a: Values, b: Values): Values =>
  a.map((value, at) => {
    const other = b[at];
    return typeof value === 'number' && typeof other === 'number' ? value + other : value === null ? null : other;
  });

/** A pale field where smaps was not read, with the words where they fit. */
function drawUnread(self: uPlot, isCounter: boolean): void {
  if (!isCounter) return;
  const {ctx, bbox} = self;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = `${10.5 * scale}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  for (const [from, to] of page.unread) {
    const [left, right] = [from, to].map((ms) => self.valToPos(ms / 1000, 'x', true)) as [number, number];
    ctx.globalAlpha = 0.5;
    ctx.fillStyle = styleColour('--line');
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = styleColour('--soft');
    if (ctx.measureText('not read').width + 8 * scale > right - left) continue;
    ctx.fillText('not read', (left + right) / 2, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}

/** Each layer on top of those before it. */
function stacked(layers: readonly Layer[]): Values[] {
  const tops: Values[] = [];
  for (const {values} of layers) tops.push(tops.length === 0 ? values : plus(tops.at(-1)!, values));
  return tops;
}
