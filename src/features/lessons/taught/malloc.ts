import {otherAllocator} from '../../../classify/runtimes/allocators.ts';
import {sizeText} from '../../../model/amounts.ts';
import type {Lesson, Observed} from '../lesson.ts';
import {PAGE} from './mman.ts';
import {invoke, slot, type Operation} from '../program/program.ts';

const KIB = 1024;

/**
 * Twenty blocks of 50 KiB. They are below glibc's threshold for a mapping of their own (M_MMAP_THRESHOLD: 128 KiB) and
 * above what tcaches and fastbins take. One alone is below 64 KiB, from which on free(3) looks whether the top can be
 * given back (malloc/malloc.c, FASTBIN_CONSOLIDATION_THRESHOLD). And wherever glibc's rounding to pages puts them, the
 * top ends far from its own threshold (M_TRIM_THRESHOLD: 128 KiB): the break moves up for each third one, and 28 KiB
 * are left behind the last. All of it is less than 2 MiB, so that no huge page fits in.
 */
const BLOCK = 50 * KIB;
const BLOCKS = 20;
const HALF = (BLOCKS / 2) * BLOCK;
/** What malloc asks of the kernel beyond what it needs (M_TOP_PAD). */
const PAD = 128 * KIB;
/** Whole pages in a free block, at its worst and at its best place: malloc_trim keeps 48 bytes at its start. */
const [LEAST_PAGES, MOST_PAGES] = [11, 12].map((pages) => (pages * PAGE * BLOCKS) / 2) as [number, number];
/** What may be resident besides the blocks: their neighbours' pages, and what a kernel with larger folios fills. */
const EDGES = 64 * KIB;

const numbers = Array.from({length: BLOCKS}, (_, index) => index + 1);
const block = (number: number): string => `block_${number}`;
const freeAll = (which: (number: number) => boolean): Operation[] =>
  numbers.filter(which).map((number) => invoke('free', [slot(block(number))]));

