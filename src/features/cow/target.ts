import {Trouble} from '../../model/trouble.ts';
import {findByName} from '../../procfs/find.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {type Lineage, lineageOf} from '../../procfs/cow/lineage.ts';
import {copiesSince, type CowLook, isStill, lookAtCow} from '../../procfs/cow/walk.ts';
import {pause} from '../../procfs/sampling/poll.ts';
import {withProgress} from '../../shell/output.ts';
import {interruption} from '../../shell/signals.ts';
import {lookAtPeers, peersOf} from '../../procfs/cow/peers.ts';
import {processOf} from '../../input/open.ts';
import {cowOfPeers} from './peers.ts';
import {type Cow, cowAlone, cowOf, type CowRate, rateOf} from './cow.ts';

interface FamilyOptions {
  readonly root: string;
  /** ms that reading smaps may hold up the parent. */
  readonly maxStall: number;
  /** ms after which it is looked at again; undefined: once. */
  readonly duration: number | undefined;
}

interface Looked {
  readonly cow: Cow;
  readonly isWhole: boolean;
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * Compares the pages of a parent and its workers, and with a duration says what was copied in it; or of several
 * processes that have no parent among them.
 *
 * @param targets PIDs, or names: one name may be that of a whole family, or of several processes
 * @throws Trouble `gone`, `denied`, `usage`
 */
export async function lookAtFamily(targets: readonly string[], options: FamilyOptions): Promise<Looked> {
  const {root, duration} = options;
  const meant = meantBy(targets, root);
  const begin = performance.now();
  const lineage = familyOf(meant, root);
  if (!lineage) return lookAtApart(meant, options);
  try {
    if (lineage.members.length === 0) {
      if (lineage.why) throw lineage.why;
      return {cow: cowAlone(lineage, performance.now() - begin), isWhole: true};
    }
    const look = lookOnce(lineage, options, duration !== undefined);
    const spent = performance.now() - begin;
    if (duration === undefined) return lookedAt(cowOf(lineage, look, spent));
    return await lookAgain(meant, lineage, look, {...options, duration, spent});
  } finally {
    lineage.close();
  }
}

/** Which processes the arguments mean: a parent alone stands for its family. */
interface Meant {
  readonly pids: readonly number[];
  /** Found by name: more than one may have it, and some of them may have no memory. */
  readonly isNamed: boolean;
}

function meantBy(targets: readonly string[], root: string): Meant {
  const found = targets.map((target) => pidsOf(target, root));
  return {pids: [...new Set(found.flat())], isNamed: found.some((pids) => pids.length > 1)};
}

/** Of a name that several have, the one that the others descend from; all of them if there is none. */
function pidsOf(target: string, root: string): number[] {
  if (/^[\d-]|[/:]/.test(target)) return [processOf(target, root, refusal(target))];
  const named = findByName(target, root);
  if (named.length < 2) return [processOf(target, root, refusal(target))];
  const pids = new Set(named.map(({pid}) => pid));
  const roots = named.filter(({pid}) => !pids.has(parentIn(pid, root)));
  return roots.length === 1 ? [roots[0]!.pid] : [...pids];
}

/**
 * @returns the family of the only process that is meant, or of the one that has forked all others, with these; else
 * undefined
 */
function familyOf({pids}: Meant, root: string): Lineage | undefined {
  if (pids.length === 1) return lineageOf(pids[0]!, root);
  const [parent, another] = pids.filter((pid) => !pids.includes(parentIn(pid, root)));
  if (parent === undefined || another !== undefined) return undefined;
  const lineage = lineageOf(parent, root);
  const members = lineage.members.filter(({pid, isForked}) => isForked && pids.includes(pid));
  if (members.length === pids.length - 1) return {...lineage, members, others: [], borrowed: [], denied: []};
  lineage.close();
  return undefined;
}

function lookAtApart({pids, isNamed}: Meant, {root, duration}: FamilyOptions): Looked {
  if (duration !== undefined) throw withoutRate(pids);
  const begin = performance.now();
  const peers = peersOf(pids, root, isNamed);
  try {
    if (peers.members.length < 2) throw peers.why ?? fewerThanTwo(peers.members[0]?.pid);
    const look = lookAtPeers(peers, (items) => withProgress('Comparing', items, items.length));
    return lookedAt(cowOfPeers(peers, look, performance.now() - begin));
  } finally {
    peers.close();
  }
}

const withoutRate = (pids: readonly number[]): Trouble =>
  new Trouble({
    kind: 'usage',
    what: 'Cannot say what these processes copy in a time.',
    why: '--for takes a parent and its forked workers, and none of these is the parent of all others.',
    next: `Compare them once: memmap cow ${pids.slice(0, 8).join(' ')}${pids.length > 8 ? ' …' : ''}`,
  });

const fewerThanTwo = (pid: number | undefined): Trouble =>
  new Trouble({
    kind: 'gone',
    what: 'Cannot compare these processes.',
    why: 'fewer than two of them have memory of their own now.',
    next: pid === undefined ? 'List all: memmap ps' : `See what this one shares with its workers: memmap cow ${pid}`,
  });

const lookOnce = (lineage: Lineage, {maxStall}: FamilyOptions, remember: boolean): CowLook =>
  lookAtCow(lineage, {maxStall, remember, along: (items) => withProgress('Comparing', items, items.length)});

const lookedAt = (cow: Cow, signal?: NodeJS.Signals): Looked => ({
  cow,
  isWhole: cow.ended === 0 && !cow.isParentCut && cow.denied.length === 0,
  signal,
});

async function lookAgain(
  meant: Meant,
  lineage: Lineage,
  look: CowLook,
  options: FamilyOptions & {readonly duration: number; readonly spent: number},
): Promise<Looked> {
  const {duration, root, spent} = options;
  const interrupted = interruption();
  try {
    await pause(duration, interrupted.signal);
  } finally {
    interrupted.dispose();
  }
  const again = performance.now();
  const rate = rateSince(lineage, look);
  const now = lineageIfThere(lineage.parent.pid, meant, root);
  try {
    // What became of the family is reported as it is now; where it is gone, as it was.
    const isThere = now !== undefined && now.members.length > 0;
    const latest = isThere ? lookOnce(now, options, false) : look;
    const cow = cowOf(isThere ? now : lineage, latest, spent + performance.now() - again, rate);
    const {isWhole} = lookedAt(cow);
    return {cow, isWhole: isWhole && isThere, signal: interrupted.received()};
  } finally {
    now?.close();
  }
}

function rateSince(lineage: Lineage, look: CowLook): CowRate {
  const ms = performance.now() - look.t;
  const copies = copiesSince(look, lineage);
  const ended = [lineage.parent, ...lineage.members].filter((worker) => !isStill(worker)).map(({pid}) => pid);
  return rateOf(lineage, look.pageSize, copies, ms, ended);
}

/** The family as it is now: of processes that were given one by one, only these. */
function lineageIfThere(parent: number, {pids}: Meant, root: string): Lineage | undefined {
  try {
    const lineage = lineageOf(parent, root);
    if (pids.length === 1) return lineage;
    return {
      ...lineage,
      members: lineage.members.filter(({pid}) => pids.includes(pid)),
      others: [],
      borrowed: [],
      denied: [],
    };
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'gone') return undefined;
    throw error;
  }
}

function parentIn(pid: number, root: string): number {
  try {
    const handle = new ProcessHandle(pid, root);
    try {
      return handle.stat().ppid;
    } finally {
      handle.close();
    }
  } catch {
    return 0;
  }
}

const refusal = (text: string) => ({
  what: `"${text}" has no pages to compare.`,
  why: 'which pages a parent and its workers share only the kernel knows, while they live.',
  next: 'Give the PID of the parent or its name, or the PIDs of several processes.',
});
