import {existsSync, readdirSync, readlinkSync} from 'node:fs';
import type {Family, Member} from '../../model/family.ts';
import {sizeText} from '../../model/amounts.ts';
import {Trouble} from '../../model/trouble.ts';
import {concerned, type TakenOut} from '../../model/host/observer.ts';
import type {Usage} from '../../model/region.ts';
import {parseListing} from '../../parse/reader.ts';
import {parseStat, type Stat} from '../../parse/proc/stat.ts';
import {DEFAULT_MAX_STALL, predictStall} from '../sampling/budget.ts';
import {folderOf} from '../capture.ts';
import {titleIn} from '../title.ts';
import {observerOf} from '../observer/observer.ts';
import {ProcessHandle, withoutMemory} from '../handle.ts';
import {readIfThere, textIfThere} from '../open.ts';
import {readRollup, readWhole, usageOf} from '../rollup.ts';

interface FamilyOptions {
  readonly root?: string | undefined;
  /** ms that reading may stall each process: 50 by default. */
  readonly maxStall?: number | undefined;
}

/**
 * Reads a process and its descendants, one after the other: the number of regions from maps, and the counters from
 * smaps_rollup (Linux 4.14), which is one walk for each process. They are not read at one moment.
 *
 * @returns the family, and why the first process that may not be read is denied
 * @throws Trouble `gone`, if the first process is not there or has no memory
 */
export function captureFamily(pid: number, options: FamilyOptions = {}): {family: Family; denied: Trouble | undefined} {
  const {root = '/proc', maxStall = DEFAULT_MAX_STALL} = options;
  const childrenOf = childrenIn(root);
  const members: Member[] = [];
  const seen = new Set<number>();
  let ended = 0;
  let denied: Trouble | undefined;
  const visit = (each: number, parent: Member | undefined): void => {
    if (seen.has(each)) return;
    seen.add(each);
    const look = memberOf(each, parent, root, maxStall);
    if (!look) return void ended++;
    const {member} = look;
    denied ??= look.denied;
    members.push(member);
    for (const child of childrenOf(each)) visit(child, member);
  };
  visit(pid, undefined);
  return {family: {takenAt: new Date().toISOString(), members, ended}, denied};
}

interface Looked {
  readonly member: Member;
  readonly denied?: Trouble;
}

/** @returns undefined for a child that ended, or whose PID is another process's by now */
function memberOf(pid: number, parent: Member | undefined, root: string, maxStall: number): Looked | undefined {
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    const stat = handle.stat();
    if (parent && stat.ppid !== parent.pid) return undefined;
    return lookAt(handle, stat, parent, maxStall);
  } catch (error) {
    if (!parent || !(error instanceof Trouble) || error.kind !== 'gone') throw error;
    return undefined;
  } finally {
    handle?.close();
  }
}

function lookAt(handle: ProcessHandle, stat: Stat, parent: Member | undefined, maxStall: number): Looked {
  const status = handle.status();
  const bytes = (key: string): number | undefined => {
    const value = status[key];
    return typeof value === 'number' ? value : undefined;
  };
  const member = {
    pid: handle.pid,
    ppid: stat.ppid,
    comm: stat.comm,
    exe: handle.exe(),
    state: stat.state,
    threads: stat.threads,
    depth: parent ? parent.depth + 1 : 0,
    size: bytes('vmSize'),
    vmRss: bytes('vmRss'),
  };
  if (stat.state === 'Z' && stat.threads <= 1) {
    if (!parent) throw withoutMemory(handle);
    return {member: {...member, missing: 'ended', note: 'it has ended, and waits for its parent (a zombie)'}};
  }
  let title: string | undefined;
  try {
    // The title is in the process's memory, and reading it waits for the same lock.
    handle.lock.ask(stat);
    title = titleIn(handle.path('.'), stat.state);
    return {member: {...member, title, ...countersOf(handle, stat, member.vmRss ?? 0, maxStall)}};
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'denied') throw error;
    return {member: {...member, title, missing: 'denied', note: error.why}, denied: error};
  }
}

type Counted = Pick<Member, 'regions' | 'usage' | 'observed' | 'missing' | 'note'>;

