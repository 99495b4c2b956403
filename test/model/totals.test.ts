import test from 'ava';
import fc from 'fast-check';
import {chooseRegions, chooseRows, largestRows, sortedRows, type SortKey} from '../../src/model/choose.ts';
import {BYTE_KEYS, type ByteKey, MEASURES} from '../../src/model/measures.ts';
import {Regions} from '../../src/model/columns/regions.ts';
import {totalsByFile, totalsByKind, totalsByLabel, totalsOf, type Totals} from '../../src/model/totals.ts';
import type {Region} from '../../src/model/region.ts';
import {regions} from './regions.ts';

const law = (name: string, property: fc.IProperty<never> | fc.IRawProperty<unknown>): void =>
  test(name, (t) => {
    t.notThrows(() => fc.assert(property as fc.IRawProperty<unknown>, {numRuns: 300}));
  });

const added = (groups: Iterable<Totals>): Record<string, number> => {
  const sum: Record<string, number> = {};
  for (const group of groups)
    for (const [counter, amount] of Object.entries(group)) sum[counter] = (sum[counter] ?? 0) + amount;
  return sum;
};

law(
  'kinds add up to the totals, and so do files and labels, to the byte',
  fc.property(regions, (list) => {
    const total = {...totalsOf(list)};
    for (const groups of [totalsByKind(list), totalsByFile(list), totalsByLabel(list)]) {
      const sum = {regions: 0, size: 0, ...added(groups.values())};
      if (JSON.stringify(sorted(sum)) !== JSON.stringify(sorted(total))) return false;
    }
    return true;
  }),
);

/** Which of the list these are. */
const chosenOf = (list: readonly Region[], rows: Regions): Region[] =>
  Array.from(rows, ({start}) => list.find((each) => each.start === start)!);

const sorted = (sum: object): unknown[] => Object.entries(sum).sort(([a], [b]) => (a < b ? -1 : 1));

law(
  'sorting loses no region and makes none up, and amounts go down',
  fc.property(regions, fc.constantFrom<SortKey>('address', 'name', 'kind', ...BYTE_KEYS), (list, key) => {
    const result = Array.from(sortedRows(Regions.of(list), key), (row) => list[row]!);
    const isSame = result.length === list.length && new Set([...result, ...list]).size === list.length;
    const measure = key in MEASURES ? MEASURES[key as ByteKey].ofRegion : () => 0;
    return (
      isSame && result.every((each, index) => index === 0 || (measure(result[index - 1]!) ?? 0) >= (measure(each) ?? 0))
    );
  }),
);

law(
  'what is chosen and what is not are all regions, in their order',
  fc.property(regions, fc.constantFrom('a.so', 'rw', 'heap', '4'), (list, part) => {
    const choice = {text: (text: string): boolean => text.includes(part)};
    const yes = chooseRegions(list, choice);
    if (chosenOf(list, chooseRows(Regions.of(list), choice)).some((each, index) => each !== yes[index])) return false;
    const no = list.filter((each) => !yes.includes(each));
    const isMeant = (each: (typeof list)[number]): boolean =>
      [
        each.name,
        each.kind,
        each.perms,
        each.start.toString(16).padStart(8, '0') + '-' + each.end.toString(16).padStart(8, '0'),
      ].some((text) => text.includes(part));
    return (
      yes.every(isMeant) &&
      !no.some(isMeant) &&
      yes.every((each, index) => index === 0 || yes[index - 1]!.start < each.start)
    );
  }),
);

law(
  'of too many regions the largest are kept, in their order',
  fc.property(regions, fc.nat(12), (list, count) => {
    const kept = chosenOf(list, largestRows(Regions.of(list), count));
    const rank = ({usage, start, end}: Region): number => (usage?.rss ?? 0) * 2 ** 20 + end - start;
    const least = Math.min(...kept.map(rank));
    const left = list.filter((each) => !kept.includes(each));
    return (
      kept.length === Math.min(count, list.length) &&
      left.every((each) => rank(each) <= least) &&
      kept.every((each, index) => index === 0 || kept[index - 1]!.start < each.start)
    );
  }),
);
