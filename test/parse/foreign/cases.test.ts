import {readFileSync} from 'node:fs';
import test from 'ava';
import {diff} from '../../../src/diff/diff.ts';
import {holesOf} from '../../../src/model/pages/holes.ts';
import {parse, parsePatch} from '../../../src/parse/parse.ts';
import {renderShow} from '../../../src/features/show/show.ts';
import {compareShape, type Wanted} from './shape.ts';

/** Listings of shapes that were once read wrongly: test/fixtures/README.md says where the shapes come from. */
const read = (name: string): Buffer =>
  readFileSync(new URL(`../../../../test/fixtures/pasted/${name}.txt`, import.meta.url));

interface Case extends Wanted {
  readonly file: string;
}

const CASES: readonly Case[] = [
  {
    file: 'android-stacks',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '7130000000-7130001000 ---p guard (thread stack guard) [anon:thread stack guard]',
      '7130001000-71300fd000 rw-p thread-stack? (stack of some thread)',
      '7140000000-7140001000 ---p guard (thread stack guard) [anon:thread stack guard]',
      '7140001000-7140002000 ---p guard? (guard of the stack of some thread)',
      '7140002000-71400fe000 rw-p thread-stack? (stack of some thread)',
    ],
  },
  {
    file: 'asan',
    format: 'sanitizer process map',
    pid: 9917,
    regions: [
      '600000-680000 ???? file? /opt/kiosk/bin/kiosk',
      '7fff8000-10007fff8000 ???? anon?',
      '7e40b1a00000-7e40b1bd5000 ???? file? /lib/x86_64-linux-gnu/libc.so.6',
      '7ffd5e1a0000-7ffd5e1c1000 ???? stack [stack]',
    ],
  },
  {
    file: 'busybox-pmap',
    format: 'busybox pmap',
    pid: 77,
    regions: [
      '600000-6bb000 r-xp text /bin/busybox',
      '8ba000-8bc000 r--p rodata? /bin/busybox',
      '8bc000-8bd000 rw-p data /bin/busybox',
      '2b40000-2b82000 rw-p heap [heap]',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
      '7ffd5e1f2000-7ffd5e1f4000 r-xp vdso [vdso]',
    ],
  },
  {
    file: 'cat-n',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '2b40000-2b82000 rw-p heap [heap]',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'colours',
    regions: ['600000-680000 r-xp text /opt/kiosk/bin/kiosk', '2b40000-2b82000 rw-p heap [heap]'],
  },
  {
    file: 'criu',
    pid: 9917,
    regions: [
      '100000000-100400000 ---p reserved',
      '5612f0a41000-5612f0a44000 r--p rodata /opt/kiosk/bin/kiosk',
      '5612f0a44000-5612f0a4f000 r-xp text /opt/kiosk/bin/kiosk',
    ],
  },
  {
    file: 'ffi-closures',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '7e0000003000-7e0000004000 r-xs jit /var/tmp/ffiK2m9Zx (deleted)',
      '7e0000006000-7e0000007000 rw-s file (code is written here) /var/tmp/ffiK2m9Zx (deleted)',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'gdb-mi',
    format: 'gdb info proc mappings',
    pid: 9917,
    regions: [
      '5612f0a41000-5612f0a44000 r--p rodata /opt/kiosk/bin/kiosk',
      '5612f0a44000-5612f0a4f000 r-xp text /opt/kiosk/bin/kiosk',
    ],
  },
  {
    file: 'glibc-names',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '7e11a4000000-7e11a4035000 rw-p arena (glibc: malloc arena) [anon: glibc: malloc arena]',
      '7e11b0201000-7e11b0a01000 rw-p thread-stack (stack of thread 9917) [anon: glibc: pthread stack: 9917]',
      '7e11b0b00000-7e11b1102000 rw-p arena (glibc: malloc) [anon: glibc: malloc]',
      '7e11b1203000-7e11b1205000 rw-p arena (glibc: loader malloc) [anon: glibc: loader malloc]',
      '7e11b1300000-7e11b1340000 rw-p thread-stack (stack of thread 9918) [anon: glibc: pthread user stack: 9918]',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'grep-groups',
    format: 'smaps',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '2b40000-2b82000 rw-p heap [heap]',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'grep-many',
    pid: 310,
    rejected: [2],
    regions: ['7e5000000000-7e5000020000 rw-s shared (SysV segment, key 0x00000000, id 11) /SYSV00000000 (deleted)'],
  },
  {
    file: 'guard-in-use',
    format: 'smaps',
    regions: [
      '7e0000000000-7e0000010000 ---p anon (closed, and still in memory)',
      '7e0000010000-7e0000020000 rw-p anon',
    ],
  },
  {
    file: 'heading',
    regions: ['600000-680000 r-xp text /opt/kiosk/bin/kiosk', '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]'],
  },
  {
    file: 'hugetlbfs',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '120000000-120200000 rw-s hugetlb /dev/hugepages/ring_3',
      '180000000-1c0000000 rw-s hugetlb /dev/hugepages1G/pool_0',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'inode-0',
    regions: [
      '600000-60a000 r--p rodata /usr/sbin/lightd',
      '60a000-6c4000 r-xp text /usr/sbin/lightd',
      '6c4000-6e8000 r--p rodata? /usr/sbin/lightd',
      '6e8000-6eb000 rw-p data /usr/sbin/lightd',
      '7fffa7710000-7fffa7731000 rw-p stack [stack]',
    ],
  },
  {
    file: 'java-stacks',
    regions: [
      '800000000-800510000 rw-p file /usr/lib/jvm/lib/server/classes.jsa',
      '5612f0a41000-5612f0a42000 r-xp text /usr/lib/jvm/bin/java',
      '7e20b4000000-7e20b4004000 ---p guard? (guard zone of the stack of some thread)',
      '7e20b4004000-7e20b4080000 rw-p thread-stack? (stack of some thread)',
      '7e20b4080000-7e20b4084000 ---p guard? (guard zone of the stack of some thread)',
      '7e20b4084000-7e20b4100000 rw-p thread-stack? (stack of some thread)',
      '7e20b4100000-7e20b4104000 ---p guard? (guard zone of the stack of some thread)',
      '7e20b4104000-7e20b4180000 rw-p thread-stack? (stack of some thread)',
      '7e20b4180000-7e20b4184000 ---p guard? (guard zone of the stack of some thread)',
      '7e20b4184000-7e20b4200000 rw-p thread-stack? (stack of some thread)',
      '7e20d0000000-7e20d1200000 r-xp text /usr/lib/jvm/lib/server/libjvm.so',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'lazy-free',
    format: 'smaps',
    regions: ['600000-680000 r-xp text /opt/kiosk/bin/kiosk', 'c000000000-c002000000 rw-p managed? (Go heap)'],
  },
  {
    file: 'lldb',
    format: 'lldb memory region',
    regions: [
      '600000-680000 r-x- text /opt/kiosk/bin/kiosk',
      '7e40b1a00000-7e40b1a26000 r--- file /lib/x86_64-linux-gnu/libc.so.6',
      '7ffd5e1a0000-7ffd5e1c1000 rw-- stack [stack]',
    ],
  },
  {
    file: 'mail-wrapped',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '2b40000-2b82000 rw-p heap [heap]',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'named-no-access',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '7100000000-7100020000 rw-p arena (scudo:primary) [anon:scudo:primary]',
      '7100020000-7108000000 ---p reserved (scudo:primary_reserve) [anon:scudo:primary_reserve]',
      '7120000000-7120005000 ---p reserved (dalvik-Boot image reservation) [anon:dalvik-Boot image reservation]',
      '7130000000-7130001000 ---p guard (thread stack guard) [anon:thread stack guard]',
      '7130001000-71300fd000 rw-p thread-stack (stack of thread 5151) [anon:stack_and_tls:5151]',
      '7140000000-7140001000 ---p guard (bionic TLS guard) [anon:bionic TLS guard]',
    ],
  },
  {
    file: 'one-digit',
    regions: ['600000-601000 rw-p anon?', '601000-603000 rw-p file /opt/a'],
  },
  {
    file: 'patch',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '7e2210000000-7e2211c80000 rw-p anon?',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'pmap-two',
    format: 'pmap',
    pid: 310,
    rejected: [5],
    regions: ['600000-602000 r-xp text first', '7ffd10000000-7ffd10021000 rw-p stack [stack]'],
  },
  {
    file: 'pmap-vsyscall',
    format: 'pmap',
    pid: 9917,
    regions: [
      '5612f0a41000-5612f0a44000 r--p rodata lightd',
      '5612f0a44000-5612f0a4f000 r-xp text lightd',
      '7e40b1e60000-7e40b1e62000 r-xp vdso?',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
      'ffffffffff600000-ffffffffff601000 --xp vsyscall',
    ],
  },
  {
    file: 'pmap-x-sorted',
    format: 'pmap -x',
    regions: [
      '2b40000-2b82000 rw-p anon?',
      '7e3090000000-7e3091000000 rw-p anon?',
      '7e40b0000000-7e40b4000000 rw-p anon?',
    ],
  },
  {
    file: 'pmap-zero',
    format: 'pmap',
    pid: 9917,
    regions: [
      '5612f0a41000-5612f0a4c000 r-xp text till',
      '7e40a0000000-7e40a1400000 rw-s shared? (shared by fork: MAP_SHARED|MAP_ANONYMOUS) zero (deleted)',
      '7e40b0000000-7e40b0004000 rw-s shared (SysV segment, id 31) [ shmid=0x1f ]',
      '7e40b1000000-7e40b1001000 rw-s file till.9917',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'pwndbg',
    format: 'pwndbg vmmap',
    regions: [
      '5612f0a41000-5612f0a44000 r--p rodata /opt/kiosk/bin/kiosk',
      '5612f0a44000-5612f0a4f000 r-xp text /opt/kiosk/bin/kiosk',
      '5612f2b40000-5612f2b82000 rw-p heap [heap]',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'read-implies-exec',
    regions: [
      '600000-602000 r-xp text? /opt/aged/calc',
      '801000-802000 r-xp text? /opt/aged/calc',
      '802000-803000 rwxp data /opt/aged/calc',
      '803000-809000 rwxp bss? (bss of calc)',
      '2b40000-2b82000 rwxp heap [heap]',
      '7e0000000000-7e0000080000 rwxp anon?',
      '7ffe41230000-7ffe41251000 rwxp stack [stack]',
    ],
  },
  {
    file: 'rollup',
    format: 'smaps_rollup',
    regions: ['600000-ffffffffff601000 ---p special [rollup]'],
  },
  {
    file: 'shadow-stack',
    format: 'smaps',
    regions: [
      '7e0000000000-7e0000004000 rw-p thread-stack (a shadow stack)',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'sudo',
    pid: 9917,
    regions: ['600000-680000 r-xp text /opt/kiosk/bin/kiosk', '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]'],
  },
  {
    file: 'sysv-ids',
    regions: [
      '600000-680000 r-xp text /opt/kiosk/bin/kiosk',
      '7e5000000000-7e5000020000 rw-s shared (SysV segment, key 0x00000000, id 11) /SYSV00000000 (deleted)',
      '7e5010000000-7e5010020000 rw-s shared (SysV segment, key 0x00000000, id 32790) /SYSV00000000 (deleted)',
      '7ffd5e1a0000-7ffd5e1c1000 rw-p stack [stack]',
    ],
  },
  {
    file: 'tombstone',
    format: 'android tombstone',
    regions: [
      '7100000000-7100020000 rw-- arena (scudo:primary) [anon:scudo:primary]',
      '7100020000-7108000000 ---- reserved (scudo:primary_reserve) [anon:scudo:primary_reserve]',
      '7820010000-78200a5000 r-x- text /system/lib64/libkiosk.so',
    ],
  },
  {
    file: 'utf16',
    regions: ['600000-680000 r-xp text /opt/kiosk/bin/kiosk', '2b40000-2b82000 rw-p heap [heap]'],
  },
  {
    file: 'vvar-first',
    format: 'smaps',
    regions: [
      'ffff8a1d0000-ffff8a1d2000 rw-p anon?',
      'ffff8a1d2000-ffff8a1d4000 r--p vvar [vvar]',
      'ffff8a1d4000-ffff8a1d5000 r-xp vdso [vdso]',
      'ffff8a1d5000-ffff8a1d7000 r--p file /usr/lib/ld-linux-aarch64.so.1',
    ],
  },
];

for (const wanted of CASES) {
  test(`${wanted.file}: each region is read, and has its kind`, (t) => {
    compareShape(t, read(wanted.file), wanted, 'kinds');
  });
}

test('no evidence contradicts the permissions', (t) => {
  for (const {file} of CASES) {
    for (const {perms, evidence = ''} of parse(read(file)).regions) {
      t.false(
        /no part of which may be executed/.test(evidence) && !/^..-/.test(perms),
        `${file}: ${perms} ${evidence}`,
      );
      t.false(evidence.startsWith('no access') && !perms.startsWith('---'), `${file}: ${perms} ${evidence}`);
    }
  }
});

test('a second process in a paste is reported, and none of its regions is used', (t) => {
  for (const [file, line] of [
    ['pmap-two', 5],
    ['grep-many', 2],
  ] as const) {
    const [rejected] = parse(read(file)).rejected;
    t.like(rejected, {line, why: 'a second listing begins here; only the first one was used'}, file);
  }
});

test('what pmap -x says of resident memory is read without its heading too', (t) => {
  const {regions} = parse(read('pmap-x-sorted'));
  t.deepEqual(
    regions.map(({usage}) => usage?.rss),
    [180, 4096, 20480].map((kib) => kib * 1024),
  );
});

test('the page of vsyscall makes no hole', (t) => {
  const {regions, table} = parse(read('pmap-vsyscall'));
  const stack = regions.find(({name}) => name === '[stack]')!;
  const above = holesOf(table, 4096).filter(({start}) => start >= stack.end);
  t.true(above.every(({end}) => end <= 2 ** 47));
});

test('a diff of two listings has two sides', (t) => {
  const sides = parsePatch(read('patch'))!;
  const {changes, unchanged} = diff(sides.before, sides.after);
  t.deepEqual(
    changes.map(({kind, range}) => [kind, range.start, range.end]),
    [['grown', 0x7e2211a00000, 0x7e2211c80000]],
  );
  t.is(unchanged, 2);
  t.regex(parse(read('patch')).notes.join(), /a diff of two listings; this is the side after/);
  for (const {file} of CASES) if (file !== 'patch') t.is(parsePatch(read(file)), undefined, file);
});

test('memory of MADV_FREE is said', (t) => {
  t.regex(renderShow(parse(read('lazy-free')), {summary: true}), /30 MiB of what is resident can be taken back/);
  t.notRegex(renderShow(parse(read('grep-groups')), {summary: true}), /taken back/);
});

test('a rollup says nothing of how much is mapped', (t) => {
  const snapshot = parse(read('rollup'));
  t.notRegex(renderShow(snapshot), /EiB|address space/);
  const {totals} = JSON.parse(JSON.stringify(snapshot)) as {totals: {size?: number; rss: number}};
  t.deepEqual([totals.size, totals.rss], [undefined, 20480 * 1024]);
});

test('a tombstone that was cut short is incomplete', (t) => {
  const text = read('tombstone').toString();
  t.false(parse(text).consistency.incomplete);
  const {consistency, notes} = parse(text.replace('(3 entries)', '(8 entries)'));
  t.true(consistency.incomplete);
  t.regex(notes.join(), /announces 8 regions, and 3 are here/);
});
