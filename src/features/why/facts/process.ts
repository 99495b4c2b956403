import {counted, sizeText, spanText} from '../../../model/amounts.ts';
import {billOf} from '../../../model/group/group.ts';
import {MEASURES} from '../../../model/measures.ts';
import {isSameImage, isSameProcess} from '../../../model/same.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import {totalsByLabel} from '../../../model/totals.ts';
import {Trouble} from '../../../model/trouble.ts';
import {capture, glimpse} from '../../../procfs/capture.ts';
import {captureFamily, childrenIn} from '../../../procfs/kin/family.ts';
import {findGroup, readGroup} from '../../../procfs/host/group.ts';
import {type Counted, readCounted} from '../../../procfs/details/counted.ts';
import {PYTHONS} from '../../../classify/runtimes/python.ts';
import {ProcessHandle} from '../../../procfs/handle.ts';
import type {Remarkable} from '../../../shell/output.ts';
import {interruption} from '../../../shell/signals.ts';
import {type Cow} from '../../cow/cow.ts';
import {lookAtFamily} from '../../cow/target.ts';
import {growthOfTarget, type Watched} from '../../growth/target.ts';
import type {Heap} from '../../heap/heap.ts';
import {heapIn, USUAL_RATE} from '../../heap/target.ts';
import type {Facts, Missing} from './facts.ts';
import {watchHeld} from './held.ts';
import {residentByPages} from '../../heap/resident.ts';
import {watchStatus} from './status.ts';

export interface WhyOptions {
  readonly root: string;
  /** ms for which a live process is watched. */
  readonly duration: number;
  /** ms that one reading may hold up a process. */
  readonly maxStall: number;
  readonly maxDuty: number;
  /** Look at its family too. */
  readonly children: boolean;
  /** May malloc's books be read? That reads memory of the process. */
  readonly books: boolean;
}

/** What was gathered, and the signal that ended the watch early, if one did. */
export interface Gathered {
  readonly facts: Facts;
  /** What was not understood of a file. */
  readonly remarks?: Remarkable | undefined;
  readonly signal?: NodeJS.Signals | undefined;
}

/** A movement of fewer bytes doesn't matter. */
const LEAST = 64 * 1024;

/** ms after the watch, so that its last sample is taken by then. */
const AFTER = 500;

/** malloc's memory of which the books are read: bytes. More would take long, and is left to `memmap heap`. */
const MOST_BOOKS = 4 * 2 ** 30;
/** The same for a second reading, before the watch. */
const MOST_BEFORE = 2 ** 29;
/** Resident memory of a family whose page maps are compared: bytes. */
const MOST_COW = 4 * 2 ** 30;

/**
 * Looks at a process from all sides: once, over a time, and once more.
 *
 * @throws Trouble `gone`
 */
