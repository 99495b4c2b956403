import fc from 'fast-check';
import test from 'ava';
import {layoutOf} from '../../../src/parse/malloc/layout.ts';
import {reveal} from '../../../src/parse/malloc/memory.ts';
import {BRK, HEAP, MadeHeap, type Made} from './made.ts';

const chunk: fc.Arbitrary<Made> = fc.record({
  units: fc.oneof(fc.nat(7), fc.nat(600)),
  state: fc.constantFrom('used', 'used', 'free', 'fast'),
});
const chunks = fc.array(chunk, {maxLength: 60});

const made: fc.Arbitrary<MadeHeap> = fc
  .tuple(
    fc.constantFrom(26, 29, 31, 34, 36, 41, 43),
    fc.constantFrom(4 as const, 8 as const),
    chunks,
    chunks,
    fc.nat(2000),
  )
  .map(([minor, word, main, thread, top]) => new MadeHeap(minor, word, [main, thread], top));

test('books that were made up are read as they were made, for each version and size of a pointer', (t) => {
  fc.assert(
    fc.property(made, (heap) => {
      const books = heap.read();
      t.deepEqual(
        books?.arenas.map(({torn, system, free, fastbins, top, trimmable}) => [
          torn,
          {system, free, fastbins, top, trimmable},
        ]),
        heap.truth.map((truth) => [undefined, truth]),
      );
      t.true(books!.isClosed);
      t.true(books!.arenas.every(({inUse, system, free}) => inUse === system - free && inUse >= 0));
    }),
    {numRuns: 300},
  );
});

/** Values that a hostile heap would have: sizes 0, small and beyond all, addresses of its own. */
const hostile = fc.oneof(
  fc.constantFrom(0, 1, 2, 8, 16, 17, 0xffff_ffff, 2 ** 52, BRK, BRK + 16, HEAP, HEAP + 32),
  fc.nat(2 ** 20),
  fc.nat(2 ** 24).map((offset) => HEAP + offset),
);

test('whatever the memory holds, the walk ends, and reads no more than a few times what there is', (t) => {
  fc.assert(
    fc.property(
      made,
      fc.array(fc.tuple(fc.nat(2), fc.nat(), hostile), {minLength: 1, maxLength: 20}),
      fc.array(fc.nat(200), {maxLength: 3}),
      (heap, spoiled, absent) => {
        const {memory, layout} = heap;
        for (const [range, offset, value] of spoiled) {
          const {start, end} = memory.ranges[range]!;
          memory.set(start + (offset % ((end - start) / layout.word)) * layout.word, value, layout.word);
        }
        for (const page of absent) memory.absent.add(Math.floor(BRK / 4096) + page).add(Math.floor(HEAP / 4096) + page);
        const size = memory.ranges.reduce((sum, {start, end}) => sum + end - start, 0);
        const before = process.cpuUsage();
        const books = heap.read();
        const {user, system} = process.cpuUsage(before);
        t.true(user + system < 2_000_000, `${user + system} µs`);
        t.true(memory.bytesRead < 200 * size + 2 ** 22, `${memory.bytesRead} of ${size}`);
        for (const {torn, system, free, inUse, unread} of books?.arenas ?? [])
          t.true(free <= system && inUse >= 0 && (torn !== undefined || unread === 0));
      },
    ),
    {numRuns: 500},
  );
});

const USED = {units: 10, state: 'used'} as const;
const FREE = {units: 300, state: 'free'} as const;
const FAST = {units: 1, state: 'fast'} as const;
const simple = (): MadeHeap =>
  new MadeHeap(
    36,
    8,
    [
      [USED, FREE, USED, FAST, FAST],
      [USED, FREE, USED],
    ],
    100,
  );

const tornOf = (heap: MadeHeap): Array<string | undefined> => heap.read()!.arenas.map(({torn}) => torn);

test('what is wrong with a chunk is said, with its address', (t) => {
  const zero = simple();
  zero.memory.set(BRK + 192 + 8, 1, 8);
  t.regex(tornOf(zero)[0]!, /^the chunk at 0x200000c0 has the size 0$/);
  const beyond = simple();
  beyond.memory.set(BRK + 192 + 8, 2 ** 30 + 1, 8);
  t.regex(tornOf(beyond)[0]!, /^the chunk at 0x200000c0 reaches beyond the end of its arena$/);
  const absent = simple();
  absent.memory.absent.add(BRK / 4096);
  t.regex(tornOf(absent)[0]!, /not resident, or gone/);
  t.is(tornOf(absent)[1], undefined);
});

