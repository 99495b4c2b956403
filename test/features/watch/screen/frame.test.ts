import test from 'ava';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import {sizeText} from '../../../../src/model/amounts.ts';
import {sizeOf, type Region} from '../../../../src/model/region.ts';
import {filtered, placeOf, rowsAt} from '../../../../src/features/watch/screen/order.ts';
import {wrapLines} from '../../../../src/text/lines.ts';
import {rssGrowth, type Row} from '../../../../src/history/rows.ts';
import {FIRST_VIEW, type FrameState, type Sort, type View} from '../../../../src/features/watch/screen/view.ts';
import {extentOf, renderFrame} from '../../../../src/features/watch/screen/frame.ts';
import type {Snapshot} from '../../../../src/model/snapshot.ts';
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
    explain: fc.constantFrom(undefined, (_: Snapshot, {name}: Region, width: number) =>
      wrapLines(`${name} is explained in some words`, width),
    ),
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

test('nothing but the state of the screen is green or red: growth is no good news, and less is no bad news', (t) => {
  fc.assert(
    fc.property(looks, (snapshots) => {
      const picture = pictureOf(snapshots.map((each) => each.withRegions(each.regions.map(notWritableCode), '')));
      for (const isByKind of [false, true]) {
        const state = {picture, view: {...FIRST_VIEW, isByKind}, interval: 500, hasKeys: true};
        for (const line of renderFrame(state, 140, 40).slice(1)) t.notRegex(line, /\x1b\[(?:\d+;)*3[12]m/);
      }
    }),
  );
});

/** What is writable and executable is bad, and red. */
const notWritableCode = (region: Region): Region => ({...region, perms: region.perms.replace('rwx', 'rw-')});

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
const MEANT: Partial<Readonly<Record<Sort, (row: Row) => number>>> = {
  changed: ({changed, rss = -1}) => (changed > 0 ? 1e15 + changed : rss),
  rss: (row) => row.rss ?? -1,
  size: (row) => sizeOf(row.region),
  growth: (row) => rssGrowth(row) ?? 0,
  address: (row) => -row.region.start,
  privateDirty: ({region}) => region.usage?.privateDirty ?? -1,
};

function sorted(rows: readonly Row[], {sort, isReversed}: View): Row[] {
  const key = MEANT[sort] ?? ((): number => 0);
  const text = ({region}: Row): string =>
    sort === 'name' ? region.name || '\uffff' : sort === 'kind' ? region.kind : '';
  const all = rows.toSorted(
    (a, b) =>
      key(b) - key(a) || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0) || a.region.start - b.region.start,
  );
  return isReversed ? all.reverse() : all;
}

test('what is shown is that part of the whole order, and the place of a region is where it is in it', (t) => {
  fc.assert(
    fc.property(states, fc.nat(30), fc.nat(30), ({picture: {rows}, view}, from, count) => {
      const all = sorted(rows, view);
      const starts = (some: readonly Row[]) => some.map(({region}) => region.start);
      t.deepEqual(starts(rowsAt(rows, view, from, count, true)), starts(all.slice(from, from + count)));
      for (const [place, {region}] of all.entries()) t.is(placeOf(rows, view, region.end - 1, true), place);
      const isMapped = rows.some(({region}) => region.start <= 0x15000 && 0x15000 < region.end);
      t.is(placeOf(rows, view, 0x15000, true) !== undefined, isMapped);
    }),
  );
});

test('while nothing changed, the largest come first; then what changed, and after it still the largest', (t) => {
  fc.assert(
    fc.property(looks, (snapshots) => {
      const [first] = snapshots as [Snapshot];
      const before = rowsAt(pictureOf([first]).rows, FIRST_VIEW, 0, 99, true).map(({rss = -1}) => rss);
      t.deepEqual(
        before,
        before.toSorted((a, b) => b - a),
      );
      const {rows} = pictureOf(snapshots);
      const after = rowsAt(rows, FIRST_VIEW, 0, 99, true);
      const still = after.filter(({changed}) => changed === 0);
      t.deepEqual(after.slice(after.length - still.length), still);
      t.deepEqual(
        still.map(({rss = -1}) => rss),
        still.map(({rss = -1}) => rss).toSorted((a, b) => b - a),
      );
      // Where smaps was never read, the size decides.
      const sizes = rowsAt(pictureOf([first]).rows, FIRST_VIEW, 0, 99, false).map(({size}) => size);
      t.deepEqual(
        sizes,
        sizes.toSorted((a, b) => b - a),
      );
    }),
  );
});

test('the totals by kind add up to those of the snapshot', (t) => {
  fc.assert(
    fc.property(looks, ([first]) => {
      const picture = pictureOf([first!]);
      const view = {...FIRST_VIEW, isByKind: true};
      const lines = renderFrame({picture, view, interval: 500, hasKeys: true}, 120, 60).map(plain);
      const {size, regions, rss = 0} = first!.totals as {size: number; regions: number; rss?: number};
      const total = lines.find((line) => line.startsWith('total'))!;
      const known = picture.usageMs === undefined ? '' : ` +${regions === 0 ? '\\?' : sizeText(rss)}`;
      t.regex(total, new RegExp(`^total +${regions} +${sizeText(size)}${known}$`));
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

test('the keys that fit are shown, and help is among them from 60 columns on, in a watch and in a replay', (t) => {
  const [snapshots] = fc.sample(looks, 1);
  const picture = pictureOf(snapshots!);
  const replay = {isPlaying: true, speed: 1, index: 0, last: 9, marks: [], typed: undefined, fault: undefined};
  const views: View[] = [
    FIRST_VIEW,
    {...FIRST_VIEW, filter: 'lib'},
    {...FIRST_VIEW, selected: 0x10000, filter: 'lib'},
    {...FIRST_VIEW, isByKind: true},
    {...FIRST_VIEW, page: 0},
    {...FIRST_VIEW, isPaused: true},
  ];
  for (const view of views) {
    for (const width of [60, 80, 100, 140]) {
      for (const state of [{replay}, {}]) {
        const lines = renderFrame(
          {picture, view, interval: 500, hasKeys: true, explain: () => [], ...state},
          width,
          24,
        );
        const foot = plain(lines.at(-1)!);
        t.regex(foot, /q quit/);
        t.regex(foot, / {3}\? help$/);
        t.notRegex(foot, /…/);
      }
    }
  }
});

test('a peak is never less than what is there', (t) => {
  const mapped = looks.filter((all) => all.at(-1)!.regions.length > 0);
  fc.assert(
    fc.property(mapped, (snapshots) => {
      const picture = pictureOf(snapshots);
      const state = {picture: {...picture, status: {...picture.status, vmPeak: 4096}}, view: FIRST_VIEW, interval: 500};
      const text = renderFrame({...state, duty: 0.004, hasKeys: true}, 140, 40)
        .map(plain)
        .join('\n');
      const [, size, peak] = /^size +(\S+ \S+) +peak (\S+ \S+)/m.exec(text)!;
      t.is(peak, size);
    }),
    {numRuns: 30},
  );
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
  // What happened may be told in a sentence with these words: they are no heads of columns.
  t.notRegex(text(60, 6), /address +size|kind +name/);
  t.regex(text(20, 5), /^q quit/m);
});
