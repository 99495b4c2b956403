import test from 'ava';
import {diff, type Diff} from '../../src/diff/diff.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {parse} from '../../src/parse/parse.ts';
import {listing, PAGE, shortForm} from './tools.ts';

/** The three listings of the brk tutorial, as it prints them. */
const FIRST = `
00400000-00401000                  r--p  00000000  fd:00  950935  /target/bin
00401000-00404000                  r-xp  00001000  fd:00  950935  /target/bin
00404000-00405000                  r--p  00004000  fd:00  950935  /target/bin
00406000-00407000                  rw-p  00005000  fd:00  950935  /target/bin
00407000-00408000                  rw-p  00000000  00:00  0       
7ffe1a300000-7ffe1a321000          rw-p  00000000  00:00  0       [stack]
7ffe1a3f2000-7ffe1a3f6000          r--p  00000000  00:00  0       [vvar]
7ffe1a3f6000-7ffe1a3f8000          r-xp  00000000  00:00  0       [vdso]
ffffffffff600000-ffffffffff601000  --xp  00000000  00:00  0       [vsyscall]
`;
const SECOND = `
00400000-00401000                  r--p  00000000  fd:00  950935  /target/bin
00401000-00404000                  r-xp  00001000  fd:00  950935  /target/bin
00404000-00405000                  r--p  00004000  fd:00  950935  /target/bin
00406000-00407000                  rw-p  00005000  fd:00  950935  /target/bin
00407000-00408000                  rw-p  00000000  00:00  0       
004cd000-004ce000                  rw-p  00000000  00:00  0       [heap]
7ffc131b5000-7ffc131d6000          rw-p  00000000  00:00  0       [stack]
7ffc131ed000-7ffc131f1000          r--p  00000000  00:00  0       [vvar]
7ffc131f1000-7ffc131f3000          r-xp  00000000  00:00  0       [vdso]
ffffffffff600000-ffffffffff601000  --xp  00000000  00:00  0       [vsyscall]
`;
const THIRD = `
00400000-00401000                  r--p  00000000  fd:00  950935  /target/bin
00401000-00404000                  r-xp  00001000  fd:00  950935  /target/bin
00404000-00406000                  r--p  00004000  fd:00  950935  /target/bin
00406000-00407000                  rw-p  00005000  fd:00  950935  /target/bin
00407000-00408000                  rw-p  00000000  00:00  0       
017c8000-017c9000                  rw-p  00000000  00:00  0       [heap]
7ffc3c050000-7ffc3c071000          rw-p  00000000  00:00  0       [stack]
7ffc3c079000-7ffc3c07d000          r--p  00000000  00:00  0       [vvar]
7ffc3c07d000-7ffc3c07f000          r-xp  00000000  00:00  0       [vdso]
ffffffffff600000-ffffffffff601000  --xp  00000000  00:00  0       [vsyscall]
`;

const named = ({changes}: Diff): string[] =>
  changes.map(({kind, before, after}) => `${(after[0] ?? before[0])!.name} ${kind}`);

test("The tutorial's second listing differs from its first by a new heap, and lies elsewhere", (t) => {
  const result = diff(parse(FIRST), parse(SECOND));
  t.is(result.match, 'layout');
  t.deepEqual(named(result), ['[heap] new', '[stack] moved', '[vvar] moved', '[vdso] moved']);
  t.is(result.unchanged, 6);
  t.deepEqual(result.delta, {size: 4096, regions: 1});
  t.is(result.changes[0]?.text, '[heap] is new: 4 KiB, rw-p.');
  t.deepEqual(
    result.changes.slice(1).map(({slide}) => slide),
    [0x7ffc131b5000 - 0x7ffe1a300000, 0x7ffc131ed000 - 0x7ffe1a3f2000, 0x7ffc131f1000 - 0x7ffe1a3f6000],
  );
  t.deepEqual(named(diff(parse(SECOND), parse(FIRST))).sort(), [
    '[heap] gone',
    '[stack] moved',
    '[vdso] moved',
    '[vvar] moved',
  ]);
});

test("In the tutorial's third listing, the read-only region has a page more", (t) => {
  const result = diff(parse(FIRST), parse(THIRD));
  t.deepEqual(named(result), ['/target/bin grown', '[heap] new', '[stack] moved', '[vvar] moved', '[vdso] moved']);
  t.is(shortForm(result.changes[0]!), 'grown 405-406 [1,1] +1');
  t.is(result.unchanged, 5);
  t.deepEqual(named(diff(parse(SECOND), parse(THIRD))), [
    '/target/bin grown',
    '[heap] moved',
    '[stack] moved',
    '[vvar] moved',
    '[vdso] moved',
  ]);
});

