import test from 'ava';
import fc from 'fast-check';
import {PAGE, type PageRuns} from '../../../src/model/pages/pages.ts';
import {legend, paintStrip, strip} from '../../../src/features/pages/strip.ts';

const OWN = PAGE.present | PAGE.exclusive;
const FILE = PAGE.present | PAGE.file;
const GUARD = PAGE.swapped | PAGE.guard;
const STATES = [0, OWN, FILE, PAGE.present, PAGE.swapped, GUARD, PAGE.unread, PAGE.present | PAGE.zero] as const;

/** Runs of single pages. */
function runsOf(pages: readonly number[], start = 0x10000): PageRuns {
  const starts: number[] = [];
  const states: number[] = [];
  for (const [index, state] of pages.entries()) {
    if (state === states.at(-1)) continue;
    starts.push(start + index * 4096);
    states.push(state);
  }
  return {starts, states, end: start + pages.length * 4096};
}

const signs = (pages: readonly number[], width: number): string => strip(runsOf(pages), 4096, width);

test('a strip has a sign for each page where there is room, else as many as there is room for', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...STATES), {minLength: 1, maxLength: 300}),
      fc.integer({min: 1, max: 120}),
      (pages, width) => {
        t.is(signs(pages, width).length, Math.min(pages.length, width));
      },
    ),
  );
});

test('each page has a sign of its own state', (t) => {
  t.is(signs([0, OWN, FILE, PAGE.present, PAGE.swapped, GUARD, PAGE.unread, PAGE.present | PAGE.zero], 80), '·█FCsx?z');
});

test('a sign says of its own pages, and of no others, how many are there', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), {minLength: 1, maxLength: 400}),
      fc.integer({min: 1, max: 60}),
      (present, width) => {
        const line = signs(
          present.map((is) => (is ? OWN : 0)),
          width,
        );
        const cells = Math.min(present.length, width);
        for (let cell = 0; cell < cells; cell++) {
          const mine = present.slice(
            Math.floor((cell * present.length) / cells),
            Math.floor(((cell + 1) * present.length) / cells),
          );
          const part = mine.filter(Boolean).length / mine.length;
          t.is(line[cell], part === 0 ? '·' : part === 1 ? '█' : part > 0.5 ? '▓' : part > 1 / 8 ? '▒' : '░');
        }
      },
    ),
  );
});

test('most pages decide what a sign shows', (t) => {
  t.is(signs([OWN, FILE, FILE, 0], 1), 'f');
  t.is(signs([OWN, OWN, FILE, 0], 1), '▓');
  t.is(signs([OWN, PAGE.swapped, PAGE.swapped, 0], 1), 's');
  t.is(signs([0, 0, 0, GUARD], 1), 'x');
});

test('of what was written only the marks count', (t) => {
  const runs = runsOf([OWN, OWN | PAGE.softDirty, FILE, FILE | PAGE.softDirty, PAGE.unread]);
  t.is(strip(runs, 4096, 80, 'written'), '·█·█?');
  t.is(legend(['·█?'], {of: 'written', frames: 'known'}).join(), '█ all written   · not written   ? not read');
});

test('a legend has the signs that occur, and no others, in lines that fit', (t) => {
  for (const width of [40, 60, 100]) {
    const lines = legend(['█▓▒░FfCczsx·?'], {of: 'pages', frames: 'hidden', width});
    t.true(
      lines.every((line) => line.length <= Math.max(width, 58)),
      lines.join('\n'),
    );
    t.is(lines.join('   ').split('   ').length, 13);
  }
  t.deepEqual(legend(['··'], {of: 'pages', frames: 'known'}), ['· absent']);
});

test('without colour a painted strip is the strip', (t) => {
  t.is(paintStrip('██··FF?'), '██··FF?');
});
