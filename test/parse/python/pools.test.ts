import fc from 'fast-check';
import test from 'ava';
import {Pools} from '../../../src/parse/python/pools.ts';
import {MadeMemory} from '../malloc/made.ts';

const PAGE = 4096;
const START = 0x7f12_3450_0000;
const HEADER = 48;

/** A pool as obmalloc keeps it: blocks given out up to `given`, of which `free` were freed again. */
interface Made {
  readonly state: 'pool' | 'blank' | 'garbage';
  readonly block: number;
  /** Parts of what there is room for, and of what was given out: 0 to 1. */
  readonly given: number;
  readonly freed: number;
}

const pool: fc.Arbitrary<Made> = fc.record({
  state: fc.constantFrom('pool', 'pool', 'pool', 'blank', 'garbage'),
  block: fc.integer({min: 1, max: 32}).map((units) => units * 16),
  given: fc.double({min: 0, max: 1, noNaN: true}),
  freed: fc.double({min: 0, max: 1, noNaN: true}),
});

/** Writes a header as pymalloc_alloc() and pymalloc_free() leave it. @returns bytes in use */
function write(memory: MadeMemory, at: number, size: number, {block, given, freed}: Made): number {
  const capacity = Math.floor((size - HEADER) / block);
  const carved = Math.max(1, Math.round(given * capacity));
  // The list has what was freed and, where there is room, one block that was never given out.
  const isFull = carved === capacity && freed === 0;
  const free = isFull ? 0 : Math.max(1, Math.round(freed * carved));
  memory.set(at, carved - free, 4);
  memory.set(at + 8, free === 0 ? 0 : at + HEADER + block * (carved - 1), 8);
  memory.set(at + 16, at + 7 * size, 8);
  memory.set(at + 36, block / 16 - 1, 4);
  memory.set(at + 40, HEADER + carved * block, 4);
  memory.set(at + 44, size - block, 4);
  return (carved - free) * block;
}

for (const size of [4 * PAGE, PAGE])
  test(`pools of ${size} bytes are read as they were made: used and free are all of them`, (t) => {
    fc.assert(
      fc.property(
        fc.array(pool, {minLength: 1, maxLength: 24}),
        fc.array(fc.nat(95), {maxLength: 4}),
        fc.nat(3),
        (made, absent, slack) => {
          const memory = new MadeMemory();
          // Arenas begin at a page, and pools at a multiple of their size.
          const start = START - ((slack * PAGE) % size);
          memory.map(start, START - start + made.length * size + ((slack * PAGE) % size));
          const used = made.map((each, index) => {
            const at = START + index * size;
            if (each.state === 'pool') return write(memory, at, size, each);
            if (each.state === 'garbage') memory.set(at + 44, 1, 4);
            return 0;
          });
          for (const page of absent) memory.absent.add(START / PAGE + page);
          const pools = new Pools(memory, size);
          const found = pools.takeArenas({start, end: START + made.length * size});
          const isThere = (index: number): boolean => !memory.absent.has(START / PAGE + (index * size) / PAGE);
          const isPool = made.map(({state}, index) => state === 'pool' && isThere(index));
          t.is(found, isPool.includes(true));
          t.is(pools.count, isPool.filter(Boolean).length);
          t.is(
            pools.used,
            used.reduce((sum, bytes, index) => sum + (isPool[index] ? bytes : 0), 0),
          );
          t.is(pools.used + pools.free, pools.size);
          t.true(pools.free >= pools.count * HEADER);
          const all = memory.residentIn(START, START + made.length * size);
          if (!found) return t.is(pools.kept + pools.unknown, 0);
          // What is in use and swapped out may be any part of a pool.
          t.true(pools.kept + pools.unknown <= all && pools.kept + pools.unknown + pools.used >= all);
          if (absent.length === 0) t.is(pools.used + pools.kept + pools.unknown, all);
        },
      ),
      {numRuns: 300},
    );
  });

test('a header that says anything else is none', (t) => {
  const size = 4 * PAGE;
  const spoiled: ReadonlyArray<readonly [at: number, value: number, word: 4 | 8]> = [
    [0, 2000, 4],
    [8, START - 16, 8],
    [8, START + HEADER + 8, 8],
    [8, START + size, 8],
    [8, 0, 8],
    [36, 5, 4],
    [40, HEADER, 4],
    [40, HEADER + 100, 4],
    [40, 2 * size, 4],
    [44, size, 4],
    [44, size - 1024, 4],
    [44, 0xffff_ffff, 4],
  ];
  for (const [at, value, word] of [[16, 0, 8] as const, ...spoiled]) {
    const memory = new MadeMemory();
    memory.map(START, size);
    write(memory, START, size, {state: 'pool', block: 64, given: 0.5, freed: 0.5});
    memory.set(START + at, value, word);
    // The list of pools is not looked at.
    t.is(new Pools(memory, size).takePool(START), at === 16 ? 'pool' : 'other', `${at}`);
  }
});

test('random bytes are hardly ever taken for pools, and never begin beside a multiple of their size', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({minLength: HEADER, maxLength: HEADER}), (bytes) => {
      const memory = new MadeMemory();
      memory.map(START, 4 * PAGE);
      memory.ranges[0]!.bytes.set(bytes);
      const pools = new Pools(memory, 4 * PAGE);
      t.is(pools.takePool(START), bytes.some(Boolean) ? 'other' : 'blank');
      t.is(pools.takePool(START + PAGE), 'other');
      t.is(pools.count, 0);
    }),
    {numRuns: 2000},
  );
});

test('whatever the memory holds, one header of each pool is read, and no figure leaves its bounds', (t) => {
  const word = fc.oneof(
    fc.constantFrom(0, 1, HEADER, 512, 4 * PAGE, 4 * PAGE - 16, 0xffff_ffff, START, START + HEADER),
    fc.nat(),
  );
  fc.assert(
    fc.property(fc.array(pool, {minLength: 1, maxLength: 12}), fc.array(fc.tuple(fc.nat(), word)), (made, hostile) => {
      const size = 4 * PAGE;
      const memory = new MadeMemory();
      memory.map(START, made.length * size);
      for (const [index, each] of made.entries()) write(memory, START + index * size, size, each);
      for (const [at, value] of hostile)
        memory.set(START + (at % made.length) * size + (Math.floor(at / 64) % 12) * 4, value, 4);
      const pools = new Pools(memory, size);
      pools.takeArenas({start: START, end: START + made.length * size});
      t.is(memory.bytesRead, made.length * HEADER);
      t.true(pools.used >= 0 && pools.free >= 0 && pools.used + pools.free === pools.size);
      t.true(pools.kept + pools.unknown <= made.length * size);
    }),
    {numRuns: 300},
  );
});
