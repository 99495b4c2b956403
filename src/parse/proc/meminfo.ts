import {latin1} from '../scan.ts';

/** What /proc/meminfo says that bounds new memory, in bytes. What isn't there is absent. */
interface MemoryInfo {
  /** MemTotal: totalram_pages() in the kernel. */
  readonly ram?: number;
  /** SwapTotal. */
  readonly swap?: number;
  /** CommitLimit: vm_commit_limit(), which mode 2 of vm.overcommit_memory keeps to. */
  readonly commitLimit?: number;
  /** Committed_AS: vm_memory_committed(). */
  readonly committed?: number;
}

const NAMES: Readonly<Record<string, keyof MemoryInfo>> = {
  MemTotal: 'ram',
  SwapTotal: 'swap',
  CommitLimit: 'commitLimit',
  Committed_AS: 'committed',
};

/** /proc/meminfo: `Key:`, blanks, a number and `kB`. proc_meminfo(5); fs/proc/meminfo.c, meminfo_proc_show(). */
export const parseMeminfo = (bytes: Uint8Array): MemoryInfo => sizesIn(bytes, NAMES);

/** What of a machine's memory is in use, in bytes. What isn't there is absent. */
export interface MachineMemory {
  /** MemTotal. */
  readonly ram?: number;
  /** MemAvailable: what new programs can have without swapping, as the kernel estimates it. Linux 3.14 and later. */
  readonly available?: number;
  /** SwapTotal, SwapFree. */
  readonly swap?: number;
  readonly swapFree?: number;
}

/** The same file. */
export const parseMemory = (bytes: Uint8Array): MachineMemory =>
  sizesIn(bytes, {MemTotal: 'ram', MemAvailable: 'available', SwapTotal: 'swap', SwapFree: 'swapFree'});

function sizesIn<Name extends string>(
  bytes: Uint8Array,
  names: Readonly<Record<string, Name>>,
): Partial<Record<Name, number>> {
  const info: Partial<Record<Name, number>> = {};
  for (const [, key = '', digits] of latin1(bytes, 0, bytes.length).matchAll(/^(\w+): *(\d+) kB$/gm)) {
    const name = Object.hasOwn(names, key) ? names[key] : undefined;
    const size = Number(digits) * 1024;
    if (name && Number.isSafeInteger(size)) info[name] = size;
  }
  return info;
}
