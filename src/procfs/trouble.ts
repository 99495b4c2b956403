import {existsSync} from 'node:fs';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {isHiding, notPermitted} from './denied.ts';

/**
 * A failed read of a process's file, in the words of someone who wants to see its memory.
 *
 * ENOENT, ESRCH: it is gone (or hidden: /proc may be mounted with hidepid). EACCES, EPERM: see denied.ts.
 */
export function processTrouble(pid: number, error: unknown, root: string): Trouble {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ESRCH') return noSuchProcess(pid, root);
  if (errno === 'EACCES' || errno === 'EPERM') return notPermitted(pid, errno, root);
  const lacking = LACKING[errno];
  const what = `Cannot read process ${pid}.`;
  if (lacking !== undefined) return new Trouble('deadline', what, `${lacking} (${errno}).`, 'Try again when there is room, or raise the limit with ulimit.'); // prettier-ignore
  if (errno === '') throw error;
  return new Trouble('input', what, `${(error as Error).message}.`, 'Try again; the kernel gave no reason that memmap knows.'); // prettier-ignore
}

/** What may be there again a moment later. */
const LACKING: Readonly<Record<string, string>> = {
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  ENOMEM: 'the kernel has no memory for it',
};

export function noSuchProcess(pid: number, root = '/proc'): Trouble {
  if (!existsSync(`${root}/self`) && root === '/proc') return new Trouble('gone', `Cannot look at process ${pid}.`, 'no procfs is mounted at /proc.', 'Mount it: mount -t proc proc /proc'); // prettier-ignore
  const hidden = isHiding(root) ? ' that you may see: /proc is mounted with hidepid' : '';
  return new Trouble(
    'gone',
    `Cannot look at process ${pid}.`,
    `there is no such process${hidden}.`,
    'List processes with: ps -e',
  );
}
