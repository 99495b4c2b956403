import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {classify} from '../../../src/classify/classify.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {parseListing} from '../../../src/parse/reader.ts';
import {folder} from '../../helpers/listings.ts';
import {beginRecording} from '../../recording/recorder.ts';

export const MIB = 2 ** 20;
export const HEAP = 0x10000000;
export const BLOCK = 0x7f0000000000;
/** Seconds of the scene, the look at which the block comes, and its size. */
export const [LAST, COMES, BLOCK_SIZE] = [60, 20, 4 * MIB];
export const TID = 77;

/** Names that would do harm if a page or a terminal took them for more than text. */
export const HOSTILE = '</script><img src=x onerror="window.harmed = 1">\u001b[31m;';

const hex = (value: number): string => `0x${value.toString(16)}`;
const LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6';

const frame = (name: string | null, file = '/srv/server') => ({name, file, address: '0x1234', offset: 4});
const STACKS = [
  [
    frame('brk', LIBC),
    frame('sbrk', LIBC),
    frame('malloc', LIBC),
    frame('parse_string'),
    frame('handle_request'),
    frame('main'),
  ],
  [frame('mmap64', LIBC), frame('malloc', LIBC), frame('image_decode'), frame('handle_request'), frame('main')],
  [frame('mmap64', LIBC), frame(HOSTILE), frame('main')],
  [frame('memset', LIBC), frame('parse_string'), frame('handle_request'), frame('main')],
];

interface SceneOptions {
  readonly lost?: number | null;
  /** Without the lines that --cause adds. */
  readonly isPlain?: boolean;
  /** Without its end. */
  readonly isCut?: boolean;
  readonly touched?: boolean;
}

const heapAt = (look: number): number => MIB * (look + 1);

function snapshotAt(look: number): Snapshot {
  const region = (start: number, size: number, rest: string): string =>
    `${start.toString(16)}-${(start + size).toString(16)} ${rest}\n`;
  const listing =
    region(0x400000, MIB, 'r-xp 00000000 fe:00 17 /srv/server') +
    region(HEAP, heapAt(look), 'rw-p 00000000 00:00 0 [heap]') +
    (look >= COMES ? region(BLOCK, BLOCK_SIZE, 'rw-p 00000000 00:00 0 ') : '') +
    region(0x7ffe00000000, 0x21000, 'rw-p 00000000 00:00 0 [stack]');
  const {table: regions, format} = parseListing(Buffer.from(listing), 'proc', 'later');
  const clues = {pageSize: 4096};
  classify(regions, clues);
  const process = {pid: TID, comm: 'server', exe: '/srv/server', startTime: 5, bootId: 'b', threads: 1};
  return new Snapshot({source: {from: 'process', format}, regions, process, status: {name: 'server'}, clues});
}

