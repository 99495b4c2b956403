/*
 * What the kernel reports of mappings beside perf events, read from /proc/PID/maps while the process is stopped.
 */
import type {Region} from '../../model/region.ts';
import {parseListing} from '../../parse/reader.ts';
import {readIfThere} from '../../procfs/open.ts';
import type {Mapped} from '../events.ts';

const PROT = {r: 1, w: 2, x: 4} as const;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_GROWSDOWN = 0x100;

/** The regions of a process; none where it has ended. */
export function regionsOf(pid: number, root: string): readonly Region[] {
  const bytes = readIfThere(`${root}/${pid}/maps`);
  if (!bytes) return [];
  return parseListing(bytes, 'proc', 'later').regions.filter(({name}) => name !== '[vsyscall]');
}

/** A region as the kernel reports a mapping to perf. */
export function mappedOf(
  {start, end, perms, offset, inode, name}: Region,
  when: {readonly pid: number; readonly tid: number; readonly time: number},
): Mapped {
  const has = (letter: keyof typeof PROT): number => (perms.includes(letter) ? PROT[letter] : 0);
  return {
    kind: 'mapped',
    ...when,
    start,
    end,
    offset: offset ?? 0,
    inode: Number(inode),
    prot: has('r') + has('w') + has('x'),
    flags: (perms.endsWith('s') ? MAP_SHARED : MAP_PRIVATE) + (name === '[stack]' ? MAP_GROWSDOWN : 0),
    file: name === '' ? '//anon' : name,
  };
}
