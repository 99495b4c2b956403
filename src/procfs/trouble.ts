import {statSync} from 'node:fs';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {capabilityNames, hasCapability, parseCredentials, type Credentials} from '../parse/proc/status.ts';
import {release} from './machine/machine.ts';
import {foreign, isForeign, withoutProcfs} from './mount.ts';
import {readIfThere, textIfThere} from './open.ts';

/**
 * A failed read of a process's file, in the words of someone who wants to see its memory.
 *
 * ENOENT, ESRCH: it is gone (or hidden: /proc may be mounted with hidepid). EACCES, EPERM: see notPermitted.
 */
export function processTrouble(pid: number, error: unknown, root: string): Trouble {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ESRCH') return noSuchProcess(pid, root);
  if (errno === 'EACCES' || errno === 'EPERM') return notPermitted(pid, errno, root);
  const lacking = LACKING[errno];
  const what = `Cannot read process ${pid}.`;
  if (lacking !== undefined)
    return new Trouble({
      kind: 'deadline',
      what,
      why: `${lacking} (${errno}).`,
      next: 'Try again when there is room, or raise the limit with ulimit.',
    });
  if (errno === '') throw error;
  return new Trouble({
    kind: 'input',
    what,
    why: `${(error as Error).message}.`,
    next: 'Try again; the kernel gave no reason that memmap knows.',
  });
}

/** What may be there again a moment later. */
const LACKING: Readonly<Record<string, string>> = {
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  ENOMEM: 'the kernel has no memory for it',
};

export function noSuchProcess(pid: number, root = '/proc'): Trouble {
  const what = `Cannot look at process ${pid}.`;
  const lack = withoutProcfs(root, what);
  if (lack) return lack;
  if (root === '/proc' && isForeign()) return foreign(what);
  const hidden = isHiding(root) ? ' that you may see: /proc is mounted with hidepid' : '';
  return new Trouble({
    kind: 'gone',
    what,
    why: `there is no such process${hidden}.`,
    next: 'List processes with: memmap ps',
  });
}

/**
 * Which of the kernel's rules keeps us from a process's memory map, found by looking at what is open to all. ptrace(2),
 * "Ptrace access mode checking", for PTRACE_MODE_READ_FSCREDS: the same user and group, and a process that is dumpable
 * and has no capability that we lack; or CAP_SYS_PTRACE in its user namespace. After that a security module may forbid
 * it. Since Linux 6.15 CAP_PERFMON is enough for maps and smaps (may_access_mm in kernel/fork.c). Yama's ptrace_scope
 * has no part in it: it is about attaching.
 */
function notPermitted(pid: number, errno: string, root: string): Trouble {
  const words = errno === 'EPERM' ? 'operation not permitted' : 'permission denied';
  const [why, next] = reasonOf(pid, root);
  return new Trouble({
    kind: 'denied',
    what: `Cannot read the memory map of process ${pid}.`,
    why: `${words} (${errno}): ${why}.`,
    next,
  });
}

/** Why, and what would give access. */
type Reason = readonly [why: string, next: string];

function reasonOf(pid: number, root: string): Reason {
  const [its, ours] = [credentials(`${root}/${pid}`), credentials('/proc/self')];
  const right = rightToTrace(root);
  if (!its || !ours) {
    const why = isHiding(root)
      ? '/proc is mounted with hidepid, and shows you your own processes only'
      : 'its owner may not be seen either';
    return [why, `Run memmap as root (sudo), or as a member of the group that the mount of /proc names (gid=).`];
  }
  if (hasCapability(ours.effective, 'SYS_PTRACE')) return despiteCapability(pid, root);
  const stranger = strangerTo(ours, its);
  if (ours.uids[3] === 0) {
    const why =
      `you are root, but without CAP_SYS_PTRACE, as in a container, and ` + (stranger ?? mineBut(pid, root, its, ours));
    return [why, `Give memmap ${right}: docker run --cap-add SYS_PTRACE …; or run it on the host.`];
  }
  if (stranger)
    return [
      stranger,
      `Reading it needs the right to trace it: run memmap as that user or with sudo, or give it ${right}.`,
    ];
  return [
    mineBut(pid, root, its, ours),
    `Being its user is not enough: run memmap as root (sudo), or give it ${right}.`,
  ];
}

