/** A listing in the shape of one that people pasted in public, retyped with figures of ours, and what came out. */
export interface PublicThread {
  /** Where it was pasted. */
  readonly from: string;
  /** What the thread found in the end. */
  readonly answer: string;
  readonly finding: string;
  readonly says: RegExp;
  /** What the listing cannot say, of what `missing` names. */
  readonly missing?: RegExp;
  readonly listing: () => string;
}

type Counters = Readonly<Record<string, number>>;

/** One region of smaps; counters in kB. */
const smaps = (head: string, counters: Counters): string =>
  [head, ...Object.entries(counters).map(([name, kB]) => `${`${name}:`.padEnd(16)}${String(kB).padStart(8)} kB`)].join(
    '\n',
  ) + '\n';

const own = (size: number, rss: number, more: Counters = {}): Counters => ({
  Size: size,
  Rss: rss,
  Pss: rss,
  Private_Dirty: rss,
  Anonymous: rss,
  LazyFree: 0,
  AnonHugePages: 0,
  Swap: 0,
  ...more,
});

const hex = (value: number): string => value.toString(16).padStart(12, '0');
const range = (start: number, size: number): string => `${hex(start)}-${hex(start + size)}`;
const MIB = 1024 * 1024;
const KIB = 1024;

const program = (name: string): string =>
  smaps(`55e4a0000000-55e4a0200000 r-xp 00000000 fd:01 4711                       ${name}`, {
    Size: 2048,
    Rss: 1900,
    Pss: 1900,
    Private_Clean: 1900,
  });

const stack = smaps('7ffc8a3f0000-7ffc8a411000 rw-p 00000000 00:00 0                          [stack]', own(132, 24));

const times = (count: number, one: (index: number) => string): string =>
  Array.from({length: count}, (_, index) => one(index)).join('');

/** pmap -x prints addresses, kB and the name or `[ anon ]`. */
const row = (start: number, size: number, rss: number, mode: string, name = '  [ anon ]'): string =>
  `${start.toString(16).padStart(16, '0')} ${String(size).padStart(7)} ${String(rss).padStart(7)} ` +
  `${String(rss).padStart(7)} ${mode} ${name}\n`;

const PMAP = '4711:   ./server\nAddress           Kbytes     RSS   Dirty Mode  Mapping\n';

