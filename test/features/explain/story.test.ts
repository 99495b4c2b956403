import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import test from 'ava';
import {areasOf} from '../../../src/features/explain/areas.ts';
import {pageFacts, type PageFacts, pageText} from '../../../src/features/explain/page.ts';
import {pageState} from '../../../src/parse/proc/pagemap.ts';
import {mayText} from '../../../src/features/explain/glossary/perms.ts';
import {regionFacts} from '../../../src/features/explain/region.ts';
import {storyOf} from '../../../src/features/explain/story.ts';
import {sizeOf} from '../../../src/model/region.ts';
import type {Snapshot} from '../../../src/model/snapshot.ts';
import {parse} from '../../../src/parse/parse.ts';
import {entry, wrapLines} from '../../../src/text/lines.ts';
import {cells} from '../../../src/text/safe.ts';
import {TUTORIAL} from '../../helpers/listings.ts';

const PYTHON = parse(readFileSync('test/fixtures/smaps/python3.txt'));

const findings = (snapshot: Snapshot): string[] => storyOf(snapshot, 'x').unusual.map(({what}) => what);

test('each region of an address space is in one area, and the areas add up', (t) => {
  for (const snapshot of [PYTHON, parse(TUTORIAL[1]), parse(readFileSync('/proc/self/maps'))]) {
    const regions = areasOf(snapshot).flatMap((area) => area.regions);
    t.is(new Set(regions).size, regions.length);
    t.true(snapshot.regions.every((region) => regions.includes(region)));
    t.is(regions.length, snapshot.regions.length);
    t.is(
      regions.reduce((sum, region) => sum + sizeOf(region), 0),
      snapshot.totals.size,
    );
  }
});

test("the tutorial's program is described from low to high: program, heap, stack, the kernel's pages", (t) => {
  const {layout, amounts, costs, missing} = storyOf(parse(TUTORIAL[1]), 'x');
  t.deepEqual(
    layout.map(({area}) => area),
    ['program', 'heap', 'stack', 'kernel'],
  );
  t.regex(layout[0]!.text, /\/target\/bin, at the fixed address 0x400000/);
  t.regex(amounts[0]!, /192 KiB of address space in 10 regions/);
  t.is(costs.by, 'size');
  t.regex(missing.join(' '), /does not say what is in RAM/);
});

test('with smaps the story has the numbers that the kernel gave', (t) => {
  const {amounts, costs, layout, missing} = storyOf(PYTHON, 'x');
  const kilobytes = (key: string): number =>
    [
      ...readFileSync('test/fixtures/smaps/python3.txt', 'latin1').matchAll(new RegExp(`^${key}: +(\\d+) kB$`, 'gm')),
    ].reduce((sum, [, value]) => sum + Number(value), 0);
  t.true(amounts[0]!.includes(`${(kilobytes('Rss') / 1024).toFixed(1).replace(/\.0$/, '')} MiB is in RAM`));
  t.true(
    amounts
      .join(' ')
      .includes(`${(kilobytes('Private_Dirty') / 1024).toFixed(1).replace(/\.0$/, '')} MiB is private dirty`),
  );
  t.is(costs.by, 'pss');
  t.true(costs.kinds.length > 3 && costs.files.length === 5 && costs.regions.length === 5);
  t.deepEqual(layout.map(({area}) => area).sort(), ['heap', 'kernel', 'mmap', 'program', 'stack']);
  t.deepEqual(missing, ['The listing does not say which process it is: memmap snapshot PID saves that.']);
});

