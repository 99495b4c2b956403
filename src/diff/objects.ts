import {isFileBacked, type Region, sizeOf} from '../model/region.ts';
import {baseName, withoutDeleted} from '../model/same.ts';
import {type Draft, hull, rangeOf, sumOfSizes, usageDelta} from './draft.ts';

/** Memory without a name, or with a name that the program itself gave it. */
export const isUnnamed = (region: Region): boolean => !isFileBacked(region) && !/^\[(?!anon:)/.test(region.name);

/**
 * What the kernel places as a whole: a file's regions with its bss, a region with a label, or unnamed memory between
 * two of these.
 */
export interface LayoutObject {
  /** What it is, with its number among those of that name: `/lib/x.so#0`, `anonymous after /lib/x.so#0`. */
  readonly key: string;
  readonly isAnonymous: boolean;
  readonly regions: Region[];
  /** The keys of the named objects below and above; undefined at the ends. */
  readonly below: string | undefined;
  above: string | undefined;
}

const ANONYMOUS = 'anonymous after ';
const START = 'the start';

/** Cuts a listing into objects, in address order. */
export function objectsOf(regions: readonly Region[]): LayoutObject[] {
  const objects: LayoutObject[] = [];
  const turns = new Map<string, number>();
  let named: LayoutObject | undefined;
  let name: string | undefined;
  for (const region of regions) {
    const current = objects.at(-1);
    const isNamed = region.name !== '' && !region.name.startsWith('[anon:');
    const what = isNamed ? withoutDeleted(region.name) : undefined;
    if (current && (isNamed ? current === named && name === what : current.isAnonymous || isBss(region, current))) {
      current.regions.push(region);
    } else if (what === undefined) {
      const key = ANONYMOUS + (named?.key ?? START);
      objects.push({key, isAnonymous: true, regions: [region], below: named?.key, above: undefined});
    } else {
      const turn = turns.get(what) ?? 0;
      turns.set(what, turn + 1);
      const key = `${what}#${turn}`;
      if (current?.isAnonymous) current.above = key;
      named = {key, isAnonymous: false, regions: [region], below: named?.key, above: undefined};
      name = what;
      objects.push(named);
    }
  }
  return objects;
}

/** The pages right after a file's last segment: what the program asked for and the file doesn't have. */
const isBss = (region: Region, file: LayoutObject): boolean =>
  region.start === file.regions.at(-1)!.end && isFileBacked(file.regions.at(-1)!);

/**
 * Another host may have the same library in another directory: an object without a partner of its full name takes the
 * name of the other side's object that has the same last part.
 *
 * @returns both lists, the second in the names of the first
 */
export function sameNames(
  before: readonly LayoutObject[],
  after: readonly LayoutObject[],
): [readonly LayoutObject[], readonly LayoutObject[]] {
  const [known, theirs] = [before, after].map((objects) => new Set(objects.map(({key}) => key)));
  const left = new Map<string, string>();
  for (const {key, isAnonymous} of before) if (!isAnonymous && !theirs!.has(key)) left.set(baseName(key), key);
  if (left.size === 0) return [before, after];
  const ours = (key: string): string => (known!.has(key) ? key : (left.get(baseName(key)) ?? key));
  const named = ({key, isAnonymous, regions, below, above}: LayoutObject): LayoutObject => ({
    key: isAnonymous ? `${ANONYMOUS}${below === undefined ? START : ours(below)}` : ours(key),
    isAnonymous,
    regions,
    below: below && ours(below),
    above: above && ours(above),
  });
  return [before, after.map(named)];
}

/** How far each named object lies from where it was, by its key. */
export function slidesOfNamed(pairs: ReadonlyArray<{before: LayoutObject; after: LayoutObject}>): Map<string, number> {
  const named = pairs.filter(({before}) => !before.isAnonymous);
  return new Map(named.map(({before, after}) => [before.key, slideOfNamed(before, after)]));
}

function slideOfNamed(before: LayoutObject, after: LayoutObject): number {
  const [a] = before.regions as [Region];
  const [b] = after.regions as [Region];
  // The stack's top is where the kernel put it; its start moves as it grows.
  if (a.name === '[stack]') return after.regions.at(-1)!.end - before.regions.at(-1)!.end;
  // Some listings have no offsets.
  return b.start - (b.offset ?? 0) - (a.start - (a.offset ?? 0));
}

/**
 * The named objects that lie below and above unnamed memory on both sides. Unnamed memory is named after the one below.
 */
export const neighboursOf = (before: LayoutObject, after: LayoutObject): string[] =>
  [before.below, before.above === after.above ? before.above : undefined].filter((key) => key !== undefined);

/**
 * Are two files of one name different files? They are if both their inodes and their segments differ. With other inodes
 * but the same segments it may be the same file on another host.
 *
 * @param before the regions of one file, and its bss
 */
export function isAnotherFile(before: readonly Region[], after: readonly Region[]): boolean {
  const [a, b] = [before[0], after[0]];
  if (!a || !b || !hasInode(a) || !hasInode(b) || (a.inode === b.inode && a.dev === b.dev)) return false;
  return shapeOf(before) !== shapeOf(after);
}

const hasInode = ({inode}: Region): boolean => inode !== '' && inode !== '0';

const shapeOf = (regions: readonly Region[]): string =>
  regions
    .filter(hasInode)
    .map((region) => `${region.perms} ${region.offset} ${sizeOf(region)}`)
    .join('|');

/** All of one file was replaced by all of another. */
export const exchanged = (before: readonly Region[], after: readonly Region[]): Draft => ({
  kind: 'replaced',
  range: hull(after),
  from: hull(before),
  pieces: {before: before.map(rangeOf), after: after.map(rangeOf)},
  before,
  after,
  size: sumOfSizes(after) - sumOfSizes(before),
  usage: usageDelta(before, after),
});