/**
 * The number of regions and the counters of smaps_rollup, unless reading those would stall the process for too long.
 *
 * @param rss bytes; @param maxStall ms
 * @throws Trouble `denied`, `gone`, `deadline`
 */
export function countersOf(handle: ProcessHandle, stat: Stat, rss: number, maxStall: number): Counted {
  const folder = folderOf(handle, stat);
  handle.lock.ask(stat);
  const {table: regions} = parseListing(readWhole(handle, `${folder}maps`), 'proc');
  if (regions.length === 0) throw withoutMemory(handle);
  const stall = predictStall(rss, regions.length);
  if (stall > maxStall) {
    const note =
      `reading its PSS would stall it for about ${Math.round(stall)} ms (${regions.length} ` +
      `regions, ${sizeText(rss)} resident; allowed: ${maxStall} ms, --max-stall)`;
    return {regions: regions.length, missing: 'spared', note};
  }
  const observer = observerOf(handle);
  observer.begin();
  const usage = readRollup((file) => readWhole(handle, `${folder}${file}`));
  const out = observer.takeOutOfSum(usage, regions, folder);
  return {regions: regions.length, ...(out === 'inexact' ? fromSmaps(handle, folder) : withoutUs(usage, out))};
}

function withoutUs(usage: Usage, out: TakenOut | undefined): Pick<Counted, 'usage' | 'observed'> {
  if (!out) return {usage};
  const {shared, pss, private: moved} = out;
  return {
    usage: {...usage, ...out.usage},
    observed: {shared, pss, private: moved, isCertain: out.isSplitKnown, kernel: concerned(usage)},
  };
}

/** From the counters of each region, which say more of memmap's part in them than their sum. */
function fromSmaps(handle: ProcessHandle, folder: string): Pick<Counted, 'usage' | 'observed'> {
  const observer = observerOf(handle);
  observer.begin();
  const {table: regions} = parseListing(readWhole(handle, `${folder}smaps`), 'proc');
  const observed = observer.takeOut(regions, folder);
  return {usage: usageOf(regions), observed: observed && {...observed, kernel: observed.kernel.totals}};
}

/**
 * Gives the children of a process, by PID. Processes end while they are listed: a child in the list may be gone
 * already.
 */
type ChildrenOf = (pid: number) => number[];

/**
 * How to find children: the kernel's own lists (/proc/PID/task/TID/children, Linux 3.5, CONFIG_PROC_CHILDREN; a child
 * is in the list of the thread that forked it), or else one look at the parent of every process. memmap is nobody's
 * child: it is one of the shell that it was started from, and would count, and judge, the memory that looking takes.
 */
export function childrenIn(root: string): ChildrenOf {
  const isListed = existsSync(`${root}/self/task/${process.pid}/children`);
  const childrenOf: ChildrenOf = isListed ? (pid) => listedChildren(`${root}/${pid}/task`) : scannedChildren(root);
  const own = ownPid(root);
  return (pid) => childrenOf(pid).filter((child) => child !== own);
}

/** The PID that memmap has in this procfs: that of another PID namespace has another one, or none. */
function ownPid(root: string): number | undefined {
  try {
    return Number(readlinkSync(`${root}/self`));
  } catch {
    return undefined;
  }
}

function listedChildren(tasks: string): number[] {
  try {
    return readdirSync(tasks)
      .flatMap((tid) => textIfThere(`${tasks}/${tid}/children`).split(' '))
      .filter(Boolean)
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    return []; // It ended.
  }
}

/** @returns the children that each process had at the time of the call */
export function scannedChildren(root: string): ChildrenOf {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync(root)) {
    if (!/^\d+$/.test(entry)) continue;
    const ppid = parseStat(readIfThere(`${root}/${entry}/stat`) ?? new Uint8Array())?.ppid;
    if (ppid === undefined) continue;
    const siblings = children.get(ppid);
    if (siblings) siblings.push(Number(entry));
    else children.set(ppid, [Number(entry)]);
  }
  return (pid) => (children.get(pid) ?? []).sort((a, b) => a - b);
}
