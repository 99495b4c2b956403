import {Trouble} from '../../model/trouble.ts';
import {findByName} from '../../procfs/find.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {type Lineage, lineageOf} from '../../procfs/cow/lineage.ts';
import {copiesSince, type CowLook, isStill, lookAtCow} from '../../procfs/cow/walk.ts';
import {pause} from '../../procfs/sampling/poll.ts';
import {withProgress} from '../../shell/output.ts';
import {interruption} from '../../shell/signals.ts';
import {processOf} from '../../input/open.ts';
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
 * Compares the pages of a parent and its workers, and with a duration says what was copied in it.
 *
 * @param target a PID, or a name that may be that of a whole family
 * @throws Trouble `gone`, `denied`, `usage`
 */
export async function lookAtFamily(target: string, options: FamilyOptions): Promise<Looked> {
  const {root, duration} = options;
  const pid = parentOf(target, root);
  const begin = performance.now();
  const lineage = lineageOf(pid, root);
  try {
    if (lineage.members.length === 0) {
      if (lineage.why) throw lineage.why;
      return {cow: cowAlone(lineage, performance.now() - begin), isWhole: true};
    }
    const look = lookOnce(lineage, options, duration !== undefined);
    const spent = performance.now() - begin;
    if (duration === undefined) return lookedAt(cowOf(lineage, look, spent));
    return await lookAgain(pid, lineage, look, {...options, duration, spent});
  } finally {
    lineage.close();
  }
}

const lookOnce = (lineage: Lineage, {maxStall}: FamilyOptions, remember: boolean): CowLook =>
  lookAtCow(lineage, {maxStall, remember, along: (items) => withProgress('Comparing', items, items.length)});

const lookedAt = (cow: Cow, signal?: NodeJS.Signals): Looked => ({
  cow,
  isWhole: cow.ended === 0 && !cow.isParentCut && cow.denied.length === 0,
  signal,
});

async function lookAgain(
  pid: number,
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
  const now = lineageIfThere(pid, root);
  try {
    // What became of the family is told as it is now; where it is gone, as it was.
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

function lineageIfThere(pid: number, root: string): Lineage | undefined {
  try {
    return lineageOf(pid, root);
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'gone') return undefined;
    throw error;
  }
}

/** Of a name that several have, the one that the others descend from. */
function parentOf(target: string, root: string): number {
  if (/^[\d-]|[/:]/.test(target)) return processOf(target, root, refusal(target));
  const named = findByName(target, root);
  if (named.length < 2) return processOf(target, root, refusal(target));
  const pids = new Set(named.map(({pid}) => pid));
  const roots = named.filter(({pid}) => !pids.has(parentIn(pid, root)));
  return roots.length === 1 ? roots[0]!.pid : processOf(target, root, refusal(target));
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
  next: 'Give the PID of the parent, or its name.',
});
