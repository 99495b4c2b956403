import {readFileSync} from 'node:fs';
import {OLD} from '../../helpers/cgroups.ts';
import {X64, unless} from '../../helpers/lack.ts';
import {type Case, goProgram, javaClass, type Place} from './case.ts';

const MIB = 1024 * 1024;

const THP = unless(
  /\[(always|madvise)\]/.test(textOf('/sys/kernel/mm/transparent_hugepage/enabled')),
  'the kernel gives no transparent huge pages here',
);

/** The number of regions that leaves little of vm.max_map_count, where that is as small as it is by default. */
const mostRegions = Number(textOf('/proc/sys/vm/max_map_count') || 0);
const FEW_REGIONS = unless(mostRegions > 0 && mostRegions <= 70_000, 'vm.max_map_count is high here');

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const one = async (pid: Promise<number>, ...flags: string[]): Promise<readonly string[]> => [
  String(await pid),
  ...flags,
];

/** Of what `memmap why` must name the cause in its first sentence. */
export const CASES: readonly Case[] = [
  {
    name: 'malloc leak, small blocks',
    finding: 'malloc-grows',
    says: /grows by .*small blocks of malloc.*leak/,
    needs: ['gcc', X64],
    in: 'suite',
    grows: true,
    start: (place) => one(place.c('small')),
  },
  {
    name: 'malloc leak, large blocks',
    finding: 'malloc-grows',
    says: /grows by .*large blocks of malloc.*leak/,
    needs: ['gcc', X64],
    in: 'trials',
    grows: true,
    start: (place) => one(place.c('large')),
  },
  {
    name: 'freed and kept by malloc',
    finding: 'kept-by-malloc',
    says: /freed by the program and is kept by malloc: not a leak/,
    needs: ['gcc', X64],
    in: 'suite',
    start: (place) => one(place.c('kept')),
  },
  {
    name: 'a cache that fills and stops',
    finding: 'filled',
    says: /grew by .* and then stopped .*not a leak/,
    needs: ['gcc', X64],
    in: 'trials',
    grows: true,
    start: (place) => one(place.c('cache')),
  },
  {
    name: 'fragmentation',
    finding: 'fragmented',
    says: /fragmented: .* is free, but lies between .* of live blocks/,
    needs: ['gcc', X64],
    in: 'suite',
    start: (place) => one(place.c('fragmented')),
  },
  {
    name: 'leak of memfds',
    finding: 'held-grows',
    says: /open files grows: .* memfds or deleted files that nobody maps/,
    needs: ['gcc'],
    in: 'suite',
    grows: true,
    start: (place) => one(place.c('memfds')),
  },
  {
    name: 'leak of mapped files',
    finding: 'regions-grow',
    says: /Mapped files leak.*regions now.* of them of \/.*mapped\.bin/,
    needs: ['gcc'],
    in: 'trials',
    grows: true,
    start: (place) => one(place.c('mapped', place.file('mapped.bin', Buffer.alloc(64 * 1024, 1)))),
  },
  {
    name: 'leak of shared mappings',
    finding: 'regions-grow',
    says: /Mappings of shared memory leak.*of them of \/dev\/zero/,
    needs: ['python3'],
    in: 'suite',
    grows: true,
    start: (place) => one(place.script('python3', 'anonymous.py')),
  },
  {
    name: 'leak of threads',
    finding: 'threads-grow',
    says: /Threads grow: .* they leak/,
    needs: ['gcc'],
    in: 'trials',
    grows: true,
    start: (place) => one(place.c('threads')),
  },
  {
    name: 'mappings near vm.max_map_count',
    finding: 'near-max-map-count',
    says: /has .* of the .* regions that vm.max_map_count allows/,
    needs: ['gcc', FEW_REGIONS],
    in: 'suite',
    start: (place) => one(place.c('regions', String(mostRegions - 500))),
  },
  {
    name: 'page cache beyond the processes of a cgroup',
    finding: 'page-cache',
    says: /is page cache of files that its processes read or wrote and none maps: not theirs/,
    needs: ['python3', OLD],
    in: 'suite',
    start: async (place) => {
      const file = place.file('written', '');
      const {path} = await place.group('cache', `open("${file}", "wb").write(bytes(96 << 20))`);
      return [`cgroup:${path}`];
    },
  },
  {
    name: 'tmpfs',
    finding: 'tmpfs',
    says: /is shared memory and tmpfs: files in \/dev\/shm/,
    needs: ['python3', OLD],
    in: 'suite',
    start: async (place) => {
      const {path} = await place.group(
        'tmpfs',
        `import os\nf = open("/dev/shm/memmap-why-${process.pid}", "wb")\nos.unlink(f.name)\nf.write(bytes(96 << ` +
          '20))\nf.flush()',
      );
      return [`cgroup:${path}`];
    },
  },
  {
    name: 'fork, copy-on-write decay',
    finding: 'copied',
    says: /3 forked children copy what fork shared: \+.* still shared \(copy on write\)/,
    needs: ['gcc', X64],
    in: 'trials',
    grows: true,
    start: (place) => one(place.c('cow')),
  },
  {
    name: 'shared by many, counted once',
    finding: 'family-shared',
    says: /6 processes cost .* \(PSS\), not the .* that their RSS adds up to/,
    needs: ['gcc'],
    in: 'suite',
    start: (place) => one(place.c('shared'), '--children'),
  },
  {
    name: 'the same, of one process',
    finding: 'shared',
    says: /of its .* of RSS is counted again wherever else these pages are mapped.* \(PSS\) is/,
    needs: ['gcc'],
    in: 'trials',
    start: (place) => one(place.c('shared')),
  },
  {
    name: 'JVM: direct buffers against heap',
    finding: 'java-native',
    says: /native memory outside the Java heap.*direct buffers/,
    needs: ['java', 'javac'],
    in: 'trials',
    start: (place) =>
      one(place.run('java', ['-Xmx64m', '-XX:MaxDirectMemorySize=256m', '-cp', javaClass('Direct'), 'Direct'])),
  },
  {
    name: 'node: buffers outside V8',
    finding: 'v8-buffers',
    says: /outside V8's heap .*Buffers and ArrayBuffers/,
    needs: [],
    in: 'suite',
    start: (place) => one(place.script(process.execPath, 'buffers.js')),
  },
  {
    name: 'Go: given back lazily',
    finding: 'lazy-free',
    says: /was given back already \(MADV_FREE, by Go\).*Not a leak/,
    needs: ['go'],
    in: 'trials',
    start: (place) => one(place.run(goProgram('lazy'), [], {GODEBUG: 'madvdontneed=0'})),
  },
  {
    name: 'C: given back lazily',
    finding: 'lazy-free',
    says: /was given back already \(MADV_FREE\).*Not a leak/,
    needs: ['gcc'],
    in: 'suite',
    start: (place) => one(place.c('lazy')),
  },
  {
    name: "Python's arenas",
    finding: 'kept-by-python',
    says: /^[\d.]+ of [\d.]+ MiB in Python's arenas is free and kept by Python, .*: not a leak\. An arena goes back/,
    needs: ['python3'],
    in: 'suite',
    start: (place) => one(place.script('python3', 'arenas.py')),
  },
  {
    name: 'huge pages',
    finding: 'huge-pages',
    says: /is in transparent huge pages: one byte touched makes 2 MiB resident/,
    needs: ['gcc', X64, THP],
    in: 'suite',
    start: (place) => one(place.c('huge')),
  },
  {
    name: 'swap (a listing)',
    finding: 'swapped',
    says: /of its .* is swapped out, and .* is in RAM/,
    needs: [],
    in: 'suite',
    start: async (place) => [swapped(place)],
  },
  {
    name: 'near RLIMIT_DATA',
    finding: 'near-limit',
    says: /near a limit: RLIMIT_DATA leaves .* of 100 MiB\. At the limit malloc/,
    needs: ['gcc', X64],
    in: 'suite',
    start: (place) => one(place.c('data')),
  },
  {
    name: "near its cgroup's limit",
    finding: 'near-limit',
    says: /near a limit: memory.limit_in_bytes of .* leaves .* of 96 MiB/,
    needs: ['python3', OLD],
    in: 'suite',
    start: async (place) => {
      const {pid} = await place.group('limit', 'kept = bytes(b"x") * (80 << 20)', 96 * MIB);
      return [String(pid)];
    },
  },
];

