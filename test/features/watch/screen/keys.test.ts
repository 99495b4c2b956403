import test from 'ava';
import fc from 'fast-check';
import {type Extent, press, wishOf} from '../../../../src/features/watch/screen/keys.ts';
import {FIRST_VIEW, SORTS, type View} from '../../../../src/features/watch/screen/view.ts';

const EXTENT = {lines: 100, page: 20};

const pressAll = (keys: readonly string[], view: View = FIRST_VIEW): View =>
  keys.reduce((now, key) => press(now, key, EXTENT), view);

test('s goes through all orders and comes round; r turns the order over; both begin at the top again', (t) => {
  const orders = Object.keys(SORTS);
  const seen = orders.map((_, index) => pressAll(Array.from({length: index}, () => 's')).sort);
  t.deepEqual(seen, orders as typeof seen);
  t.deepEqual(pressAll(orders.map(() => 's')), FIRST_VIEW);
  t.like(pressAll(['down', 'down', 's']), {sort: 'rss', scroll: 0});
  t.like(pressAll(['r']), {isReversed: true});
  t.deepEqual(pressAll(['r', 'r']), FIRST_VIEW);
});

/** Regions of one page each, from 0x1000 on, in order of address. */
const regions = (view: View, lines = 100): Extent => {
  const selected = view.selected === undefined ? undefined : view.selected / 0x1000 - 1;
  const top = Math.min(view.scroll, selected ?? Infinity);
  return {lines, page: 20, regions: {top, selected, startAt: (place) => (place + 1) * 0x1000, hasPages: true}};
};

const pressThere = (...keys: string[]): View =>
  keys.reduce((now, key) => press(now, key, now.page === undefined ? regions(now) : EXTENT), FIRST_VIEW);

test('arrows select a region, which stays in sight; Enter explains it, and Escape comes back', (t) => {
  t.like(pressThere('down'), {selected: 0x1000, scroll: 0});
  t.like(pressThere('down', 'j', 'down', 'k'), {selected: 0x2000, scroll: 0});
  t.like(pressThere('down', 'pagedown', 'down'), {selected: 0x15000, scroll: 1});
  t.like(pressThere('down', 'end', 'down'), {selected: 100 * 0x1000, scroll: 80});
  t.like(pressThere('down', 'end', 'home'), {selected: 0x1000, scroll: 0});
  t.like(pressThere('pagedown'), {selected: undefined, scroll: 19});
  t.like(pressThere('pagedown', 'down'), {selected: 0x14000, scroll: 19});
  t.like(pressThere('enter'), {selected: 0x1000, page: undefined});
  t.like(pressThere('down', 'enter'), {selected: 0x1000, page: 0});
  t.like(pressThere('down', 'enter', 'down', 'down', 'end'), {selected: 0x1000, page: 80});
  t.like(pressThere('down', 'enter', 'down', 'escape'), {selected: 0x1000, page: undefined, scroll: 0});
  t.like(pressThere('down', 'enter', 'p', 's', '/', 't'), {page: 0, isPaused: true, sort: 'changed', isTyping: false});
  t.like(pressThere('down', 'enter', '?', 'x'), {page: 0, help: undefined});
  t.like(pressThere('down', 'escape'), {selected: undefined});
});

test('t shows totals by kind, and comes back; s comes round to the order of the command line', (t) => {
  t.like(pressAll(['t']), {isByKind: true, scroll: 0});
  t.deepEqual(pressAll(['t', 't']), FIRST_VIEW);
  const first: View = {...FIRST_VIEW, sort: 'privateDirty', given: 'privateDirty'};
  const count = Object.keys(SORTS).length + 1;
  t.is(pressAll(['s'], first).sort, 'changed');
  t.is(
    pressAll(
      Array.from({length: count}, () => 's'),
      first,
    ).sort,
    'privateDirty',
  );
});

test('scrolling stops at both ends', (t) => {
  const at = (...keys: string[]): number => pressAll(keys).scroll;
  t.is(at('up'), 0);
  t.is(at('down', 'j', 'k'), 1);
  t.is(at('pagedown'), 19);
  t.is(at('pagedown', 'pageup', 'pageup'), 0);
  t.is(at('end'), 80);
  t.is(at('end', 'down', 'pagedown'), 80);
  t.is(at('end', 'home'), 0);
  // Fewer regions are left than were scrolled past.
  t.is(press({...FIRST_VIEW, scroll: 80}, 'up', {lines: 30, page: 20}).scroll, 9);
});

test('while a filter is typed, letters are its letters; Enter keeps it, Escape clears it', (t) => {
  t.like(pressAll(['/', 'q', 'j', ' ']), {isTyping: true, filter: 'qj ', isPaused: false, scroll: 0});
  t.like(pressAll(['/', 'a', 'b', 'backspace', 'enter']), {isTyping: false, filter: 'a'});
  t.like(pressAll(['/', 'a', 'escape']), {isTyping: false, filter: ''});
  t.like(pressAll(['/', 'a', 'enter', 'escape']), {isTyping: false, filter: ''});
  t.like(pressAll(['/', 'a', 'ctrl-u', 'b']), {isTyping: true, filter: 'b'});
  t.like(pressAll(['/', 'backspace']), {isTyping: false});
  t.like(pressAll(['/', 'a', 'down']), {isTyping: true, scroll: 1});
  t.is(wishOf(pressAll(['/']), 'q'), undefined);
  t.is(wishOf(pressAll(['/']), 'ctrl-c'), 'SIGINT');
});

test('help is scrolled with the keys that scroll, and left with any other, q too', (t) => {
  t.like(pressAll(['?', 'down', 'down']), {help: 2, scroll: 0});
  t.is(pressAll(['h', 'q']).help, undefined);
  t.is(wishOf(pressAll(['?']), 'q'), undefined);
  t.is(wishOf(FIRST_VIEW, 'q'), 'quit');
});

test('p and the space bar pause and resume', (t) => {
  t.true(pressAll(['p']).isPaused);
  t.false(pressAll(['p', ' ']).isPaused);
});

test('no keys lead out of the bounds', (t) => {
  const key = fc.oneof(
    fc.constantFrom(
      'up',
      'down',
      'pageup',
      'pagedown',
      'home',
      'end',
      'escape',
      'enter',
      'backspace',
      'ctrl-u',
      'ctrl-l',
      'left',
    ),
    fc.constantFrom('p', 's', 'r', '/', '?', 'h', 'j', 'k', ' ', 'q', 'x', '漢'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat(50), fc.nat(30)), {maxLength: 80}), (presses) => {
      let view = FIRST_VIEW;
      for (const [name, lines, page] of presses) {
        const before = view.help ?? view.scroll;
        view = press(view, name, {lines, page});
        const after = view.help ?? view.scroll;
        const isInBounds = after <= Math.max(0, lines - page) || after === before || after === view.scroll;
        if (!isInBounds || view.scroll < 0 || (view.help ?? 0) < 0 || !(view.sort in SORTS)) return false;
      }
      return true;
    }),
  );
  t.pass();
});
