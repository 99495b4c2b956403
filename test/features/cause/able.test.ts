import test from 'ava';
import fc from 'fast-check';
import {Question} from '../../../src/features/cause/explain.ts';
import type {Explained} from '../../../src/features/cause/news.ts';
import type {Change} from '../../../src/index.ts';
import {at, Books, PAGE, pageOf, PAGES} from './books.ts';

const [ENOMEM, EACCES] = [-12, -13];
const MADVISE = {dontneed: 4, dontfork: 10, dontdump: 16} as const;
const MAP_FIXED = 0x10;
const MREMAP_FIXED = 3;

/** Books of 20 pages that were there before. */
class Scene extends Books {
  constructor() {
    super(20);
  }

  ask(
    kind: Change['kind'],
    from: number,
    to: number,
    now: {perms?: string; flags?: readonly string[]} = {},
  ): Explained {
    const range = {start: at(from), end: at(to)};
    const before = {...range, perms: 'rw-p', flags: ['rd', 'wr']};
    const question = new Question(
      {kind, range, before: [before], after: [{...before, ...now}]} as unknown as Change,
      0,
    );
    question.ask(this.ledger);
    return question.answer(this.ledger, 'unknown');
  }
}

/** Calls with their pages, and the pages of which none is known. */
const said = ({causes, unexplained}: Explained): unknown => [
  causes.map(({call, bytes}) => [call.id, bytes / PAGE]),
  unexplained / PAGE,
];

test('what a call cannot have done is not put down to it, though it came last', (t) => {
  const scene = new Scene();
  const protect = scene.enter('mprotect', [at(0), 4 * PAGE, 1]);
  const lock = scene.enter('mlock', [at(0), 4 * PAGE]);
  const dump = scene.enter('madvise', [at(0), 4 * PAGE, MADVISE.dontdump]);
  const fork = scene.enter('madvise', [at(0), 4 * PAGE, MADVISE.dontfork]);
  scene.enter('mbind', [at(0), 4 * PAGE]);
  t.deepEqual(said(scene.ask('reprotected', 0, 4, {perms: 'r--p'})), [[[protect.id, 4]], 0]);
  t.deepEqual(said(scene.ask('flagged', 0, 4, {flags: ['rd', 'wr', 'lo']})), [[[lock.id, 4]], 0]);
  t.deepEqual(said(scene.ask('flagged', 0, 4, {flags: ['rd', 'wr', 'dd']})), [[[dump.id, 4]], 0]);
  t.deepEqual(said(scene.ask('flagged', 0, 4, {flags: ['rd', 'wr', 'dc']})), [[[fork.id, 4]], 0]);
  // No call was seen that gives these.
  t.deepEqual(said(scene.ask('reprotected', 0, 4, {perms: '---p'})), [[], 4]);
  t.deepEqual(said(scene.ask('renamed', 0, 4)), [[], 4]);
  // Advice about pages leaves the mapping as it is.
  scene.enter('madvise', [at(6), PAGE, MADVISE.dontneed]);
  t.deepEqual(said(scene.ask('flagged', 6, 7, {flags: ['rd', 'wr', 'dd']})), [[], 1]);
});

test('each byte of a region that was split is counted once, though the call beside it changed much', (t) => {
  const scene = new Scene();
  scene.enter('mprotect', [at(3), PAGE, 1]);
  const advise = scene.enter('madvise', [at(2), 2 * PAGE, MADVISE.dontfork]);
  t.deepEqual(said(scene.ask('split', 0, 4)), [[[advise.id, 4]], 0]);
});

test('a call that failed is a cause where it may have done a part, and no other call can have', (t) => {
  const scene = new Scene();
  const first = scene.enter('mprotect', [at(0), 2 * PAGE, 1]);
  const failed = scene.enter('mprotect', [at(0), 6 * PAGE, 1], EACCES);
  const locked = scene.enter('mlock', [at(0), 6 * PAGE], ENOMEM);
  t.deepEqual(said(scene.ask('reprotected', 0, 4, {perms: 'r--p'})), [
    [
      [first.id, 2],
      [failed.id, 2],
    ],
    0,
  ]);
  t.deepEqual(said(scene.ask('flagged', 0, 4, {flags: ['rd', 'wr', 'lo']})), [[[locked.id, 4]], 0]);
  t.like(failed.done, {what: 'protected', bytes: 0});
});

