import {sizeText} from '../../../../model/amounts.ts';
import type {PackedStrip} from '../../pack.ts';
import {isCounted, placeAt} from '../data.ts';
import {element} from '../dom.ts';
import type {Columns} from '../layout.ts';
import {type Placed, type PlacedStrip, residentAt} from './places.ts';

export interface Label {
  readonly strip: PackedStrip;
  readonly box: HTMLElement;
  readonly amount: HTMLElement;
}

/** Names and addresses beside the picture, one for each strip; and the gaps. */
export function labelsFor(place: HTMLElement, {strips, gaps}: Placed, columns: Columns): Label[] {
  for (const {top, height, text} of gaps) {
    if (text === '') continue;
    const box = element('div', {class: 'strip gap'}, text);
    put(box, {
      top,
      height,
      left: columns.isNarrow ? columns.left + 4 : columns.left + columns.middle + 10,
      width: columns.isNarrow ? columns.middle : columns.right,
    });
    place.append(box);
  }
  return strips.map((placed) => label(place, placed, columns));
}

function label(place: HTMLElement, {strip, top, height}: PlacedStrip, columns: Columns): Label {
  const {left, middle, right, isNarrow} = columns;
  const amount = element('span');
  const isTall = height >= 33;
  const box = element(
    'div',
    {class: isTall ? 'strip label tall' : 'strip label', title: strip.names.join('\n') || undefined},
    element('b', {}, nameOf(strip)),
    amount,
  );
  put(box, {
    top: top - (isTall ? 0 : 1),
    height,
    left: isNarrow ? left : left + middle + 10,
    width: isNarrow ? middle : right - 10,
  });
  const address = strip.start.toString(16).padStart(8, '0');
  const start = element('div', {class: 'strip address'}, isNarrow ? `…${address.slice(-7)}` : address);
  put(start, {top: top + height - 14, height: 14, left: 0, width: left - 8});
  place.append(box, start);
  return {strip, box, amount};
}

function put(box: HTMLElement, at: {top: number; height: number; left: number; width: number}): void {
  for (const [name, value] of Object.entries(at)) box.style.setProperty(name, `${value}px`);
}

/** The name of a strip: its largest file or region, and how many more; or its kind. */
function nameOf({word, names, count}: PackedStrip): string {
  const [first] = names.map((name) => (name.startsWith('/') ? name.slice(name.lastIndexOf('/') + 1) || name : name));
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  if (first === undefined || first.startsWith('between ')) return count > 1 ? `${count} × ${word}` : word;
  if (word === 'short-lived') return `short-lived: ${first}${more}`;
  if (word === 'program') return `program ${first}${more}`;
  if (word === 'thread-stack' && count > 2) return `${Math.ceil(count / 2)} thread stacks`;
  // What is neither a path nor one of the kernel's names says itself what it is.
  const isLabel = !names[0]!.startsWith('/') && !first.startsWith('[');
  return isLabel || first === `[${word}]` || word === 'libraries' || word === 'files' || word === 'kernel'
    ? `${first}${more}`
    : `${word}: ${first}${more}`;
}

/** Says how much of each strip is there at a look. */
export function updateLabels(labels: readonly Label[], look: number): void {
  const isKnown = isCounted('rss') && placeAt('rss', look) >= 0;
  for (const {strip, box, amount} of labels) {
    const {size, resident, regions} = amountsAt(strip, look);
    box.classList.toggle('gone', regions === 0);
    amount.textContent =
      regions === 0
        ? hasBeen(strip, look)
          ? 'gone'
          : 'not yet there'
        : `${sizeText(size)}${isKnown && resident !== undefined ? `, ${sizeText(resident)} resident` : ''}`;
  }
}

function amountsAt({parts}: PackedStrip, look: number): {size: number; resident: number | undefined; regions: number} {
  let [size, regions] = [0, 0];
  let resident: number | undefined;
  for (const [, , stays] of parts) {
    for (const stay of stays) {
      if (stay[5] > look || look >= stay[6]) continue;
      size += stay[1] - stay[0];
      regions++;
      const bytes = residentAt(stay, look);
      if (bytes !== undefined) resident = (resident ?? 0) + bytes;
    }
  }
  return {size, resident, regions};
}

const hasBeen = ({parts}: PackedStrip, look: number): boolean =>
  parts.some(([, , stays]) => stays.some((stay) => stay[5] <= look));
