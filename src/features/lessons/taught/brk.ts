import {hex, rangeText, sizeOf, type Region} from '../../../model/region.ts';
import {sizeText} from '../../../model/amounts.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import type {Lesson, Observed} from '../lesson.ts';
import {PAGE} from './mman.ts';
import {call, slot, store} from '../program/program.ts';

/** The lesson with which memmap began: a program asks for its first page of heap. */
export const brk: Lesson = {
  name: 'brk',
  title: 'brk: where the heap comes from',
  teaches: 'the program break, why [heap] is where it is, and why new memory costs nothing until it is touched',
  about: [
    'memmap has started a small program of its own: 20,481 bytes, no C library, nothing in it but what ' +
      'this lesson needs. It has printed its PID and waits. This is all of its memory.',
  ],
  steps: [
    {
      name: 'brk',
      title: 'Ask for one page',
      call: 'brk(brk(0) + 4096)',
      operations: [call('brk', [0], 'old'), call('brk', [slot('old', PAGE)], 'new')],
      answer: slot('new'),
      expected: [{kind: 'new', name: '[heap]', size: PAGE}],
      about: [
        'Every program has a "program break": the address where its data ends. brk(0) asks where it is; ' +
          'brk(address) moves it. What lies between where it began and where it is now is the heap. Now the two are ' +
          'the same, so there is no heap, and no line for it above.',
        'The program will move its break up by one page.',
      ],
      why: whyHeap,
    },
    {
      name: 'touched',
      title: 'Write one byte into it',
      call: '*heap = 1',
      // brk(2) is allowed to refuse; then there is nothing to write to.
      operations: [
        {do: 'set', slot: 'touched', to: 0},
        {
          do: 'if',
          value: slot('old', PAGE),
          is: slot('new'),
          body: [store(slot('old')), {do: 'set', slot: 'touched', to: slot('old')}],
        },
      ],
      answer: slot('touched'),
      expected: [{kind: 'touched', name: '[heap]', rss: PAGE}],
      about: [
        'So far the page is a promise. The processor will find no memory behind the address; the kernel ' +
          'will handle the fault, look up the region, and only then find a page of memory for it.',
      ],
      why: whyTouched,
    },
    {
      name: 'more',
      title: 'Ask for four more pages',
      call: 'brk(brk(0) + 4 * 4096)',
      operations: [call('brk', [slot('new', 4 * PAGE)], 'new')],
      answer: slot('new'),
      expected: [{kind: 'grown', name: '[heap]', size: 4 * PAGE, rss: 0}],
      about: ['The break moves up again. Will there be a second line?'],
      why: ({result}) => [
        `No: the same line has become longer, and ends at ${result}. A heap is one region however often it ` +
          `grows, as long as its pages have the same permissions. The new pages are not resident either.`,
      ],
    },
    {
      name: 'less',
      title: 'Give back all but the first page',
      call: 'brk(heap + 4096)',
      operations: [call('brk', [slot('old', PAGE)], 'new')],
      answer: slot('new'),
      expected: [{kind: 'shrunk', name: '[heap]', size: -4 * PAGE, rss: 0}],
      about: [
        'The break can move down too. This is how a C library returns memory when the top of its heap is ' +
          'free, and why it often cannot: one block in use at the top keeps everything below it.',
      ],
      why: () => ['The line is as short as before, and the first page still has the byte in it.'],
    },
    {
      name: 'none',
      title: 'Give back that one too',
      call: 'brk(heap)',
      operations: [call('brk', [slot('old')], 'new')],
      answer: slot('new'),
      expected: [{kind: 'gone', name: '[heap]', size: -PAGE, rss: -PAGE}],
      about: ['Back to where the break began.'],
      why: () => [
        'The line is gone, and with it the page of memory: what was in it is lost. If the break moved up ' +
          'again, the page would be full of zeros.',
      ],
    },
  ],
  further: [
    'man 2 brk, man 5 proc_pid_maps',
    'The program does the same when you run it by hand: it prints its PID, and Enter runs the next step.',
    'Watch a real heap grow: memmap watch PID',
  ],
};

function whyHeap({result, after}: Observed): string[] {
  const heap = heapOf(after);
  if (!heap)
    return [
      `brk answered ${result}, but no [heap] appeared: the kernel refused the page (see RLIMIT_DATA ` +
        `in man 2 getrlimit).`,
    ];
  const bss = endOfData(after, heap);
  const gap = bss === undefined ? 0 : heap.start - bss;
  return [
    `brk answered ${result}: the break is now where [heap] ends. The region is ${rangeText(heap)}, ` +
      `readable and writable, private, and no file backs it.`,
    gap === 0
      ? 'It begins right where the data of the program ends: on this system the start of the heap is not randomised.'
      : `It does not begin where the data of the program ends (${hex(bss!)}), but ${sizeText(gap)} further ` +
        `up. The kernel chose that distance at random when it started the program, from 0 to 1 GiB here, so that ` +
        `an attacker can't know where the heap is. Run the lesson again and it will be different. (kernel: ` +
        `arch_randomize_brk(); /proc/sys/kernel/randomize_va_space)`,
    residentWords(heap),
  ];
}

function residentWords(heap: Region): string {
  const rss = heap.usage?.rss;
  if (rss === undefined) return 'How much of it is resident could not be read here.';
  if (rss > 0) return `${sizeText(rss)} of it is resident already: this kernel filled it at once.`;
  return (
    `Its resident size is 0. The kernel has noted that the addresses from ${hex(heap.start)} to ` +
    `${hex(heap.end)} may be used, and nothing more: no page of memory has been set aside.`
  );
}

function whyTouched({after}: Observed): string[] {
  const heap = heapOf(after);
  const rss = heap?.usage?.rss;
  if (!heap || rss === undefined) return ['How much of the heap is resident could not be read here.'];
  return [
    `Nothing was mapped or unmapped, so the listing has the same lines. But ${sizeText(rss)} of ` +
      `${sizeText(sizeOf(heap))} is resident now: one byte was written, and memory comes in pages of 4 KiB.`,
    'This is demand paging. It is why a program may ask for far more than there is, and why "size" and ' +
      '"resident" are two columns.',
  ];
}

const heapOf = (snapshot: Snapshot): Region | undefined => snapshot.regions.find((region) => region.kind === 'heap');

/** Where the last region of the program below the heap ends. */
function endOfData(snapshot: Snapshot, heap: Region): number | undefined {
  return snapshot.regions.filter((region) => region.end <= heap.start).at(-1)?.end;
}