test('A library that moved as a whole, and grew, is one library', (t) => {
  const before = listing('10-14 r-xp /lib/x', '14-16 rw-p /lib/x@4', '16-18 rw-p', '100-110 rw-p [stack]');
  const after = listing('50-54 r-xp /lib/x', '54-56 r--p /lib/x@4', '56-5a rw-p', '180-190 rw-p [stack]');
  t.deepEqual(diff(before, after).changes.map(shortForm), [
    'moved 50-54 from 10-14 [1,1] 0',
    'reprotected 54-56 from 14-16 [1,1] 0',
    'moved 56-58 from 16-18 [1,1] 0',
    'grown 58-5a [1,1] +2',
    'moved 180-190 from 100-110 [1,1] 0',
  ]);
});

test('A library is known by its offsets, though its first region is gone', (t) => {
  const before = listing('10-14 r--p /lib/x', '14-18 r-xp /lib/x@4', '100-110 rw-p [stack]');
  const after = listing('54-58 r-xp /lib/x@4', '180-190 rw-p [stack]');
  t.deepEqual(diff(before, after).changes.map(shortForm), [
    'gone 10-14 [1,0] -4',
    'moved 54-58 from 14-18 [1,1] 0',
    'moved 180-190 from 100-110 [1,1] 0',
  ]);
});

test('Two mappings below a library go with it, though both are alike', (t) => {
  const before = listing('10-14 rw-p [heap]', '30-34 rw-p', '38-3c rw-p', '40-44 r-xp /lib/x', '100-110 rw-p [stack]');
  const after = listing('18-1c rw-p [heap]', '60-64 rw-p', '68-6c rw-p', '70-74 r-xp /lib/x', '180-190 rw-p [stack]');
  t.deepEqual(
    diff(before, after).changes.map(({kind, slide = 0, text}) => [kind, slide / PAGE, /guess/.test(text)]),
    [8, 0x30, 0x30, 0x30, 0x80].map((slide) => ['moved', slide, false]),
  );
});

test("A stack's top is its place: one that is deeper has grown downwards", (t) => {
  const result = diff(listing('100-110 rw-p [stack]'), listing('170-190 rw-p [stack]'));
  t.deepEqual(result.changes.map(shortForm), ['grown 170-180 [1,1] +16', 'moved 180-190 from 100-110 [1,1] 0']);
});

test('Unnamed memory goes with the named memory beside it; what goes with none is compared by how much there is', (t) => {
  const stacks = ['100-110 rw-p [stack]', '180-190 rw-p [stack]'] as const;
  const beside = diff(
    listing('20-24 r--p /f', '25-28 rw-p', stacks[0]),
    listing('60-64 r--p /f', '65-68 rw-p', stacks[1]),
  );
  t.deepEqual(
    beside.changes.map(({text}) => text.includes('guess')),
    [false, false, false],
  );
  const one = diff(
    listing('10-14 rw-p', '20-24 r--p /f', stacks[0]),
    listing('30-34 rw-p', '60-64 r--p /f', stacks[1]),
  );
  t.is(shortForm(one.changes[0]!), 'moved 30-34 from 10-14 [1,1] 0');
  t.is(
    one.changes[0]!.text,
    'anonymous memory, rw-p: 1 block, 16 KiB; then 1 block, 16 KiB; only their places differ.',
  );
  const two = diff(
    listing('10-14 rw-p', '15-19 rw-p', '20-24 r--p /f', stacks[0]),
    listing('30-34 rw-p', '36-3a rw-p', '60-64 r--p /f', stacks[1]),
  );
  t.deepEqual(
    two.changes.map(({kind}) => kind),
    ['moved', 'moved', 'moved'],
    'which went where is not known: both are one change',
  );
  const more = diff(
    listing('10-14 rw-p', '20-24 r--p /f', stacks[0]),
    listing('30-34 rw-p', '36-3a rw-p', '60-64 r--p /f', stacks[1]),
  );
  t.deepEqual(
    more.changes.map(({kind}) => kind),
    ['grown', 'moved', 'moved'],
    'which of two it became is not known, but how much more there is',
  );
});

const stack = (at: string) => listing('10-14 r-xp /bin/x', `${at} rw-p [stack]`);

test('How two snapshots are compared is found by looking, and said', (t) => {
  t.like(diff(stack('70-80'), stack('70-80')), {
    match: 'address',
    why: '[stack] is in the same place, so this is one process',
  });
  t.is(diff(stack('70-80'), stack('60-80')).match, 'address', 'a stack grows downwards');
  t.like(diff(stack('70-80'), stack('90-a0')), {match: 'layout', why: '[stack] is elsewhere, so these are two runs'});
  t.like(diff(stack('70-80'), stack('90-a0'), {match: 'address'}), {match: 'address', why: 'as asked'});
  t.like(diff(stack('70-80'), stack('70-80'), {match: 'layout'}), {match: 'layout', unchanged: 2});
  t.is(diff(listing('10-14 rw-p'), listing('20-24 rw-p')).match, 'address', 'nothing says otherwise');
});

