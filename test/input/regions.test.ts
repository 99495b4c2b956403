import fc from 'fast-check';
import test from 'ava';
import {gapAt} from '../../src/features/explain/address.ts';
import {parseWanted, pick, regionAt} from '../../src/input/regions.ts';
import type {Region} from '../../src/model/region.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parse} from '../../src/parse/parse.ts';

const LISTING = `00400000-00401000 r--p 00000000 fd:00 7 /usr/bin/some-app
00401000-00403000 r-xp 00001000 fd:00 7 /usr/bin/some-app
00403000-00404000 rw-p 00003000 fd:00 7 /usr/bin/some-app
00500000-00521000 rw-p 00000000 00:00 0 [heap]
7f0000000000-7f0000010000 r-xp 00000000 fd:00 8 /lib/libc.so.6
7f0000010000-7f0000011000 ---p 00000000 00:00 0 
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]
`;
const {regions} = parse(LISTING);

test('an address of up to 64 bits is read exactly, with 0x or as maps prints it', (t) => {
  fc.assert(
    fc.property(fc.bigInt({min: 0n, max: (1n << 64n) - 1n}), fc.boolean(), (address, isUpper) => {
      const digits = isUpper ? address.toString(16).toUpperCase() : address.toString(16);
      t.deepEqual(parseWanted(`0x${digits}`), {is: 'address', address});
      const padded = digits.padStart(8, '0');
      if (/[a-f]/i.test(padded)) t.deepEqual(parseWanted(padded), {is: 'address', address});
      else if (address > 0n)
        t.throws(() => parseWanted(padded), {instanceOf: Trouble, message: /hexadecimal or decimal/});
    }),
  );
});

test('decimal is never taken silently: the message has both readings', (t) => {
  const trouble = t.throws(() => parseWanted('140235821082784'), {instanceOf: Trouble});
  t.is(trouble.kind, 'usage');
  t.regex(trouble.next, new RegExp(`0x140235821082784 .* 0x${(140235821082784).toString(16)} `));
});

const BAD = ['0x', '0x12345678901234567', '00403000-00401000', '00401000-00401000', ''];
for (const text of BAD) {
  test(`"${text}" is no address`, (t) => {
    const read = (): unknown => parseWanted(text);
    if (text === '0x') t.deepEqual(read(), {is: 'name', name: '0x'});
    else t.throws(read, {instanceOf: Trouble});
  });
}

test('the region with an address has it from its first to its last byte', (t) => {
  for (const region of regions) {
    t.is(regionAt(regions, BigInt(region.start)), region);
    t.is(regionAt(regions, BigInt(region.end) - 1n), region);
  }
  t.is(regionAt(regions, 0x3fffffn), undefined);
  t.is(regionAt(regions, 0x404000n), undefined);
  t.is(regionAt(regions, (1n << 64n) - 1n), undefined);
});

/** What is asked → the first addresses of the regions that are meant. */
const PICKED: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['[heap]', ['500000']],
  ['heap', ['500000']],
  ['libc.so.6', ['7f0000000000']],
  ['libc', ['7f0000000000']],
  ['/usr/bin/some-app', ['400000', '401000', '403000']],
  ['some', ['400000', '401000', '403000']],
  ['text', ['401000', '7f0000000000']],
  ['guard', ['7f0000010000']],
  ['00401000-00403000', ['401000']],
  ['0x400000-0x402000', ['400000', '401000']],
  ['00405000-00406000', []],
  ['0x402fff', ['401000']],
  ['nothing', []],
];
for (const [asked, starts] of PICKED) {
  test(`"${asked}" means ${starts.length} regions`, (t) => {
    t.deepEqual(
      pick(regions, parseWanted(asked)).map(({start}) => start.toString(16)),
      starts,
    );
  });
}

test('a label that is meant as a whole goes before those of which it is a part', (t) => {
  const [first, second, third] = regions as [Region, Region, Region];
  const labelled = [
    {...first, kind: 'thread-stack', label: 'stack of thread 12'},
    {...second, kind: 'thread-stack', label: 'stack of thread 1'},
    {...third, kind: 'anon', label: 'stack of thread 1'},
  ] as const;
  t.deepEqual(pick(labelled, parseWanted('stack of thread 1')), [labelled[1]]);
  t.deepEqual(pick(labelled, parseWanted('Stack of thread')), [labelled[0], labelled[1]]);
});

/** An unmapped address → what is said of an access. */
const GAPS: ReadonlyArray<readonly [bigint, number | undefined, RegExp]> = [
  [0n, undefined, /SIGSEGV.*null pointer/],
  [0xffffn, undefined, /null pointer/],
  [0x405000n, 0xfc000, /may have overrun it/],
  [0x600000000n, 0x7f0000000000 - 0x521000, /wild/],
  [0x7f0000020000n, 0x7ffd00000000 - 0x7f0000011000, /guard is next to it/],
  [0x7ffcffffff00n, 0x7ffd00000000 - 0x7f0000011000, /may succeed: the stack above grows/],
  [0xdead_beef_dead_beefn, undefined, /above user space/],
];
for (const [address, size, why] of GAPS) {
  test(`0x${address.toString(16)} is in no region`, (t) => {
    const gap = gapAt(regions, address, undefined);
    t.regex(gap.why, why);
    if (size !== undefined) t.is(gap.size, size);
  });
}

test('how far the stack may grow is what its limit says', (t) => {
  const address = 0x7ffd00021000n - 0x100000n;
  t.regex(gapAt(regions, address, {stack: 8 << 20}).why, /grows/);
  t.notRegex(gapAt(regions, address, {stack: 1 << 19}).why, /grows/);
  t.regex(gapAt(regions, 0x7ff000000000n, {stack: null}).why, /limit \(none\)/);
});

test('where regions lie above 2^47, as on arm64, a hole there is not an address of the kernel', (t) => {
  const arm = parse(
    'aaaac0000000-aaaac0001000 r-xp 00000000 fd:00 7 /bin/x\nffffc0000000-ffffc0021000 rw-p 00000000 00:00 0 [stack]\n',
  ).regions;
  t.regex(gapAt(arm, 0xbbbb00000000n, undefined).why, /wild/);
  t.regex(gapAt(arm, 0xb400ffff00000000n, undefined).why, /above user space/);
});
