import {colourOf, styleColour} from './colours.ts';
import {endOf, page} from './data.ts';
import type {Placed} from './places.ts';
import {xOf, type Rectangle} from './rectangles.ts';

/** A canvas of a size in pixels of the page, sharp on any screen. */
export function canvasOf(width: number, height: number, canvas = document.createElement('canvas')): CanvasRenderingContext2D {
  // Browsers refuse canvases of more than 32,767 pixels.
  const scale = Math.min(devicePixelRatio, 32_000 / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
} // prettier-ignore

/** All of the picture that doesn't depend on the moment: pale is mapped, full colour is resident. */
export function paintAll(context: CanvasRenderingContext2D, shapes: readonly Rectangle[], {gaps, height}: Placed, width: number): void {
  context.clearRect(0, 0, width, height);
  context.strokeStyle = styleColour('--line');
  context.setLineDash([2, 3]);
  for (const gap of gaps) {
    const middle = Math.round(gap.top + gap.height / 2) + 0.5;
    context.beginPath();
    context.moveTo(0, middle);
    context.lineTo(width, middle);
    context.stroke();
  }
  context.setLineDash([]);
  for (const shape of shapes) paintShape(context, shape, width);
} // prettier-ignore

function paintShape(context: CanvasRenderingContext2D, {stay, left, right, top, bottom}: Rectangle, width: number): void {
  const [start, end, kind, , , , to, rss] = stay;
  const height = bottom - top;
  // Whole pixels: between neighbours in time there is neither a gap nor a seam.
  const [begin, finish] = [Math.round(left), Math.max(Math.round(right), Math.round(left) + 1)];
  const breadth = finish - begin;
  context.fillStyle = colourOf(page.lists.kinds[kind]!);
  context.globalAlpha = 0.32;
  context.fillRect(begin, top, breadth, height);
  context.globalAlpha = 1;
  const x = xOf(width);
  for (let at = 0; at < rss.length; at += 2) {
    const from = Math.round(x(page.times[rss[at]!] ?? 0));
    const until = Math.round(x(at + 2 < rss.length ? page.times[rss[at + 2]!]! : endOf(to)));
    const filled = Math.min(1, rss[at + 1]! / (end - start)) * height;
    if (filled > 0) context.fillRect(from, bottom - Math.max(filled, 0.8), Math.max(until - from, 1), Math.max(filled, 0.8));
  }
  // A hairline between neighbours, in space and in time.
  if (height > 4) {
    context.fillStyle = styleColour('--paper');
    context.fillRect(begin, top, breadth, 0.6);
    if (begin > 0 && breadth > 6) context.fillRect(begin, top, 0.8, height);
  }
} // prettier-ignore
