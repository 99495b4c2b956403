import test from 'ava';
import fc from 'fast-check';
import {Question} from '../../../src/features/cause/explain.ts';
import type {CauseCall} from '../../../src/features/cause/news.ts';
import type {Change} from '../../../src/index.ts';
import {at, Books, PAGE, PAGES} from './books.ts';

/** Books, and beside them a table of the call that put each page where it is. */
class Scene extends Books {
  readonly put: (CauseCall | 'before' | undefined)[] = Array.from({length: PAGES}, (_, i) =>
    i < 4 ? 'before' : undefined,
  );
  constructor() {
    super(4);
  }

  isFree(page: number, count: number): boolean {
    return page + count <= PAGES && this.put.slice(page, page + count).every((each) => each === undefined);
  }

  isMapped(page: number, count: number): boolean {
    return page + count <= PAGES && !this.put.slice(page, page + count).includes(undefined);
  }

  /** Whose is it that a page is mapped? As a watch asks that saw it new. */
  of(page: number, since: number): readonly [number | undefined, number] {
    const change = {kind: 'new', range: {start: at(page), end: at(page + 1)}, after: []} as unknown as Change;
    const question = new Question(change, since);
    question.ask(this.ledger);
    const {causes, unexplained} = question.answer(this.ledger, 'unknown');
    return [causes[0]?.call.id, unexplained];
  }
}

test('what moved and was changed after that is there by the call that moved it', (t) => {
  const scene = new Scene();
  scene.enter('mmap', [0, 2 * PAGE, 3, 0x22, 0, 0], at(10));
  const since = scene.clock + 1;
  const moved = scene.enter('mremap', [at(10), 2 * PAGE, 3 * PAGE, 1], at(14));
  scene.enter('mprotect', [at(14), 2 * PAGE, 1], 0);
  scene.enter('mlock', [at(15), 2 * PAGE], 0);
  for (const page of [14, 15, 16]) t.deepEqual(scene.of(page, since), [moved.id, 0]);
});

test('after any calls, that a page is mapped is the last call that put it there, whatever was done to it since', (t) => {
  const step = fc.record({
    kind: fc.nat(5),
    page: fc.nat(PAGES - 1),
    to: fc.nat(PAGES - 1),
    count: fc.integer({min: 1, max: 6}),
  });
  let asked = 0;
  fc.assert(
    fc.property(fc.array(step, {maxLength: 60}), fc.nat(60), (steps, seen) => {
      const scene = new Scene();
      let since = 0;
      for (const [i, {kind, page, to, count}] of steps.entries()) {
        if (i === seen) since = scene.clock + 1;
        const size = count * PAGE;
        if (kind <= 1 && scene.isFree(to, count)) {
          scene.put.fill(scene.enter('mmap', [0, size, 3, 0x22, 0, 0], at(to)), to, to + count);
        } else if (kind === 2 && page + count <= PAGES) {
          scene.enter('munmap', [at(page), size], 0);
          scene.put.fill(undefined, page, page + count);
        } else if (kind === 3 && scene.isMapped(page, count) && scene.isFree(to, count)) {
          const moved = scene.enter('mremap', [at(page), size, size, 1], at(to));
          scene.put.fill(undefined, page, page + count).fill(moved, to, to + count);
        } else if (kind >= 4 && scene.isMapped(page, count)) {
          scene.enter(kind === 4 ? 'mprotect' : 'madvise', [at(page), size, 1], 0);
        }
      }
      return scene.put.every((put, page) => {
        if (put === undefined) return true;
        asked++;
        const [id, unexplained] = scene.of(page, since);
        return put !== 'before' && put.time >= since
          ? id === put.id && unexplained === 0
          : id === undefined && unexplained === PAGE;
      });
    }),
    {numRuns: 1000},
  );
  t.true(asked > 1000);
});