/** No machine that tests run on swaps: smaps of a Python as it prints it, with counters after proc.rst. */
function swapped(place: Place): string {
  const region = (head: string, rss: number, swap: number, size: number): string =>
    `${head}\nSize: ${size} kB\nRss: ${rss} kB\nPss: ${rss} kB\nPrivate_Dirty: ${rss} kB\nAnonymous: ${rss} kB\n` +
    `Swap: ${swap} kB\nSwapPss: ${swap} kB\nVmFlags: rd wr mr mw me ac\n`;
  return place.file(
    'smaps',
    region(
      '55d0c0000000-55d0e0000000 rw-p 00000000 00:00 0                          [heap]',
      90_000,
      410_000,
      524_288,
    ) + region('7ffd10000000-7ffd10021000 rw-p 00000000 00:00 0                          [stack]', 12, 20, 132),
  );
}

/** What is quiet: nothing wrong may be found. */
export interface Quiet {
  readonly name: string;
  readonly needs: Case['needs'];
  readonly command: () => readonly [string, ...string[]];
  readonly in: Case['in'];
}

export const QUIET: readonly Quiet[] = [
  {name: 'sleep', needs: [], in: 'suite', command: () => ['sleep', '1000']},
  {name: 'cat', needs: [], in: 'suite', command: () => ['cat']},
  {name: 'bash', needs: ['bash'], in: 'suite', command: () => ['bash', '-c', 'read line']},
  {name: 'tail -f', needs: [], in: 'trials', command: () => ['tail', '-f', '/dev/null']},
  {name: 'sort', needs: [], in: 'trials', command: () => ['sort']},
  {name: 'python3', needs: ['python3'], in: 'suite', command: () => ['python3', '-c', 'import time; time.sleep(1000)']},
  {
    name: 'python3 -m http.server',
    needs: ['python3'],
    in: 'trials',
    command: () => ['python3', '-m', 'http.server', '0'],
  },
  {name: 'node', needs: [], in: 'suite', command: () => [process.execPath, '-e', 'setInterval(() => {}, 1000)']},
  {
    name: 'java',
    needs: ['java', 'javac'],
    in: 'trials',
    command: () => ['java', '-Xmx64m', '-cp', javaClass('Idle'), 'Idle'],
  },
  {name: 'gdb', needs: ['gdb'], in: 'trials', command: () => ['gdb', '-q', '-nx']},
];
