import {isExecutable, isFileBacked, isReadable, isWritable, type Region} from '../model/region.ts';

/**
 * Was the process started with READ_IMPLIES_EXEC (personality(2))? Then the kernel adds PROT_EXEC to all memory that
 * may be read (mm/mmap.c, do_mmap()): programs without PT_GNU_STACK on older kernels and other processors, and MIPS
 * processors that can't forbid execution (no RIXI). Nobody makes the brk heap executable otherwise.
 */
export function impliesExec(regions: readonly Region[]): boolean {
  let hasHeap = false;
  let count = 0;
  for (const region of regions) {
    if (!isWritable(region) || !isReadable(region) || isFileBacked(region)) continue;
    if (region.name !== '' && region.name !== '[heap]' && region.name !== '[stack]') continue;
    if (!isExecutable(region)) return false;
    hasHeap ||= region.name === '[heap]';
    count++;
  }
  return hasHeap || count >= 3;
}

/**
 * A region with the permissions that were asked for, as far as that can be told: memory that may be written is not
 * code, and neither is what has no file. A file that may not be written may be either.
 */
export const asAskedFor = (region: Region): Region =>
  isExecutable(region) && !region.name.startsWith('[v') && (isWritable(region) || !isFileBacked(region))
    ? {...region, perms: `${region.perms.slice(0, 2)}-${region.perms.slice(3)}`}
    : region;
