import type {Word} from '../word.ts';

const SOURCE = 'proc_pid_pagemap(5); Documentation/admin-guide/mm/pagemap.rst';

const bit = (word: Omit<Word, 'group' | 'source'>): Word => ({group: 'page', source: SOURCE, ...word});

/** Bits of the 64-bit word that pagemap has for each page. */
export const PAGEMAP_WORDS: readonly Word[] = [
  bit({
    names: ['present'],
    unit: 'bit 63',
    meaning: 'The page is in RAM, and the page tables of the process point to it.',
    traps: 'The zero page is present, and yet not in Rss.',
    since: '2.6.25',
    related: ['Rss', 'swapped', 'demand paging'],
  }),
  bit({
    names: ['swapped'],
    unit: 'bit 62',
    meaning: 'The page is out on swap; bits 0 to 4 say on which, bits 5 to 54 where.',
    traps: 'Also set for a moment while a page is moved, and for guards made with MADV_GUARD_INSTALL.',
    since: '2.6.25',
    related: ['Swap', 'present'],
  }),
  bit({
    names: ['file-page', 'file page or shared anonymous'],
    unit: 'bit 61',
    meaning: 'The page belongs to a file, or to shared memory.',
    since: '3.5',
    related: ['RssFile', 'RssShmem'],
  }),
  bit({
    names: ['guard region', 'guard bit'],
    unit: 'bit 58',
    meaning: 'The page is a guard made with MADV_GUARD_INSTALL: touching it is a fault.',
    since: '6.15',
    related: ['gu', 'guard'],
  }),
  bit({
    names: ['uffd-wp'],
    unit: 'bit 57',
    meaning: 'userfaultfd(2) protects the page against writing.',
    since: '5.14',
    related: ['uw', 'userfaultfd'],
  }),
  bit({
    names: ['exclusive', 'exclusively mapped'],
    unit: 'bit 56',
    meaning: 'Only this process maps the page: after fork, a page that is exclusive again was copied.',
    since: '4.2',
    related: ['copy-on-write', 'Private_Dirty'],
  }),
  bit({
    names: ['soft-dirty'],
    unit: 'bit 55',
    meaning: 'The page was written to since 4 was last written to clear_refs.',
    traps: 'Only where the kernel has CONFIG_MEM_SOFT_DIRTY; without, the write to clear_refs succeeds all the same.',
    since: '3.11',
    related: ['sd', 'clear_refs'],
  }),
  bit({
    names: ['PFN', 'page frame number'],
    unit: 'bits 0 to 54',
    meaning: 'Which page of RAM it is: with it, /proc/kpagecount and /proc/kpageflags say more.',
    traps: '0 for readers without CAP_SYS_ADMIN.',
    since: '2.6.25; hidden from others since 4.2',
    related: ['present'],
  }),
];
