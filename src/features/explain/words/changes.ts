import {CHANGE_KINDS, type ChangeKind} from '../../../model/change.ts';
import type {Word} from '../word.ts';

interface Happening {
  readonly meaning: string;
  readonly traps: string;
  readonly source: string;
  readonly related: readonly string[];
}

/** What happened to a range of memory between two looks; what usually causes it. */
const HAPPENINGS: Readonly<Record<ChangeKind, Happening>> = {
  new: {
    meaning: 'A range became mapped, as a region of its own.',
    traps: 'The kernel merges a new mapping with a neighbour that is alike: then it shows as grown.',
    source: 'mmap(2), brk(2), shmat(2)',
    related: ['grown', 'gone'],
  },
  grown: {
    meaning:
      'A range became mapped and belongs to a region that was there before: it grew upwards, downwards, or a hole was filled.',
    traps: 'Address space grew. Resident memory grows only when the new part is touched.',
    source: 'brk(2), mmap(2), mremap(2)',
    related: ['new', 'shrunk', 'touched'],
  },
  gone: {
    meaning: 'A whole region is no longer mapped.',
    traps: 'free(3) does this to large blocks only. Small ones stay with malloc.',
    source: 'munmap(2), shmdt(2)',
    related: ['shrunk', 'new'],
  },
  shrunk: {
    meaning: 'A part of a region is no longer mapped: its head, its tail, or a hole in its middle.',
    traps: 'A hole leaves two regions where one was.',
    source: 'munmap(2), brk(2), mremap(2)',
    related: ['gone', 'grown', 'split'],
  },
  replaced: {
    meaning: 'A range is mapped before and after, but to something else.',
    traps: 'MAP_FIXED does this without a word, to whatever was there.',
    source: 'mmap(2), MAP_FIXED',
    related: ['new', 'gone'],
  },
  reprotected: {
    meaning: 'The same memory has other permissions.',
    traps:
      'A change in the middle of a region makes three regions of it. Where memory was writable and is executable now, code was made at run time.',
    source: 'mprotect(2)',
    related: ['mprotect', 'perms', 'relro', 'jit'],
  },
  renamed: {
    meaning: 'The same memory has another name: its file was renamed or deleted, or the program gave it a name.',
    traps: 'Nothing happened to the memory itself.',
    source: 'rename(2), unlink(2), prctl(2), PR_SET_VMA',
    related: ['(deleted)', '[anon:…]'],
  },
  moved: {
    meaning: 'The same memory is at another address.',
    traps:
      'Between two runs of a program everything moves, since addresses are random; memmap takes that out first. Unnamed memory is matched by guess, and memmap says so.',
    source: 'mremap(2), MREMAP_MAYMOVE',
    related: ['ASLR', 'mremap'],
  },
  split: {
    meaning: 'The same bytes, permissions and names, in more regions than before.',
    traps:
      'Something that maps does not show differs between the parts, such as advice. Each part counts against vm.max_map_count.',
    source: 'madvise(2), mlock(2)',
    related: ['merged', 'VmFlags', 'max_map_count'],
  },
  merged: {
    meaning: 'The same bytes, permissions and names, in fewer regions than before.',
    traps: 'The kernel does this by itself wherever neighbours become alike.',
    source: 'mm/vma.c',
    related: ['split', 'region'],
  },
  flagged: {
    meaning: 'The same memory has other VmFlags: it was locked, sealed, left out of core dumps, or given other advice.',
    traps:
      'Only smaps has VmFlags, so a comparison of two maps listings can not see it. Where the flags of a part of a region changed, the region is cut, and the change is called split.',
    source: 'mlock(2), madvise(2), mseal(2); fs/proc/task_mmu.c, show_smap_vma_flags()',
    related: ['VmFlags', 'split', 'touched'],
  },
  touched: {
    meaning:
      'The same regions; only memory in them changed: it became resident, was written to, swapped out, or given back.',
    traps: 'Pss and the split into private and shared are left out here, since other processes change those.',
    source: 'madvise(2), MADV_DONTNEED; Documentation/admin-guide/mm/concepts.rst',
    related: ['Rss', 'demand paging', 'Private_Dirty'],
  },
};

export const CHANGE_WORDS: readonly Word[] = CHANGE_KINDS.map((kind) => ({
  names: [kind],
  group: 'change',
  unit: 'none; the change has its sizes in bytes',
  ...HAPPENINGS[kind],
}));