test('A library that another host has in another folder has moved', (t) => {
  const host = (folder: string, at: string, inode: number, stackAt: string) =>
    listing(
      `${at}0-${at}2 r--p ${folder}/libc.so.6 #${inode}`,
      `${at}2-${at}6 r-xp ${folder}/libc.so.6@2 #${inode}`,
      `${at}6-${at}8 rw-p`,
      `${at}9-${at}a rw-p`,
      `${stackAt} rw-p [stack]`,
    );
  const {changes, unchanged} = diff(host('/lib', '2', 7, '100-110'), host('/usr/lib', '4', 8, '180-190'));
  t.deepEqual(
    changes.map(({kind, slide}) => [kind, slide! / PAGE]),
    [
      ['moved', 0x20],
      ['moved', 0x20],
      ['moved', 0x20],
      ['moved', 0x20],
      ['moved', 0x80],
    ],
  );
  t.is(unchanged, 0);
});

test('An upgraded library is another file, as a whole', (t) => {
  const before = listing(
    '20-22 r--p /lib/x.so',
    '22-26 r-xp /lib/x.so@2',
    '27-28 rw-p /lib/x.so@6',
    '100-110 rw-p [stack]',
  );
  const after = listing(
    '40-42 r--p /lib/x.so #9',
    '42-48 r-xp /lib/x.so@2 #9',
    '49-4a rw-p /lib/x.so@8 #9',
    '180-190 rw-p [stack]',
  );
  const {changes} = diff(before, after);
  t.deepEqual(changes.map(shortForm), ['replaced 40-4a from 20-28 [3,3] +2', 'moved 180-190 from 100-110 [1,1] 0']);
  t.regex(changes[0]!.text, /^\/lib\/x\.so is another file: .*text 16 KiB → 24 KiB/);
});

const MIRROR: Readonly<Record<string, string>> = {new: 'gone', gone: 'new', grown: 'shrunk', shrunk: 'grown'};

test('Unnamed memory goes with a neighbour only where both sides have it there, so that backwards it is the same', (t) => {
  const before = parse(
    '00010000-00011000 rw-p 00000000 00:00 0 \n00011000-00012000 rw-p 00000000 00:00 0 \n00016000-00017000 rw-p ' +
      '00006000 fd:00 11 /bin/a\n',
  );
  const after = parse(
    '00010000-00011000 rw-p 00000000 00:00 0 \n00012000-00013000 rw-p 00000000 00:00 0 \n00013000-00014000 rw-p ' +
      '00000000 00:00 0 \n00016000-00017000 rw-p 00000000 00:01 14 /dev/zero (deleted)\n00017000-00018000 rw-p ' +
      '00006000 fd:00 11 /bin/a\n',
  );
  const kinds = (changes: Diff): string[] =>
    changes.changes.map(({kind, slide = 0}) => `${kind} ${Math.abs(slide)}`).toSorted();
  const mirrored = kinds(diff(after, before, {match: 'layout'})).map((each) =>
    each.replace(/^(new|gone|grown|shrunk)/, (kind) => MIRROR[kind]!),
  );
  t.deepEqual(kinds(diff(before, after, {match: 'layout'})), mirrored.toSorted());
});

test('What one run has as a guard and the other merged with closed memory is neither more nor less', (t) => {
  const withGuards = (snapshot: Snapshot, guards: ReadonlySet<number>): Snapshot =>
    new Snapshot({
      source: snapshot.source,
      regions: snapshot.regions.map((region) => ({...region, kind: guards.has(region.start) ? 'guard' : region.kind})),
    });
  const before = withGuards(
    listing('10-13 ---p', '13-20 rw-p /f', '40-44 ---p', '60-61 ---p', '100-110 rw-p [stack]'),
    new Set([0x10 * PAGE, 0x60 * PAGE]),
  );
  const after = withGuards(
    listing('13-20 rw-p /f', '45-4c ---p', '62-63 ---p', '180-190 rw-p [stack]'),
    new Set([0x62 * PAGE]),
  );
  const {changes} = diff(before, after);
  const folded = changes.filter(({pieces}) => pieces);
  t.deepEqual(
    folded.map(({kind, delta}) => [kind, delta.size]),
    [['merged', 0]],
  );
  t.regex(
    folded[0]!.text,
    /^anonymous memory, ---p: 3 blocks, 32 KiB; then 2 blocks, 32 KiB; only their places differ/,
  );
  t.deepEqual(
    changes.filter(({kind}) => kind !== 'moved').map(({kind}) => kind),
    ['merged'],
  );
});
