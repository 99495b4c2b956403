import type {Region} from '../model/region.ts';
import type {Row} from './frame-rows.ts';

/** Where the rows of these regions stand, which are in address order. */
export function placesOf(rows: readonly Row[], regions: readonly Region[]): readonly number[] {
  const places: number[] = [];
  let at = 0;
  for (const {start} of regions) {
    at = placeOf(rows, start, at);
    if (rows[at]?.region.start === start) places.push(at);
  }
  return places;
}

/**
 * The first row that starts at an address or above it.
 *
 * @param from it isn't before this place; the search goes on from here in longer and longer steps, as it is mostly near
 */
function placeOf(rows: readonly Row[], start: number, from: number): number {
  let low = from;
  let step = 1;
  for (; low + step <= rows.length && rows[low + step - 1]!.region.start < start; step *= 2) low += step;
  let high = Math.min(rows.length, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.region.start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows without those at some places, and with others in address order; what stays is copied in long stretches. */
export function exchange(rows: readonly Row[], gone: readonly number[], come: readonly Row[]): readonly Row[] {
  const parts: Array<readonly Row[]> = [];
  let at = 0;
  let without = 0;
  const copyUntil = (end: number): void => {
    for (; without < gone.length && gone[without]! < end; without++) {
      if (at < gone[without]!) parts.push(rows.slice(at, gone[without]));
      at = gone[without]! + 1;
    }
    if (at < end) parts.push(rows.slice(at, end));
    at = Math.max(at, end);
  };
  for (const row of come) {
    copyUntil(placeOf(rows, row.region.start, at));
    parts.push([row]);
  }
  copyUntil(rows.length);
  return joined(parts);
}

/** As `parts.flat()`, in a twentieth of its time; a call has only so many arguments. */
function joined(parts: ReadonlyArray<readonly Row[]>): readonly Row[] {
  const none: readonly Row[] = [];
  if (parts.length <= MOST_ARGUMENTS) return none.concat(...parts);
  const groups = Array.from({length: Math.ceil(parts.length / MOST_ARGUMENTS)}, (_, group) =>
    none.concat(...parts.slice(group * MOST_ARGUMENTS, (group + 1) * MOST_ARGUMENTS)),
  );
  return joined(groups);
}

const MOST_ARGUMENTS = 1000;
