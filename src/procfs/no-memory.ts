import {Trouble} from '../model/trouble.ts';
import type {ProcessHandle} from './handle.ts';

/** Why there is nothing to list. */
export function withoutMemory(handle: ProcessHandle): Trouble {
  const what = `Cannot look at process ${handle.pid}.`;
  const {state, comm, ppid} = handle.stat();
  if (state === 'Z' || state === 'X') {
    const why = `it (${comm}) has ended and is a zombie: its memory is gone, and only its exit status waits for its parent, process ${ppid}.`;
    return new Trouble({kind: 'gone', what, why, next: `Look at its parent: memmap show ${ppid}`});
  }
  if (!isKernelThread(handle, ppid)) {
    const why = `it (${comm}) is ending at this moment: its memory is gone already.`;
    return new Trouble({kind: 'gone', what, why, next: 'List processes with: ps -e'});
  }
  const why = `it (${comm}) is a kernel thread: it has no memory of its own.`;
  return new Trouble({kind: 'gone', what, why, next: 'Kernel memory is in /proc/meminfo and /proc/slabinfo.'});
}

/**
 * Since Linux 6.8 status says so. Before, they are recognised by their parent: kthreadd, process 2, starts all others.
 */
const isKernelThread = (handle: ProcessHandle, ppid: number): boolean =>
  handle.status()['kthread'] === true || (handle.status()['kthread'] === undefined && (ppid === 2 || handle.pid === 2));
