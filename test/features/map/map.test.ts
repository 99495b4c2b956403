import test from 'ava';
import fc from 'fast-check';
import {parse} from '../../../src/parse/parse.ts';
import {sizeOf, type Region} from '../../../src/model/region.ts';
import {bar, barOfBoth, lengthOf, ruler, scaleFor} from '../../../src/features/map/bar.ts';
import {
  type Block,
  mostImportant,
  objectBlocks,
  programOf,
  runsOfOneKind,
  single,
} from '../../../src/features/map/blocks.ts';
import {renderPicture} from '../../../src/features/map/map.ts';
import {cells} from '../../../src/text/safe.ts';
import {listing, listingText, record} from '../../parse/laws.ts';
import {TUTORIAL} from '../../helpers/listings.ts';

test('the second listing of the tutorial on brk: the heap stands above the program, and gaps say what they are for', (t) => {
  t.is(
    renderPicture(parse(TUTORIAL[1]), {width: 80}),
    `standard input: a maps listing with spaced-out columns
10 regions, 192 KiB of address space

high addresses
                   4K  16K 64K     size
ffffffffff600000  │▒              4 KiB  --xp  vsyscall  [vsyscall]
                  ┊ 16 EiB not for programs: the upper half is the kernel's
    7ffc131f1000  │▒▒▒            8 KiB  r-xp  vdso      [vdso]
    7ffc131ed000  │▒▒▒▒▒         16 KiB  r--p  vvar      [vvar]
                  ┊ 92 KiB free
    7ffc131b5000  │▒▒▒▒▒▒▒▒▒▒▒  132 KiB  rw-p  stack     [stack]
                  ┊ 128 TiB free: ↑ the heap grows up, ↓ the stack grows down
        004cd000  │▒              4 KiB  rw-p  heap      [heap]
                  ┊ 788 KiB free: the heap begins at a random distance
        00407000  │▒              4 KiB  rw-p  bss       bss of bin
        00406000  │▒              4 KiB  rw-p  data      /target/bin
                  ┊ 4 KiB free
        00404000  │▒              4 KiB  r--p  rodata    /target/bin
        00401000  │▒▒▒▒          12 KiB  r-xp  text      /target/bin
        00400000  │▒              4 KiB  r--p  rodata    /target/bin
                  ┊ 4 MiB free: nothing at address 0, so a null pointer faults
low addresses

▒ mapped; how much of it is resident is not known   ┊ nothing mapped
The address is where a line begins; bars are logarithmic: 2 more cells are twice
the size.
`,
  );
});

const KIB = 1024;
const MIB = 1024 * KIB;

test('a bar is filled as far as memory is resident, on the same scale', (t) => {
  const scale = {bits: 1, room: 20};
  t.is(bar(scale, {size: 4 * KIB, rss: 0}), '░');
  t.is(bar(scale, {size: 4 * KIB, rss: 4 * KIB}), '█');
  t.is(bar(scale, {size: 64 * KIB, rss: 8 * KIB}), '██░░░');
  t.is(bar(scale, {size: 64 * KIB, rss: 60 * KIB}), '████░');
  t.is(bar(scale, {size: 96 * KIB, rss: 80 * KIB}), '████▌', 'all but a little is not all');
  t.is(bar(scale, {size: 64 * KIB, rss: undefined}), '▒▒▒▒▒', 'unknown is neither');
});

test('two bars in one: what came and what went, however little, and what became resident', (t) => {
  const scale = {bits: 1, room: 20};
  const both = (before: [number, number?], after: [number, number?]): string =>
    barOfBoth(scale, {size: before[0] * KIB, rss: rss(before[1])}, {size: after[0] * KIB, rss: rss(after[1])});
  t.is(both([0], [16]), '+++');
  t.is(both([16], [0]), '---');
  t.is(both([8], [32]), '▒▒++');
  t.is(both([32], [8]), '▒▒--');
  t.is(both([132], [136]), '▒▒▒▒▒+');
  t.is(both([16, 16], [16, 16]), '███');
  t.is(both([16, 4], [16, 16]), '█▓▓');
  t.is(both([16, 16], [16, 0]), '▒▒▒');
  t.is(both([64, 0], [64, 4]), '▓░░░░');
});

const rss = (kib: number | undefined): number | undefined => (kib === undefined ? undefined : kib * KIB);

test('a scale is as fine as it has room, and its ruler stands where sizes begin', (t) => {
  t.deepEqual(scaleFor(132 * KIB, 20), {bits: 0.5, room: 11});
  t.deepEqual(scaleFor(132 * KIB, 24), {bits: 0.25, room: 21});
  t.deepEqual(scaleFor(2 ** 37, 26), {bits: 1, room: 26});
  for (const [size, room] of [
    [132 * KIB, 20],
    [8 * MIB, 24],
    [2 ** 37, 26],
    [2 ** 63, 10],
  ] as const) {
    const scale = scaleFor(size, room);
    for (const {0: label, index} of ruler(scale).matchAll(/(\d+)[KMGTPE]/g))
      t.is(lengthOf(scale, bytesOf(label)), index + 1, `${label} of ${ruler(scale)}`);
  }
});