test('loops are found: in a fastbin, in the list of heaps, in the list of arenas', (t) => {
  const fastbin = simple();
  const state = fastbin.layout;
  const at = BRK + 192 + 32 + 300 * 16 + 192;
  fastbin.memory.set(at + 16, at ^ Math.floor((at + 16) / 4096), 8);
  t.regex(tornOf(fastbin)[0]!, /fastbins changed/);
  const heaps = simple();
  heaps.memory.set(HEAP + 8, HEAP, 8);
  t.regex(tornOf(heaps)[1]!, /loop/);
  const arenas = simple();
  arenas.memory.set(arenas.thread + state.next, arenas.thread, 8);
  t.false(arenas.read()!.isClosed);
  const nowhere = simple();
  nowhere.memory.set(nowhere.thread + state.top, 64, 8);
  t.like(nowhere.read(), {isClosed: false, refused: [{why: 'its top chunk lies in no writable memory'}]});
});

test('a loop anywhere in a fastbin is found, and each of its chunks counts once', (t) => {
  const lists = fc.integer({min: 1, max: 100}).chain((length) => fc.tuple(fc.constant(length), fc.nat(length - 1)));
  fc.assert(
    fc.property(lists, ([length, back]) => {
      const chunks = Array.from({length}, () => ({units: 0, state: 'fast'}) as const);
      const heap = new MadeHeap(36, 8, [[USED, ...chunks, USED], [USED]], 100);
      // The first chunk that was freed is the last of the list.
      const [last, earlier] = [BRK + 192, BRK + 192 + back * 32];
      heap.memory.set(last + 16, earlier ^ Math.floor((last + 16) / 4096), 8);
      const [main] = heap.read()!.arenas;
      t.regex(main!.torn!, /fastbins changed/);
      t.is(main!.fastbins, length * 32);
    }),
  );
});

test('chunks that have the size of a tcache, and hold no such thing, are not read once more', (t) => {
  const {tcache, least} = layoutOf(36, 8);
  const chunks = Array.from({length: 2000}, () => ({units: (tcache!.chunk - least) / 16, state: 'used'}) as const);
  for (const word of [0, 7]) {
    const heap = new MadeHeap(36, 8, [chunks, [USED]], 100);
    for (let at = BRK + tcache!.chunk / 2; at < BRK + 2000 * tcache!.chunk; at += tcache!.chunk)
      heap.memory.set(at, word, 8);
    const size = heap.memory.ranges.reduce((sum, {start, end}) => sum + end - start, 0);
    t.deepEqual(tornOf(heap), [undefined, undefined]);
    // The last one in a piece that was read is looked at again, since it reaches beyond.
    t.true(heap.memory.bytesRead < 1.1 * size + 2 ** 16, `${heap.memory.bytesRead} of ${size}`);
  }
});

test('only resident pages are counted as what trim gives back', (t) => {
  const heap = new MadeHeap(36, 8, [[USED, {units: 6000, state: 'free'}, USED], [USED]], 1);
  const [before] = heap.read()!.arenas;
  heap.memory.absent.add(BRK / 4096 + 5).add(BRK / 4096 + 6);
  const [after] = heap.read()!.arenas;
  t.is(after!.torn, undefined);
  t.is(before!.trimmable - after!.trimmable, 8192);
  t.is(before!.free, after!.free);
});

test('the layout is that of the source: offsets of glibc 2.36 on x86-64 and i386', (t) => {
  t.like(layoutOf(36, 8), {top: 0x60, bins: 0x70, next: 0x870, systemMem: 0x888, state: 0x898, heapInfo: 48});
  t.like(layoutOf(36, 4), {top: 0x38, bins: 0x40, next: 0x448, systemMem: 0x454, state: 0x45c, heapInfo: 24});
  t.like(layoutOf(31, 8), {heapInfo: 32, isMangled: false, tcache: {chunk: 0x290}});
  t.like(layoutOf(29, 8), {tcache: {chunk: 0x250}});
  t.like(layoutOf(42, 8), {top: 0x60, tcache: {entries: 152, chunk: 0x300}});
  t.like(layoutOf(43, 8), {top: 8, bins: 0x18, next: 0x818, fastbinCount: 0});
  t.like(layoutOf(26, 8), {fastbins: 8, top: 0x58});
  t.is(layoutOf(44, 8).tcache, undefined);
});

test('a mangled link is its own address away', (t) => {
  t.is(reveal(0x7f12_3456_7890, 0), 0x7f12_3456_7890);
  const at = 0x7f85_748b_6930;
  const link = Number(BigInt(0x7f85_1234_5670) ^ (BigInt(at) >> 12n));
  t.is(reveal(link, at), 0x7f85_1234_5670);
});
