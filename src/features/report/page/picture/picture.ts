import {byId, element} from '../dom.ts';
import {duration, endOf, lookAt, page} from '../data.ts';
import {labelsFor, updateLabels, type Label} from './labels.ts';
import {columnsIn} from '../layout.ts';
import {current, follow, show} from '../moment.ts';
import {placed, type Placed, type Rectangle, rectangles, xOf} from './places.ts';
import {colourOf, styleColour} from '../colours.ts';
import {hideTip, showTip} from './tip.ts';

let places: Placed | undefined;
let shapes: Rectangle[] = [];
let labels: Label[] = [];
let scene: HTMLCanvasElement | undefined;
let view: CanvasRenderingContext2D | undefined;
let width = 0;

/**
 * Draws the address space over time: high addresses at the top, time from left to right, what is after the moment
 * faint.
 */
export function redrawPicture(): void {
  const box = byId('picture');
  const columns = columnsIn(box.clientWidth);
  places ??= placed();
  width = columns.middle;
  box.classList.toggle('narrow', columns.isNarrow);
  box.replaceChildren();
  box.style.height = `${places.height}px`;
  shapes = rectangles(places, width);
  const all = canvasOf(width, places.height);
  paintAll(all, shapes, places, width);
  scene = all.canvas;
  view = canvasOf(width, places.height, element('canvas', {'aria-hidden': 'true'}));
  view.canvas.style.left = `${columns.left}px`;
  listen(view.canvas);
  box.append(view.canvas);
  labels = labelsFor(box, places, columns);
  moveTo(current());
}

export function startPicture(): void {
  byId('picture-words').textContent =
    'High addresses are at the top. A region is a bar for as long as it was there: pale is mapped, full ' +
    'colour is resident, as last read from smaps; where smaps was not read for long, it is unknown. ' +
    'Heights are logarithmic. What comes after the moment of ' +
    'the slider is faint.';
  follow(moveTo);
}

function moveTo(look: number): void {
  if (!view || !scene || !places) return;
  const at = xOf(width)(page.times[look] ?? 0);
  view.clearRect(0, 0, width, places.height);
  view.drawImage(scene, 0, 0, width, places.height);
  view.globalAlpha = 0.72;
  view.fillStyle = styleColour('--paper');
  view.fillRect(at, 0, width - at, places.height);
  view.globalAlpha = 1;
  view.fillStyle = styleColour('--accent');
  view.fillRect(Math.min(at, width - 1.5) - 0.75, 0, 1.5, places.height);
  updateLabels(labels, look);
}

function listen(canvas: HTMLCanvasElement): void {
  canvas.addEventListener('pointermove', (event) => {
    const {left, top} = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    if (event.buttons === 1) show(lookAt((x / width) * duration));
    const shape = shapes.findLast(
      (each) => each.left <= x && x <= each.right && each.top - 1 <= y && y <= each.bottom + 1,
    );
    if (shape) showTip(shape.stay, lookAt((x / width) * duration), event);
    else hideTip();
  });
  canvas.addEventListener('pointerdown', ({clientX}) =>
    show(lookAt(((clientX - canvas.getBoundingClientRect().left) / width) * duration)),
  );
  canvas.addEventListener('pointerleave', hideTip);
}

/** A canvas of a size in pixels of the page, sharp on any screen. */
function canvasOf(width: number, height: number, canvas = document.createElement('canvas')): CanvasRenderingContext2D {
  // Browsers refuse canvases of more than 32,767 pixels.
  const scale = Math.min(devicePixelRatio, 32_000 / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

/** All of the picture that doesn't depend on the moment: pale is mapped, full colour is resident. */
function paintAll(
  context: CanvasRenderingContext2D,
  shapes: readonly Rectangle[],
  {gaps, height}: Placed,
  width: number,
): void {
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
}

/** The parts of a time, in ms, in which the counters are known. */
function known(time: {readonly from: number; readonly to: number}): Array<{from: number; to: number}> {
  const parts: Array<{from: number; to: number}> = [];
  let {from} = time;
  for (const [begin, end] of page.unread) {
    if (end <= from || begin >= time.to) continue;
    if (begin >= from) parts.push({from, to: begin});
    from = end;
  }
  return from < time.to ? [...parts, {from, to: time.to}] : parts;
}

function paintShape(
  context: CanvasRenderingContext2D,
  {stay, left, right, top, bottom}: Rectangle,
  width: number,
): void {
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
    const filled = Math.min(1, rss[at + 1]! / (end - start)) * height;
    const time = {from: page.times[rss[at]!] ?? 0, to: at + 2 < rss.length ? page.times[rss[at + 2]!]! : endOf(to)};
    for (const {from, to: last} of filled > 0 ? known(time) : []) {
      const [begin, until] = [Math.round(x(from)), Math.round(x(last))];
      context.fillRect(begin, bottom - Math.max(filled, 0.8), Math.max(until - begin, 1), Math.max(filled, 0.8));
    }
  }
  // A hairline between neighbours, in space and in time.
  if (height > 4) {
    context.fillStyle = styleColour('--paper');
    context.fillRect(begin, top, breadth, 0.6);
    if (begin > 0 && breadth > 6) context.fillRect(begin, top, 0.8, height);
  }
}
