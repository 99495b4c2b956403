import {isExecutable, isReadable, isWritable} from '../model/region.ts';
import type {Regions} from '../model/columns/regions.ts';

/**
 * Was the process started with READ_IMPLIES_EXEC (personality(2))? Then the kernel adds PROT_EXEC to all memory that
 * may be read (mm/mmap.c, do_mmap()): programs without PT_GNU_STACK on older kernels and other processors, and MIPS
 * processors that can't forbid execution (no RIXI). Nobody makes the brk heap executable otherwise.
 */
export function impliesExec(regions: Regions): boolean {
  const {tables, perms, length} = regions;
  const isData = tables.perms.map((text) => isReadable({perms: text}) && isWritable({perms: text}));
  let hasHeap = false;
  let count = 0;
  for (let row = 0; row < length; row++) {
    if (!isData[perms[row]!]) continue;
    const {name, isFile} = regions.backingAt(row);
    if (isFile || (name !== '' && name !== '[heap]' && name !== '[stack]')) continue;
    if (!isExecutable({perms: tables.perms[perms[row]!]!})) return false;
    hasHeap ||= name === '[heap]';
    count++;
  }
  return hasHeap || count >= 3;
}

/**
 * The permissions that were asked for, as far as that can be told: memory that may be written is not code, and neither
 * is what has no file. A file that may not be written may be either.
 */
export function permsAskedFor(regions: Regions): Uint32Array {
  const {tables, length} = regions;
  const perms = regions.perms.slice();
  for (let row = 0; row < length; row++) {
    const text = tables.perms[perms[row]!]!;
    const {name, isFile} = regions.backingAt(row);
    if (!isExecutable({perms: text}) || name.startsWith('[v') || (isFile && !isWritable({perms: text}))) continue;
    perms[row] = tables.permsOf(`${text.slice(0, 2)}-${text.slice(3)}`);
  }
  return perms;
}
