import test from 'ava';
import fc from 'fast-check';
import {holesOf, isInUserSpace, userSpaceEnd} from '../../../src/model/pages/holes.ts';
import {residueOf} from '../../../src/features/show/residue.ts';
import {roomOf, type Room} from '../../../src/features/show/room.ts';
import {renderRoom} from '../../../src/features/show/room-text.ts';
import type {Clues} from '../../../src/model/clues/clues.ts';
import type {Region} from '../../../src/model/region.ts';
import {Regions} from '../../../src/model/columns/regions.ts';
import {region, regions, snapshotOf} from '../../model/regions.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE = 4 * KIB;

test('holes and regions together are user space, without overlaps', (t) => {
  const property = fc.property(regions, (list) => {
    const plain = list.filter((each) => isInUserSpace(each) && each.kind !== 'stack');
    if (plain.length === 0) return true;
    const table = Regions.of(plain);
    const parts = [...holesOf(table, PAGE), ...plain].sort((a, b) => a.start - b.start);
    const touch = parts.every((part, index) => index === 0 || parts[index - 1]!.end === part.start);
    return touch && parts[0]!.start === 64 * KIB && parts.at(-1)!.end === userSpaceEnd(table, PAGE);
  });
  t.notThrows(() => fc.assert(property));
});

