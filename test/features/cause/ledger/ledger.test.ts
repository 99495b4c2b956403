import test from 'ava';
import fc from 'fast-check';
import {Ledger} from '../../../../src/features/cause/ledger/ledger.ts';
import type {LedgerCall} from '../../../../src/features/cause/ledger/effect.ts';

const PAGE = 4096;
/** Where random calls happen: so many pages from here. */
const BASE = 0x10000000;
const PAGES = 40;

let clock = 0;

/** A call of thread 1, or another; lengths may end within a page. */
function call(name: string, args: ReadonlyArray<number | bigint>, result: number, tid = 1): LedgerCall {
  return {name, args: args.map((arg) => BigInt.asUintN(64, BigInt(arg))), result, tid, time: (clock += 1000)};
}

const at = (page: number): number => BASE + page * PAGE;
const ENOMEM = -12;
const MAP_FIXED = 0x10;
const MREMAP_FIXED = 3;
const MREMAP_DONTUNMAP = 5;

/** Who holds each page, as words: `by` and the cause. */
function pagesOf(ledger: Ledger<number>): (string | undefined)[] {
  const pages: (string | undefined)[] = Array.from({length: PAGES}, () => undefined);
  for (const {start, end, value} of ledger.held)
    for (let page = (start - BASE) / PAGE; page < (end - BASE) / PAGE; page++)
      pages[page] = value.by === 'call' ? String(value.cause) : value.by;
  return pages;
}

test('memory belongs to who mapped it, wherever it goes, until it is released', (t) => {
  const ledger = new Ledger<number>({page: PAGE, regions: [{start: at(0), end: at(2)}]});
  const enter = (id: number, ...made: Parameters<typeof call>) => ledger.call(call(...made), id);
  t.deepEqual(enter(1, 'mmap', [0, 4 * PAGE - 5, 3, 0x22, -1, 0], at(10)), {
    what: 'mapped',
    start: at(10),
    end: at(14),
    bytes: 4 * PAGE,
  });
  t.deepEqual(enter(2, 'munmap', [at(11), 1], 0), {what: 'unmapped', start: at(11), end: at(12), bytes: -PAGE});
  t.is(enter(3, 'munmap', [at(11), 1], -22), undefined);
  t.deepEqual(enter(4, 'mremap', [at(12), 2 * PAGE, 3 * PAGE, 1, 0], at(20)), {
    what: 'moved',
    start: at(20),
    end: at(23),
    from: {start: at(12), end: at(14)},
    bytes: PAGE,
  });
  enter(5, 'mprotect', [at(20), PAGE, 1], 0);
  t.deepEqual(enter(6, 'mmap', [at(1), PAGE, 3, 0x22 | MAP_FIXED, -1, 0], at(1)), {
    what: 'mapped',
    start: at(1),
    end: at(2),
    bytes: 0,
  });
  const held = ledger.held.map(({start, end, value}) => [
    (start - BASE) / PAGE,
    (end - BASE) / PAGE,
    value.by,
    value.cause,
  ]);
  t.deepEqual(held, [
    [0, 1, 'before', undefined],
    [1, 2, 'call', 6],
    [10, 11, 'call', 1],
    [20, 22, 'call', 1],
    [22, 23, 'call', 4],
  ]);
  const first = ledger.held.find(({value}) => value.cause === 1)!.value;
  t.like(first, {mapped: 4 * PAGE, kept: 3 * PAGE});
  const said = ledger
    .explain({start: at(9), end: at(24)})
    .map(({start, change}) => [(start - BASE) / PAGE, change?.what, change?.cause]);
  t.deepEqual(said, [
    [9, undefined, undefined],
    [10, 'mapped', 1],
    [11, 'unmapped', 2],
    [12, 'unmapped', 4],
    [14, undefined, undefined],
    [20, 'protected', 5],
    [21, 'moved', 4],
    [23, undefined, undefined],
  ]);
  t.deepEqual(ledger.explain({start: at(20), end: at(21)}, clock + 1), [
    {start: at(20), end: at(21), change: undefined},
  ]);
});

test('the break is rounded up to pages, and begins where the heap is, or where it is first told', (t) => {
  const known = new Ledger<number>({page: PAGE, brk: at(3) - 100});
  t.is(known.call(call('brk', [0], at(3) - 100), 1), undefined);
  t.like(known.call(call('brk', [at(5) - 1], at(5) - 1), 2), {what: 'mapped', start: at(3), end: at(5)});
  t.like(known.call(call('brk', [at(4)], at(4)), 3), {what: 'unmapped', start: at(4), end: at(5)});
  const asked = new Ledger<number>({page: PAGE});
  t.is(asked.call(call('brk', [0], at(3)), 1), undefined);
  t.like(asked.call(call('brk', [at(5)], at(5)), 2), {start: at(3), end: at(5)});
  const reported = new Ledger<number>({page: PAGE});
  reported.report({start: at(3), end: at(5), tid: 1, time: clock, file: '[heap]', flags: 0x22});
  t.like(reported.call(call('brk', [at(5)], at(5)), 2), {start: at(3), end: at(5), bytes: 2 * PAGE});
});