/** A line of maps and what is said to be unusual about it. */
const UNUSUAL: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['10000000-10001000 rwxp 00000000 00:00 0 ', ['rwx']],
  ['7ffd00000000-7ffd00021000 rwxp 00000000 00:00 0 [stack]', ['rwx', 'executable-stack']],
  ['00400000-00401000 r-xp 00000000 fd:00 7 /usr/bin/old (deleted)', ['deleted']],
  ['10000000-10001000 r--p 00000000 fd:00 7 /tmp/gone (deleted)', ['deleted']],
  ['10000000-10001000 rw-s 00000000 00:01 7 /memfd:x (deleted)', []],
  ['10000000-10001000 rw-s 00000000 00:01 7 /SYSV00000000 (deleted)', []],
  ['10000000-10001000 rw-s 00000000 00:01 7 /dev/zero (deleted)', []],
  ['10000000-10001000 rw-s 00000000 00:01 7 /[aio] (deleted)', []],
  ['100000000-200000000 ---p 00000000 00:00 0 ', ['reserved']],
  ['10000000-10001000 rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: 0 kB\nSwap: 4 kB\nVmFlags: rd wr', ['swapped']],
  ['10000000-10001000 rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: 4 kB\nLocked: 4 kB\nVmFlags: rd wr lo', ['locked']],
  ['10000000-10001000 rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: 4 kB\nLazyFree: 4 kB\nVmFlags: rd wr', ['lazy-free']],
  ['10000000-10001000 rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: 4 kB\nVmFlags: rd qq wr', ['unknown-flags']],
  ['10000000-10001000 rw-p 00000000 00:00 0 ', []],
];
for (const [lines, what] of UNUSUAL) {
  test(`unusual about ${lines.replaceAll('\n', ', ')}: ${what.join(', ') || 'nothing'}`, (t) => {
    t.deepEqual(findings(parse(`${lines}\n`)), what);
  });
}

test('many regions are checked against vm.max_map_count', (t) => {
  const line = (index: number): string =>
    `${(0x10000000 + index * 0x2000).toString(16)}-${(0x10001000 + index * 0x2000).toString(16)} rw-p 00000000 ` +
    '00:00 0 \n';
  t.deepEqual(findings(parse(Array.from({length: 20_000}, (_, index) => line(index)).join(''))), ['many-regions']);
});

test('a code of VmFlags that memmap does not know is kept, and said to be unknown', (t) => {
  const {regions} = parse('10000000-10001000 rw-p 00000000 00:00 0 \nSize: 4 kB\nVmFlags: rd qq wr\n');
  t.deepEqual(
    regionFacts(regions, regions[0]!).flags.map(({code, meaning}) => [code, meaning === undefined]),
    [
      ['rd', false],
      ['qq', true],
      ['wr', false],
    ],
  );
});

test('permissions in words', (t) => {
  t.is(mayText({perms: 'r-xp'}), 'may be read and executed, not written');
  t.is(mayText({perms: 'rwxp'}), 'may be read, written and executed');
  t.is(mayText({perms: 'r--p'}), 'may be read, not written or executed');
  t.regex(mayText({perms: '---p'}), /may not be touched/);
  t.regex(mayText({perms: '????'}), /unknown/);
});

test('the bits of pagemap are those of the documentation', (t) => {
  const factsOf = (word: bigint): PageFacts => pageFacts(pageState(Number(word >> 32n)));
  const set = (word: bigint): string[] =>
    Object.entries(factsOf(word))
      .filter(([, isSet]) => isSet)
      .map(([bit]) => bit);
  t.deepEqual(set(0x81n << 56n), ['present', 'exclusive']);
  t.deepEqual(set(0xa1n << 56n), ['present', 'file', 'exclusive']);
  t.deepEqual(set(0x4400_0000_0000_009fn), ['swapped', 'guard']);
  t.deepEqual(set(1n << 55n), ['softDirty']);
  t.deepEqual(set(0n), []);
  t.regex(pageText(factsOf(0x4400_0000_0000_009fn)), /guard/);
  t.regex(pageText(factsOf(0xa0n << 56n)), /mapped at least twice, maybe by this process alone$/);
  t.regex(pageText(factsOf(0x80n << 56n)), /not exclusive: shared since fork, merged by KSM, or the zero page$/);
});

test('any text is set within the width, and none of it is lost', (t) => {
  fc.assert(
    fc.property(fc.string({unit: 'grapheme', maxLength: 300}), fc.integer({min: 20, max: 120}), (text, width) => {
      const lines = wrapLines(text, width);
      return lines.every((line) => cells(line) <= width);
    }),
  );
  const words = 'one two three '.repeat(30).trim();
  t.is(wrapLines(words, 33).join(' '), words);
  t.true(entry('label', words, 40).every((line) => cells(line) <= 40));
});
