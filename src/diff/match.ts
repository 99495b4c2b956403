import {baseName, isSameImage, isSameProcess} from '../model/same.ts';
import {programOf} from '../model/clues/program.ts';
import type {Snapshot} from '../model/snapshot.ts';

/** `address` compares equal addresses: one process, two moments. `layout` compares two runs of a program. */
export type Match = 'address' | 'layout';

interface Chosen {
  readonly match: Match;
  /** A phrase that says why. */
  readonly why: string;
}

/**
 * Chooses how to compare two snapshots. Where both are known to be of one process they have the same addresses.
 * Otherwise what the kernel places at random, once for each program image, decides: the stack's top, the vdso, the vvar
 * pages.
 */
export function chooseMatch(before: Snapshot, after: Snapshot, wanted: Match | 'auto'): Chosen {
  if (wanted !== 'auto') return {match: wanted, why: 'as asked'};
  const known = knownToBeTheSame(before, after);
  if (known) return {match: 'address', why: known};
  const programs = twoPrograms(before, after);
  if (programs) return {match: 'layout', why: programs};
  const a = anchors(before);
  const b = anchors(after);
  const shared = [...a.keys()].filter((name) => b.has(name));
  if (shared.length === 0) return {match: 'address', why: 'nothing in the listings says that these are two runs'};
  const elsewhere = shared.filter((name) => a.get(name) !== b.get(name));
  if (elsewhere.length > 0) return {match: 'layout', why: `${list(elsewhere)} elsewhere, so these are two runs`};
  const place = `${list(shared)} in the same place`;
  return {match: 'address', why: `${place}, so this is ${areTwoProcesses(before, after) ? SAME_IMAGE : 'one process'}`};
}

/** fork(2) copies all addresses, and without ASLR each run of a program gets the same ones. */
const SAME_IMAGE = 'the same image in two processes: forked, or run without ASLR';

/** Is it known that the two sides are not one process? */
export function areTwoProcesses({process: a}: Snapshot, {process: b}: Snapshot): boolean {
  const differs = (key: 'pid' | 'startTime' | 'bootId'): boolean =>
    a[key] !== undefined && b[key] !== undefined && a[key] !== b[key];
  return differs('pid') || differs('startTime') || differs('bootId');
}

/**
 * Two programs have nothing in common but libraries: they are compared as two runs are, and reported as two programs.
 */
function twoPrograms(before: Snapshot, after: Snapshot): string | undefined {
  const [a, b] = [programOf(before), programOf(after)];
  if (a === undefined || b === undefined || baseName(a) === baseName(b)) return undefined;
  // A program may be started under another name (a link, an upgrade): it is the same one if the other side maps it too.
  if (maps(before, b) || maps(after, a)) return undefined;
  return `${a} and ${b} are two programs`;
}

const maps = ({table}: Snapshot, file: string): boolean => table.namedOnes().some(({name}) => name === file);

function knownToBeTheSame(before: Snapshot, after: Snapshot): string | undefined {
  const a = before.process;
  const b = after.process;
  if (a.pid === undefined || a.startTime === undefined || a.bootId === undefined) return undefined;
  return isSameProcess(a, b) && isSameImage(a, b) ? `both are process ${a.pid}` : undefined;
}

function anchors(snapshot: Snapshot): Map<string, number> {
  const places = new Map<string, number>();
  for (const region of snapshot.table.namedOnes()) {
    if (region.name === '[stack]') places.set(region.name, region.end);
    else if (region.name === '[vdso]' || region.name === '[vvar]') places.set(region.name, region.start);
  }
  return places;
}

const list = (names: readonly string[]): string =>
  `${names.join(', ').replace(/, ([^,]*)$/, ' and $1')} ${names.length > 1 ? 'are' : 'is'}`;
