import type uPlot from 'uplot';
import {colourOf, styleColour} from './colours.ts';
import {page} from './data.ts';
import type {Layers} from './stacks.ts';

/** One layer on the other, or a line for each kind. */
export type Form = 'stacked' | 'lines';

/** The last value that is known. */
export const lastOf = (values: ReadonlyArray<number | null>): number => values.findLast((value) => value !== null) ?? 0;

/** Each layer's name beside its end, as long as it has room there. */
export function drawLabels(
  self: uPlot,
  {layers}: Layers,
  lines: ReadonlyArray<ReadonlyArray<number | null>>,
  form: Form,
  right: number,
): void {
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
export function drawEvents(self: uPlot): void {
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
