import type {Word} from '../word.ts';

const column = (word: Omit<Word, 'group' | 'source'>): Word => ({
  group: 'maps',
  source: 'proc_pid_maps(5); fs/proc/task_mmu.c, show_map_vma()',
  ...word,
});

/** The columns of a line of maps. */
export const MAPS_WORDS: readonly Word[] = [
  column({
    names: ['range', 'start', 'end', 'address'],
    unit: 'addresses in hexadecimal',
    meaning: 'The first byte of the region, and the first byte after it. Both are whole pages.',
    traps:
      "The end is not in the region. Addresses are random in each run (ASLR), so they can't be compared between runs.",
    related: ['region', 'ASLR', 'page'],
  }),
  column({
    names: ['perms', 'permissions'],
    unit: 'four letters',
    meaning:
      'r may be read, w may be written, x may be executed, - may not; then p for private (a write makes a copy) or s for shared.',
    traps:
      'The last letter says what was asked for (MAP_SHARED), not whether anybody shares it now. memmap explain rw-p says one combination in words.',
    related: ['mprotect', 'copy-on-write', 'rd', 'sh'],
  }),
  column({
    names: ['p', 'private'],
    unit: 'the fourth letter of the permissions',
    meaning: 'Private: the first write to a page makes a copy of it for this process, and the file stays as it is.',
    traps: 'In smaps, private means something else: pages that only this process maps now.',
    related: ['copy-on-write', 'Private_Dirty', 's'],
  }),
  column({
    names: ['s'],
    unit: 'the fourth letter of the permissions',
    meaning: 'Shared: a write changes the file or the shared memory itself, and all who map it see it (MAP_SHARED).',
    traps: 'In smaps, shared means something else: pages that two or more processes map now, private ones too.',
    related: ['shared', 'Shared_Dirty', 'p', 'sh'],
  }),
  column({
    names: ['offset'],
    unit: 'bytes, in hexadecimal',
    meaning:
      'Where in the file the region begins. An address in the region is at offset + (address - start) in the file.',
    traps:
      'It is an offset in the file, not an address in the program: those differ by what the program headers say. 0 for anonymous memory.',
    related: ['program header', 'segment'],
  }),
  column({
    names: ['dev'],
    unit: 'major:minor, in hexadecimal',
    meaning: 'The device of the file system that the file is on; 00:00 for anonymous memory.',
    traps: 'On btrfs and overlayfs it is another number than stat(2) gives.',
    related: ['inode'],
  }),
  column({
    names: ['inode'],
    unit: 'number',
    meaning:
      'The number of the file in its file system: it tells two files of one name apart, and stays when the file is renamed.',
    traps: 'It can need all 64 bits, more than a JSON number holds; memmap gives it as text.',
    related: ['dev', '(deleted)'],
  }),
  column({
    names: ['pathname', 'name'],
    unit: 'text',
    meaning:
      'The file behind the region, by its present name; or a name in brackets that the kernel or the program gave; or nothing for anonymous memory.',
    traps:
      "It is seen from the reader's root: in a container the same path can be another file. Any bytes can be in it; the kernel only escapes the newline.",
    related: ['(deleted)', '[heap]', 'anon'],
  }),
];
