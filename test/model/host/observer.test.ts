import fc from 'fast-check';
import test from 'ava';
import {withoutObserver, type PageCount} from '../../../src/model/host/observer.ts';
import type {Usage} from '../../../src/model/region.ts';

const PAGE = 4096;

/** A page of a region: the mappings of the process, of memmap, and of others; and how many of these are known. */
interface Page {
  readonly own: number;
  readonly others: number;
  readonly known: number;
  readonly isDirty: boolean;
}

const page: fc.Arbitrary<Page> = fc
  .record({own: fc.integer({min: 0, max: 2}), others: fc.integer({min: 0, max: 9}), isDirty: fc.boolean()})
  .chain((fields) => fc.record({...constants(fields), known: fc.integer({min: 0, max: fields.others})}));

const constants = ({own, others, isDirty}: Omit<Page, 'known'>) => ({
  own: fc.constant(own),
  others: fc.constant(others),
  isDirty: fc.constant(isDirty),
});

const pages = fc.array(page, {minLength: 1, maxLength: 300});

/** smaps_account() of fs/proc/task_mmu.c: Pss in units of 2^-12 bytes, printed as whole KiB. */
function kernels(counted: ReadonlyArray<{readonly mapped: number; readonly isDirty: boolean}>): Usage {
  let pss = 0;
  const usage = {privateClean: 0, privateDirty: 0, sharedClean: 0, sharedDirty: 0};
  for (const {mapped, isDirty} of counted) {
    pss += Math.floor((PAGE << 12) / mapped);
    usage[`${mapped === 1 ? 'private' : 'shared'}${isDirty ? 'Dirty' : 'Clean'}`] += PAGE;
  }
  return {rss: counted.length * PAGE, pss: Math.floor(pss / 2 ** 22) * 1024, ...usage};
}

const withUs = (all: readonly Page[]): Usage =>
  kernels(all.map(({own, others, isDirty}) => ({mapped: 1 + own + others, isDirty})));
const alone = (all: readonly Page[]): Usage => kernels(all.map(({others, isDirty}) => ({mapped: 1 + others, isDirty})));

const counts = (all: readonly Page[], mapped: (each: Page) => number): PageCount[] =>
  all.map((each) => ({pages: 1, mapped: mapped(each), own: each.own, isDirty: each.isDirty}));

test('where it is known how often each page is mapped, the figures are those of a kernel without memmap', (t) => {
  fc.assert(
    fc.property(pages, (all) => {
      const out = withoutObserver(
        withUs(all),
        counts(all, ({own, others}) => 1 + own + others),
        PAGE,
        'exactly',
      );
      const truth = alone(all);
      const {pss = 0, sharedClean, sharedDirty, privateClean, privateDirty} = out.usage;
      // Both are rounded down to whole KiB.
      t.true(Math.abs(pss - truth.pss!) <= 1024, `${pss} beside ${truth.pss}`);
      t.deepEqual(
        {sharedClean, sharedDirty, privateClean, privateDirty},
        {
          sharedClean: truth.sharedClean,
          sharedDirty: truth.sharedDirty,
          privateClean: truth.privateClean,
          privateDirty: truth.privateDirty,
        },
      );
    }),
  );
});

const privateOf = ({privateClean = 0, privateDirty = 0}: Usage): number => privateClean + privateDirty;

test('where only some mappings are known, the truth lies between the bounds', (t) => {
  fc.assert(
    fc.property(pages, (all) => {
      // The page map says of each page whether it is mapped once or more often.
      const least = ({own, others, known}: Page): number => (own + others === 0 ? 1 : Math.max(2, 1 + own + known));
      const kernel = withUs(all);
      const out = withoutObserver(kernel, counts(all, least), PAGE, 'at least');
      const truth = alone(all);
      t.true(out.pss.low <= truth.pss! + 1024 && out.pss.high >= truth.pss! - 1024);
      const moved = privateOf(truth) - privateOf(kernel);
      t.true(out.private.low <= moved && moved <= out.private.high, `${moved} of ${JSON.stringify(out.private)}`);
    }),
  );
});

test('the kernel has no room for more: then bounds are one figure', (t) => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(500), fc.nat(500), (both, others, own) => {
      const all = [
        ...Array.from<unknown, Page>({length: both + 1}, () => ({own: 1, others: 0, known: 0, isDirty: false})),
        ...Array.from<unknown, Page>({length: others}, () => ({own: 0, others: 1, known: 0, isDirty: false})),
        ...Array.from<unknown, Page>({length: own}, () => ({own: 0, others: 0, known: 0, isDirty: false})),
      ];
      const out = withoutObserver(
        withUs(all),
        counts(all, (each) => (each.own + each.others === 0 ? 1 : 2)),
        PAGE,
        'at least',
      );
      t.true(out.pss.high - out.pss.low <= 2 * 1024);
      t.true(out.private.high - out.private.low <= PAGE);
      t.is(out.private.high, (both + 1) * PAGE);
    }),
  );
});

test('where nobody says which pages are shared, nothing is taken out, and the most that could be is known', (t) => {
  fc.assert(
    fc.property(pages, (all) => {
      const kernel = withUs(all);
      const shared = all.filter(({own, others}) => own + others > 0).length;
      const both = Math.min(shared, all.filter(({own}) => own > 0).length);
      const most = [
        {pages: all.length - shared, mapped: 1, own: 0},
        {pages: both, mapped: 2, own: 1},
        {pages: shared - both, mapped: 2, own: 0},
      ];
      const out = withoutObserver(kernel, most, PAGE, 'at most');
      const truth = alone(all);
      t.is(out.pss.low, kernel.pss!);
      t.is(out.private.low, 0);
      // A page that memmap maps twice gains a little more than one that it maps once.
      const twice = all.filter(({own}) => own === 2).length;
      t.true(out.pss.high >= truth.pss! - 1024 - twice * PAGE);
    }),
  );
});
