import {sizeText} from '../../../../model/amounts.ts';
import type {PackedStay, PackedStrip} from '../../pack.ts';
import {duration, endOf, isUnread, page} from '../data.ts';

/** Where a strip is in the picture, in pixels from the top. High addresses are at the top. */
export interface PlacedStrip {
  readonly strip: PackedStrip;
  readonly top: number;
  readonly height: number;
  /** Tops and heights of its parts, in the strip's order: low addresses first. */
  readonly parts: ReadonlyArray<{readonly top: number; readonly height: number}>;
}

/** Addresses at which nothing ever was. */
interface PlacedGap {
  readonly top: number;
  readonly height: number;
  /** '' for small ones, which are just a space. */
  readonly text: string;
}

export interface Placed {
  readonly strips: readonly PlacedStrip[];
  readonly gaps: readonly PlacedGap[];
  readonly height: number;
}

const GIB = 2 ** 30;
const UPPER_HALF = 2 ** 63;
/** Between strips that must share the height only gaps of this many bytes are named. */
const FAR_GAP = 1024 * GIB;
/** Pixels: of all strips together, and of one that has a label. */
const TALLEST = 1200;
const LOWEST = 15;
const NAMED_GAP = 20;
const SMALL_GAP = 5;

/** Doublings of a page: heights are logarithmic, since regions range from one page to hundreds of GiB. */
const doublings = (bytes: number): number => Math.log2(1 + bytes / 4096);

/** Gives each strip its place, the same at all times, so that changes can be seen. */
export function placed(): Placed {
  // Many strips share the height that the picture may have.
  const wanted = page.strips.reduce((sum, strip) => sum + heightOf(strip) + SMALL_GAP, 0);
  const scale = Math.min(1, TALLEST / wanted);
  const strips: PlacedStrip[] = [];
  const gaps: PlacedGap[] = [];
  let top = 0;
  let above: PackedStrip | undefined;
  for (const strip of page.strips.toReversed()) {
    if (above && above.start > strip.end) {
      const size = above.start - strip.end;
      const text = scale < 1 && size < FAR_GAP ? '' : gapText(strip, above, size);
      const height = text === '' ? SMALL_GAP : NAMED_GAP;
      gaps.push({top, height, text});
      top += height;
    } else if (above) top += 1;
    const height = Math.max(LOWEST, heightOf(strip) * scale);
    strips.push({strip, top, height, parts: partsIn(strip, top, height)});
    top += height;
    above = strip;
  }
  return {strips, gaps, height: top};
}

function gapText(below: PackedStrip, above: PackedStrip, size: number): string {
  if (size < GIB) return '';
  if (below.start < UPPER_HALF && above.start >= UPPER_HALF) return `${sizeText(size)} not for programs`;
  return `${sizeText(size)} with nothing mapped`;
}

function heightOf({parts}: PackedStrip): number {
  if (parts.length === 1) return Math.min(92, Math.max(17, 11 + 3 * doublings(parts[0]![1] - parts[0]![0])));
  const size = parts.reduce((sum, [start, end]) => sum + end - start, 0);
  return Math.min(110, Math.max(33, 12 + 3 * doublings(size) + parts.length * 0.6));
}

/** Parts share a strip's height by their doublings, low addresses at the bottom. */
function partsIn({parts}: PackedStrip, top: number, height: number): Array<{top: number; height: number}> {
  const weights = parts.map(([start, end]) => 1 + doublings(end - start));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let bottom = top + height;
  return weights.map((weight) => {
    const part = (weight / sum) * height;
    bottom -= part;
    return {top: bottom, height: part};
  });
}

/** A region for a while, where it is in the picture: pixels. */
export interface Rectangle {
  readonly stay: PackedStay;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The least height: a region of one page in a strip of a GiB would be too thin to see. */
const THINNEST = 1.5;

/** Every region at every time, as a rectangle: from its first look to its last, from its start to its end. */
export function rectangles({strips}: Placed, width: number): Rectangle[] {
  const x = xOf(width);
  return strips.flatMap(({strip, parts}) =>
    strip.parts.flatMap(([start, end, stays], index) => {
      const {top, height} = parts[index]!;
      const scale = height / (end - start);
      return stays.map((stay) => {
        const bottom = top + height - (stay[0] - start) * scale;
        const upper = top + height - (stay[1] - start) * scale;
        const middle = (bottom + upper) / 2;
        const half = Math.max(bottom - upper, THINNEST) / 2;
        return {
          stay,
          left: x(page.times[stay[5]] ?? 0),
          right: x(endOf(stay[6])),
          top: middle - half,
          bottom: middle + half,
        };
      });
    }),
  );
}

/** The place of a time in ms. */
export const xOf =
  (width: number) =>
  (time: number): number =>
    (time / duration) * width;

/** Resident bytes of a stay at a look; undefined where they are not known. */
export function residentAt([, , , , , from, , rss]: PackedStay, look: number): number | undefined {
  if (look < from || isUnread(page.times[look]!)) return undefined;
  let found: number | undefined;
  for (let at = 0; at < rss.length && rss[at]! <= look; at += 2) found = rss[at + 1]!;
  return found;
}
