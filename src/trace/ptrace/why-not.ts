/*
 * Why a process can't be traced, in words: ptrace(2), "ERRORS" and "/proc/sys/kernel/yama/ptrace_scope".
 */
import {Trouble, type TroubleParts} from '../../model/trouble.ts';
import {textIfThere} from '../../procfs/open.ts';
import type {Standing} from '../why-not.ts';

const EPERM = 1;
const EIO = 5;
const EACCES = 13;
const EINVAL = 22;
const ENOSYS = 38;

/**
 * @param errno positive
 * @param scope kernel.yama.ptrace_scope; undefined without Yama
 */
export function tracerRefusal(
  pid: number,
  errno: number,
  who: Pick<Standing, 'isFiltered'>,
  scope: number | undefined = yamaScope(),
): Trouble {
  const parts = {kind: 'denied', what: `Cannot trace process ${pid} by ptrace(2).`} as const;
  return new Trouble({...parts, ...reasonFor(errno, who, scope)});
}

function yamaScope(): number | undefined {
  const scope = Number.parseInt(textIfThere('/proc/sys/kernel/yama/ptrace_scope'), 10);
  return Number.isInteger(scope) ? scope : undefined;
}

function reasonFor(
  errno: number,
  {isFiltered}: Pick<Standing, 'isFiltered'>,
  scope: number | undefined,
): Pick<TroubleParts, 'why' | 'next'> {
  const words = errno === EACCES ? 'permission denied (EACCES)' : 'operation not permitted (EPERM)';
  if (errno === EPERM || errno === EACCES) {
    if (scope === 3) return {why: `${words}: kernel.yama.ptrace_scope is 3: nobody may trace.`, next: PERF};
    if (scope === 2)
      return {
        why: `${words}: kernel.yama.ptrace_scope is 2: only who has CAP_SYS_PTRACE may trace.`,
        next: 'Run memmap as root (sudo).',
      };
    if (isFiltered)
      return {
        why: `${words}: a seccomp filter forbids ptrace(2), or another tracer has the process.`,
        next: 'Start the container with: docker run --cap-add SYS_PTRACE …',
      };
    return {
      why:
        `${words}: another tracer has it already, as where memmap itself is run by strace or gdb, or it is not ` +
        'yours.',
      next: 'Run memmap outside of the tracer, or as root (sudo).',
    };
  }
  if (errno === EIO || errno === EINVAL)
    return {why: `this kernel lacks PTRACE_GET_SYSCALL_INFO (errno ${errno}): it came with Linux 5.3.`, next: PERF};
  if (errno === ENOSYS)
    return {
      why: 'there is no ptrace(2) here (ENOSYS): a seccomp filter hides it, or the sandbox has none.',
      next: PERF,
    };
  return {why: `ptrace(2) failed with errno ${errno}.`, next: PERF};
}

const PERF = 'Leave out --cause-engine: perf events need root or CAP_PERFMON.';