export async function gatherProcess(pid: number, options: WhyOptions): Promise<Gathered> {
  const {root, maxStall, duration} = options;
  const missing: Missing[] = [];
  let first: Snapshot;
  try {
    first = capture(pid, {root, usage: false, extras: true});
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'denied') throw error;
    return gatherDenied(pid, error, options);
  }
  const begin = performance.now();
  const heapBefore = options.books ? heapOf(pid, first, root, MOST_BEFORE) : undefined;
  const interrupted = interruption();
  let watched: Watched;
  let held: Facts['held'];
  let cow: Cow | undefined;
  try {
    // It compares page maps now and once the watch is over: during that it would leave a hole in the samples.
    const copies = cowOf(pid, {...options, duration: duration + AFTER}, missing);
    const samples = growthOfTarget(
      {is: 'process', pid},
      {
        duration,
        interval: undefined,
        measure: 'rss',
        least: LEAST,
        children: options.children,
        heap: false,
        maxStall,
        maxDuty: options.maxDuty,
        root,
      },
    );
    [watched, held, cow] = await Promise.all([samples, watchHeld(pid, root, duration, interrupted.signal), copies]);
  } finally {
    interrupted.dispose();
  }
  const ms = performance.now() - begin;
  const last = lastOf(pid, watched.last, first, options);
  const hasEnded = last === undefined;
  const snapshot = last ?? endedWith(watched.last, first);
  const isOne = isSameImage(first.process, snapshot.process);
  const heap = hasEnded || !options.books ? undefined : heapOf(pid, snapshot, root, MOST_BOOKS, missing);
  if (!options.books) missing.push({what: "malloc's books", why: '--no-books', next: `memmap heap ${pid}`});
  const counted = hasEnded ? undefined : countedOf(pid, root);
  const family = options.children && !hasEnded ? captureFamily(pid, {root, maxStall}).family : undefined;
  missing.push(...(hasEnded ? [ENDED] : unread(snapshot, pid)));
  if (!isOne) missing.push(before(first));
  return {
    facts: {
      subject: 'process',
      name: String(pid),
      pid,
      snapshot,
      // After an exec it is another program: what was before says nothing about it.
      first: isOne ? {status: first.status, ms} : undefined,
      growth: watched.growth,
      held,
      heap,
      heapBefore: heap && isOne ? heapBefore : undefined,
      cow,
      family,
      familyGrowth: watched.family,
      group: groupOf(snapshot, root),
      counted,
      hasEnded,
      missing,
    },
    signal: watched.signal,
  };
}

/** As it is now. @returns undefined if it has ended, or begun another program */
function lastOf(pid: number, seen: Snapshot, first: Snapshot, {root, maxStall}: WhyOptions): Snapshot | undefined {
  try {
    const last = capture(pid, {root, maxStall, extras: true});
    if (last.process.startTime !== first.process.startTime) return undefined;
    return MEASURES.rss.ofTotals(last.totals) === undefined ? (residentByPages(pid, root, last) ?? last) : last;
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'gone') return undefined;
    if (error instanceof Trouble && (error.kind === 'denied' || error.kind === 'deadline')) return seen;
    throw error;
  }
}

/** What was seen last of a process that has ended; what descriptors held then is not known any more. */
const endedWith = (seen: Snapshot, first: Snapshot): Snapshot => (seen.table.length > 0 ? seen : first);

/** malloc's books, and with `missing` Python's pools too. @param missing gets the reason why not, where there is one */
function heapOf(pid: number, snapshot: Snapshot, root: string, most: number, missing?: Missing[]): Heap | undefined {
  const size = mallocSize(snapshot);
  if (size > most) {
    missing?.push({
      what: "malloc's books",
      why: `its memory is up to ${sizeText(size)}, which takes up to ${spanText((1000 * size) / USUAL_RATE)} to read`,
      next: `memmap heap ${pid}`,
    });
    return undefined;
  }
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    return heapIn(handle, {maxRate: USUAL_RATE, search: missing !== undefined && pythonSize(snapshot) <= most});
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    missing?.push({what: "malloc's books: leaked, or freed and kept", why: clause(error), next: error.next});
    return undefined;
  } finally {
    handle?.close();
  }
}

/** Bytes of the regions that malloc's arenas are in: what is resident, where that is known. */
const mallocSize = (snapshot: Snapshot): number => sizeBy(snapshot, ['[heap]', "malloc's arenas"]);

/** The same of Python's. */
const pythonSize = (snapshot: Snapshot): number => sizeBy(snapshot, [PYTHONS]);

function sizeBy({table}: Snapshot, names: readonly string[]): number {
  const labels = totalsByLabel(table);
  return names.reduce((sum, label) => {
    const totals = labels.get(label);
    return sum + (totals?.['rss'] ?? totals?.size ?? 0);
  }, 0);
}