export const malloc: Lesson = {
  name: 'malloc',
  title: 'malloc: free, and kept',
  teaches: 'why memory that a program has freed stays resident, and what gives it back',
  about: [
    'So far every program talked to the kernel itself. Most do not: they ask malloc, a part of the C library, which ' +
      'asks the kernel for large pieces and hands out small ones. This program is linked with the C library of this ' +
      'machine, and calls its malloc. memmap looks at its memory after each step, and reads the books that malloc ' +
      'keeps, as memmap heap does.',
  ],
  steps: [
    {
      name: 'first',
      title: 'Ask for one byte',
      call: 'first = malloc(1)',
      operations: [invoke('malloc', [1], 'first')],
      answer: slot('first'),
      expected: [{kind: 'new', name: '[heap]', sizeWithin: [PAD, 2 * PAD], rssWithin: [PAGE, EDGES]}],
      about: ['malloc has nothing yet. It will move the program break up, by how much?'],
      why: ({changes}) => [
        `By ${sizeText(changes.find(({kind}) => kind === 'new')?.delta.size ?? 0)}, for one byte: glibc asks for ` +
          `128 KiB more than it needs (M_TOP_PAD), so that the next calls need no system call. What is not handed ` +
          `out yet is the top of the heap. It costs nothing until it is touched.`,
      ],
      unsupported: otherMalloc,
    },
    {
      name: 'fill',
      title: 'Ask for twenty blocks of 50 KiB, and write to all of them',
      call: 'for (…) memset(block[i] = malloc(51200), i, 51200)',
      operations: numbers.flatMap((number) => [
        invoke('malloc', [BLOCK], block(number)),
        invoke('memset', [slot(block(number)), number, BLOCK]),
      ]),
      answer: slot(block(BLOCKS)),
      expected: [
        {
          kind: 'grown',
          name: '[heap]',
          sizeWithin: [2 * HALF - 2 * PAD, 2 * HALF + PAD],
          rssWithin: [2 * HALF - 2 * PAGE, 2 * HALF + EDGES],
        },
      ],
      books: {freeWithin: [0, 2 * PAD]},
      about: ['1000 KiB. Blocks of 128 KiB and more get a mapping of their own; these come from the heap.'],
      why: () => [
        'The heap has grown, and all that was written to is resident. malloc knows the rest of it: what is in use, ' +
          'and what is free.',
      ],
    },
    {
      name: 'half',
      title: 'Free every second block',
      call: 'for (i = 1; i < 20; i += 2) free(block[i])',
      operations: freeAll((number) => number % 2 === 1),
      answer: 0,
      expected: [],
      books: {freeWithin: [HALF, HALF + 2 * PAD], trimWithin: [LEAST_PAGES, MOST_PAGES + EDGES]},
      about: ['500 KiB are no longer needed. How much less will be resident?'],
      why: ({after}) => [
        `Nothing less: ${residentHeap(after)} of the heap are resident, as before. free gives memory back to malloc, ` +
          `not to the kernel. malloc keeps it for the next malloc, and the kernel knows nothing of that: in the ` +
          `listing, a program that kept half of its memory free looks like one that leaks. Only malloc's books tell ` +
          `the two apart. And the break can't move down, since blocks in use lie above the free ones.`,
      ],
    },
    {
      name: 'trim',
      title: 'Give back what is free',
      call: 'malloc_trim(0)',
      operations: [invoke('malloc_trim', [0], 'result')],
      answer: slot('result'),
      expected: [
        {
          kind: 'shrunk',
          name: '[heap]',
          sizeWithin: [-2 * PAD, -PAGE],
          rssWithin: [-MOST_PAGES - EDGES, -LEAST_PAGES],
        },
      ],
      books: {freeWithin: [HALF, HALF + PAD], trimWithin: [0, 2 * PAGE]},
      about: [
        'malloc_trim goes through all free chunks, and gives the kernel the whole pages in them (MADV_DONTNEED).',
      ],
      why: ({changes}) => [
        `${sizeText(-(changes.find(({kind}) => kind === 'shrunk')?.delta['rss'] ?? 0))} are no longer resident. Not ` +
          `all that was free: the pages at the edges of the blocks hold bytes of their neighbours. The addresses ` +
          `stay, and malloc still calls them free; if it hands them out again, they are zeros, and become resident ` +
          `when they are written to. Only the top is gone: the break moved down.`,
      ],
    },
    {
      name: 'rest',
      title: 'Free the other blocks',
      call: 'for (i = 2; i <= 20; i += 2) free(block[i])',
      operations: freeAll((number) => number % 2 === 0),
      answer: 0,
      expected: [
        {
          kind: 'shrunk',
          name: '[heap]',
          sizeWithin: [-2 * HALF - PAD, -2 * HALF + 2 * PAD],
          rssWithin: [-HALF - 2 * EDGES, -HALF + 2 * EDGES],
        },
      ],
      books: {freeWithin: [PAD, 2 * PAD]},
      about: ['Now nothing lies above the free memory. Who gives it back this time?'],
      why: () => [
        'free itself. The blocks joined with their neighbours and with the top, and a top of more than 128 KiB is ' +
          'given back at once (M_TRIM_THRESHOLD), but for the 128 KiB that malloc keeps (M_TOP_PAD). So the last ' +
          'block decides: one that stays at the end of the heap keeps all that is below it.',
      ],
    },
  ],
  further: [
    "docs/heap.md: malloc's books of any process, memmap heap PID",
    'man 3 mallopt, man 3 malloc_trim, man 3 malloc_info',
    'Next: memmap demo hugepages',
  ],
};

/** A library that /etc/ld.so.preload puts before the C library may have a malloc of its own. */
function otherMalloc({after}: Observed): string | undefined {
  const other = otherAllocator(after.regions);
  return other === undefined ? undefined : `malloc is that of ${other} here, which /etc/ld.so.preload names`;
}

const residentHeap = ({regions}: Observed['after']): string => {
  const rss = regions.find(({kind}) => kind === 'heap')?.usage?.rss;
  return rss === undefined ? 'the same parts' : sizeText(rss);
};
