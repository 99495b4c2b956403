import fc from 'fast-check';
import test from 'ava';
import {searchAnonymous, whyNoPools} from '../../../src/features/heap/anonymous.ts';
import {PYTHONS} from '../../../src/classify/runtimes/python.ts';
import {parse} from '../../../src/parse/parse.ts';
import type {Region} from '../../../src/model/region.ts';
import {MadeMemory} from '../../parse/malloc/made.ts';

const PAGE = 4096;
const MIB = 1024 * 1024;
const POOL = 4 * PAGE;
const START = 0x7f12_3450_0000;
const PYTHON = {major: 3, minor: 11, isFreeThreaded: false};

/** A pool of blocks of 512 bytes, of which some are in use. */
function writePool(memory: MadeMemory, at: number, count: number): void {
  memory.set(at, count, 4);
  memory.set(at + 8, at + 48 + 512 * count, 8);
  memory.set(at + 36, 31, 4);
  memory.set(at + 40, 48 + 512 * (count + 1), 4);
  memory.set(at + 44, POOL - 512, 4);
}

/** What follows one another in a region: an arena of Python, a large chunk of malloc, or something else. */
interface Piece {
  readonly is: 'arena' | 'chunk' | 'other';
  readonly pages: number;
}

const piece: fc.Arbitrary<Piece> = fc.record({
  is: fc.constantFrom('arena', 'chunk', 'other'),
  pages: fc.integer({min: 33, max: 90}),
});

interface Laid {
  readonly memory: MadeMemory;
  readonly regions: readonly Region[];
  readonly chunks: number;
  readonly bytes: number;
  readonly pools: number;
}

function lay(pieces: readonly Piece[], isJoined: boolean): Laid {
  const memory = new MadeMemory();
  const size = pieces.reduce((sum, {is, pages}) => sum + (is === 'arena' ? MIB : pages * PAGE), 0);
  memory.map(START, size);
  const lines: string[] = [];
  let [at, chunks, bytes, pools] = [START, 0, 0, 0];
  for (const {is, pages} of pieces) {
    const end = at + (is === 'arena' ? MIB : pages * PAGE);
    if (is === 'chunk') {
      memory.set(at + 8, end - at + 2, 8);
      chunks++;
      bytes += end - at;
    }
    if (is === 'other') for (let page = at; page < end; page += PAGE) memory.set(page, 77, 8);
    if (is === 'arena')
      for (let pool = Math.ceil(at / POOL) * POOL; pool + POOL <= end; pool += POOL) {
        writePool(memory, pool, 3);
        pools++;
      }
    lines.push(`${at.toString(16)}-${end.toString(16)} rw-p 00000000 00:00 0 `);
    at = end;
  }
  const whole = `${START.toString(16)}-${at.toString(16)} rw-p 00000000 00:00 0 `;
  const listing = parse(`${(isJoined ? [whole] : lines).join('\n')}\n`);
  const regions = listing.regions.map((region): Region =>
    (region.end - region.start) % MIB === 0
      ? {...region, kind: 'arena', label: PYTHONS, confidence: 'guess'}
      : {...region, kind: 'anon', label: undefined},
  );
  return {memory, regions, chunks, bytes, pools};
}

for (const isJoined of [false, true])
  test(
    'pools and large chunks are all found, ' +
      (isJoined ? 'in one region that the kernel joined' : 'each in its region'),
    (t) => {
      fc.assert(
        fc.property(fc.array(piece, {minLength: 1, maxLength: 8}), (pieces) => {
          const {memory, regions, chunks, bytes, pools} = lay(pieces, isJoined);
          // A joined region that has the size of arenas by chance is taken for such: what else is in it is unknown.
          fc.pre(!isJoined || regions[0]!.kind === 'anon');
          const options = {memory, regions, pageSize: PAGE, word: 8, pieces: [], chunks} as const;
          const {large, python} = searchAnonymous({...options, python: PYTHON});
          t.deepEqual([large.count, large.bytes], [chunks, bytes]);
          t.is(python!.count, pools);
          t.is(python!.used, pools * 3 * 512);
          t.true(python!.resident <= memory.residentIn(START, regions.at(-1)!.end));
          t.true(python!.used + python!.kept <= python!.resident);
          const none = searchAnonymous({...options, python: undefined});
          t.is(none.large.count, chunks);
          t.is(none.python, undefined);
        }),
        {numRuns: 150},
      );
    },
  );

