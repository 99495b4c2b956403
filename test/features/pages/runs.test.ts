import test from 'ava';
import fc from 'fast-check';
import {addTotals, classOfPage, PAGE, pageWords, totalsOfRuns, type PageRuns} from '../../../src/model/pages/pages.ts';
import {pageFrame, pageState, RunReader} from '../../../src/parse/proc/pagemap.ts';

/** Documentation/admin-guide/mm/pagemap.rst, bit by bit, with BigInt: another way to the same answer. */
const BITS: ReadonlyArray<readonly [bit: bigint, state: number]> = [
  [55n, PAGE.softDirty],
  [56n, PAGE.exclusive],
  [57n, PAGE.uffdWp],
  [58n, PAGE.guard],
  [61n, PAGE.file],
  [62n, PAGE.swapped],
  [63n, PAGE.present],
];

const stateOf = (word: bigint): number =>
  BITS.reduce((state, [bit, flag]) => (word & (1n << bit) ? state | flag : state), 0);

/** Words as a kernel may give them, equal ones often side by side. */
const anyWords = fc
  .array(fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.integer({min: 1, max: 6})), {maxLength: 40})
  .map((runs) => runs.flatMap(([word, count]) => Array.from({length: count}, () => word)));

const inMemory = (words: readonly bigint[]): Uint32Array => new Uint32Array(new BigUint64Array(words).buffer);

/** Reads words in pieces of any size. */
function read(words: readonly bigint[], pageSize: number, start: number, piece: number): PageRuns {
  const reader = new RunReader(start, pageSize);
  for (let at = 0; at < words.length; at += piece) {
    reader.add(inMemory(words), at, Math.min(piece, words.length - at));
  }
  return reader.finish();
}

const anyStart = fc.integer({min: 0, max: 2 ** 35}).map((page) => page * 4096);
const anyPageSize = fc.constantFrom(4096, 16_384, 65_536);

test('runs cover a range exactly, neighbours differ, and each page has the state of its word', (t) => {
  fc.assert(
    fc.property(anyWords, anyPageSize, anyStart, fc.integer({min: 1, max: 50}), (words, pageSize, start, piece) => {
      const {starts, states, end} = read(words, pageSize, start, piece);
      t.is(end, start + words.length * pageSize);
      const pages = states.flatMap((state, index) =>
        Array.from({length: ((starts[index + 1] ?? end) - starts[index]!) / pageSize}, () => state),
      );
      t.deepEqual(pages, words.map(stateOf));
      t.is(starts[0], words.length > 0 ? start : undefined);
      t.true(states.every((state, index) => index === 0 || state !== states[index - 1]));
    }),
  );
});

test('totals are the sums of the runs, and their parts add up', (t) => {
  fc.assert(
    fc.property(anyWords, anyPageSize, (words, pageSize) => {
      const totals = totalsOfRuns(read(words, pageSize, 0, 1000), pageSize);
      const {pages, present, swapped, guard, absent, unread, anonymous, file, sharedOrZero} = totals;
      t.is(pages, words.length);
      t.is(present + swapped + guard + absent + unread, pages);
      t.is(anonymous + file, present);
      t.true(sharedOrZero <= anonymous && totals.exclusive <= present);
      const count = (bit: bigint): number => words.filter((word) => word & (1n << bit)).length;
      t.is(totals.softDirty, words.filter((word) => word & (1n << 55n) && word >> 62n).length);
      t.is(totals.uffdWp, count(57n));
      t.is(guard, count(58n));
    }),
  );
});

test('totals of parts add up to those of the whole', (t) => {
  fc.assert(
    fc.property(anyWords, fc.nat(100), (words, cut) => {
      const total = (part: readonly bigint[]) => totalsOfRuns(read(part, 4096, 0, 7), 4096);
      t.deepEqual(addTotals([total(words.slice(0, cut)), total(words.slice(cut))]), total(words));
    }),
  );
});

test('what was not read is unread, never absent', (t) => {
  const reader = new RunReader(0x1000, 4096);
  reader.add(inMemory([0n, 1n << 63n]), 0, 2);
  reader.giveUp(0x6000);
  const runs = reader.finish();
  t.deepEqual(runs, {starts: [0x1000, 0x2000, 0x3000], states: [0, PAGE.present, PAGE.unread], end: 0x6000});
  t.like(totalsOfRuns(runs, 4096), {pages: 5, absent: 1, present: 1, unread: 3});
});

/** Words that a 6.18 kernel gave, as a debugger would show them. */
const SEEN: ReadonlyArray<readonly [word: bigint, words: string]> = [
  [0n, 'absent'],
  [0x8100000000000000n, 'present anonymous exclusive'],
  [0x81000000001dd360n, 'present anonymous exclusive'],
  [0x8000000000000000n, 'present anonymous shared-or-zero'],
  [0xa100000000000000n, 'present file exclusive'],
  [0xa000000000000000n, 'present file shared'],
  [0x440000000000009fn, 'guard'],
  [0x4000000000000040n, 'swapped'],
  [0x8180000000000000n, 'present anonymous exclusive soft-dirty'],
  [0x0080000000000000n, 'absent soft-dirty'],
  [0x8300000000000000n, 'present anonymous exclusive uffd-wp'],
];

test('a word of the kernel is said in words', (t) => {
  for (const [word, words] of SEEN) t.is(pageWords(pageState(Number(word >> 32n))).join(' '), words, word.toString(16));
});

test('frame numbers keep all their bits', (t) => {
  t.is(pageFrame(0xffffffff, 0x8000_0003), 0x3_ffff_ffff);
  t.is(pageFrame(0x001dd360, 0x8100_0000), 0x1dd360);
});

test('frames are asked only for anonymous pages that are not exclusive, and tell the zero page', (t) => {
  const asked: number[] = [];
  const reader = new RunReader(0, 4096, (frame) => {
    asked.push(frame);
    return frame === 7 ? PAGE.zero : frame === 8 ? PAGE.ksm : PAGE.copyOnWrite;
  });
  const present = 1n << 63n;
  reader.add(
    inMemory([present | 7n, present | 8n, present | 9n, present | (1n << 56n) | 10n, present | (1n << 61n) | 11n, 0n]),
    0,
    6,
  );
  t.deepEqual(asked, [7, 8, 9]);
  const {states} = reader.finish();
  t.deepEqual(states.map(classOfPage), ['zero', 'shared', 'shared', 'own', 'file', 'absent']);
  t.deepEqual(
    states.slice(0, 3).map((state) => pageWords(state).join(' ')),
    ['present anonymous zero', 'present anonymous ksm', 'present anonymous shared'],
  );
  t.true(reader.sawFrame);
  t.like(totalsOfRuns(reader.finish(), 4096), {sharedOrZero: 3, zero: 1, ksm: 1});
});