/** @returns undefined if it is of our user and group */
function strangerTo(ours: Credentials, its: Credentials): string | undefined {
  const [uid, gid] = [ours.uids[3]!, ours.gids[3]!];
  const owners = [...new Set(its.uids.slice(0, 3))];
  if (owners.length > 1)
    return `it runs as several users (uids ${owners.join(', ')}: a setuid program), and you are uid ${uid}`;
  if (owners[0] !== uid) return `it belongs to uid ${owners[0]}, and you are uid ${uid}`;
  const groups = [...new Set(its.gids.slice(0, 3))].filter((group) => group !== gid);
  return groups.length > 0 ? `it is yours, but of group ${groups.join(', ')}, and you are of group ${gid}` : undefined;
}

/** A process of our user and group may be kept from us by what it is. */
function mineBut(pid: number, root: string, its: Credentials, ours: Credentials): string {
  const more = capabilityNames(its.permitted & ~ours.effective);
  if (isUndumpable(`${root}/${pid}`, its))
    return (
      'it is yours, but it is not dumpable: it was setuid or got capabilities as it began, or asked for ' +
      'it (PR_SET_DUMPABLE in prctl(2))'
    );
  if (more.length > 0)
    return (
      `it is yours, but has capabilities that you lack ` +
      `(${more.length > 3 ? `${more.length} of them` : more.join(', ')})`
    );
  if (isElsewhere(pid, root)) return 'it is yours, but lives in another user namespace';
  return its.uids[1] === 0
    ? 'it is not dumpable, or a security module (SELinux, AppArmor, BPF) forbids it'
    : 'it is yours, and a security module (SELinux, AppArmor, BPF) forbids it';
}

function despiteCapability(pid: number, root: string): Reason {
  if (isElsewhere(pid, root)) {
    const why = 'you have CAP_SYS_PTRACE in your own user namespace, and it lives in another';
    return [why, 'Run memmap outside of the container, as root of the host.'];
  }
  const why = 'you have CAP_SYS_PTRACE, so it is a security module (SELinux, AppArmor, BPF) that forbids it';
  return [why, 'The log of the kernel (dmesg, or journalctl -k) may say which one, and by which rule.'];
}

/** The files of a process that is not dumpable belong to root: proc(5). */
function isUndumpable(folder: string, its: Credentials): boolean {
  try {
    return statSync(`${folder}/maps`).uid !== its.uids[1];
  } catch {
    return false;
  }
}

/**
 * A user namespace is recognised by how it maps users: user_namespaces(7). The names in /proc/PID/ns need the same
 * right as maps.
 */
function isElsewhere(pid: number, root: string): boolean {
  const its = textIfThere(`${root}/${pid}/uid_map`);
  return its !== '' && its !== textIfThere('/proc/self/uid_map');
}

function credentials(folder: string): Credentials | undefined {
  const status = readIfThere(`${folder}/status`);
  return status && parseCredentials(status);
}

/** What would be enough on this kernel. */
function rightToTrace(root: string): string {
  const [major = 0, minor = 0] = release(root).split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 15)
    ? 'CAP_SYS_PTRACE or CAP_PERFMON'
    : 'CAP_SYS_PTRACE (CAP_PERFMON is enough since Linux 6.15)';
}

/** Is procfs mounted so that it hides the processes of others, and from us? proc(5), hidepid. */
export const isHidingFromUs = (root: string): boolean => isHiding(root) && !canTrace();

/** Have we CAP_SYS_PTRACE? Then to be root does not give more. */
export function canTrace(): boolean {
  const ours = credentials('/proc/self');
  return ours !== undefined && hasCapability(ours.effective, 'SYS_PTRACE');
}

/** Is procfs mounted so that it hides the processes of others? proc(5), hidepid. */
function isHiding(root: string): boolean {
  const mounts = textIfThere(`${root}/self/mountinfo`).split('\n');
  return mounts.some((line) => line.split(' ')[4] === root && /\bhidepid=(?!0|off)/.test(line));
}

/**
 * Only its owner may open the page map (mode 0400), even where others may trace the process.
 *
 * @returns undefined if that is not what keeps us out
 */
export function notOwner(path: string): string | undefined {
  const ours = credentials('/proc/self');
  if (!ours || hasCapability(ours.effective, 'DAC_OVERRIDE') || hasCapability(ours.effective, 'DAC_READ_SEARCH'))
    return undefined;
  try {
    const {uid} = statSync(path);
    return uid === ours.uids[3]
      ? undefined
      : `its file belongs to uid ${uid} alone (mode 0400), and you are uid ${ours.uids[3]}`;
  } catch {
    return undefined;
  }
}
