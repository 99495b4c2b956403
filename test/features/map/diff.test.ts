import test from 'ava';
import fc from 'fast-check';
import {diff} from '../../../src/diff/diff.ts';
import type {Match} from '../../../src/diff/match.ts';
import {parse} from '../../../src/parse/parse.ts';
import {diffBlocks, fewerDiffBlocks} from '../../../src/features/map/diff-blocks.ts';
import {renderDiffPicture} from '../../../src/features/map/diff.ts';
import {cells} from '../../../src/text/safe.ts';
import {pairs as edited} from '../../diff/pairs.ts';
import {listing, listingText, record} from '../../parse/laws.ts';
import {TUTORIAL} from '../../helpers/listings.ts';

const drawn = (before: string, after: string, width = 100): string[] => {
  const lines = renderDiffPicture(diff(parse(before), parse(after)), {width}).split('\n');
  return lines.slice(lines.indexOf('high addresses') + 1, lines.indexOf('low addresses'));
};

test("the tutorial's first two listings: the heap is new above the program, stack and vdso lie elsewhere", (t) => {
  t.deepEqual(drawn(TUTORIAL[0], TUTORIAL[1]), [
    '                     4K  16K 64K     size  change',
    '  ffffffffff600000  │ 1 unchanged: [vsyscall]',
    "                    ┊ 16 EiB not for programs: the upper half is the kernel's",
    '→     7ffc131f1000  │▒▒▒            8 KiB          vdso   moved by -0x207205000: [vdso]',
    '→     7ffc131ed000  │▒▒▒▒▒         16 KiB          vvar   moved by -0x207205000: [vvar]',
    '→     7ffc131b5000  │▒▒▒▒▒▒▒▒▒▒▒  132 KiB          stack  moved by -0x20714b000: [stack]',
    '                    ┊ 128 TiB free: ↑ the heap grows up, ↓ the stack grows down',
    '+         004cd000  │+              4 KiB  +4 KiB  heap   [heap] is new: 4 KiB, rw-p.',
    '                    ┊ 788 KiB free: the heap begins at a random distance',
    '          00400000  │ 5 unchanged: bin, bss of bin',
  ]);
});

test('what is gone stands where it was, with a sign that needs no colour', (t) => {
  const lines = drawn(TUTORIAL[1], TUTORIAL[0]);
  const gone = lines.findIndex((line) => line.startsWith('- '));
  t.regex(lines[gone]!, /^- +004cd000 +│- +−4 KiB +heap +\[heap\] is gone: 4 KiB, rw-p\.$/);
  t.regex(lines[gone + 1]!, /5 unchanged: bin/);
});

test('equal listings are said to be equal, in one line', (t) => {
  t.is(
    renderDiffPicture(diff(parse(TUTORIAL[0]), parse(TUTORIAL[0]))),
    'No change: 9 regions are the same on both sides.\n',
  );
});

const snapshots = fc
  .tuple(listing, fc.array(record, {minLength: 24, maxLength: 24}), fc.boolean())
  .map(([lines, records, isCounted]) => ({lines, records, isCounted}));

/** Two listings of which the second has some lines of the first, and some of its own. */
const unlike = fc
  .tuple(
    snapshots,
    snapshots,
    fc.array(fc.boolean(), {minLength: 24, maxLength: 24}),
    fc.constantFrom<Match>('address', 'layout'),
  )
  .map(([a, b, keeps, match]) => {
    const kept = a.lines.filter((_, index) => keeps[index]);
    const own = b.lines.filter(({expected}) =>
      kept.every(({expected: {start, end}}) => expected.end <= start || end <= expected.start),
    );
    const lines = [...kept, ...own].sort((x, y) => x.expected.start - y.expected.start);
    const after = lines.length > 0 ? lines : b.lines;
    const text = (side: typeof a, rows: typeof after) =>
      parse(listingText(rows, side.isCounted ? rows.map((_, i) => side.records[i % 24]!) : undefined));
    return diff(text(a, a.lines), text(b, after), {match});
  });

/** Two listings that have little to do with each other, or one and what system calls made of it. */
const match = fc.constantFrom<Match>('address', 'layout');
const pairs = fc.oneof(
  unlike,
  fc.tuple(edited, match).map(([{before, after}, match]) => diff(before, after, {match})),
);

test('law: each region of either side is in exactly one block of each view', (t) => {
  fc.assert(
    fc.property(pairs, (result) => {
      const blocks = diffBlocks(result);
      for (const view of [blocks, ...[...fewerDiffBlocks(blocks)].map((each) => each.blocks)]) {
        for (const side of ['before', 'after'] as const) {
          const regions = view.flatMap((block) => block[side]).sort((a, b) => a.start - b.start);
          t.is(regions.length, result[side].regions.length, side);
          t.true(
            regions.every((region, index) => region === result[side].regions[index]),
            side,
          );
        }
        t.is(
          view.reduce((sum, {same}) => sum + same, 0),
          result.unchanged,
        );
        t.is(
          view.reduce((sum, {changes}) => sum + changes.length, 0),
          result.changes.length,
        );
      }
    }),
    {numRuns: 300},
  );
});

test('law: no line is wider than the terminal, none moves the cursor, and the picture is as high as asked', (t) => {
  fc.assert(
    fc.property(pairs, fc.integer({min: 20, max: 200}), fc.integer({min: 8, max: 70}), (result, width, rows) => {
      const lines = renderDiffPicture(result, {width, rows}).split('\n');
      if (result.changes.length === 0) return;
      for (const line of lines) {
        t.true(cells(line) <= width, line);
        t.notRegex(line, /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }
      const height = lines.indexOf('low addresses') - lines.indexOf('high addresses') - 2;
      t.true(height > 0 && height <= rows, `${height} of ${rows}`);
    }),
    {numRuns: 300},
  );
});
