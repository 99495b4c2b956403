/*
 * Why perf events can't be had, in words: perf_event_open(2), "ERRORS"; kernel/events/core.c.
 */
import {Trouble, type TroubleParts} from '../model/trouble.ts';
import {hasCapability, parseCredentials, parseStatus} from '../parse/proc/status.ts';
import {readIfThere, textIfThere} from '../procfs/open.ts';

/** What of the machine and of us decides. */
export interface Standing {
  /** kernel.perf_event_paranoid. Debian knows 3, and Ubuntu 4: nothing without CAP_PERFMON. */
  readonly paranoid: number | undefined;
  /** CAP_PERFMON or CAP_SYS_ADMIN, in whatever user namespace. */
  readonly isPrivileged: boolean;
  /** CAP_IPC_LOCK, of the machine as far as can be seen. */
  readonly mayLock: boolean;
  /** A seccomp filter is on us, as in containers. */
  readonly isFiltered: boolean;
  readonly uid: number | undefined;
}

/** @param root where procfs is mounted */
export function standing(root = '/proc'): Standing {
  const status = readIfThere(`${root}/self/status`) ?? new Uint8Array();
  const credentials = parseCredentials(status);
  const paranoid = Number.parseInt(textIfThere(`${root}/sys/kernel/perf_event_paranoid`), 10);
  const has = (name: string): boolean => credentials !== undefined && hasCapability(credentials.effective, name);
  return {
    paranoid: Number.isInteger(paranoid) ? paranoid : undefined,
    isPrivileged: has('PERFMON') || has('SYS_ADMIN'),
    mayLock: has('IPC_LOCK') && isOutermost(root),
    isFiltered: parseStatus(status)['seccomp'] === 2,
    uid: credentials?.uids[1],
  };
}

/** In a user namespace of one's own, capabilities don't count for the limits of the machine: user_namespaces(7). */
const isOutermost = (root: string): boolean => /^\s*0\s+0\s+4294967295\s*$/.test(textIfThere(`${root}/self/uid_map`));

/** At which step it was refused: an event of our own, one of the process, or a tracepoint. */
export type Step = 'own' | 'process' | 'tracepoint' | 'ring';

type Reason = Pick<TroubleParts, 'why' | 'next'>;

/** What was refused to whom. @param errno the number, positive */
export function refusal(pid: number, step: Step, errno: number, who: Standing): Trouble {
  const {why, next} = reasonFor(pid, step, errno, who);
  return new Trouble({kind: 'denied', what: `Cannot watch the memory calls of process ${pid}.`, why, next});
}

const ENOENT = 2;
const E2BIG = 7;
const EPERM = 1;
const ENOMEM = 12;
const EACCES = 13;
const EINVAL = 22;
const ENFILE = 23;
const EMFILE = 24;
const ENOSYS = 38;
const EOPNOTSUPP = 95;

function reasonFor(pid: number, step: Step, errno: number, who: Standing): Reason {
  if (errno === EACCES || errno === EPERM) return notPermitted(pid, step, errno, who);
  if (errno === ENOSYS) return noSuchCall(who);
  if (errno === EMFILE || errno === ENFILE)
    return {
      why: 'it takes a descriptor for each thread, processor and call, and there are too few (EMFILE).',
      next: 'Raise the limit: ulimit -n 1048576. As root it is raised without being asked.',
    };
  if (errno === ENOMEM)
    return {
      why: 'the kernel has no memory for the rings (ENOMEM).',
      next: 'Try again when there is more free memory.',
    };
  if (step === 'tracepoint' && errno === ENOENT) return noTracepoints();
  if ([ENOENT, EINVAL, E2BIG, EOPNOTSUPP].includes(errno))
    return {
      why: `this kernel doesn't know the perf events that are needed (errno ${errno}): they came with Linux 4.1.`,
      next: 'Run it on a newer kernel.',
    };
  return {why: `perf_event_open(2) failed with errno ${errno}.`, next: 'Try again as root (sudo).'};
}

/**
 * A seccomp filter answers EPERM, and the kernel itself mostly EACCES. Ring buffers have their own limit, and answer
 * EPERM.
 */
function notPermitted(pid: number, step: Step, errno: number, who: Standing): Reason {
  if (step === 'ring')
    return {
      why: 'the rings need more locked memory than this user may have (RLIMIT_MEMLOCK, kernel.perf_event_mlock_kb).',
      next: 'Run memmap as root (sudo), or allow more: ulimit -l 65536',
    };
  const words = errno === EPERM ? 'operation not permitted (EPERM)' : 'permission denied (EACCES)';
  if (errno === EPERM && who.isFiltered)
    return {
      why: `${words}: a seccomp filter refuses perf events, as that of Docker does.`,
      next: 'Start the container with: docker run --cap-add PERFMON …; or watch its process from the host.',
    };
  if (step === 'process' && !who.isPrivileged)
    return {
      why: `${words}: process ${pid} is not yours, or it is not dumpable, so that you may not look into it.`,
      next: 'Run memmap as root (sudo), or as the user to whom the process belongs.',
    };
  const {paranoid} = who;
  if (!who.isPrivileged && paranoid !== undefined && paranoid > 2)
    return {
      why: `${words}: kernel.perf_event_paranoid is ${paranoid}, and you have no CAP_PERFMON.`,
      next: 'Run memmap as root (sudo), or have root set it: sysctl kernel.perf_event_paranoid=2',
    };
  if (who.uid === 0 || who.isPrivileged)
    return {
      why: `${words}: you have the rights here, but not on the host, or a security module forbids it.`,
      next: 'Run memmap on the host, or start the container with: --cap-add PERFMON',
    };
  return {
    why: `${words}: a security module or the container forbids perf events.`,
    next: 'Run memmap as root (sudo).',
  };
}

function noSuchCall(who: Standing): Reason {
  return who.isFiltered
    ? {
        why: 'there is no perf_event_open(2) here (ENOSYS): a seccomp filter hides it, or the sandbox has none.',
        next: 'Watch the process from the host.',
      }
    : {
        why: 'this kernel has no perf events (ENOSYS): it was built without CONFIG_PERF_EVENTS.',
        next: 'Run it on another kernel.',
      };
}

/** The helper was killed while it opened events. */
export const handEnded = (pid: number): Trouble =>
  new Trouble({
    kind: 'denied',
    what: `Cannot watch the memory calls of process ${pid}.`,
    why: 'the helper that opens perf events was killed: by a seccomp filter that allows too little, or from outside.',
    next: 'Try again as root (sudo).',
  });

/** Tracepoints of system calls can't be found: the kernel has none, or keeps their ids from us. */
export function noTracepointsFor(pid: number, who: Standing): Trouble {
  const {why, next} =
    who.isPrivileged || who.uid === 0
      ? noTracepoints()
      : {
          why: 'a plain user may not watch system calls here, and only root may read the ids of their tracepoints.',
          next: 'Run memmap as root (sudo).',
        };
  return new Trouble({kind: 'denied', what: `Cannot watch the memory calls of process ${pid}.`, why, next});
}

const noTracepoints = (): Reason => ({
  why:
    'this kernel has no tracepoints of system calls: it was built without CONFIG_FTRACE_SYSCALLS, or tracefs ' +
    'can be neither read nor mounted here.',
  next: 'Mount it: mount -t tracefs tracefs /sys/kernel/tracing',
});
