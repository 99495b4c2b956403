import test from 'ava';
import fc from 'fast-check';
import {holesOf, isInUserSpace, userSpaceEnd} from '../../../src/model/holes.ts';
import {residueOf} from '../../../src/features/show/residue.ts';
import {roomOf} from '../../../src/features/show/room.ts';
import {region, regions, snapshotOf} from '../../model/regions.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE = 4 * KIB;

test('holes and regions together are user space, without overlaps', (t) => {
  const property = fc.property(regions, (list) => {
    const plain = list.filter((each) => isInUserSpace(each) && each.kind !== 'stack');
    if (plain.length === 0) return true;
    const parts = [...holesOf(plain, PAGE), ...plain].sort((a, b) => a.start - b.start);
    const touch = parts.every((part, index) => index === 0 || parts[index - 1]!.end === part.start);
    return touch && parts[0]!.start === 64 * KIB && parts.at(-1)!.end === userSpaceEnd(plain, PAGE);
  });
  t.notThrows(() => fc.assert(property));
});

test('user space ends where the machine has it, one page below a power of two', (t) => {
  const end = (last: number): number => userSpaceEnd([region(last - PAGE, last, 'rw-p')], PAGE);
  t.is(end(0x7ffe1a321000), 0x7ffffffff000, 'x86-64');
  t.is(end(0xffffd7a21000), 0xfffffffff000, 'arm64');
  t.is(end(0x3fffe21000), 0x3ffffff000, 'riscv64, three levels');
  t.is(end(0xffb21000), 0xffb21000, 'of 32 bits nobody knows');
});

const heap = region(0x1000000, 0x1021000, 'rw-p', {name: '[heap]', kind: 'heap'});
const library = region(0x7f0000000000, 0x7f0000200000, 'r-xp', {name: '/lib/a.so', kind: 'text'});
const stack = region(0x7ffe1a300000, 0x7ffe1a321000, 'rw-p', {
  name: '[stack]',
  kind: 'stack',
  flags: ['rd', 'wr', 'gd'],
});

test('brk ends a page before the next region, or at RLIMIT_DATA', (t) => {
  const list = [heap, library, stack];
  const free = snapshotOf(list, {limits: {data: null}}, {vmData: MIB});
  t.like(roomOf(free).brk, {
    used: 0x21000,
    limit: null,
    left: 0x7f0000000000 - 0x1021000 - PAGE,
    endsAt: 'addresses',
    end: 0x1021000,
    next: library,
  });
  const limited = snapshotOf(list, {limits: {data: 5 * MIB}}, {vmData: 2 * MIB});
  t.like(roomOf(limited).brk, {limit: 5 * MIB, left: 3 * MIB, endsAt: 'limit'});
  const used = snapshotOf(list, {limits: {data: MIB}}, {vmData: 2 * MIB});
  t.is(roomOf(used).brk?.left, 0, 'a limit that was lowered later');
});

test('an empty brk area begins where stat says, and without that nothing is said', (t) => {
  const marks = {
    startCode: 0,
    endCode: 0,
    startStack: 0,
    startData: 0,
    endData: 0,
    startBrk: 0x2000123,
    argStart: 0,
    argEnd: 0,
    envStart: 0,
    envEnd: 0,
  };
  t.like(roomOf(snapshotOf([library, stack], {marks})).brk, {used: 0, end: 0x2001000, next: library});
  t.is(roomOf(snapshotOf([library, stack])).brk, undefined);
});

test('a stack ends at its limit, or 1 MiB above what is below it, unless that has no access', (t) => {
  const limits = {stack: 8 * MIB};
  t.like(roomOf(snapshotOf([library, stack], {limits})).stack, {
    used: 0x21000,
    left: 8 * MIB - 0x21000,
    endsAt: 'limit',
  });
  const near = region(stack.start - 3 * MIB, stack.start - 2 * MIB, 'rw-p');
  t.like(roomOf(snapshotOf([near, stack], {limits})).stack, {left: MIB, endsAt: 'addresses', below: near});
  const guard = {...near, perms: '---p'};
  t.is(roomOf(snapshotOf([guard, stack], {limits})).stack?.left, 2 * MIB);
});

test('the vsyscall page is no region of the process, and the rest counts against vm.max_map_count', (t) => {
  const vsyscall = region(0xffffffffff600000, 0xffffffffff601000, '--xp', {name: '[vsyscall]', kind: 'vsyscall'});
  const room = roomOf(snapshotOf([heap, stack, vsyscall], {maxMapCount: 65530}));
  t.deepEqual(room.regions, {used: 2, limit: 65530, left: 65528, endsAt: 'limit'});
});

test('the residue is what status has more, and what the totals leave out', (t) => {
  const list = [
    {...heap, usage: {rss: 8 * KIB, pss: 7 * KIB, sharedHugetlb: 0, privateHugetlb: 2 * MIB}},
    {...library, usage: {rss: 0, pss: 0, sharedHugetlb: 0, privateHugetlb: 0}},
  ];
  const residue = residueOf(
    snapshotOf(list, {}, {vmRss: 12 * KIB, vmSize: 5 * MIB, vmPte: 40 * KIB, hugetlbPages: 2 * MIB}),
  );
  t.deepEqual(residue, {
    rss: {regions: 8 * KIB, status: 12 * KIB},
    size: {regions: 0x21000 + 0x200000, status: 5 * MIB},
    pageTables: 40 * KIB,
    hugetlb: 2 * MIB,
    pssCut: KIB,
    stays: undefined,
  });
});
