import {existsSync, readdirSync} from 'node:fs';
import {parseStat} from '../parse/proc/stat.ts';
import {readProcText} from './open.ts';

/** Gives the children of a process, by PID. Processes end while one lists them: a child in the list may be gone already. */
export type ChildrenOf = (pid: number) => number[];

/**
 * How to find children: the kernel's own lists (/proc/PID/task/TID/children, Linux 3.5, CONFIG_PROC_CHILDREN; a child is
 * in the list of the thread that forked it), or else one look at the parent of every process.
 */
export function childrenIn(root: string): ChildrenOf {
  return existsSync(`${root}/self/task/${process.pid}/children`)
    ? (pid) => listedChildren(`${root}/${pid}/task`)
    : scannedChildren(root);
}

function listedChildren(tasks: string): number[] {
  try {
    return readdirSync(tasks)
      .flatMap((tid) => readOrEmpty(`${tasks}/${tid}/children`).split(' '))
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
    const ppid = parseStat(Buffer.from(readOrEmpty(`${root}/${entry}/stat`), 'latin1'))?.ppid;
    if (ppid === undefined) continue;
    const siblings = children.get(ppid);
    if (siblings) siblings.push(Number(entry));
    else children.set(ppid, [Number(entry)]);
  }
  return (pid) => (children.get(pid) ?? []).sort((a, b) => a - b);
}

function readOrEmpty(path: string): string {
  try {
    return readProcText(path);
  } catch {
    return '';
  }
}