const bytesOf = (label: string): number => Number.parseInt(label, 10) * 1024 ** 'BKMGTPE'.indexOf(label.at(-1)!);

const sizes = fc.bigInt({min: 0n, max: 2n ** 52n - 1n}).map((pages) => Number(pages * 4096n));

test('law: more bytes have no shorter bar, and each bar has room', (t) => {
  fc.assert(
    fc.property(sizes, sizes, fc.integer({min: 1, max: 60}), (a, b, room) => {
      const scale = scaleFor(Math.max(a, b), room);
      t.is(lengthOf(scale, Math.min(a, b)) <= lengthOf(scale, Math.max(a, b)), true);
      t.true(lengthOf(scale, Math.max(a, b)) <= room);
    }),
  );
});

test('law: two bars in one are as long as the longer, and say which way it went', (t) => {
  const amount = fc.record({size: sizes, part: fc.double({min: 0, max: 1, noNaN: true})});
  fc.assert(
    fc.property(amount, amount, fc.boolean(), (a, b, isCounted) => {
      const scale = scaleFor(Math.max(a.size, b.size), 30);
      const of = ({size, part}: typeof a) => ({
        size,
        rss: isCounted ? Math.floor((size / 4096) * part) * 4096 : undefined,
      });
      const text = barOfBoth(scale, of(a), of(b));
      t.is(text.length, lengthOf(scale, Math.max(a.size, b.size)));
      t.is(text.includes('+'), b.size > a.size);
      t.is(text.includes('-'), b.size < a.size);
    }),
  );
});

/** A random listing, with counters or without. */
const snapshots = fc
  .tuple(listing, fc.array(record, {minLength: 24, maxLength: 24}), fc.boolean())
  .map(([lines, records, isCounted]) => parse(listingText(lines, isCounted ? records : undefined)));

test('law: each region is in exactly one block, and blocks ascend', (t) => {
  fc.assert(
    fc.property(snapshots, fc.integer({min: 1, max: 12}), ({regions}, most) => {
      const isProgram = programOf(regions, undefined);
      const objects = objectBlocks(regions, isProgram, isProgram);
      const runs = runsOfOneKind(objectBlocks(regions, isProgram, () => false));
      for (const blocks of [objects, runs, mostImportant(runs, most), mostImportant(regions.map(single), most)])
        t.true(areAll(blocks, regions));
      t.true(mostImportant(runs, most).length <= 2 * most + 1);
    }),
  );
});

function areAll(blocks: readonly Block[], regions: readonly Region[]): boolean {
  const drawn = blocks.flatMap((block) => block.regions);
  const sums = blocks.every((block) => block.size === block.regions.reduce((sum, region) => sum + sizeOf(region), 0));
  return sums && drawn.length === regions.length && drawn.every((region, index) => region === regions[index]);
}

test('law: no line is wider than the terminal, none moves the cursor, and the picture is as high as asked', (t) => {
  fc.assert(
    fc.property(snapshots, fc.integer({min: 20, max: 200}), fc.integer({min: 8, max: 70}), (snapshot, width, rows) => {
      const lines = renderPicture(snapshot, {width, rows}).split('\n');
      for (const line of lines) {
        t.true(cells(line) <= width, line);
        t.notRegex(line, /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }
      const drawn = lines.indexOf('low addresses') - lines.indexOf('high addresses') - 2;
      t.true(drawn > 0 && drawn <= rows, `${drawn} of ${rows}`);
    }),
    {numRuns: 300},
  );
});

test('a library is one block with its bss, a thread stack with its guard, the program is drawn apart', (t) => {
  const rest = ' 00000000 fd:00';
  const text = [
    `00400000-00401000 r--p${rest} 7 /bin/x`,
    `00401000-00404000 r-xp${rest} 7 /bin/x`,
    `00404000-00405000 rw-p${rest} 7 /bin/x`,
    `7f0000000000-7f0000001000 ---p 00000000 00:00 0 `,
    `7f0000001000-7f0000801000 rw-p 00000000 00:00 0 `,
    `7f0001000000-7f0001001000 r--p${rest} 9 /lib/libc.so.6`,
    `7f0001001000-7f0001003000 r-xp${rest} 9 /lib/libc.so.6`,
    `7f0001003000-7f0001004000 rw-p${rest} 9 /lib/libc.so.6`,
    `7f0001004000-7f0001005000 rw-p 00000000 00:00 0 `,
    '',
  ].join('\n');
  const {regions} = parse(text);
  const isProgram = programOf(regions, '/bin/x');
  const words = (blocks: readonly Block[]): string[] => blocks.map(({word, regions: {length}}) => `${word} ${length}`);
  t.deepEqual(words(objectBlocks(regions, isProgram, isProgram)), [
    'rodata 1',
    'text 1',
    'data 1',
    'thread-stack 2',
    'library 4',
  ]);
  t.deepEqual(words(objectBlocks(regions, isProgram, () => false)), ['program 3', 'thread-stack 2', 'library 4']);
});