test('a shared segment is detached whole, with what was cut out of it, and only it', (t) => {
  const ledger = new Ledger<number>({page: PAGE, regions: [{start: at(0), end: at(2)}]});
  ledger.report({start: at(10), end: at(14), tid: 1, time: clock, file: '/SYSV00000000 (deleted)', flags: 1});
  t.like(ledger.call(call('shmat', [5, 0, 0], at(10)), 1), {start: at(10), end: at(14), bytes: 4 * PAGE});
  ledger.call(call('munmap', [at(11), PAGE], 0), 2);
  ledger.call(call('mmap', [0, PAGE, 3, 0x22, -1, 0], at(11)), 3);
  t.like(ledger.call(call('shmdt', [at(10)], 0), 4), {what: 'unmapped', bytes: -3 * PAGE});
  t.like(ledger.call(call('shmdt', [at(0)], 0), 5), {start: at(0), end: at(2), bytes: -2 * PAGE});
  t.deepEqual(
    ledger.held.map(({start, value}) => [start, value.cause]),
    [[at(11), 3]],
  );
});

test('a segment whose place was taken before it was told to be detached is the one that is detached', (t) => {
  const ledger = new Ledger<number>({page: PAGE});
  const attach = (id: number, tid: number, pages: number): void => {
    ledger.report({start: at(10), end: at(10 + pages), tid, time: ++clock, file: '/[aio] (deleted)', flags: 1});
    ledger.call(call('io_setup', [1, at(0)], 0, tid), id);
  };
  attach(1, 1, 3);
  // Thread 1 is in io_destroy(2), which waits until nobody uses the context; thread 2 makes one in its place.
  attach(2, 2, 2);
  t.like(ledger.call(call('io_destroy', [at(10)], 0, 1), 3), {what: 'unmapped', bytes: -3 * PAGE});
  const held = (): unknown => ledger.held.map(({start, end, value}) => [start, end, value.cause]);
  t.deepEqual(held(), [[at(10), at(12), 2]]);
  ledger.call(call('io_destroy', [at(10)], 0, 2), 4);
  t.deepEqual(held(), []);
});

test('what the kernel maps on its own is told apart: a stack, exec, a driver, and what a call accounts for', (t) => {
  const ledger = new Ledger<number>({page: PAGE, regions: [{start: at(20), end: at(22)}]});
  ledger.report({start: at(18), end: at(22), tid: 1, time: ++clock, file: '[stack]', flags: 0x102});
  ledger.report({start: at(5), end: at(7), tid: 1, time: ++clock, file: '/dev/gpu', flags: 1});
  ledger.report({start: at(9), end: at(12), tid: 2, time: ++clock, file: '//anon', flags: 0x22});
  ledger.call(call('mmap', [0, 3 * PAGE, 3, 0x22, -1, 0], at(9), 2), 7);
  ledger.call(call('madvise', [at(9), PAGE, 4], 0), 8);
  const said = (): unknown[] =>
    ledger.held.map(({start, end, value}) => [(start - BASE) / PAGE, (end - BASE) / PAGE, value.by]);
  t.deepEqual(said(), [
    [5, 7, 'kernel'],
    [9, 12, 'call'],
    [18, 20, 'growth'],
    [20, 22, 'before'],
  ]);
  ledger.exec(1, 9);
  ledger.report({start: at(1), end: at(3), tid: 1, time: ++clock, file: '/bin/true', flags: 2});
  ledger.call(call('brk', [0], at(30)), 10);
  ledger.report({start: at(5), end: at(6), tid: 1, time: ++clock, file: '/dev/gpu', flags: 1});
  t.deepEqual(said(), [
    [1, 3, 'exec'],
    [5, 6, 'kernel'],
  ]);
  t.is(ledger.held[0]!.value.cause, 9);
});

