import {recordedKept} from '../../src/features/cause/recorded/kept.ts';
import {RecordedCauses, recordedEnd} from '../../src/features/cause/recorded/replayed.ts';
import {causeDocuments, causeEndJSON} from '../../src/features/cause/json.ts';
import {flameRows} from '../../src/features/cause/flame.ts';
import {readMapper, readShares} from '../../src/features/cause/recorded/saved.ts';
import {touchersOf} from '../../src/features/cause/recorded/touchers.ts';
import {Trouble} from '../../src/model/trouble.ts';
import type {Recording} from '../../src/recording/recording.ts';

const frame = (name: string | null, file: string, address: string): object => ({
  name,
  file,
  address,
  offset: name && 7,
});

const call = (id: number, name: string, more: object): object => ({
  event: 'call',
  id,
  at: `2023-11-14T22:13:2${id}.000Z`,
  mono: 1000 * id,
  tid: 77,
  name,
  args: ['0x0', '0x31000', '0x3', '0x8022', '0xffffffff', '0x0'],
  ret: '0x7f0000000000',
  what: 'mapped',
  range: {start: '0x7f0000000000', end: '0x7f0000010000'},
  bytes: 65536,
  stack: 1,
  inferred: false,
  ...more,
});

/** Lines of memory calls and of malloc's books as `record --cause --touched --heap` writes them, by the moment that they follow. */
export const BESIDE: ReadonlyArray<readonly [moment: number, line: object]> = [
  [
    0,
    {
      event: 'stack',
      id: 1,
      end: 'root',
      how: 'dwarf',
      frames: [
        frame('mmap', '/lib/libc.so.6', '0x1019b3'),
        frame(null, '[anon]', '0x7f10'),
        frame('main', '/bin/a b', '0x10'),
      ],
    },
  ],
  [0, {event: 'stack', id: 2, end: 'cut', how: 'frame-pointer', frames: []}],
  [1, call(1, 'mmap', {})],
  [1, {event: 'kept', look: 1, whole: true, shares: [{name: 'before', stack: null, kept: 4096}]}],
  [
    1,
    {
      event: 'heap',
      version: 1,
      t: 500,
      system: 9000,
      inUse: 656,
      mmapped: 0,
      free: 4512,
      freeResident: 4,
      trimmable: 3,
    },
  ],
  [2, call(2, 'mremap', {what: 'moved', args: ['0x7f0000000000', '0x10000', '0x10000', '0x1'], stack: 2})],
  [2, call(3, 'munmap', {what: 'unmapped', ret: -22, bytes: 0, stack: null, args: null})],
  [
    3,
    {
      event: 'causes',
      look: 3,
      changes: [
        {
          kind: 'new',
          range: {start: '0x7f0000000000', end: '0x7f0000010000'},
          causes: [{call: 1, bytes: 65536}],
          unexplained: 4096,
          why: 'lost-events',
        },
      ],
    },
  ],
  [3, {event: 'touched', look: 3, pages: [{address: '0x7f0000001000', size: 4096, every: 32, mono: 2500, stack: 2}]}],
  [3, {event: 'heap', version: 1, t: 1500, why: 'no right'}],
  [4, {event: 'kept', look: 4, whole: false, shares: [{name: 'mmap', stack: 1, kept: 65536}]}],
];

/** What the last line of such a recording has. */
export const CAUSE_END: object = {
  engine: 'perf',
  calls: {mmap: {counted: 2, seen: 2}, fault: {counted: null, seen: 3}},
  lost: 0,
  stacks: {whole: 2, cut: 1, jit: 0, none: 0},
  touched: {every: 32, counted: 9, seen: 1},
  changed: 65536,
  explained: 61440,
  peak: 99,
  shares: [{name: 'mmap', stack: 1, calls: 2, mapped: 65536, atPeak: 65536, kept: 4096, touched: 8192}],
  notes: ['a note'],
};

/** Each reader of such lines reads them, or refuses them with a reason. */
export function checkCauses(recording: Recording): void {
  const wanted = {address: 0x7f0000001000, range: {start: 0x7f0000000000, end: 0x7f0000010000}, moment: 5};
  const lines = (): Buffer[] => [...recording.beside()].map(({bytes}) => Buffer.from(bytes));
  const readers: ReadonlyArray<() => unknown> = [
    () => recordedKept(recording, 'x'),
    () => causeEndJSON(recordedEnd(recording, 'x')),
    () => touchersOf(recording, 'x', wanted),
    () => recording.books(),
    () => flameRows(readShares(lines(), 'x'), 'own'),
    () => readMapper(lines(), {address: wanted.address, until: '2024', name: 'x'}),
    () => causeDocuments(RecordedCauses.read(recording, 'x', 'own')?.news(3, [], true)),
  ];
  for (const read of readers) {
    try {
      JSON.stringify(read());
    } catch (error) {
      if (!(error instanceof Trouble) || error.kind !== 'input') throw error;
    }
  }
}
