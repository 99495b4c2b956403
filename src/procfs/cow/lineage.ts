import {errnoOf, Trouble} from '../../model/trouble.ts';
import type {Stat} from '../../parse/proc/stat.ts';
import {folderOf} from '../capture.ts';
import {childrenIn} from '../kin/family.ts';
import {ProcessHandle, withoutMemory} from '../handle.ts';
import {hasMemory, isOneMemory, readMember} from '../kin/member.ts';
import {titleIn} from '../title.ts';

/** A process of the family, held by its directory. */
export interface Worker {
  readonly handle: ProcessHandle;
  readonly pid: number;
  readonly comm: string;
  readonly title: string | undefined;
  readonly stat: Stat;
  /**
   * It came from the parent by fork(2) alone: what it had then was the parent's memory. Else it began with execve(2).
   */
  readonly isForked: boolean;
}

/** A parent and its workers. The caller must close it. */
export interface Lineage {
  readonly parent: Worker;
  readonly members: readonly Worker[];
  /** Children that run another program: they have none of its memory. */
  readonly others: ReadonlyArray<{readonly pid: number; readonly comm: string}>;
  /** Children that run in the parent's memory for now (vfork), and have none of their own. */
  readonly borrowed: readonly number[];
  /** Those that may not be looked at, and why the first of them may not. */
  readonly denied: readonly number[];
  readonly why: Trouble | undefined;
  /** The process that forked the parent, and runs the same program; undefined if there is none. */
  readonly origin: {readonly pid: number; readonly comm: string} | undefined;
  readonly close: () => void;
}

/**
 * Finds the workers of a process: its descendants that were forked and have not begun another program since, and its
 * children that began the same program again.
 *
 * @throws Trouble `gone`, `denied`: the process itself
 */
export function lineageOf(pid: number, root: string): Lineage {
  const handles: ProcessHandle[] = [];
  const close = (): void => handles.forEach((handle) => handle.close());
  try {
    const first = held(pid, root, handles);
    const stat = first.stat();
    const member = readMember(pid, root);
    if (!member || (member !== 'hidden' && !hasMemory(member))) throw withoutMemory(first);
    const parent = workerOf(first, stat, true);
    const found = {members: [] as Worker[], others: [] as Lineage['others'][number][], borrowed: [] as number[]};
    const denied: number[] = [];
    let why: Trouble | undefined;
    const childrenOf = childrenIn(root);
    const queue: Worker[] = [parent];
    const seen = new Set([pid]);
    for (let above = queue.shift(); above; above = queue.shift()) {
      for (const child of childrenOf(above.pid)) {
        if (seen.has(child)) continue;
        seen.add(child);
        const sorted = sortOut(child, above, parent, root, handles);
        if (!sorted) continue;
        if (sorted instanceof Trouble) {
          denied.push(child);
          why ??= sorted;
        } else if (sorted.is === 'member') {
          found.members.push(sorted.worker);
          if (sorted.worker.isForked) queue.push(sorted.worker);
        } else if (sorted.is === 'borrowed') found.borrowed.push(child);
        else found.others.push({pid: child, comm: sorted.comm});
      }
    }
    found.members.sort((a, b) => a.pid - b.pid);
    return {parent, ...found, denied, why, origin: originOf(parent, root), close};
  } catch (error) {
    close();
    throw error;
  }
}

type Sorted =
  | {readonly is: 'member'; readonly worker: Worker}
  | {readonly is: 'borrowed'}
  | {readonly is: 'other'; readonly comm: string};

/** @returns undefined for one that has ended, or is no child any more; a Trouble if it may not be looked at */
function sortOut(
  pid: number,
  above: Worker,
  parent: Worker,
  root: string,
  handles: ProcessHandle[],
): Sorted | Trouble | undefined {
  try {
    const handle = held(pid, root, handles);
    const stat = handle.stat();
    if (stat.ppid !== above.pid || (stat.state === 'Z' && stat.threads <= 1)) return undefined;
    const isForked = stat.isForked && isOneImage(stat, parent.stat);
    const isExecuted = above === parent && !stat.isForked && isOneProgram(handle, parent.handle);
    if (!isForked && !isExecuted) return {is: 'other', comm: stat.comm};
    if (isForked && borrows(pid, above.pid, root)) return {is: 'borrowed'};
    // Whoever may not read the page map is known before anything is compared.
    handle.open(`${folderOf(handle, stat)}pagemap`).close();
    return {is: 'member', worker: workerOf(handle, stat, isForked)};
  } catch (error) {
    if (error instanceof Trouble) return error.kind === 'denied' ? error : undefined;
    if (errnoOf(error) === '') throw error;
    return undefined;
  }
}

function held(pid: number, root: string, handles: ProcessHandle[]): ProcessHandle {
  const handle = new ProcessHandle(pid, root);
  handles.push(handle);
  return handle;
}

export const workerOf = (handle: ProcessHandle, stat: Stat, isForked: boolean): Worker => ({
  handle,
  pid: handle.pid,
  comm: stat.comm,
  title: titleIn(handle.path('.'), stat.state),
  stat,
  isForked,
});

/** fork(2) copies where the code and the stack are; execve(2) gives them new places. */
const isOneImage = (a: Stat, b: Stat): boolean =>
  a.startCode === b.startCode && a.endCode === b.endCode && a.startStack === b.startStack;

const isOneProgram = (a: ProcessHandle, b: ProcessHandle): boolean => a.exe() !== undefined && a.exe() === b.exe();

function borrows(pid: number, above: number, root: string): boolean {
  const [lender, borrower] = [readMember(above, root), readMember(pid, root)];
  if (!lender || !borrower || lender === 'hidden' || borrower === 'hidden') return false;
  return isOneMemory(lender, borrower);
}

function originOf({stat, handle}: Worker, root: string): Lineage['origin'] {
  if (!stat.isForked) return undefined;
  try {
    const above = new ProcessHandle(stat.ppid, root);
    try {
      const its = above.stat();
      return isOneImage(its, stat) && isOneProgram(above, handle) ? {pid: its.pid, comm: its.comm} : undefined;
    } finally {
      above.close();
    }
  } catch {
    return undefined;
  }
}
