import {PAGE} from '../../model/pages/pages.ts';

/** What /proc/PID/pagemap says about one page: proc_pid_pagemap(5); Documentation/admin-guide/mm/pagemap.rst. */
export interface PageFacts {
  readonly present: boolean;
  readonly swapped: boolean;
  /** It belongs to a file or to shared memory. */
  readonly file: boolean;
  /** Only this process maps it, and once: the bit is clear where one process maps a page twice. */
  readonly exclusive: boolean;
  /** Written to since the bits were cleared; always false where the kernel doesn't keep them. */
  readonly softDirty: boolean;
  /** Made a guard with MADV_GUARD_INSTALL. */
  readonly guard: boolean;
  /** userfaultfd(2) protects it against writing. */
  readonly writeProtected: boolean;
}

/** @param state bits of PAGE */
export const pageFacts = (state: number): PageFacts => ({
  present: (state & PAGE.present) !== 0,
  swapped: (state & PAGE.swapped) !== 0,
  file: (state & PAGE.file) !== 0,
  guard: (state & PAGE.guard) !== 0,
  writeProtected: (state & PAGE.uffdWp) !== 0,
  exclusive: (state & PAGE.exclusive) !== 0,
  softDirty: (state & PAGE.softDirty) !== 0,
});

/** The state of a page in words. */
export function pageText(page: PageFacts): string {
  if (page.guard) return 'a guard (MADV_GUARD_INSTALL): touching it is a SIGSEGV, whatever the permissions say';
  if (page.swapped) return 'swapped out: the next touch brings it back';
  if (!page.present) return 'not in RAM: the next touch is a page fault, and the kernel supplies the page then';
  const parts = [
    page.file ? 'in RAM: a page of a file or of shared memory' : 'in RAM: anonymous, not of a file',
    page.exclusive ? 'only this process maps it' : sharedText(page),
    page.softDirty && 'soft-dirty',
    page.writeProtected && 'userfaultfd is told of writes to it',
  ];
  return parts.filter(Boolean).join(', ');
}

/**
 * Not exclusive. After fork, pages are shared until one side writes; memory that was only read is one page of zeros;
 * KSM merges pages of the same content. The bit doesn't say whether the second mapping is another process's.
 */
const sharedText = (page: PageFacts): string =>
  page.file
    ? 'mapped at least twice, maybe by this process alone'
    : 'not exclusive: shared since fork, merged by KSM, or the zero page';
