import test from 'ava';
import fc from 'fast-check';
import {billOf, tightest} from '../../../src/model/group/group.ts';

const amount = fc.integer({min: 0, max: 2 ** 45});

/** Of both versions. */
const KEYS = (
  'anon rss file cache file_mapped mapped_file shmem slab slab_unreclaimable kernel slab_reclaimable kernel_stack ' +
  'pagetables sec_pagetables sock percpu vmalloc'
).split(' ');

const stat = fc.dictionary(fc.constantFrom(...KEYS), amount).map((values) => new Map(Object.entries(values)));

test('the parts and the residue add up to the usage exactly, whatever is told', (t) => {
  const law = fc.property(
    fc.constantFrom(1 as const, 2 as const),
    amount,
    stat,
    fc.option(amount, {nil: undefined}),
    fc.option(amount, {nil: undefined}),
    (version, usage, values, kernel, pssShmem) => {
      const {parts, residue, doubt} = billOf({version, usage, stat: values, kernel}, pssShmem);
      const known = Object.values(parts).filter((part): part is number => part !== undefined);
      t.is(known.reduce((sum, part) => sum + part, 0) + residue, usage);
      t.true(known.every((part) => part >= 0));
      t.true(doubt >= 0);
    },
  );
  fc.assert(law);
});

const MIB = 2 ** 20;
const of = (values: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map(Object.entries(values).map(([key, mebibytes]) => [key, mebibytes * MIB]));

test('mapped files are cut from mapped shared memory by what the members say, within bounds', (t) => {
  const bill = (pssShmem?: number): ReturnType<typeof billOf> =>
    billOf({version: 2, usage: 100 * MIB, stat: of({anon: 10, file: 80, file_mapped: 30, shmem: 20})}, pssShmem);
  t.like(bill(5 * MIB), {doubt: 0, residue: 10 * MIB});
  t.like(bill(5 * MIB).parts, {mappedFile: 25 * MIB, unmappedCache: 35 * MIB, shmem: 20 * MIB});
  t.like(bill(50 * MIB).parts, {mappedFile: 10 * MIB, unmappedCache: 50 * MIB}, 'no more than there is');
  t.like(bill().parts, {mappedFile: 10 * MIB, unmappedCache: 50 * MIB});
  t.is(bill().doubt, 20 * MIB);
});

test('kernel memory of version 2, before and after it has a sum of its own', (t) => {
  const some = {slab_reclaimable: 3, slab_unreclaimable: 2, kernel_stack: 1, pagetables: 4, percpu: 2, sock: 6};
  const {parts} = billOf({version: 2, usage: 20 * MIB, stat: of(some)});
  t.like(parts, {slab: 5 * MIB, kernelStack: MIB, pageTables: 4 * MIB, sock: 6 * MIB, other: 2 * MIB});
  const later = billOf({version: 2, usage: 30 * MIB, stat: of({...some, slab: 5, kernel: 15})});
  t.like(later.parts, {slab: 5 * MIB, other: 5 * MIB, sock: 6 * MIB}, 'sockets are not in it');
});

test('the limit that leaves least binds', (t) => {
  const limit = (path: string, most: number, used: number) => ({path, file: 'memory.max', limit: most, used});
  t.is(tightest([limit('/a/b', 100, 10), limit('/a', 50, 45), limit('/', 500, 90)])?.limit.path, '/a');
  t.is(tightest([limit('/a', 50, 60)])?.left, 0);
  t.is(tightest([]), undefined);
});
