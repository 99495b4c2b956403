import {byId, element} from './dom.ts';
import {lookAt, duration, page} from './data.ts';
import {labelsFor, updateLabels, type Label} from './labels.ts';
import {columnsIn} from './layout.ts';
import {current, follow, show} from './moment.ts';
import {canvasOf, paintAll} from './paint.ts';
import {placed, type Placed} from './places.ts';
import {rectangles, xOf, type Rectangle} from './rectangles.ts';
import {styleColour} from './colours.ts';
import {hideTip, showTip} from './tip.ts';

let places: Placed | undefined;
let shapes: Rectangle[] = [];
let labels: Label[] = [];
let scene: HTMLCanvasElement | undefined;
let view: CanvasRenderingContext2D | undefined;
let width = 0;

/** Draws the address space over time: high addresses above, time from left to right, what is after the moment pale. */
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
    'High addresses are above. A region is a bar for as long as it was there: pale is mapped, full colour is resident, as smaps had it last. Heights are logarithmic. What comes after the moment of the slider is faint.';
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
    const shape = shapes.findLast((each) => each.left <= x && x <= each.right && each.top - 1 <= y && y <= each.bottom + 1);
    if (shape) showTip(shape.stay, lookAt((x / width) * duration), event);
    else hideTip();
  });
  canvas.addEventListener('pointerdown', ({clientX}) => show(lookAt(((clientX - canvas.getBoundingClientRect().left) / width) * duration)));
  canvas.addEventListener('pointerleave', hideTip);
} // prettier-ignore