test('a release that is told after what took its place does nothing to it', (t) => {
  const ledger = new Ledger<number>({page: PAGE});
  ledger.call(call('mmap', [0, 4 * PAGE, 3, 0x22, -1, 0], at(10), 1), 1);
  const late = call('munmap', [at(10), 4 * PAGE], 0, 1);
  // Thread 2 maps what thread 1 has just released, and returns first.
  ledger.call({...call('mmap', [0, 2 * PAGE, 3, 0x22, -1, 0], at(11), 2), time: late.time - 10}, 2);
  t.like(ledger.call(late, 3), {bytes: -4 * PAGE});
  t.deepEqual(
    ledger.held.map(({start, end, value}) => [start, end, value.cause]),
    [[at(11), at(13), 2]],
  );
  // The next one is meant.
  t.like(ledger.call(call('munmap', [at(11), PAGE], 0, 1), 4), {bytes: -PAGE});
  t.deepEqual(
    ledger.held.map(({start, end}) => [start, end]),
    [[at(12), at(13)]],
  );
});

test('a call that fails on a hole has treated what is before it', (t) => {
  const ledger = new Ledger<number>({
    page: PAGE,
    regions: [
      {start: at(0), end: at(2)},
      {start: at(3), end: at(4)},
    ],
  });
  t.like(ledger.call(call('mprotect', [at(0), 4 * PAGE, 1], ENOMEM), 1), {start: at(0), end: at(2)});
  t.like(ledger.call(call('madvise', [at(0), 4 * PAGE, 10], ENOMEM), 2), {start: at(0), end: at(4)});
  t.like(ledger.call(call('munlock', [at(0), 4 * PAGE], ENOMEM), 2), {start: at(0), end: at(2)});
  t.is(ledger.call(call('munmap', [at(0) + 1, PAGE], -22), 3), undefined);
});

/** One page after another: the same laws, written down as plainly as can be. */
class Model {
  readonly pages: (string | undefined)[] = Array.from({length: PAGES}, () => undefined);

  free(count: number, from: number): number | undefined {
    for (let i = 0; i < PAGES; i++) {
      const page = (from + i) % PAGES;
      if (page + count <= PAGES && this.pages.slice(page, page + count).every((owner) => owner === undefined))
        return page;
    }
    return undefined;
  }

  fill(page: number, count: number, owner: string | undefined): void {
    this.pages.fill(owner, page, page + count);
  }
}

test('after any calls each page has the owner that a table of pages has, and no byte is counted twice', (t) => {
  const steps = fc.array(
    fc.record({
      kind: fc.nat(7),
      page: fc.nat(PAGES - 1),
      count: fc.integer({min: 1, max: 8}),
      more: fc.nat(9),
      tail: fc.nat(4095),
    }),
    {maxLength: 120},
  );
  fc.assert(
    fc.property(steps, (made) => {
      const model = new Model();
      const ledger = new Ledger<number>({page: PAGE});
      for (const [id, {kind, page, count: wanted, more, tail}] of made.entries()) {
        const count = Math.min(wanted, PAGES - page);
        const size = count * PAGE - tail;
        const whole = model.pages.slice(page, page + count).every((owner) => owner !== undefined);
        if (kind <= 1) {
          const free = model.free(count, page);
          if (free === undefined) continue;
          model.fill(free, count, String(id));
          ledger.call(call('mmap', [0, size, 3, 0x22, -1, 0], at(free)), id);
        } else if (kind === 2) {
          model.fill(page, count, undefined);
          ledger.call(call('munmap', [at(page), size], 0), id);
        } else if (kind === 3) {
          model.fill(page, count, String(id));
          ledger.call(call('mmap', [at(page), size, 3, 0x22 | MAP_FIXED, -1, 0], at(page)), id);
        } else if (kind === 4 && whole) {
          ledger.call(call('mprotect', [at(page), size, 1], 0), id);
        } else if (kind >= 5 && whole) {
          const old = model.pages.slice(page, page + count);
          const grown = 1 + ((count + more) % 9);
          const moved = [...old.slice(0, grown), ...Array.from({length: Math.max(0, grown - count)}, () => String(id))];
          const to = model.free(grown, page + more);
          if (to === undefined) continue;
          const isCopy = kind === 7 && grown === count;
          if (!isCopy) model.fill(page, count, undefined);
          for (const [i, owner] of moved.entries()) model.pages[to + i] = isCopy ? String(id) : owner;
          const flags = isCopy ? MREMAP_DONTUNMAP : kind === 6 ? MREMAP_FIXED : 1;
          ledger.call(call('mremap', [at(page), size, grown * PAGE, flags, at(to)], at(to)), id);
        }
      }
      const owners = new Map(ledger.held.map(({value}) => [value, 0]));
      for (const {start, end, value} of ledger.held) owners.set(value, owners.get(value)! + end - start);
      return (
        JSON.stringify(pagesOf(ledger)) === JSON.stringify(model.pages) &&
        [...owners].every(([{kept, mapped}, bytes]) => kept === bytes && kept <= mapped)
      );
    }),
    {numRuns: 2000},
  );
  t.pass();
});
