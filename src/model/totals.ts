import type {Kind} from './kind.ts';
import {addUsage, NOT_SUMMED, type Region} from './region.ts';
import {ABSENT, Regions} from './regions.ts';

/** Sums over regions, in bytes. A smaps counter is there if some region has it. */
export interface Totals {
  readonly [counter: string]: number;
  readonly regions: number;
  readonly size: number;
}

/** Regions, as columns or as objects. */
type Some = Regions | readonly Region[];

const asColumns = (regions: Some): Regions => (regions instanceof Regions ? regions : Regions.of(regions));

/** Sizes are multiples of 4096 and counters of 1024, so the sums stay exact far beyond 2^53. */
export function totalsOf(regions: Some): Totals {
  const columns = asColumns(regions);
  const [totals = {regions: 0, size: 0}] = summed(columns, new Uint32Array(columns.length), 1);
  return totals;
}

/** Totals of each kind that occurs, the largest in memory (or else in address space) first. */
export function totalsByKind(regions: Some): Map<Kind, Totals> {
  const columns = asColumns(regions);
  return totalsBy(columns, columns.verdict, (verdict) => columns.tables.verdicts[verdict]!.kind);
}

/**
 * Totals of each file, the largest first. Each region is in one group, so that the groups add up: memory without a file
 * goes by its name (`[heap]`), and what has no name goes by its kind in parentheses: `(anon)`, `(bss)`.
 * Two files of one name (a library that was replaced while it is in use) are one group.
 */
export function totalsByFile(regions: Some): Map<string, Totals> {
  const columns = asColumns(regions);
  const {tables, backing, verdict, length} = columns;
  const {backings, verdicts} = tables;
  const isNameless = backings.map(({name, isFile}) => name === '' && !isFile);
  // Numbers of names, and after them those of kinds.
  const group = Uint32Array.from({length}, (_, row) =>
    isNameless[backing[row]!] ? backings.length + verdict[row]! : backing[row]!,
  );
  return totalsBy(columns, group, (number) =>
    number < backings.length ? backings[number]!.name : `(${verdicts[number - backings.length]!.kind})`,
  );
}

/** @param group a number for each row; @param keyOf what it stands for: several may stand for one thing */
function totalsBy<Key>(regions: Regions, group: Uint32Array, keyOf: (number: number) => Key): Map<Key, Totals> {
  const places = new Map<Key, number>();
  const placeOf: Array<number | undefined> = [];
  const place = new Uint32Array(regions.length);
  for (let row = 0; row < regions.length; row++) {
    const number = group[row]!;
    let known = placeOf[number];
    if (known === undefined) {
      const key = keyOf(number);
      known = places.get(key);
      if (known === undefined) places.set(key, (known = places.size));
      placeOf[number] = known;
    }
    place[row] = known;
  }
  const totals = summed(regions, place, places.size);
  const rows = [...places].map(([key, at]): [Key, Totals] => [key, totals[at]!]);
  return new Map(rows.sort(([, a], [, b]) => (b['rss'] ?? 0) - (a['rss'] ?? 0) || b.size - a.size));
}

/** @param place of each row, the number of its sum: 0 to `count` - 1 */
function summed(regions: Regions, place: Uint32Array, count: number): Totals[] {
  const {start, end, length, counters} = regions;
  const counts = new Uint32Array(count);
  const sizes = new Float64Array(count);
  for (let row = 0; row < length; row++) {
    const at = place[row]!;
    counts[at]!++;
    sizes[at]! += end[row]! - start[row]!;
  }
  const all = Array.from({length: count}, (): Sum[] => []);
  for (const {name, values} of counters) {
    if (NOT_SUMMED.has(name)) continue;
    const bytes = new Float64Array(count).fill(ABSENT);
    for (let row = 0; row < length; row++) {
      const value = values[row]!;
      if (value === ABSENT) continue;
      const at = place[row]!;
      if (bytes[at] === ABSENT) all[at]!.push({name, from: row});
      bytes[at] = bytes[at] === ABSENT ? value : bytes[at]! + value;
    }
    for (const [at, sum] of all.entries()) if (bytes[at] !== ABSENT) sum.at(-1)!.bytes = bytes[at]!;
  }
  const sums = all.map(inOrder);
  for (const [row, rare] of regions.rare) addUsage(sums[place[row]!]!, rare);
  return sums.map((sum, at) => ({...sum, regions: counts[at]!, size: sizes[at]!}));
}

interface Sum {
  readonly name: string;
  /** The first row that has it. */
  readonly from: number;
  bytes?: number;
}

/** The sums of one group, in the order in which its regions have them. */
const inOrder = (sums: readonly Sum[]): Record<string, number> =>
  Object.fromEntries(sums.toSorted((a, b) => a.from - b.from).map(({name, bytes = 0}) => [name, bytes]));
