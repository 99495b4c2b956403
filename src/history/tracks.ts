import type {Kind} from '../model/kind.ts';
import {sizeOf, type Region} from '../model/region.ts';
import {isContinued} from '../model/same.ts';

/** An amount that was looked at again and again, kept only where it changed: `at[i]` counts looks, and `value[i]` holds from there on. */
export interface Steps {
  readonly at: number[];
  readonly value: number[];
}

/** One region over time. It may grow, shrink and be renamed, and stays the same track while its memory overlaps. */
export interface Track {
  /** As it was seen last. */
  region: Region;
  kind: Kind;
  /** The looks at which it was seen first and last, counted from 0. */
  readonly first: number;
  last: number;
  readonly size: Steps;
  /** The counter that was asked for; its looks are those that had counters. */
  readonly amount: Steps;
  /** The first look with counters at which it was there. */
  firstAmount: number | undefined;
}

/**
 * Follows the regions of one process from look to look. A region goes on as the one that it overlaps, with which it shares
 * most bytes, if both are of one file, or both of none and not differently named by the kernel. What mremap(2) moved is
 * another track; its kind has both.
 */
export class Tracks {
  readonly all: Track[] = [];
  #living: Track[] = [];
  readonly #counter: string;

  /** @param counter the key of the smaps counter to keep, such as `rss` */
  constructor(counter: string) {
    this.#counter = counter;
  }

  /** Those that were there at the last look. */
  get living(): readonly Track[] {
    return this.#living;
  }

  /** One more look at which all was as before. */
  again(look: number): void {
    for (const track of this.#living) track.last = look;
  }

  /**
   * @param look its number, ascending
   * @param amounts the number of the look among those with counters; undefined if it had none
   */
  add(regions: readonly Region[], look: number, amounts: number | undefined): void {
    const before = this.#living;
    const living: Track[] = [];
    const taken = new Set<Track>();
    let from = 0;
    for (const region of regions) {
      while (from < before.length && before[from]!.region.end <= region.start) from++;
      const known = bestOverlap(before, from, region, taken);
      const track = known ?? newTrack(region, look);
      if (known) taken.add(known);
      else this.all.push(track);
      living.push(track);
    }
    // Only now: the search above needs the ranges that were.
    for (const [index, track] of living.entries()) this.#note(track, regions[index]!, look, amounts);
    this.#living = living;
  }

  #note(track: Track, region: Region, look: number, amounts: number | undefined): void {
    track.last = look;
    const isSame = track.region === region && track.size.at.length > 0;
    track.region = region;
    track.kind = region.kind;
    if (!isSame) step(track.size, look, sizeOf(region));
    const amount = region.usage?.[this.#counter];
    if (amounts === undefined || amount === undefined) return;
    track.firstAmount ??= amounts;
    step(track.amount, amounts, amount);
  }
}

const newTrack = (region: Region, look: number): Track => ({
  region,
  kind: region.kind,
  first: look,
  last: look,
  size: {at: [], value: []},
  amount: {at: [], value: []},
  firstAmount: undefined,
});

function step(steps: Steps, at: number, value: number): void {
  if (steps.value.at(-1) === value) return;
  steps.at.push(at);
  steps.value.push(value);
}

function bestOverlap(
  before: readonly Track[],
  from: number,
  region: Region,
  taken: ReadonlySet<Track>,
): Track | undefined {
  const first = before[from];
  if (first?.region === region) return first;
  let best: Track | undefined;
  let most = 0;
  for (let i = from; i < before.length && before[i]!.region.start < region.end; i++) {
    const track = before[i]!;
    const shared = Math.min(track.region.end, region.end) - Math.max(track.region.start, region.start);
    if (shared > most && !taken.has(track) && isContinued(track.region, region)) [best, most] = [track, shared];
  }
  return best;
}
