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
export function parseMeminfo(bytes: Uint8Array): MemoryInfo {
  const info: {-readonly [name in keyof MemoryInfo]: MemoryInfo[name]} = {};
  for (const [, key = '', digits] of latin1(bytes, 0, bytes.length).matchAll(/^(\w+): *(\d+) kB$/gm)) {
    const name = Object.hasOwn(NAMES, key) ? NAMES[key] : undefined;
    const size = Number(digits) * 1024;
    if (name && Number.isSafeInteger(size)) info[name] = size;
  }
  return info;
}
