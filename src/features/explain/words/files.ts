import type {Word} from '../word.ts';

const file = (word: Omit<Word, 'group' | 'unit'>): Word => ({group: 'file', unit: 'none', ...word});

/** The files that memmap reads, and those beside them. */
export const FILE_WORDS: readonly Word[] = [
  file({
    names: ['maps', '/proc/PID/maps'],
    meaning: 'All regions of the process, one a line. Reading it is harmless at any rate.',
    traps: 'It is not one moment: a process that changes its map meanwhile can tear the listing.',
    source: 'proc_pid_maps(5)',
    related: ['smaps', 'torn', 'region'],
  }),
  file({
    names: ['smaps', '/proc/PID/smaps'],
    meaning: 'The same with counters: how much of each region is resident, shared, dirty, swapped.',
    traps:
      'The kernel walks all page tables for it and holds a lock that the process needs for mmap and brk: about 16 ms a resident GiB.',
    since: '2.6.14',
    source: 'proc_pid_smaps(5)',
    related: ['maps', 'smaps_rollup', 'Rss'],
  }),
  file({
    names: ['smaps_rollup'],
    meaning: 'The sums of smaps over all regions, read at once.',
    since: '4.14',
    source: 'proc_pid_smaps(5); Documentation/ABI/testing/procfs-smaps_rollup',
    related: ['smaps', 'Pss_Anon'],
  }),
  file({
    names: ['status', '/proc/PID/status'],
    meaning: 'Who the process is, and totals of its memory. Anybody may read it, and it costs the process nothing.',
    source: 'proc_pid_status(5)',
    related: ['VmRSS', 'VmSize'],
  }),
  file({
    names: ['stat', '/proc/PID/stat'],
    meaning: 'One line of fields: among them when the process started and where its parts lie.',
    traps: 'The second field is a name in parentheses that can hold anything, parentheses too.',
    source: 'proc_pid_stat(5)',
    related: ['start_brk', 'starttime'],
  }),
  file({
    names: ['statm', '/proc/PID/statm'],
    meaning: 'Seven totals in pages.',
    source: 'proc_pid_statm(5)',
    related: ['size', 'VmSize'],
  }),
  file({
    names: ['pagemap', '/proc/PID/pagemap'],
    meaning: 'A word of 64 bits for each page of the address space: is it there, swapped, whose.',
    traps: 'Frame numbers show only to who has CAP_SYS_ADMIN.',
    since: '2.6.25',
    source: 'proc_pid_pagemap(5)',
    related: ['present', 'PFN'],
  }),
  file({
    names: ['numa_maps'],
    meaning: 'For each region: on which memory node its pages are, and by which policy.',
    since: '2.6.14',
    source: 'numa(7); proc_pid_numa_maps(5)',
  }),
  file({
    names: ['clear_refs'],
    meaning:
      'Written to, not read: 1, 2, 3 clear the marks behind Referenced, 4 the soft-dirty bits, 5 sets the peak back. memmap never writes to it.',
    traps: 'It slows the process down, and disturbs what the kernel knows of its use.',
    since: '2.6.22',
    source: 'proc_pid_clear_refs(5)',
    related: ['Referenced', 'soft-dirty', 'VmHWM'],
  }),
  file({
    names: ['map_files'],
    meaning: 'A link to the file behind each region, which opens the very file, even if it was deleted.',
    traps: 'Needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE.',
    since: '3.3',
    source: 'proc_pid_map_files(5)',
    related: ['(deleted)'],
  }),
  file({
    names: ['auxv', 'auxiliary vector'],
    meaning:
      'What the kernel told the program at its start: where its headers, its linker and the vdso are, and the size of a page.',
    source: 'getauxval(3), proc_pid_auxv(5)',
    related: ['page', '[vdso]'],
  }),
];
