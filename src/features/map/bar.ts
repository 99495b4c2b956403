/** Bytes of address space, and how many of them are resident; undefined where the source doesn't say. */
export interface Amount {
  readonly size: number;
  readonly rss: number | undefined;
}

/**
 * A bar as long as the address space, filled as far as memory is resident: both lengths are read off the same ruler.
 *
 * @returns one character per cell
 */
export function bar(scale: Scale, {size, rss}: Amount): string {
  const length = lengthOf(scale, size);
  if (rss === undefined) return '▒'.repeat(length);
  const filled = Math.min(length, lengthOf(scale, rss));
  // Nearly all is not all: the last cell stays half empty.
  if (filled === length && rss < size) return `${'█'.repeat(length - 1)}▌`;
  return '█'.repeat(filled) + '░'.repeat(length - filled);
}

/**
 * Two bars in one: what is there on both sides, then what was added or removed. A difference that is too small for the
 * scale still gets one cell.
 */
export function barOfBoth(scale: Scale, before: Amount, after: Amount): string {
  const [a, b] = [lengthOf(scale, before.size), lengthOf(scale, after.size)];
  const least = before.size === after.size ? Infinity : Math.max(a, b) - 1;
  const both = Math.min(a, b, least);
  const more = (after.size > before.size ? '+' : '-').repeat(Math.max(a, b) - both);
  return filledOfBoth(scale, before.rss, after.rss, both) + more;
}

/** The first `length` cells: resident on both sides, on one of them, on none. */
function filledOfBoth(scale: Scale, before: number | undefined, after: number | undefined, length: number): string {
  if (before === undefined || after === undefined) return '▒'.repeat(length);
  const [a, b] = [lengthOf(scale, before), lengthOf(scale, after)];
  const most = Math.min(length, Math.max(a, b));
  const both = Math.min(most, a, b, before === after ? Infinity : Math.max(a, b) - 1);
  const differs = (after > before ? '▓' : '▒').repeat(most - both);
  return '█'.repeat(both) + differs + '░'.repeat(length - most);
}

/**
 * How long a bar is. Regions range from one page to hundreds of GiB, so lengths are logarithmic: a fixed number of
 * cells more is twice the size. Every bar of a picture has the same scale, and a ruler above says what its positions
 * mean.
 */
export interface Scale {
  /** What one cell more means, as a power of 2: 1 is twice the size, 2 is four times. */
  readonly bits: number;
  /** Cells of the longest bar. */
  readonly room: number;
}

/** 2^12 is a page on most machines, and the least that can be mapped. */
const SMALLEST = 12;

const STEPS = [0.25, 0.5, 1, 2, 4, 8, 16, 64];

/**
 * The finest scale on which the largest amount fits.
 *
 * @param largest bytes
 * @param room columns of the terminal that a bar may take
 */
export function scaleFor(largest: number, room: number): Scale {
  const bits = STEPS.find((step) => lengthOf({bits: step, room}, largest) <= room) ?? 64;
  return {bits, room: lengthOf({bits, room}, largest)};
}

/** Cells of a bar: 0 for nothing, 1 for up to a page, and never fewer for more bytes. */
export function lengthOf({bits}: Scale, bytes: number): number {
  if (bytes <= 0) return 0;
  // Rounding must not put an exact power of two below itself.
  return 1 + Math.max(0, Math.floor((Math.log2(bytes) - SMALLEST) / bits + 1e-9));
}

/**
 * The ruler: a size is above the last cell of a bar of that size, `4K      64K     1M`. As many sizes as fit side by
 * side, in even steps.
 */
export function ruler(scale: Scale): string {
  for (const step of [1, 2, 4, 8, 16, 32]) {
    const text = marks(scale, step);
    if (text !== undefined) return text;
  }
  return '4K';
}

/** The sizes 4K·2^(step·n) at their places; undefined where they would touch. */
function marks(scale: Scale, step: number): string | undefined {
  let text = '';
  for (let power = SMALLEST; ; power += step) {
    const place = lengthOf(scale, 2 ** power) - 1;
    if (place >= scale.room) return text;
    if (text !== '' && place <= text.length) return undefined;
    text = text.padEnd(place) + powerText(power);
  }
}

/** 2^16 as `64K`. */
const powerText = (power: number): string => `${2 ** (power % 10)}${'BKMGTPE'[Math.floor(power / 10)]}`;

/** What the scale means, in words. */
export function scaleWords({bits}: Scale): string {
  const cells = bits < 1 ? `${1 / bits} more cells are` : 'one more cell is';
  return `bars are logarithmic: ${cells} ${bits <= 1 ? 'twice' : `${2 ** bits} times`} the size`;
}
