import {rangeText} from '../../../model/region.ts';
import type {Lesson, Observed} from '../lesson.ts';
import {call, type Operation, slot, visit} from '../program/program.ts';
import {mapAnonymous, PAGE, place} from './mman.ts';

/** What handle_request is asked for, in the slot `request`. */
const BODY = 1;
const IMAGE = 2;
const HEADER = 3;
const END = 4;

const ask = (request: number): Operation[] => [{do: 'set', slot: 'request', to: request}, visit('handle_request')];

const when = (request: number, ...functions: string[]): Operation => ({
  do: 'if',
  value: slot('request'),
  is: request,
  body: functions.map(visit),
});

const pathTo = (name: string, step: string): string[] => [name, 'handle_request', `step_${step}`, 'main'];

export const cause: Lesson = {
  name: 'cause',
  title: 'Whose memory is it?',
  teaches: 'which call of which function made a region, which the listing does not say: perf events and call stacks',
  about: [
    'The listing says what is mapped, and not who asked for it. The kernel can tell: it has a tracepoint in each ' +
      'system call, and copies the registers and the stack of whoever makes one. From these memmap finds the ' +
      'function that made the call, and its callers.',
    'The program plays a small server: each step calls handle_request, which calls other functions. It is never ' +
      'stopped for this, and nothing in it is changed.',
  ],
  functions: {
    handle_request: [
      when(BODY, 'read_body'),
      when(IMAGE, 'decode_image'),
      when(HEADER, 'parse_header', 'parse_cookies'),
      when(END, 'free_image'),
    ],
    read_body: [mapAnonymous(place(0), 8, undefined, 'body')],
    decode_image: [mapAnonymous(place(1), 8, undefined, 'image')],
    parse_header: [call('brk', [0], 'old'), call('brk', [slot('old', PAGE)], 'new')],
    parse_cookies: [call('brk', [slot('new', 3 * PAGE)], 'new')],
    free_image: [call('munmap', [slot('image'), 8 * PAGE], 'result')],
  },
  steps: [
    {
      name: 'body',
      title: 'A request with a body',
      call: 'read_body() { mmap(0x100000000, 8 * 4096, …); }',
      operations: ask(BODY),
      answer: slot('body'),
      expected: [
        {kind: 'new', size: 8 * PAGE, by: [{call: 'mmap', path: pathTo('read_body', 'body'), bytes: 8 * PAGE}]},
      ],
      about: ['handle_request calls read_body, and that maps eight pages.'],
      why: () => [
        'The line below the region is a call stack, read from the right: main called step_body, and so on, down to ' +
          'the function that made the system call. The names are in the symbol table of the program; the way from ' +
          'frame to frame is the chain of its frame pointers. Programs of a compiler have tables for it (.eh_frame).',
      ],
    },
    {
      name: 'image',
      title: 'A request with an image',
      call: 'decode_image() { mmap(0x100200000, 8 * 4096, …); }',
      operations: ask(IMAGE),
      answer: slot('image'),
      expected: [
        {kind: 'new', size: 8 * PAGE, by: [{call: 'mmap', path: pathTo('decode_image', 'image'), bytes: 8 * PAGE}]},
      ],
      about: ['The same call with the same size and the same permissions, but another way to it.'],
      why: ({changes}: Observed) => [
        `In the listing the two regions differ in nothing but their addresses: both are 32 KiB, rw-p, without a ` +
          `name. ${changes[0] ? `That ${rangeText(changes[0].range)} belongs to decode_image` : 'Whose each is'}, ` +
          `only the stack tells.`,
      ],
    },
    {
      name: 'heap',
      title: 'One heap for two functions',
      call: 'parse_header() { brk(brk(0) + 4096); }  parse_cookies() { brk(brk(0) + 3 * 4096); }',
      operations: ask(HEADER),
      answer: slot('new'),
      expected: [
        {
          kind: 'new',
          name: '[heap]',
          size: 4 * PAGE,
          by: [
            {call: 'brk', path: pathTo('parse_cookies', 'heap'), bytes: 3 * PAGE},
            {call: 'brk', path: pathTo('parse_header', 'heap'), bytes: PAGE},
          ],
        },
      ],
      about: ['Two functions move the program break, one by one page, the other by three. It will be one region.'],
      why: () => [
        'One change, and two that made it. A change may have any number of calls, but each byte of it has exactly ' +
          'one that was the last to change it: so the shares add up.',
      ],
    },
    {
      name: 'end',
      title: 'The image is no longer needed',
      call: 'free_image() { munmap(0x100200000, 8 * 4096); }',
      operations: ask(END),
      answer: slot('result'),
      expected: [
        {kind: 'gone', size: -8 * PAGE, by: [{call: 'munmap', path: pathTo('free_image', 'end'), bytes: 8 * PAGE}]},
      ],
      about: ['Of memory that is gone the cause is the call that released it.'],
      why: () => [
        'Its release is set off against who had mapped it: of what decode_image mapped, nothing is left, while what ' +
          'read_body mapped is still there. Done for all calls of a program, that is the list of who holds its ' +
          'memory, to the byte: a leak is what stays there and grows.',
      ],
    },
  ],
  further: [
    'docs/cause.md, man 2 perf_event_open',
    'The same for any program: sudo memmap run --cause -- COMMAND',
    'A process that runs: sudo memmap watch PID --cause',
  ],
};