test('what a driver refuses to be mapped over is gone, and not counted as there', (t) => {
  const scene = new Scene();
  const refused = scene.enter('mmap', [at(4), 4 * PAGE, 1, MAP_FIXED | 1, 5, 0], -22);
  const held = (): unknown => scene.ledger.held.map(({start, end}) => [pageOf(start), pageOf(end)]);
  // Who samples has the last word: nothing was taken away.
  scene.ledger.suspects.reconcile([{start: at(0), end: at(20)}], scene.clock + 1);
  t.deepEqual(held(), [[0, 20]]);
  t.deepEqual(said(scene.ask('shrunk', 4, 8)), [[[refused.id, 4]], 0]);
  t.like(refused.done, {what: 'unmapped', start: at(4), end: at(8), bytes: -4 * PAGE});
  t.deepEqual(held(), [
    [0, 4],
    [8, 20],
  ]);
  // Mapped and taken away between two samples, so that nobody asks.
  scene.enter('mmap', [at(10), PAGE, 1, MAP_FIXED | 1, 5, 0], ENOMEM);
  scene.ledger.suspects.reconcile([{start: at(0), end: at(10)}], scene.clock + 1);
  t.deepEqual(held(), [
    [0, 4],
    [8, 10],
    [11, 20],
  ]);
});

test('mappings that moved before the one that could not keep their owner', (t) => {
  const scene = new Scene();
  const mapped = scene.enter('mmap', [at(2), 2 * PAGE, 3, MAP_FIXED | 0x22, -1, 0], at(2));
  const failed = scene.enter('mremap', [at(2), 6 * PAGE, 6 * PAGE, MREMAP_FIXED, at(20)], -14);
  t.deepEqual(said(scene.ask('shrunk', 2, 4)), [[[failed.id, 2]], 0]);
  t.deepEqual(said(scene.ask('new', 20, 22)), [[[failed.id, 2]], 0]);
  const own = scene.ledger.held.filter(({value}) => value.cause === mapped);
  t.deepEqual(
    own.map(({start, end}) => [start, end]),
    [[at(20), at(22)]],
  );
});

test('after any calls, a page that is gone is put down to the call that released it', (t) => {
  const step = fc.record({
    kind: fc.nat(4),
    page: fc.nat(PAGES - 1),
    to: fc.nat(PAGES - 1),
    count: fc.integer({min: 1, max: 8}),
  });
  let asked = 0;
  fc.assert(
    fc.property(fc.array(step, {maxLength: 40}), (steps) => {
      const scene = new Scene();
      /** Of each page: that it is mapped, or who released it last. */
      const pages = Array.from({length: PAGES}, (_, i): true | number | undefined => (i < 20 ? true : undefined));
      for (const {kind, page, to, count: wanted} of steps) {
        const count = Math.min(wanted, PAGES - page, PAGES - to);
        const size = count * PAGE;
        if (kind <= 1) {
          const {id} = scene.enter('munmap', [at(page), size]);
          for (let i = page; i < page + count; i++) if (pages[i] === true) pages[i] = id;
        } else if (kind === 2) {
          scene.enter('mmap', [at(page), size, 3, MAP_FIXED | 0x22, -1, 0], at(page));
          pages.fill(true, page, page + count);
        } else if (pages[page] === true && Math.abs(page - to) >= count) {
          // Mappings with holes between them, as Linux 6.17 moves them: what is beside a hole stays.
          const {id} = scene.enter('mremap', [at(page), size, size, MREMAP_FIXED, at(to)], at(to));
          for (let i = 0; i < count; i++) if (pages[page + i] === true) [pages[page + i], pages[to + i]] = [id, true];
        }
      }
      return pages.every((is, page) => {
        const [span] = scene.ledger.holders({start: at(page), end: at(page + 1)});
        if (is === true) return span !== undefined;
        if (span) return false;
        if (is !== undefined) asked++;
        const {causes, unexplained} = scene.ask('gone', page, page + 1);
        // Of a page that was never mapped nobody asks.
        return is === undefined || (causes[0]?.call.id === is && unexplained === 0);
      });
    }),
    {numRuns: 2000},
  );
  t.true(asked > 1000);
});
