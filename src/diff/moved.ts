import {isFileBacked, sizeOf, type Region} from '../model/region.ts';
import {usageDelta, type Draft} from './draft.ts';

/**
 * Finds what moved: memory that is gone at one address and new at another (mremap(2) with MREMAP_MAYMOVE). A mapped
 * file is identified by its inode and offset. Nothing identifies anonymous memory, so it counts as moved only where
 * exactly one region of its size, permissions and name went and exactly one came, and is called a guess. Where nothing
 * of that size came, it may have been resized on the way, by a factor of at most MOST_RESIZED. Written pages move along
 * with their memory: where none came, it was mapped again.
 *
 * @returns the drafts with such pairs as one `moved` each, followed by a `grown` or `shrunk` if the size changed
 */
export function pairMoved(drafts: readonly Draft[]): Draft[] {
  return pairBy(withoutSize, pairBy(withSize, drafts));
}

/** Pairs gone and new regions that have the same key, where there is one of each and they may be the same memory. */
function pairBy(keyOf: KeyOf, drafts: readonly Draft[]): Draft[] {
  const gone = byKey(keyOf, drafts, 'gone');
  const come = byKey(keyOf, drafts, 'new');
  const partnerOf = new Map<Draft, Draft>();
  for (const [key, [from, ...others]] of gone) {
    const [to, ...more] = come.get(key) ?? [];
    const isClear = to !== undefined && others.length === 0 && more.length === 0;
    if (isClear && mayBeSame(from!.before[0]!, to.after[0]!)) partnerOf.set(to, from!);
  }
  const paired = new Set(partnerOf.values());
  return drafts
    .filter((draft) => !paired.has(draft))
    .flatMap((draft) => (partnerOf.has(draft) ? moved(partnerOf.get(draft)!, draft) : [draft]));
}

/** realloc(3) mostly doubles a block. A page that went and a GiB that came have nothing to do with each other. */
const MOST_RESIZED = 4;

function mayBeSame(before: Region, after: Region): boolean {
  const [small, large] = [sizeOf(before), sizeOf(after)].sort((a, b) => a - b) as [number, number];
  if (large > MOST_RESIZED * small) return false;
  // Both sides are treated alike, since diff(b, a) mirrors diff(a, b): what has pages on one side only is not paired.
  const [a, b] = [written(before), written(after)];
  return a === undefined || b === undefined || (a === 0) === (b === 0);
}

/** Bytes of a private region that were written to, in RAM or on swap; undefined where that isn't known. */
const written = ({usage}: Region): number | undefined =>
  usage?.anonymous === undefined ? undefined : usage.anonymous + (usage.swap ?? 0);

type KeyOf = (region: Region) => string;

/** What identifies a region, wherever it is. */
const withoutSize: KeyOf = (region) => {
  const {perms, dev, inode, offset, name, nameBase64} = region;
  return JSON.stringify([perms, dev, inode, isFileBacked(region) ? offset : 0, name, nameBase64]);
};

const withSize: KeyOf = (region) => `${sizeOf(region)} ${withoutSize(region)}`;

/** Regions that went, or came, as a whole: in address order, under their keys. */
function byKey(keyOf: KeyOf, drafts: readonly Draft[], kind: 'gone' | 'new'): Map<string, Draft[]> {
  const map = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const [region] = kind === 'gone' ? draft.before : draft.after;
    if (draft.kind !== kind || !region || !isWhole(draft, region)) continue;
    const key = keyOf(region);
    const group = map.get(key);
    if (group) group.push(draft);
    else map.set(key, [draft]);
  }
  for (const group of map.values()) group.sort((a, b) => a.range.start - b.range.start);
  return map;
}

/** A draft about all of one region, not about what is left of it. */
const isWhole = ({range}: Draft, region: Region): boolean => region.start === range.start && region.end === range.end;

/** The part that both sizes have in common moved; the rest came or went at the end, as mremap(2) grows and shrinks. */
function moved(from: Draft, to: Draft): Draft[] {
  const [before] = from.before as [Region];
  const [after] = to.after as [Region];
  const kept = Math.min(sizeOf(before), sizeOf(after));
  const regions = {before: [before], after: [after]};
  const whole: Draft = {
    kind: 'moved',
    range: {start: after.start, end: after.start + kept},
    from: {start: before.start, end: before.start + kept},
    slide: after.start - before.start,
    ...regions,
    size: 0,
    usage: usageDelta([before], [after]),
    isGuess: !isFileBacked(before) && !before.name.startsWith('['),
  };
  const rest = {...regions, isGuess: whole.isGuess === true};
  if (sizeOf(after) > kept) return [whole, tail('grown', after, kept, rest)];
  return sizeOf(before) > kept ? [whole, tail('shrunk', before, kept, rest)] : [whole];
}

const tail = (
  kind: 'grown' | 'shrunk',
  region: Region,
  kept: number,
  regions: Pick<Draft, 'before' | 'after' | 'isGuess'>,
): Draft => ({
  kind,
  range: {start: region.start + kept, end: region.end},
  ...regions,
  size: kind === 'grown' ? sizeOf(region) - kept : kept - sizeOf(region),
  usage: {},
});
