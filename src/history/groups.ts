import type {Kind} from '../model/kind.ts';
import {lowerBound} from '../model/search.ts';
import type {Stay, Track, Values} from './tracks.ts';

/** Regions of one kind and one purpose: the chunks of a heap, malloc's large blocks, the stacks of threads. */
interface Group {
  readonly kind: Kind;
  /** What its regions are called; numbers in a label are left out: `stack of thread`. '' for unnamed memory. */
  readonly name: string;
  /** The tracks that belonged to it at some time. */
  readonly tracks: readonly Track[];
}

/** A label may count what it names: `malloc arena 3`. A path is a name, and keeps its numbers. */
const withoutNumbers = (name: string): string =>
  name.includes('/') ? name : name.replace(/\s+\d+(?: to \d+)?\b/g, '').trim();

/** Regions with the same key are one group. @param name the label of a region, or else the kernel's name for it */
export const groupKey = (kind: Kind, name: string): string => `${kind} ${withoutNumbers(name)}`;

type KeyOf = (stay: Pick<Stay, 'kind' | 'name'>) => string;

/** The same for many stays, most of which have the name of the one before. */
function keys(): KeyOf {
  const known = new Map<Kind, Map<string, string>>();
  let last: {readonly kind?: Kind; readonly name?: string; readonly key: string} = {key: ''};
  return ({kind, name}) => {
    if (kind === last.kind && name === last.name) return last.key;
    let ofKind = known.get(kind);
    if (!ofKind) known.set(kind, (ofKind = new Map()));
    let key = ofKind.get(name);
    if (key === undefined) ofKind.set(name, (key = groupKey(kind, name)));
    last = {kind, name, key};
    return key;
  };
}

/** Fewer regions at one time are not a group: each is listed. */
const FEWEST = 3;

/** A group of which one region moved by this part of what the group gained or lost isn't what grew: that region is. */
const OWN_PART = 2 / 3;

interface Followed {
  readonly tracks: readonly Track[];
  readonly times: readonly number[];
  readonly usageAt: readonly number[];
}

/** A group over time. */
export interface GroupValues extends Group {
  readonly values: Values;
  /** How many regions it had at the last look. */
  readonly count: number;
}

/**
 * The groups of regions, in the order in which they were first seen: no small ones, and none whose growth is that of a
 * single region.
 *
 * @param measure address space at each look, or the counter that is followed, at each look that knew it
 */
export function groupsOf({tracks, times, usageAt}: Followed, measure: 'size' | 'amount'): GroupValues[] {
  const keyOf = keys();
  return allGroups(tracks, keyOf).flatMap((group) => {
    const {sizes, counts} = sizesOfGroup(group, times.length, keyOf);
    if (counts.every((count) => count < FEWEST)) return [];
    const values = measure === 'size' ? sizes : amountsOfGroup(group, usageAt, keyOf);
    const rise = (values.values.at(-1) ?? 0) - (values.values[0] ?? 0);
    const isOne = rise !== 0 && group.tracks.some((track) => movement(track, measure) >= OWN_PART * Math.abs(rise));
    return isOne ? [] : [{...group, values, count: counts.at(-1)!}];
  });
}

function allGroups(tracks: readonly Track[], keyOf: KeyOf): Group[] {
  const groups = new Map<string, {kind: Kind; name: string; tracks: Track[]}>();
  for (const track of tracks) {
    for (const stay of track.stays) {
      const key = keyOf(stay);
      const group = groups.get(key);
      if (!group) groups.set(key, {kind: stay.kind, name: withoutNumbers(stay.name), tracks: [track]});
      else if (group.tracks.at(-1) !== track) group.tracks.push(track);
    }
  }
  return [...groups.values()].filter((group) => group.tracks.length >= FEWEST);
}

/** How far an amount of a region moved, from its lowest value to its highest. */
export function movement({stays}: Track, measure: 'size' | 'amount'): number {
  let [low, high] = [Infinity, 0];
  for (const {start, end, amounts} of stays) {
    const count = measure === 'size' ? 1 : amounts.length / 2;
    for (let at = 0; at < count; at++) {
      const value = measure === 'size' ? end - start : amounts[2 * at + 1]!;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return high - low;
}

/** The bytes of address space of a group, and how many regions it has, at each look; 0 while there are none. */
function sizesOfGroup(
  group: Group,
  looks: number,
  keyOf: KeyOf,
): {readonly sizes: Values; readonly counts: readonly number[]} {
  const [sizes, counts] = [new Steps(looks), new Steps(looks)];
  for (const {start, end, from, to} of staysIn(group, keyOf)) {
    sizes.add(from, to, end - start);
    counts.add(from, to, 1);
  }
  return {sizes: {looks: Array.from({length: looks}, (_, look) => look), values: sizes.sums()}, counts: counts.sums()};
}

/** The counter that is followed, of a group, at each look that knew it. @param usageAt those looks, ascending */
function amountsOfGroup(group: Group, usageAt: readonly number[], keyOf: KeyOf): Values {
  const sums = new Steps(usageAt.length);
  const key = keyOf(group);
  for (const {stays} of group.tracks) {
    let value = 0;
    for (const stay of stays) {
      const {from, to, amounts} = stay;
      const isMember = keyOf(stay) === key;
      let at = lowerBound(usageAt, from);
      const end = lowerBound(usageAt, to);
      for (let next = 0; next < amounts.length; next += 2) {
        const place = Math.min(end, lowerBound(usageAt, amounts[next]!));
        if (isMember) sums.add(at, place, value);
        [at, value] = [place, amounts[next + 1]!];
      }
      if (isMember) sums.add(at, end, value);
    }
  }
  return {looks: usageAt, values: sums.sums()};
}

function* staysIn(group: Group, keyOf: KeyOf): Generator<Stay> {
  const key = keyOf(group);
  for (const {stays} of group.tracks) for (const stay of stays) if (keyOf(stay) === key) yield stay;
}

/** A sum of amounts that each hold for some time, built in time that doesn't depend on how long they hold. */
class Steps {
  readonly #changes: Float64Array;

  constructor(length: number) {
    this.#changes = new Float64Array(length + 1);
  }

  add(from: number, to: number, amount: number): void {
    if (from >= to) return;
    this.#changes[from]! += amount;
    this.#changes[to]! -= amount;
  }

  sums(): number[] {
    let sum = 0;
    return Array.from(this.#changes.subarray(0, -1), (change) => (sum += change));
  }
}
