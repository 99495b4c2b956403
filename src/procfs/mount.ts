import {existsSync, readlinkSync} from 'node:fs';
import {Trouble} from '../model/trouble.ts';

/**
 * Was this procfs mounted in another PID namespace than ours? Then it numbers processes otherwise: what we start has
 * another PID there, and the PID that it has for us may be a stranger's. pid_namespaces(7), "/proc and PID namespaces".
 *
 * @param root where procfs is mounted; a directory without `self` is a copy, and says nothing about it
 */
export function isForeign(root = '/proc'): boolean {
  try {
    return readlinkSync(`${root}/self`) !== String(process.pid);
  } catch {
    return root === '/proc';
  }
}

/** Why a process that memmap started, or that a shell beside it knows, is not found. @param what what can't be done */
export const foreign = (what: string, root = '/proc'): Trouble =>
  new Trouble({
    kind: 'gone',
    what,
    why: `${root} is of another PID namespace, where processes have other PIDs.`,
    next: 'Mount a procfs of this one: mount -t proc proc /proc; or start it with unshare --mount-proc.',
  });

/** Is it no procfs that is at /proc? Each has `version`: proc(5). */
const isWithoutProcfs = (root: string): boolean => root === '/proc' && !existsSync('/proc/version');

/**
 * An empty directory is no list of processes.
 *
 * @param what what can't be done
 * @returns undefined where a procfs is mounted
 */
export const withoutProcfs = (root: string, what: string): Trouble | undefined =>
  isWithoutProcfs(root)
    ? new Trouble({
        kind: 'gone',
        what,
        why: 'no procfs is mounted at /proc.',
        next: 'Mount it: mount -t proc proc /proc',
      })
    : undefined;
