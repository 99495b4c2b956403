import {lengthOf, type Scale} from './picture-scale.ts';

/** Bytes of address space, and how many of them are resident; undefined where the source doesn't say. */
export interface Amount {
  readonly size: number;
  readonly rss: number | undefined;
}

/**
 * A bar as long as the address space, filled as far as memory is resident: both lengths are read off the same ruler.
 *
 * @returns one character a cell
 */
export function bar(scale: Scale, {size, rss}: Amount): string {
  const length = lengthOf(scale, size);
  if (rss === undefined) return '▒'.repeat(length);
  const filled = Math.min(length, lengthOf(scale, rss));
  // All but a little is not all: the last cell stays half empty.
  if (filled === length && rss < size) return `${'█'.repeat(length - 1)}▌`;
  return '█'.repeat(filled) + '░'.repeat(length - filled);
}

/**
 * Two bars in one: what is there on both sides, then what came or went. A difference that is too small for the scale has
 * one cell all the same.
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
