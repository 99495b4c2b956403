import type {Region} from '../model/region.ts';
import type {Row} from './frame-rows.ts';

/** Where the rows of these regions stand. */
export const placesOf = (rows: readonly Row[], regions: readonly Region[]): readonly number[] =>
  regions
    .map(({start}) => placeOf(rows, start))
    .filter((place, index) => rows[place]?.region.start === regions[index]!.start);

/** The first row that starts at an address or above it: binary search. */
function placeOf(rows: readonly Row[], start: number): number {
  let low = 0;
  let high = rows.length;
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
    copyUntil(placeOf(rows, row.region.start));
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
