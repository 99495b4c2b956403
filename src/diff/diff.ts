import {changeJSON, type Change, type Delta} from '../model/change.ts';
import type {Region} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Draft} from './draft.ts';
import {sweepLayout} from './layout.ts';
import {areTwoProcesses, chooseMatch, type Match} from './match.ts';
import {pairMoved} from './moved.ts';
import {SUMS_ALONE, sweepRollups} from './rollup.ts';
import {sweepRows} from './rows.ts';
import {sentence} from './words.ts';

export interface DiffOptions {
  /** How to compare; by default (`auto`) the snapshots decide. */
  readonly match?: Match | 'auto' | undefined;
}

/** What happened between two snapshots. */
export class Diff {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly match: Match;
  /** Why it was compared in this way: a phrase. */
  readonly why: string;
  /** In address order. */
  readonly changes: readonly Change[];
  /** Regions that are the same on both sides. */
  readonly unchanged: number;
  /** After minus before, in bytes; the changes' deltas add up to it. A counter is there if both sides have it. */
  readonly delta: Delta & {readonly regions: number};
  readonly #counters: readonly string[];
  #drift: Readonly<Record<string, number>> | undefined;

  constructor(before: Snapshot, after: Snapshot, options: DiffOptions = {}) {
    const sums = sweepRollups(before, after);
    const {match, why} = sums
      ? ({match: 'address', why: SUMS_ALONE} as const)
      : chooseMatch(before, after, options.match ?? 'auto');
    const swept = sums ?? (match === 'layout' ? sweepLayout(before.regions, after.regions) : sweepRows(before, after));
    const drafts = match === 'layout' ? swept.drafts : pairMoved(swept.drafts);
    // What was read from maps has no counters, and 60,000 regions need not be asked for them at each look.
    const counters = isMaps(before) || isMaps(after) ? [] : sharedCounters(before, after);
    this.before = before;
    this.after = after;
    this.match = match;
    this.why = why;
    this.unchanged = swept.unchanged;
    const areMoments = match === 'address' && !areTwoProcesses(before, after);
    const named = {before: namesOf(before), after: namesOf(after)};
    this.changes = drafts
      .map((draft) => toChange(draft, counters, (one) => sentence(one, areMoments, named)))
      .sort((a, b) => a.range.start - b.range.start || a.range.end - b.range.end);
    this.delta = {...sumOfDeltas(this.changes, counters), regions: after.count - before.count};
    this.#counters = counters;
  }

  /**
   * What moved in the counters of unchanged regions. Pss and the split into private and shared depend on other
   * processes too, so that is not a change of this one: delta plus drift is the difference of the totals.
   */
  get drift(): Readonly<Record<string, number>> {
    return (this.#drift ??= driftOf(this, this.#counters));
  }

  /** The document `memmap.diff/1`. */
  toJSON(): Record<string, unknown> {
    return {
      schema: 'memmap.diff/1',
      before: sideJSON(this.before),
      after: sideJSON(this.after),
      match: this.match,
      why: this.why,
      changes: this.changes.map(changeJSON),
      unchanged: this.unchanged,
      delta: this.delta,
      drift: Object.keys(this.drift).length > 0 ? this.drift : undefined,
    };
  }
}

/**
 * Compares two snapshots.
 *
 * @returns the changes that turn `before` into `after`, byte for byte of address space
 */
export const diff = (before: Snapshot, after: Snapshot, options?: DiffOptions): Diff =>
  new Diff(before, after, options);

/** What happened to one process between two looks at it: equal addresses are compared. */
export const diffInPlace = (before: Snapshot, after: Snapshot): Diff => diff(before, after, {match: 'address'});

function toChange(draft: Draft, counters: readonly string[], textOf: (draft: Draft) => string): Change {
  const {kind, range, from, slide, pieces, before, after} = draft;
  const delta: Record<string, number> = {};
  for (const counter of counters) delta[counter] = draft.usage[counter] ?? 0;
  return {
    kind,
    range,
    from,
    slide,
    pieces,
    before,
    after,
    delta: {...delta, size: draft.size},
    text: textOf(draft),
  };
}

/** Has a side a region of a name? All names are collected only once one is asked for. */
function namesOf(side: Snapshot): (name: string) => boolean {
  let names: Set<string> | undefined;
  const named = (): readonly Region[] => (side.areObjects ? side.regions : side.table.namedOnes());
  return (name) => (names ??= new Set(named().map((region) => region.name))).has(name);
}

const isMaps = ({source}: Snapshot): boolean => source.from === 'process' && source.format === 'maps';

/** smaps counters that both sides know: what one side never counted has no difference. */
function sharedCounters(before: Snapshot, after: Snapshot): string[] {
  const there = new Set(after.counted);
  return before.counted.filter((name) => there.has(name));
}

function sumOfDeltas(changes: readonly Change[], counters: readonly string[]): Delta {
  const sum: Record<string, number> = {};
  let size = 0;
  for (const counter of counters) sum[counter] = 0;
  for (const {delta} of changes) {
    size += delta.size;
    for (const counter of counters) sum[counter]! += delta[counter] ?? 0;
  }
  return {...sum, size};
}

function driftOf({before, after, delta}: Diff, counters: readonly string[]): Record<string, number> {
  const drift: Record<string, number> = {};
  for (const counter of counters) {
    const difference = after.totals[counter]! - before.totals[counter]! - (delta[counter] ?? 0);
    if (difference !== 0) drift[counter] = difference;
  }
  return drift;
}

/** Which snapshot a side was; its regions are in the changes as far as they changed. */
function sideJSON(snapshot: Snapshot): Record<string, unknown> {
  const {source, takenAt, process, consistency, knownTotals: totals, rejected} = snapshot;
  return {source, takenAt: takenAt ?? null, process, consistency, totals, rejected: rejected.length || undefined};
}
