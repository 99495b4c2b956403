import {textIfThere} from '../open.ts';

/**
 * Does reading /proc/PID/maps take mmap_lock, which the process needs for mmap, munmap and brk? Before Linux 6.17 it
 * does, a page of text at a time (m_start() in fs/proc/task_mmu.c), as smaps does. Since 6.17 (commit 5631da56c9a8,
 * "fs/proc/task_mmu: read proc/pid/maps under per-vma lock") it locks one region after the other, with
 * CONFIG_PER_VMA_LOCK, which is on wherever the architecture supports it. A kernel of a distribution may have it
 * earlier: then maps is read less often than it could be.
 *
 * @param release as uname(2) has it: `6.8.0-45-generic`; what can't be read is taken for an old one
 */
export function mapsTakesLock(release: string, arch: string = process.arch): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  const isNew = Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 17);
  return !isNew || !WITH_REGION_LOCKS.has(arch);
}

/** Node's names of the architectures that select ARCH_SUPPORTS_PER_VMA_LOCK. */
const WITH_REGION_LOCKS: ReadonlySet<string> = new Set(['x64', 'arm64', 'ppc64', 's390x', 'riscv64', 'loong64']);

/** The kernel's release, of the machine whose /proc this is; '' where it can't be read. */
export const kernelRelease = (root: string): string =>
  textIfThere(`${root}/sys/kernel/osrelease`).trim() || textIfThere('/proc/sys/kernel/osrelease').trim();