/** Compares the pages of a parent and its forked children, twice. @returns undefined where it has none */
async function cowOf(pid: number, options: WhyOptions, missing: Missing[]): Promise<Cow | undefined> {
  const {root, maxStall, duration} = options;
  if (childrenIn(root)(pid).length === 0) return undefined;
  try {
    const {family} = captureFamily(pid, {root, maxStall: 0});
    const rss = family.members.reduce((sum, {vmRss = 0}) => sum + vmRss, 0);
    if (rss > MOST_COW) {
      missing.push({
        what: 'what forked children copied',
        why: `their page maps are of ${sizeText(rss)}, which takes long to compare`,
        next: `memmap cow ${pid}`,
      });
      return undefined;
    }
    const {cow} = await lookAtFamily([String(pid)], {root, maxStall, duration});
    return cow.members.length > 0 ? cow : undefined;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (error.kind === 'denied')
      missing.push({what: 'what forked children copied', why: clause(error), next: error.next});
    return undefined;
  }
}

/** The group that it is charged to, where its files can be read. */
function groupOf({clues: {cgroup}}: Snapshot, root: string): Facts['group'] {
  if (!cgroup || cgroup.limits.length === 0) return undefined;
  try {
    const group = readGroup(findGroup({kind: 'cgroup', id: cgroup.path}, root));
    return {group, bill: billOf(group)};
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  }
}

/** What is counted of it, and may not be more. */
function countedOf(pid: number, root: string): Counted | undefined {
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    return readCounted(handle);
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  } finally {
    handle?.close();
  }
}

/** After exec it is another program. */
const before = ({process: {comm}}: Snapshot): Missing => ({
  what: 'what it was before',
  why: `it was ${comm ?? 'another program'}, and executed another program while it was watched`,
  next: 'memmap run -- COMMAND watches all of it',
});

/** The reason, as a clause of a sentence. */
export const clause = ({why}: Pick<Trouble, 'why'>): string => why.replace(/\.$/, '');

const ENDED: Missing = {
  what: "malloc's books, limits and descriptors",
  why: 'it ended',
  next: 'memmap run -- COMMAND watches a program from its first instruction to its end',
};

function unread(snapshot: Snapshot, pid: number): Missing[] {
  const list: Missing[] = [];
  if (MEASURES.rss.ofTotals(snapshot.totals) === undefined)
    list.push({
      what: 'resident memory by kind',
      why:
        snapshot.notes.find((note) => note.startsWith('Resident memory was not read'))?.replace(/\.$/, '') ??
        'smaps was not read',
      next: `memmap why ${pid} --max-stall 1s`,
    });
  if (!snapshot.clues.descriptors)
    list.push({what: 'what descriptors hold', why: '/proc/PID/fd may not be read', next: `sudo memmap why ${pid}`});
  return list;
}

/** Its descendants, which were not looked at. */
function withoutFamily(pid: number, root: string): Missing[] {
  const childrenOf = childrenIn(root);
  const below = (each: number): number => childrenOf(each).reduce((sum, child) => sum + 1 + below(child), 0);
  const count = below(pid);
  if (count === 0) return [];
  return [
    {
      what: `its ${counted(count, 'descendant')}`,
      why: 'of a process that may not be read, only its own status is watched',
      next: `sudo memmap why ${pid} --children`,
    },
  ];
}

/** What anybody may see: status alone, over time. */
async function gatherDenied(pid: number, denied: Trouble, options: WhyOptions): Promise<Gathered> {
  const {root, duration} = options;
  const interrupted = interruption();
  try {
    const {growth, last} = await watchStatus(pid, root, duration, interrupted.signal);
    if (!last) throw denied;
    const now = glimpse(pid, denied, root);
    const hasEnded = !now || !isSameProcess(now.process, last.process) || now.process.state === 'Z';
    const snapshot = hasEnded ? last : now;
    const missing = [
      {what: 'what holds the memory, and its limits', why: clause(denied), next: denied.next},
      ...(options.children ? withoutFamily(pid, root) : []),
      ...(hasEnded ? [ENDED] : []),
    ];
    const facts = {subject: 'process', name: String(pid), pid, snapshot, growth, hasEnded, missing} as const;
    return {facts, signal: interrupted.received()};
  } finally {
    interrupted.dispose();
  }
}
