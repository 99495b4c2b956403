import test from 'ava';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import {sizeOf} from '../../../../src/model/region.ts';
import {filtered, rowsAt} from '../../../../src/features/watch/screen/order.ts';
import {rssGrowth, type Row} from '../../../../src/history/rows.ts';
import {FIRST_VIEW, type FrameState, type Sort} from '../../../../src/features/watch/screen/view.ts';
import {extentOf, renderFrame} from '../../../../src/features/watch/screen/frame.ts';
import {cells} from '../../../../src/text/safe.ts';
import {setColorLevel} from '../../../../src/text/theme.ts';
import {looks, pictureOf, views} from './scene.ts';

const plain = (line: string): string => line.replace(/\x1b\[[0-9;]*m/g, '');

const states: fc.Arbitrary<FrameState> = fc
  .record({
    snapshots: looks,
    view: views,
    duty: fc.option(fc.double({min: 0, max: 1, noNaN: true}), {nil: undefined}),
    since: fc.option(fc.record({looks: fc.nat(9), changes: fc.nat(99), isOver: fc.boolean()}), {nil: undefined}),
    hasKeys: fc.boolean(),
  })
  .map(({snapshots, ...state}) => ({...state, picture: pictureOf(snapshots), interval: 500}));

test.before(() => setColorLevel(1));

test('any frame has as many lines as the terminal, and none is wider', (t) => {
  const sizes = fc.tuple(fc.integer({min: 1, max: 250}), fc.integer({min: 1, max: 80}));
  fc.assert(
    fc.property(states, sizes, (state, [width, height]) => {
      const lines = renderFrame(state, width, height);
      t.is(lines.length, height);
      for (const line of lines) {
        t.true(cells(plain(line)) <= width, `${cells(plain(line))} > ${width}: ${plain(line)}`);
        t.notRegex(plain(line), /[\x00-\x1f\x7f-\x9f\u202e]/);
      }
      const {lines: count, page} = extentOf(state, width, height);
      t.true(count >= 0 && page >= 0 && page <= height);
    }),
    {numRuns: 400},
  );
});

test('a terminal that is sent a frame shows it line by line, and wraps none', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      states,
      fc.integer({min: 5, max: 130}),
      fc.integer({min: 3, max: 40}),
      async (state, cols, rows) => {
        const terminal = new xterm.Terminal({cols, rows, allowProposedApi: true});
        const lines = renderFrame(state, cols, rows);
        await new Promise<void>((resolve) =>
          terminal.write(lines.map((line, row) => `\x1b[${row + 1};1H${line}`).join(''), resolve),
        );
        for (const [row, line] of lines.entries()) {
          const shown = terminal.buffer.active.getLine(row)!;
          t.false(shown.isWrapped);
          t.is(shown.translateToString(true).trimEnd(), plain(line).trimEnd());
        }
        terminal.dispose();
      },
    ),
    {numRuns: 60},
  );
});

/** The order that is meant, by sorting all. */
const MEANT: Readonly<Record<Sort, (row: Row) => number>> = {
  changed: (row) => row.changed,
  rss: (row) => row.rss ?? -1,
  size: (row) => sizeOf(row.region),
  growth: (row) => rssGrowth(row) ?? 0,
  address: (row) => -row.region.start,
};

test('what is shown is that part of the whole order', (t) => {
  fc.assert(
    fc.property(states, fc.nat(30), fc.nat(30), ({picture, view}, from, count) => {
      const all = [...picture.rows].sort(
        (a, b) => MEANT[view.sort](b) - MEANT[view.sort](a) || a.region.start - b.region.start,
      );
      if (view.isReversed) all.reverse();
      const starts = (rows: readonly Row[]) => rows.map(({region}) => region.start);
      t.deepEqual(starts(rowsAt(picture.rows, view, from, count, true)), starts(all.slice(from, from + count)));
    }),
  );
});

test('the filter finds names in any case, kinds, permissions, and the region that an address lies in', (t) => {
  const [snapshots] = fc.sample(
    looks.filter(([first]) => first!.regions.length > 5),
    1,
  );
  const {rows} = pictureOf([snapshots![0]!]);
  const found = (filter: string): number[] => filtered(rows, filter).map(({region}) => region.start);
  const where = (holds: (row: Row) => boolean): number[] => rows.filter(holds).map(({region}) => region.start);
  t.deepEqual(
    found('LIBC'),
    where(({region}) => region.name.includes('libc')),
  );
  t.deepEqual(
    found('anon'),
    where(() => true),
  );
  t.deepEqual(
    found('rw-'),
    where(({region}) => region.perms.startsWith('rw-')),
  );
  t.deepEqual(found('nothing like it'), []);
  const {start} = rows.at(-1)!.region;
  t.deepEqual(found(`0x${(start + 0xfff).toString(16)}`), [start]);
});

test('a large screen has all parts; a narrow one fewer columns; a low one no table', (t) => {
  const [snapshots] = fc.sample(
    looks.filter((all) => all.length > 3 && all.at(-1)!.regions.length > 8),
    1,
  );
  const state = {picture: pictureOf(snapshots!), view: FIRST_VIEW, interval: 500, duty: 0.004, hasKeys: true};
  const text = (width: number, height: number): string => renderFrame(state, width, height).map(plain).join('\n');
  const large = text(140, 40);
  for (const part of [
    /live {2}0:\d\d {2}cost 0\.4 %/,
    /resident +117\.7 MiB +peak 223\.7 MiB, swapped 4 KiB +[▁-█ ]+ /,
    /\d+ to \d+|steady/,
    /Δ size/,
    /Δ resident/,
    /perms/,
    /^q quit/m,
  ])
    t.regex(large, part);
  const narrow = text(60, 20);
  for (const part of [/address/, /^q quit/m]) t.regex(narrow, part);
  for (const part of [/[▁▂▃▅▆▇█]/, /Δ/, /perms/]) t.notRegex(narrow, part);
  t.regex(text(40, 20), /^ +size +resident +name$/m);
  t.notRegex(text(60, 6), /address|kind/);
  t.regex(text(20, 5), /^q quit/m);
});
