import {existsSync, readFileSync} from 'node:fs';
import {Trouble} from '../model/trouble.ts';

/** The kernel's reason, from a failed system call. */
export const errnoOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/**
 * A failed read of a process's file, in the words of someone who wants to see its memory.
 *
 * ENOENT, ESRCH: it is gone (or hidden: /proc may be mounted with hidepid). EACCES, EPERM: proc(5), ptrace(2) "Ptrace
 * access mode checking": PTRACE_MODE_READ is needed.
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

function notPermitted(pid: number, errno: string, root: string): Trouble {
  const words = errno === 'EPERM' ? 'operation not permitted' : 'permission denied';
  const owner = ownerOf(pid, root);
  const mine = process.getuid?.() ?? -1;
  const reason =
    owner !== undefined && owner !== mine
      ? `it belongs to uid ${owner}, and you are uid ${mine}`
      : owner === undefined && isHiding(root)
        ? '/proc is mounted with hidepid, and shows you your own processes only'
        : 'it is yours, but it is not dumpable (it is or was setuid, or asked for it), or a security module forbids it';
  return new Trouble(
    'denied',
    `Cannot read the memory map of process ${pid}.`,
    `${words} (${errno}): ${reason}.`,
    'Reading it needs the right to trace it: run memmap as that user or with sudo, or give it CAP_SYS_PTRACE (or CAP_PERFMON since Linux 6.15).',
  );
}

/** /proc/PID/status stays readable to all. */
function ownerOf(pid: number, root: string): number | undefined {
  try {
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`${root}/${pid}/status`, 'latin1'));
    return uid ? Number(uid[1]) : undefined;
  } catch {
    return undefined;
  }
}

function isHiding(root: string): boolean {
  try {
    const mounts = readFileSync(`${root}/self/mountinfo`, 'latin1').split('\n');
    return mounts.some((line) => line.split(' ')[4] === root && /\bhidepid=(?!0|off)/.test(line));
  } catch {
    return false;
  }
}