test('user space ends where the machine has it, one page below a power of two', (t) => {
  const end = (last: number): number => userSpaceEnd(Regions.of([region(last - PAGE, last, 'rw-p')]), PAGE);
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

/** No limit but those that a test sets. */
const free = {
  maxMapCount: 65530,
  limits: {data: null, addressSpace: null, stack: null, locked: null},
  machine: {release: '6.18', overcommit: 1},
  capabilities: {ipcLock: false, sysAdmin: false},
} as const;

test('brk ends a page before the next region, or at RLIMIT_DATA', (t) => {
  const list = [heap, library, stack];
  const brk = (clues: Clues, status: Readonly<Record<string, number>>): Room['brk'] =>
    roomOf(snapshotOf(list, {...free, ...clues}, status)).brk;
  const open = brk({}, {vmData: MIB, vmSize: MIB});
  t.like(open, {
    used: 0x21000,
    left: 0x7f0000000000 - 0x1021000 - PAGE,
    precision: 'exact',
    end: 0x1021000,
    next: library,
  });
  t.is(open?.binding?.name, 'addresses');
  const data = {...free.limits, data: 5 * MIB};
  const limited = brk({limits: data}, {vmData: 2 * MIB, vmSize: 2 * MIB});
  t.like(limited, {left: 3 * MIB, unknown: []});
  t.like(limited?.binding, {name: 'RLIMIT_DATA', value: 5 * MIB, used: 2 * MIB});
  t.is(brk({limits: {...data, data: MIB}}, {vmData: 2 * MIB})?.left, 0, 'a limit that was lowered later');
  const old = brk({limits: data, machine: {...free.machine, release: '4.6'}}, {vmData: 2 * MIB, vmSize: 2 * MIB});
  t.is(old?.binding?.name, 'addresses', 'before 4.7 VmData is not counted');
});

test('what the source does not tell is unknown, and then the rest is at most', (t) => {
  const {
    mapping,
    reserving,
    stack: deep,
    locked,
    regions: number,
    touching,
  } = roomOf(snapshotOf([heap, library, stack]));
  t.deepEqual(mapping.unknown, ['vm.max_map_count', 'RLIMIT_AS', 'RLIMIT_DATA', 'vm.overcommit_memory']);
  t.is(mapping.precision, 'atMost');
  t.is(reserving.precision, 'atMost');
  t.deepEqual(deep?.unknown, ['RLIMIT_AS', 'RLIMIT_STACK', 'vm.overcommit_memory']);
  t.is(locked, undefined);
  t.like(number, {left: undefined, unknown: ['vm.max_map_count']});
  t.like(touching, {left: undefined, unknown: ['cgroup']});
  const lines = renderRoom(snapshotOf([heap, library, stack])).join('\n');
  t.regex(lines, /^mmap .* ≤ \d/m);
  t.regex(lines, /^regions +3 +\? *$/m);
  t.regex(lines, /^Not known here, and may bind first: .*RLIMIT_AS \(mmap, mmap PROT_NONE, brk, stack\)/m);
});

test('a capability that is not known leaves the room for mlock unknown', (t) => {
  const limits = {locked: MIB};
  const locked = (capabilities: Clues['capabilities']): Room['locked'] =>
    roomOf(snapshotOf([stack], {limits, capabilities}, {vmLck: 8 * KIB})).locked;
  t.like(locked(undefined), {left: undefined, unknown: ['RLIMIT_MEMLOCK']});
  t.like(locked({ipcLock: true, sysAdmin: false}), {left: null, unknown: []});
  t.like(locked({ipcLock: false, sysAdmin: false}), {left: MIB - 8 * KIB, precision: 'exact'});
});

test('overcommit: RAM and swap in mode 0 since 5.2, nothing in mode 1, CommitLimit less the reserves in mode 2', (t) => {
  const machine = {
    release: '6.18',
    overcommit: 0,
    ram: 4096 * MIB,
    swap: 1024 * MIB,
    commitLimit: 3072 * MIB,
    committed: 1024 * MIB,
    adminReserve: 8 * MIB,
    userReserve: 128 * MIB,
  };
  const mapping = (more: object, sysAdmin = false): Room['mapping'] =>
    roomOf(
      snapshotOf(
        [heap, library, stack],
        {...free, machine: {...machine, ...more}, capabilities: {ipcLock: false, sysAdmin}},
        {vmSize: 320 * MIB, vmData: MIB},
      ),
    ).mapping;
  t.like(mapping({}), {left: 5120 * MIB, precision: 'exact'});
  t.like(mapping({release: '5.1'}), {unknown: ['vm.overcommit_memory'], precision: 'atMost'});
  t.deepEqual(mapping({overcommit: 1}).binding?.name, 'addresses');
  // A 32nd of 320 MiB is less than the user's reserve.
  t.like(mapping({overcommit: 2}), {left: (2048 - 8 - 10) * MIB - PAGE, precision: 'about'});
  t.like(mapping({overcommit: 2}, true), {left: (2048 - 10) * MIB - PAGE});
  t.like(mapping({overcommit: 2, committed: 4096 * MIB}), {left: 0});
});

test('of a cgroup and its ancestors the fullest binds; where ancestors are hidden there may be less', (t) => {
  const limits = [
    {path: '/a/b', file: 'memory.max', limit: 64 * MIB, used: 10 * MIB},
    {path: '/a', file: 'memory.max', limit: 96 * MIB, used: 90 * MIB},
  ];
  const touching = (isWhole: boolean): Room['touching'] =>
    roomOf(snapshotOf([stack], {cgroup: {version: 2, path: '/a/b', isWhole, limits}})).touching;
  t.like(touching(true), {used: 90 * MIB, left: 6 * MIB, precision: 'exact', unknown: []});
  t.is(touching(true).binding?.path, '/a');
  t.like(touching(false), {left: 6 * MIB, precision: 'atMost', unknown: ['cgroup']});
  const none = snapshotOf([stack], {cgroup: {version: 2, path: '/', isWhole: true, limits: []}});
  t.is(roomOf(none).touching.left, null);
  t.notRegex(renderRoom(none).join('\n'), /^touch/m);
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
  const clues = {...free, limits: {...free.limits, stack: 8 * MIB}};
  const deep = (list: readonly Region[], more: Clues = {}): Room['stack'] =>
    roomOf(snapshotOf(list, {...clues, ...more}, {vmSize: 9 * MIB})).stack;
  const alone = deep([library, stack]);
  t.like(alone, {used: 0x21000, left: 8 * MIB - 0x21000});
  t.is(alone?.binding?.name, 'RLIMIT_STACK');
  const near = region(stack.start - 3 * MIB, stack.start - 2 * MIB, 'rw-p');
  t.like(deep([near, stack]), {left: MIB, below: near});
  t.like(deep([near, stack], {machine: {...free.machine, stackGuardPages: 16}}), {left: 2 * MIB - 16 * PAGE});
  t.is(deep([{...near, perms: '---p'}, stack])?.left, 2 * MIB);
  t.is(deep([{...near, flags: ['rd', 'wr', 'gd']}, stack])?.left, 2 * MIB, 'another stack');
  const piece = region(stack.start - 4 * PAGE, stack.start, 'rwxp', {flags: ['rd', 'wr', 'ex', 'gd']});
  t.like(deep([library, piece, stack]), {used: 4 * PAGE, left: 8 * MIB - 4 * PAGE, start: piece.start});
});

test('the vsyscall page is no region of the process, and mmap may exceed vm.max_map_count by one', (t) => {
  const vsyscall = region(0xffffffffff600000, 0xffffffffff601000, '--xp', {name: '[vsyscall]', kind: 'vsyscall'});
  const room = (maxMapCount: number): Room =>
    roomOf(snapshotOf([heap, stack, vsyscall], {...free, maxMapCount}, {vmSize: MIB}));
  t.like(room(65530).regions, {used: 2, left: 65529});
  t.like(room(2).regions, {used: 2, left: 1});
  t.like(room(1), {regions: {left: 0}, mapping: {left: 0, precision: 'exact'}, reserving: {left: 0}, brk: {left: 0}});
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