test("a region of the size of arenas that has no pool is not Python's; one with a pool in it is", (t) => {
  const {memory, regions} = lay([{is: 'arena', pages: 0}], false);
  const options = {regions, pageSize: PAGE, word: 8, python: PYTHON, pieces: [], chunks: 0} as const;
  const found = searchAnonymous({...options, memory}).python!;
  t.like(found, {size: MIB, alike: {size: 0, resident: 0}, joined: {size: 0, resident: 0}});
  const empty = new MadeMemory();
  empty.map(START, MIB);
  t.like(searchAnonymous({...options, memory: empty}).python!, {count: 0, size: 0, alike: {size: MIB, resident: MIB}});
});

test('headers that are swapped out are not known, and neither free nor in use', (t) => {
  const {memory, regions} = lay([{is: 'arena', pages: 0}], false);
  const first = Math.ceil(START / POOL) * POOL;
  memory.absent.add(first / PAGE);
  const {unknown, kept, used, resident} = searchAnonymous({
    memory,
    regions,
    pageSize: PAGE,
    word: 8,
    python: PYTHON,
    pieces: [],
    chunks: 0,
  }).python!;
  t.is(unknown, POOL - PAGE);
  t.is(used + kept + unknown, resident);
});

test('memory of something else does not make the search endless', (t) => {
  const size = 1024 * MIB;
  let asked = 0;
  const regions = parse(`${START.toString(16)}-${(START + size + PAGE).toString(16)} rw-p 00000000 00:00 0 \n`).regions;
  const busy = new MadeMemory();
  Object.assign(busy, {
    residentIn: (start: number, end: number) => end - start,
    read: (_: number, length: number) => {
      asked++;
      return new Uint8Array(length).fill(7);
    },
  });
  const {large} = searchAnonymous({
    memory: busy,
    regions,
    pageSize: PAGE,
    word: 8,
    python: PYTHON,
    pieces: [],
    chunks: 5,
  });
  t.is(large.count, 0);
  t.true(asked <= 2 * 131_072 + 1, `${asked}`);
});

test('which Pythons are not read is said', (t) => {
  t.is(whyNoPools(PYTHON, 8), undefined);
  t.regex(whyNoPools(PYTHON, 4)!, /^Python 3\.11 has 32 bits/);
  t.regex(whyNoPools({major: 3, minor: 13, isFreeThreaded: true}, 8)!, /^Python 3\.13 is free-threaded/);
  t.regex(whyNoPools({major: 3, minor: 14, isFreeThreaded: false}, 8)!, /^Python 3\.14 is not one whose pools/);
});

test("pieces of malloc's arenas are told from other memory that they were joined with", (t) => {
  const memory = new MadeMemory();
  memory.map(START, 4 * MIB);
  const line = (start: number, end: number, name: string): string =>
    `${start.toString(16)}-${end.toString(16)} rw-p 00000000 00:00 0 ${name}\n`;
  const heap = line(START, START + MIB, '[heap]');
  const {regions} = parse(heap + line(START + 2 * MIB, START + 4 * MIB, ''));
  const piece = {start: START + 3 * MIB, end: START + 3 * MIB + 8 * PAGE};
  const pieces = [{start: START, end: START + MIB}, piece, {start: piece.end + PAGE, end: START + 5 * MIB}];
  const options = {memory, regions, pageSize: PAGE, word: 8, python: undefined, pieces, chunks: 0} as const;
  const amounts = {size: MIB - PAGE, resident: MIB - PAGE};
  t.deepEqual([...searchAnonymous(options).arenas], [['anon', amounts]], 'that of [heap] has its name');
});
