import {isSameImage, isSameProcess} from '../model/same.ts';
import type {Snapshot} from '../model/snapshot.ts';

/** `address` compares equal addresses: one process, two moments. `layout` compares two runs of a program. */
export type Match = 'address' | 'layout';

interface Chosen {
  readonly match: Match;
  /** A phrase that says why. */
  readonly why: string;
}

/**
 * Chooses how to compare two snapshots. Where both are known to be of one process they have the same addresses. Else what
 * the kernel places at random once for each program image tells: the stack's top, the vdso, the vvar pages.
 */
export function chooseMatch(before: Snapshot, after: Snapshot, wanted: Match | 'auto'): Chosen {
  if (wanted !== 'auto') return {match: wanted, why: 'as asked'};
  const known = knownToBeTheSame(before, after);
  if (known) return {match: 'address', why: known};
  const a = anchors(before);
  const b = anchors(after);
  const shared = [...a.keys()].filter((name) => b.has(name));
  if (shared.length === 0) return {match: 'address', why: 'nothing in the listings says that these are two runs'};
  const elsewhere = shared.filter((name) => a.get(name) !== b.get(name));
  if (elsewhere.length > 0) return {match: 'layout', why: `${list(elsewhere)} elsewhere, so these are two runs`};
  return {match: 'address', why: `${list(shared)} in the same place, so this is one process`};
}

function knownToBeTheSame(before: Snapshot, after: Snapshot): string | undefined {
  const a = before.process;
  const b = after.process;
  if (a.pid === undefined || a.startTime === undefined || a.bootId === undefined) return undefined;
  return isSameProcess(a, b) && isSameImage(a, b) ? `both are process ${a.pid}` : undefined;
}

function anchors(snapshot: Snapshot): Map<string, number> {
  const places = new Map<string, number>();
  for (const region of snapshot.regions) {
    if (region.name === '[stack]') places.set(region.name, region.end);
    else if (region.name === '[vdso]' || region.name === '[vvar]') places.set(region.name, region.start);
  }
  return places;
}

const list = (names: readonly string[]): string =>
  `${names.join(', ').replace(/, ([^,]*)$/, ' and $1')} ${names.length > 1 ? 'are' : 'is'}`;
