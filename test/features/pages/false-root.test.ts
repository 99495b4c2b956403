import {readFileSync, writeFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {pageWords} from '../../../src/model/pages/pages.ts';
import {ProcessHandle} from '../../../src/procfs/handle.ts';
import {capturePages} from '../../../src/procfs/pages/pages.ts';
import {clearSoftDirty} from '../../../src/procfs/pages/soft-dirty.ts';
import {renderPages} from '../../../src/features/pages/pages.ts';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {falseRoot, PID} from './false-root.ts';
import {allPages} from './look.ts';

const OWN = (1n << 63n) | (1n << 56n);
const SWAPPED = 1n << 62n;
const DIRTY = 1n << 55n;
const fill = (count: number, word: bigint): bigint[] => Array.from({length: count}, () => word);

test('swapped pages are counted and shown', async (t) => {
  const words = [...fill(10, OWN), ...fill(6, SWAPPED | (33n << 5n)), ...fill(4, 0n)];
  const root = falseRoot(t, [{start: 0x10000000, words, name: '[heap]'}]);
  t.like(allPages(PID, root).totals, {pages: 20, present: 10, swapped: 6, absent: 4});
  const ran = await memmap(['pages', String(PID), '[heap]', '--proc-root', root]);
  t.is(ran.code, 0, ran.stderr);
  t.regex(ran.stdout, /^█{10}s{6}·{4}$/m);
  t.regex(ran.stdout, /^1000a000-10010000 +6 +24 KiB +swapped$/m);
});

test('states are read from the right place, whatever lies between the regions', (t) => {
  const anyRegion = fc.record({
    gap: fc.integer({min: 0, max: 3000}),
    words: fc.array(fc.constantFrom(0n, OWN, SWAPPED, 1n << 63n, (1n << 63n) | (1n << 61n)), {
      minLength: 1,
      maxLength: 60,
    }),
  });
  fc.assert(
    fc.property(fc.array(anyRegion, {minLength: 1, maxLength: 12}), (drawn) => {
      let at = 0x7f0000000000;
      const regions = drawn.map(({gap, words}, index) => {
        const start = (at += gap * 4096);
        at += words.length * 4096;
        return {start, words, name: `[anon:${index}]`};
      });
      const seen = allPages(PID, falseRoot(t, regions)).regions;
      t.deepEqual(
        seen.map(({runs: {starts, states, end}}) =>
          states.flatMap((state, index) =>
            fill(((starts[index + 1] ?? end) - starts[index]!) / 4096, 0n).map(() => pageWords(state)[0]),
          ),
        ),
        regions.map(({words}) => words.map((word) => (word >> 63n ? 'present' : word >> 62n ? 'swapped' : 'absent'))),
      );
    }),
    {numRuns: 30},
  );
});

test('a region far larger than a read is whole', (t) => {
  const words = Array.from({length: 50_000}, (_, page) => (page % 7 === 0 ? OWN : 0n));
  const {totals, regions} = allPages(PID, falseRoot(t, [{start: 0x10000000, words}]));
  t.like(totals, {pages: 50_000, present: Math.ceil(50_000 / 7), unread: 0});
  t.true(regions[0]!.runs.states.length > 14_000);
});

test('a page map that ends early leaves pages unread, not absent', async (t) => {
  const regions = [
    {start: 0x10000000, words: fill(8, OWN), name: '[heap]'},
    {start: 0x7f0000000000, words: fill(30, OWN)},
  ];
  const root = falseRoot(t, regions, 12);
  t.like(allPages(PID, root).totals, {pages: 38, present: 20, unread: 18, absent: 0});
  const ran = await memmap(['pages', String(PID), '--proc-root', root]);
  t.regex(ran.stdout, /^7f0000000000-7f000001e000 .*█{12}\?{18}$/m);
  t.regex(ran.stdout, /^Not read: 7f0000000000-7f000001e000 \(120 KiB\)/m);
});

test('a page map that gives nothing at all is of a process that is gone: incomplete, or no result', (t) => {
  const root = falseRoot(t, [{start: 0x10000000, words: fill(8, OWN)}], 0);
  t.throws(() => allPages(PID, root), {message: /Cannot read the pages/});
  const half = falseRoot(t, [{start: 0x10000000, words: fill(8, OWN)}], 3);
  const pages = allPages(PID, half);
  t.deepEqual(pages.consistency, {torn: false, incomplete: true});
  t.like(pages.totals, {present: 3, unread: 5, absent: 0});
  t.false(pages.isWhole);
});

test('an incomplete page map ends with 5', async (t) => {
  const root = falseRoot(t, [{start: 0x10000000, words: fill(8, OWN)}], 3);
  const ran = await memmap(['pages', String(PID), '--proc-root', root, '--json']);
  t.is(ran.code, 5);
  t.regex(ran.stderr, /^memmap: The process ended or began another program before all was read/);
  const document = JSON.parse(ran.stdout) as {consistency: object; regions: Array<{runs: Array<{state: string[]}>}>};
  conforms(t, 'pages', document);
  t.deepEqual(document.consistency, {torn: false, incomplete: true});
  t.deepEqual(
    document.regions[0]!.runs.map(({state}) => state.join(' ')),
    ['present anonymous exclusive', 'unread'],
  );
});

test('regions that are gone when all was read make the result torn', (t) => {
  const root = falseRoot(t, [
    {start: 0x10000000, words: fill(8, OWN)},
    {start: 0x20000000, words: fill(8, OWN)},
  ]);
  const handle = new ProcessHandle(PID, root);
  t.teardown(() => handle.close());
  const pages = capturePages(handle, {
    choose: ({regions}) => {
      // What the process does in the meantime: it unmaps the second half of its second region, and more at its end.
      const [first, second] = regions as [(typeof regions)[0], (typeof regions)[0]];
      writeFileSync(
        `${root}/${PID}/maps`,
        `10000000-10009000 rw-p 00000000 00:00 0 \n20000000-20004000 rw-p 00000000 00:00 0 \n`,
      );
      return [first, second].map((region) => ({region, start: region.start, end: region.end}));
    },
  });
  t.true(pages.consistency.torn);
  t.false(pages.isWhole);
  t.regex(pages.notes.join(), /^1 region was unmapped or changed/);
});

test('what was written since the marks were cleared is shown as such', (t) => {
  const words = [...fill(10, OWN), ...fill(6, OWN | DIRTY), ...fill(4, DIRTY)];
  const root = falseRoot(t, [{start: 0x10000000, words, name: '[heap]'}]);
  const handle = new ProcessHandle(PID, root);
  t.teardown(() => handle.close());
  clearSoftDirty(handle, 1000);
  t.is(readFileSync(`${root}/${PID}/clear_refs`, 'utf8'), '4');
  const pages = capturePages(handle, {
    choose: ({regions}) => regions.map((region) => ({region, start: region.start, end: region.end})),
    dirtySince: {clearedAt: '2026-01-01T00:00:00.000Z', ms: 1500},
  });
  conforms(t, 'pages', JSON.parse(JSON.stringify(pages)));
  const text = renderPages(pages, {runs: true});
  t.regex(text, /16 present, 6 written in 1\.5 s/);
  t.regex(text, /^·{10}█{6}·{4}$/m);
  t.regex(text, /^1000a000-10010000 +6 +24 KiB +present anonymous exclusive soft-dirty$/m);
  t.regex(text, /^written since the marks were cleared +6 +24 KiB$/m);
  t.regex(renderPages(pages, {runs: false}), /^10000000-10014000 +80 KiB +24 KiB +\[heap\] +·{10}█{6}·{4}$/m);
});

test('clearing marks is refused where it would hold up the process for too long', (t) => {
  const root = falseRoot(t, [{start: 0x10000000, words: [OWN]}]);
  writeFileSync(`${root}/${PID}/status`, 'Name:\tx\nVmRSS:\t 16777216 kB\n');
  const handle = new ProcessHandle(PID, root);
  t.teardown(() => handle.close());
  t.throws(() => clearSoftDirty(handle, 50), {message: /for about 256 ms/});
  t.is(readFileSync(`${root}/${PID}/clear_refs`, 'utf8'), '');
});
