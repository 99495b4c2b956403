import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {lineageOf} from '../../src/procfs/cow/lineage.ts';
import {copiesSince, lookAtCow} from '../../src/procfs/cow/walk.ts';
import {spansOf} from '../../src/procfs/cow/spans.ts';
import type {Region} from '../../src/model/region.ts';
import {Workers} from '../features/cow/family.ts';
import {testIf, unless} from '../helpers/tools.ts';

const FRAMES = unless(process.getuid?.() === 0, 'only root sees page frames');

/** How many pages of the region each process has copied while something was done. */
async function copiedBy(t: ExecutionContext, workers: Workers, act: () => Promise<void>): Promise<readonly number[]> {
  const lineage = lineageOf(workers.pid, '/proc');
  t.teardown(lineage.close);
  const look = lookAtCow(lineage, {maxStall: 50, remember: true, along: (items) => items});
  t.true(look.isExact);
  await act();
  const found = [...copiesSince(look, lineage)].find(([{region}]) => region.start === Number(workers.start));
  t.is(found?.[1].unknown ?? 0, 0);
  return found?.[1].by ?? [];
}

testIf('gcc', FRAMES)('who writes first copies: the last one that has a page keeps it', async (t) => {
  const workers = await Workers.start(t, 2, 100);
  const by = await copiedBy(t, workers, async () => {
    await workers.act('write', 1, 0, 10);
    await workers.act('write', 2, 0, 10);
    await workers.act('write', 0, 0, 10);
  });
  t.deepEqual(by, [0, 10, 10]);
});

testIf('gcc', FRAMES)('what was copied before, and what is written again, is no copy', async (t) => {
  const workers = await Workers.start(t, 2, 100);
  await workers.act('write', 1, 0, 50);
  const by = await copiedBy(t, workers, async () => {
    await workers.act('write', 1, 0, 60);
    await workers.act('write', 1, 0, 60);
    await workers.act('write', 0, 90, 5);
  });
  t.deepEqual(by, [5, 10, 0]);
});

testIf('gcc', FRAMES)('a worker that copied and ended leaves what the others copied', async (t) => {
  const workers = await Workers.start(t, 1, 100);
  const by = await copiedBy(t, workers, async () => {
    await workers.act('write', 0, 20, 7);
    await workers.act('end', 1);
  });
  t.deepEqual(by, [7, 0]);
});

testIf('gcc', FRAMES)('memory that is given back is not copied', async (t) => {
  const workers = await Workers.start(t, 2, 100);
  const by = await copiedBy(t, workers, async () => {
    await workers.act('free', 1, 0, 40);
    await workers.act('free', 0, 0, 40);
  });
  t.deepEqual(by, [0, 0, 0]);
});

/** Regions of one process: ascending, some side by side, some apart. */
const regions = fc
  .array(fc.record({gap: fc.nat(3), pages: fc.integer({min: 1, max: 5})}), {maxLength: 8})
  .map((parts) => {
    let at = 0;
    return parts.map(({gap, pages}) => {
      const start = at + gap * 4096;
      at = start + pages * 4096;
      return {start, end: at, perms: 'rw-p', name: '', kind: 'anon'} as Region;
    });
  });

test('spans ascend without overlaps, and each process has in them what its regions have', (t) => {
  fc.assert(
    fc.property(fc.array(regions, {minLength: 1, maxLength: 5}), (all) => {
      const spans = spansOf(all);
      t.true(spans.every(({start, end}, index) => start < end && (index === 0 || spans[index - 1]!.end <= start)));
      for (const [number, own] of all.entries()) {
        const there = spans.filter(({who}) => who.includes(number));
        const size = (ranges: ReadonlyArray<{start: number; end: number}>): number =>
          ranges.reduce((sum, {start, end}) => sum + end - start, 0);
        t.is(size(there), size(own));
        t.true(there.every((span) => own.some(({start, end}) => start <= span.start && span.end <= end)));
      }
      // It is counted with the region of the first that has one there.
      t.true(spans.every(({start, end, region, who}) => who.length > 0 && region.end > start && region.start < end));
    }),
  );
});
