import test from 'ava';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import {groupItems, itemsOf, keyOf} from '../../../src/features/top/picture.ts';
import {extentOf, renderFrame} from '../../../src/features/top/screen/frame.ts';
import {press, wishOf} from '../../../src/features/top/screen/keys.ts';
import {itemsShown} from '../../../src/features/top/screen/rows.ts';
import {firstView, nextGrouping, type TopState, type View} from '../../../src/features/top/screen/view.ts';
import {GROUPINGS} from '../../../src/model/host/processes.ts';
import {cells} from '../../../src/text/safe.ts';
import {setColorLevel} from '../../../src/text/theme.ts';
import {pictureOf, samples, states} from './scene.ts';

const plain = (line: string): string => line.replace(/\x1b\[[0-9;]*m/g, '');

test.before(() => setColorLevel(1));

test('any frame has as many lines as the terminal, none is wider, and no name reaches it as it is', (t) => {
  const sizes = fc.tuple(fc.integer({min: 1, max: 250}), fc.integer({min: 1, max: 80}));
  fc.assert(
    fc.property(states, sizes, (state, [width, height]) => {
      const lines = renderFrame(state, width, height);
      t.is(lines.length, height);
      for (const line of lines) {
        t.true(cells(plain(line)) <= width, `${cells(plain(line))} > ${width}: ${plain(line)}`);
        t.notRegex(plain(line), /[\x00-\x1f\x7f-\x9f\u202e]/);
      }
    }),
    {numRuns: 400},
  );
});

test('a terminal that is sent a frame shows it line by line, and wraps none', async (t) => {
  const sizes = fc.tuple(fc.integer({min: 5, max: 200}), fc.integer({min: 3, max: 50}));
  await fc.assert(
    fc.asyncProperty(states, sizes, async (state, [cols, rows]) => {
      const terminal = new xterm.Terminal({cols, rows, allowProposedApi: true});
      const lines = renderFrame(state, cols, rows);
      const sent = lines.map((line, row) => `\x1b[${row + 1};1H${line}`).join('');
      await new Promise<void>((resolve) => terminal.write(sent, resolve));
      for (const [row, line] of lines.entries()) {
        const shown = terminal.buffer.active.getLine(row)!;
        t.false(shown.isWrapped);
        t.is(shown.translateToString(true).trimEnd(), plain(line).trimEnd());
      }
      terminal.dispose();
    }),
    {numRuns: 60},
  );
});

const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

test('growth adds up: of the rows, and of what ended, it is what all grew by; so it is for groups', (t) => {
  fc.assert(
    fc.property(samples, (all) => {
      const picture = pictureOf(all);
      const {rows} = picture.host;
      const first = total(all[0]!.rows.map(({rss = 0}) => rss));
      const grown = total(rows.map(({rss = 0}) => rss)) - first;
      const keys = new Set(rows.map(keyOf));
      const ended = total([...picture.base.processes].flatMap(([key, rss]) => (keys.has(key) ? [] : [rss])));
      t.is(total(itemsOf(picture, rows).map(({growth}) => growth)) - ended, grown);
      for (const by of GROUPINGS) {
        if (by === 'process') continue;
        const items = groupItems(picture, rows, by);
        const there = new Set(items.map(({row}) => ('members' in row ? row.group : undefined)));
        const gone = total([...picture.base.groups[by]].flatMap(([name, rss]) => (there.has(name) ? [] : [rss])));
        t.is(total(items.map(({growth}) => growth)) - gone, grown);
      }
    }),
  );
});

test('a process that got the PID of another one is a new one', (t) => {
  const row = {pid: 7, name: 'a', user: 'root', threads: 1, rss: 4096};
  const host = (startTime: number) => ({...emptyHost, rows: [{...row, startTime}]});
  const picture = pictureOf([host(1), host(2)]);
  t.like(itemsOf(picture, picture.host.rows)[0], {isNew: true, growth: 4096});
  t.like(picture, {came: 1, went: 1});
  t.deepEqual([...picture.series.values()], [[4096]]);
});

const emptyHost = {
  rows: [],
  now: 1000,
  ms: 1,
  stallMs: 1,
  longestMs: 1,
  read: 0,
  kept: 0,
  heldEarlier: 0,
  ended: 0,
  hidden: 0,
  isHiding: false,
  denied: undefined,
  maxMapCount: undefined,
  memory: {},
};

const KEYS = ['up', 'down', 'j', 'k', 'pageup', 'pagedown', 'home', 'end', 'enter', 'escape', 's', 'r', 't', '/', 'n'];
const keys = fc.array(fc.constantFrom(...KEYS, 'backspace', 'ctrl-u', '?', 'p', ' '), {maxLength: 30});

test('whatever keys come, what is selected is on the screen, and a frame can be drawn', (t) => {
  fc.assert(
    fc.property(states, keys, fc.integer({min: 8, max: 60}), (state, pressed, height) => {
      let now: TopState = {...state, view: {...state.view, selected: undefined}};
      for (const key of pressed) now = {...now, view: press(now.view, key, extentOf(now, 100, height))};
      const {view} = now;
      const lines = renderFrame(now, 100, height).map(plain);
      const isThere = itemsShown(now).some(({key}) => key === view.selected);
      if (view.help === undefined) t.is(lines.filter((line) => /^.▸ /.test(line)).length, isThere ? 1 : 0);
    }),
  );
});

test('Enter shows the processes of a group, and Escape comes back to where one was', (t) => {
  const rows = ['a', 'b', 'c', 'a'].map((name, index) => ({
    pid: index + 1,
    startTime: 1,
    name,
    user: 'root',
    threads: 1,
    rss: 4096,
    pss: 4096 * (4 - index),
  }));
  const picture = pictureOf([{...emptyHost, rows}]);
  const stateOf = (view: View): TopState => ({picture, view, minSize: 0, hasKeys: true});
  const after = (view: View, ...pressed: string[]): View =>
    pressed.reduce((now, key) => press(now, key, extentOf(stateOf(now), 100, 30)), view);
  const groups = after(firstView('pss', 'name'), 'down', 'down');
  const chosen = groups.selected!;
  const inside = after(groups, 'enter');
  t.like(inside, {by: undefined, selected: undefined});
  const names = (view: View): string[] => itemsShown(stateOf(view)).map(({row}) => ('name' in row ? row.name : ''));
  t.deepEqual(names(inside), names(inside).fill(chosen.replace('name ', '')));
  const one = after(inside, 'down');
  t.like(wishOf(one, 'enter', extentOf(stateOf(one), 100, 30)), {open: {key: one.selected}});
  t.deepEqual(after(one, 'escape'), groups);
  t.like(after(one, 'escape', 'escape'), {by: 'name', selected: undefined});
});

test('t goes through all groupings, and comes round', (t) => {
  const seen = GROUPINGS.map((_, index) =>
    Array.from({length: index}).reduce<ReturnType<typeof nextGrouping>>((by) => nextGrouping(by), undefined),
  );
  t.deepEqual(
    seen.map((by) => by ?? 'process'),
    [...GROUPINGS],
  );
  t.is(nextGrouping(seen.at(-1)), undefined);
});