/** What a program has that takes 1 MiB by brk each second, maps and unmaps a scratch, and at a time maps a block. */
function documentsAt(look: number, id: number, touched: boolean): object[] {
  const mono = 1e9 * (look + 1);
  const call = (number: number, rest: object): object => ({
    event: 'call',
    id: id + number,
    at: new Date(1_700_000_000_000 + look * 1000).toISOString(),
    mono: mono + number,
    tid: TID,
    inferred: false,
    ...rest,
  });
  const end = HEAP + heapAt(look);
  const grown = {start: hex(end - MIB), end: hex(end)};
  const block = {start: hex(BLOCK), end: hex(BLOCK + BLOCK_SIZE)};
  const scratch = {start: hex(0x7e0000000000), end: hex(0x7e0000000000 + MIB)};
  const mapping = {name: 'mmap', what: 'mapped', args: ['0x0', hex(MIB), '0x3', '0x22', '0xffffffff', '0x0']};
  const isNew = look === COMES;
  return [
    call(0, {name: 'brk', args: [hex(end)], ret: hex(end), what: 'mapped', range: grown, bytes: MIB, stack: 1}),
    call(1, {...mapping, ret: scratch.start, range: scratch, bytes: MIB, stack: 3}),
    call(2, {
      name: 'munmap',
      args: [scratch.start, hex(MIB)],
      ret: '0x0',
      what: 'unmapped',
      range: scratch,
      bytes: -MIB,
      stack: 3,
    }),
    ...(isNew ? [call(3, {...mapping, ret: block.start, range: block, bytes: BLOCK_SIZE, stack: 2})] : []),
    {
      event: 'causes',
      look: look + 1,
      changes: [
        {kind: 'grown', range: grown, causes: [{call: id, bytes: MIB}], unexplained: 0},
        ...(isNew
          ? [{kind: 'new', range: block, causes: [{call: id + 3, bytes: MIB}], unexplained: 3 * MIB, why: 'unknown'}]
          : []),
      ],
    },
    {
      event: 'kept',
      look: look + 1,
      whole: false,
      shares: [
        {name: 'brk', stack: 1, kept: heapAt(look) - MIB},
        {name: 'mmap', stack: 3, kept: look % 2 === 0 ? MIB : 0},
        ...(isNew ? [{name: 'mmap', stack: 2, kept: BLOCK_SIZE}] : []),
      ],
    },
    ...(touched
      ? [
          {
            event: 'touched',
            look: look + 1,
            pages: [0, 32, 64].map((page) => ({
              address: hex(end - MIB + page * 4096),
              size: 4096,
              every: 32,
              mono: mono + 10 + page,
              stack: 4,
            })),
          },
        ]
      : []),
  ];
}

/** Records a scene that is known: 61 looks, one a second. @returns the path */
export async function recordedScene(t: ExecutionContext, options: SceneOptions = {}): Promise<string> {
  const {lost = 0, isPlain = false, isCut = false, touched = true} = options;
  const path = join(folder(t), 'scene.jsonl');
  let ms = 0;
  const clock = {now: () => ms, wall: () => 1_700_000_000_000 + ms};
  const first = snapshotAt(0);
  const {writer, close} = beginRecording(path, first, clock);
  await writer.look(first, first.status, 10);
  const before = {
    event: 'kept',
    look: 1,
    whole: true,
    shares: [{name: 'before', stack: null, kept: 2 * MIB + 0x21000}],
  };
  const stacks = STACKS.map((frames, index) => ({event: 'stack', id: index + 1, end: 'root', how: 'dwarf', frames}));
  if (!isPlain) writer.beside([...stacks, before]);
  for (let look = 1; look <= LAST; look++) {
    ms += 1000;
    const snapshot = snapshotAt(look);
    await writer.look(snapshot, snapshot.status, 10);
    if (!isPlain) writer.beside(documentsAt(look, 10 * look, touched));
  }
  await writer.written;
  const share = (name: string, stack: number | null, more: object): object => ({
    name,
    stack,
    calls: LAST,
    mapped: 0,
    atPeak: 0,
    kept: 0,
    touched: 0,
    ...more,
  });
  const all = LAST * MIB;
  const cause = {
    engine: 'perf',
    calls: {brk: {counted: lost === null ? null : LAST + lost, seen: LAST}},
    lost,
    stacks: {whole: LAST, cut: 0, jit: 0, none: 0},
    ...(touched && {touched: {every: 32, counted: 32 * 3 * LAST, seen: 3 * LAST}}),
    changed: all + BLOCK_SIZE,
    explained: all + MIB,
    peak: all + BLOCK_SIZE + MIB,
    shares: [
      share('brk', 1, {mapped: all, atPeak: all, kept: all}),
      share('mmap', 2, {calls: 1, mapped: BLOCK_SIZE, atPeak: BLOCK_SIZE, kept: BLOCK_SIZE}),
      share('mmap', 3, {mapped: all, atPeak: MIB}),
      share('before', null, {calls: 0, atPeak: 2 * MIB, kept: 2 * MIB}),
      ...(touched ? [share('fault', 4, {calls: 0, touched: 3 * 32 * 4096 * LAST})] : []),
    ],
  };
  const cost = {looks: LAST, ms: 1, duty: 0, usageReads: 1, usageMs: 1, usageSkipped: 0};
  if (!isCut) await writer.end('SIGINT', cost, isPlain ? {} : {cause});
  await close();
  return path;
}