export const THREADS: readonly PublicThread[] = [
  {
    from: 'gperftools/gperftools#1092',
    answer: 'LazyFree shows that malloc gave the memory back with MADV_FREE; it stays in RSS until the kernel takes it',
    finding: 'lazy-free',
    says: /was given back already \(MADV_FREE\)/,
    listing: () =>
      program('/opt/app/server') +
      times(6, (index) =>
        smaps(
          `${range(0x7f10_0000_0000 + index * 0x1000_0000, 96 * MIB)} rw-p 00000000 00:00 0 `,
          own(98_304, 97_000, {LazyFree: 88_000}),
        ),
      ) +
      stack,
  },
  {
    from: 'golang/go#37585',
    answer: 'Go 1.12 to 1.15 gives memory back with MADV_FREE: LazyFree is nearly all of RSS',
    finding: 'lazy-free',
    says: /was given back already \(MADV_FREE, by Go\).*Not a leak/,
    listing: () =>
      program('/home/user/main') +
      smaps('c000000000-c014000000 rw-p 00000000 00:00 0 ', own(327_680, 326_400, {LazyFree: 310_000})) +
      stack,
  },
  {
    from: 'samsoir/xearthlayer#227',
    answer: 'glibc gives threads arenas of their own; most of them was free: fewer arenas (M_ARENA_MAX)',
    finding: 'many-arenas',
    says: /heaps of malloc's arenas .*leaked, or freed and kept, which only its books tell/,
    missing: /malloc's books/,
    listing: () =>
      PMAP +
      row(0x55e4a0000000, 2048, 1900, 'r-x--', 'server') +
      times(20, (index) => {
        const start = 0x7f10_0000_0000 + index * 0x400_0000;
        return row(start, 61_440, 60_100, 'rw---') + row(start + 60 * MIB, 4096, 0, '-----');
      }) +
      row(0x7ffc8a3f0000, 132, 24, 'rw---', '  [ stack ]'),
  },
  {
    from: 'jemalloc/jemalloc#1328',
    answer: 'with vm.overcommit_memory=2 jemalloc decommits in pieces: regions run into vm.max_map_count',
    finding: 'many-regions',
    says: /regions that vm.max_map_count allows by default.*ENOMEM/,
    listing: () =>
      PMAP +
      row(0x55e4a0000000, 2048, 1900, 'r-x--', 'server') +
      times(14_000, (index) => {
        const start = 0x2b5e_0000_0000 + index * 92 * KIB;
        return row(start, 84, 84, 'rw---') + row(start + 84 * KIB, 8, 0, '-----');
      }) +
      row(0x7ffc8a3f0000, 132, 24, 'rw---', '  [ stack ]'),
  },
  {
    from: 'hyperlight-dev/hyperlight#1290',
    answer: 'a missing munmap: each call leaks a region of the same file, memory is not leaked',
    finding: 'same-file',
    says: /maps the same file again and again: 1,500 of its .* regions are \/srv\/guest\.bin/,
    listing: () =>
      '55e4a0000000-55e4a0200000 r-xp 00000000 fd:01 4711                       /opt/app/server\n' +
      times(1500, (index) => {
        const place = range(0x7f10_0000_0000 + index * 128 * KIB, 64 * KIB);
        return `${place} r--p 00000000 fd:01 815                        /srv/guest.bin\n`;
      }) +
      '7ffc8a3f0000-7ffc8a411000 rw-p 00000000 00:00 0                          [stack]\n',
  },
  {
    from: 'zgc-dev, September 2019',
    answer: 'ZGC maps its heap three times: RSS counts it three times, PSS once',
    finding: 'shared',
    says: /of RSS is counted again wherever else these pages are mapped.*\(PSS\) is 4\.3 GiB/,
    listing: () =>
      smaps('00400000-7ffd47100000 ---p 00000000 00:00 0                              [rollup]', {
        Rss: 12_990_000,
        Pss: 4_520_000,
        Shared_Clean: 3000,
        Shared_Dirty: 12_700_000,
        Private_Clean: 14_000,
        Private_Dirty: 273_000,
        Anonymous: 273_000,
        LazyFree: 0,
        AnonHugePages: 0,
        Swap: 0,
      }),
  },
  {
    from: 'facebook/jemalloc#46',
    answer: 'transparent huge pages (enabled = always) made RSS far larger than what is allocated: thp:never',
    finding: 'huge-pages',
    says: /is in transparent huge pages/,
    listing: () =>
      program('/opt/app/server') +
      times(4, (index) =>
        smaps(
          `${range(0x7f10_0000_0000 + index * 0x4000_0000, 512 * MIB)} rw-p 00000000 00:00 0 `,
          own(524_288, 500_000, {AnonHugePages: 460_800}),
        ),
      ) +
      stack,
  },
  {
    from: 'dgraph-io/dgraph#4573',
    answer: 'the rest of RSS are mapped files of badger (.sst, .vlog)',
    finding: 'mapped-files',
    says: /is mapped files: page cache, which the kernel takes back/,
    listing: () =>
      program('/usr/local/bin/dgraph') +
      smaps('c000000000-c008000000 rw-p 00000000 00:00 0 ', own(131_072, 90_000)) +
      times(12, (index) =>
        smaps(
          `${range(0x7f10_0000_0000 + index * 0x800_0000, 64 * MIB)} r--s 00000000 fd:01 ${900 + index}          ` +
            `              /dgraph/p/${String(index).padStart(6, '0')}.sst`,
          {Size: 65_536, Rss: 61_000, Pss: 61_000, Private_Clean: 61_000, Anonymous: 0},
        ),
      ) +
      stack,
  },
  {
    from: 'nbari/pg_exporter#36',
    answer: 'RSS of backends counts shared_buffers once for each: what they have alone is little',
    finding: 'shared',
    says: /of RSS is counted again wherever else these pages are mapped/,
    listing: () =>
      program('/usr/lib/postgresql/18/bin/postgres') +
      smaps('55e4a0300000-55e4a0600000 rw-p 00000000 00:00 0                          [heap]', own(3072, 2900)) +
      smaps('7f1000000000-7f13e4000000 rw-s 00000000 00:01 1026                       /dev/zero (deleted)', {
        Size: 16_322_560,
        Rss: 1_530_000,
        Pss: 7400,
        Shared_Dirty: 1_530_000,
        Anonymous: 0,
      }) +
      stack,
  },
  {
    from: 'saltstack/salt#51493',
    answer: 'not found from it: a listing of maps has sizes, not what is resident, and is one moment',
    finding: 'sizes-only',
    says: /The listing has no memory, only addresses.*malloc's memory/,
    missing: /resident memory/,
    listing: () =>
      '00400000-00401000 r-xp 00000000 fd:00 1460                               /usr/bin/python2.7\n' +
      '00937000-012f6000 rw-p 00000000 00:00 0                                  [heap]\n' +
      '012f6000-0f27c000 rw-p 00000000 00:00 0                                  [heap]\n' +
      '7fa485c60000-7fa485e23000 r-xp 00000000 fd:00 1728                       /usr/lib64/libc-2.17.so\n' +
      '7fa485e27000-7fa485e29000 rw-p 001c7000 fd:00 1728                       /usr/lib64/libc-2.17.so\n' +
      '7ffe1c0d0000-7ffe1c0f1000 rw-p 00000000 00:00 0                          [stack]\n',
  },
];
