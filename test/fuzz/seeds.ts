import {readdirSync, readFileSync} from 'node:fs';
import {parse} from '../../src/parse/parse.ts';
import {TUTORIAL} from '../helpers/listings.ts';
import {CRASHED, MACHINES, makeCore} from '../parse/core/made.ts';
import {makeMinidump} from '../parse/core/minidumps.ts';
import {INPUTS} from '../parse/foreign/inputs.ts';
import {GROUP, MACHINE, OLD_CGROUP} from '../parse/oom/logs.ts';

/**
 * Real documents of every form that memmap reads, from which the fuzzer starts: captures in test/fixtures, what pmap and gdb
 * print, a paste with prose around it, snapshots, and heads of ELF files.
 */
export type Form =
  | 'maps'
  | 'smaps'
  | 'rollup'
  | 'tutorial'
  | 'pasted'
  | 'pmap'
  | 'gdb'
  | 'status'
  | 'stat'
  | 'snapshot'
  | 'core'
  | 'log'
  | 'elf';

export interface Seed {
  readonly form: Form;
  readonly bytes: Buffer;
}

const fixtures = (folder: string, pattern: RegExp): Buffer[] =>
  readdirSync(`test/fixtures/${folder}`)
    .filter((file) => pattern.test(file))
    .map((file) => readFileSync(`test/fixtures/${folder}/${file}`));

/** Not so many lines and records that most inputs are the middle of one long listing. */
const MAPS = fixtures('maps', /\.txt$/).map(everyThirdLine);
const SMAPS = fixtures('smaps', /^(?!.*rollup).*\.txt$/).map((bytes) => bytes.subarray(0, endOfRecord(bytes, 4)));

function everyThirdLine(bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split(/(?<=\n)/);
  return Buffer.from(lines.filter((_, index) => index % 3 === 0).join(''), 'latin1');
}

function endOfRecord(bytes: Buffer, records: number): number {
  let at = 0;
  for (let record = 0; record < records; record++) at = bytes.indexOf('VmFlags:', at + 1);
  return bytes.indexOf('\n', at) + 1;
}

const PASTED = `Hi, here is what I see after an hour:

\`\`\`
$ cat /proc/4242/maps
  0x400000-0x401000 R-XP 00000000 FD:00 950935 /usr/bin/x
> 00600000-00601000 rw-S 00001000 fd:00 950935
W1220 15:07:15.201773 8272768 x.cc:12] 7fff0000-7fff1000 rw-p 00000000 00:00 0 [stack]
\`\`\`
It grows and grows.
`;

const PMAP = [
  `4242:   sleep 60
0000563f1c2a5000      8K r---- sleep
0000563f1c2a7000     16K r-x-- sleep
00007ffd0e5c1000    132K rw---   [ stack ]
00007ffd0e5f0000      8K r-x--   [ anon ]
 total             2456K
`,
  `4242:   sleep 60
Address           Kbytes     RSS   Dirty Mode  Mapping
0000563f1c2a5000       8       8       0 r---- sleep
00007ffd0e5c1000     132      12      12 rw---   [ stack ]
---------------- ------- ------- -------
total kB            2456     900      80
`,
  `4242:   sleep 60
Address           Kbytes Mode  Offset           Device    Mapping
0000563f1c2a5000       8 r---- 0000000000000000 0fe:00000 sleep
00007ffd0e5c1000     132 rw--- 0000000000000000 000:00000   [ stack ]
mapped: 2456K    writeable/private: 308K    shared: 0K
`,
  `4242:   sleep 60
         Address Perm   Offset Device   Inode Size  Rss  Pss Pss_Dirty Referenced Anonymous THPeligible VmFlags Mapping
    563f1c2a5000 r--p 00000000  fe:00 1835023    8    8    4         0          8         0           0 rd mr mw me  sleep
    7ffd0e5c1000 rw-p 00000000  00:00       0  132   12   12        12         12        12           0 rd wr mr mw me gd ac  [stack]
                                              ==== ==== ==== ========= ========== ========= ===========
                                               140   20   16        12         20        12           0 KB
`,
];

const GDB = [
  `process 4242
Mapped address spaces:

          Start Addr           End Addr       Size     Offset  Perms  objfile
            0x400000           0x401000     0x1000        0x0  r--p   /usr/bin/x
            0x401000           0x403000     0x2000     0x1000  r-xp   /usr/bin/x
      0x7ffff7fc1000     0x7ffff7fc3000     0x2000        0x0  r-xp   [vdso]
`,
  `process 4242
Mapped address spaces:

          Start Addr           End Addr       Size     Offset objfile
            0x400000           0x401000     0x1000        0x0 /usr/bin/x
      0x7ffff7fc1000     0x7ffff7fc3000     0x2000        0x0 [vdso]
`,
];

const snapshotOf = (input: Buffer | string): Buffer => Buffer.from(JSON.stringify(parse(input)));

/** A snapshot as a live process gives it: with all that a listing doesn't say. */
const LIVE = Buffer.from(
  JSON.stringify({
    ...parse(SMAPS[0]!).toJSON(),
    takenAt: '2026-11-22T10:00:00.000Z',
    process: {
      pid: 4242,
      ppid: 1,
      comm: 'sleep',
      exe: '/usr/bin/sleep',
      startTime: 123456,
      bootId: 'a-b',
      state: 'S',
      threads: 1,
      uid: 0,
      startCode: '94000000000000',
      startStack: '140000000000000',
      startBrk: '94000000100000',
    },
    status: {name: 'sleep', vmRss: 1048576, kthread: false},
    clues: {
      pageSize: 4096,
      marks: Object.fromEntries(
        [
          'startCode',
          'endCode',
          'startStack',
          'startData',
          'endData',
          'startBrk',
          'argStart',
          'argEnd',
          'envStart',
          'envEnd',
        ].map((name, index) => [name, `0x${(0x5555_0000_0000 + index * 0x1230).toString(16)}`]),
      ),
      auxv: {phdr: '0x555555554040', base: '0x7ffff7fc0000', entry: '0x555555556000', vdso: '0x7ffff7fbe000'},
      threads: [
        {tid: 4242, name: 'sleep', stackPointer: '0x7ffffffde000'},
        {tid: 4243, name: 'worker'},
      ],
      files: {
        '/usr/bin/sleep': {
          segments: [{offset: '0x0', address: '0x0', fileSize: 10, memorySize: 20, flags: 4}],
          relro: {start: '0x0', end: '0x1000'},
        },
      },
      deleted: {'/usr/bin/sleep': false},
      limits: {stack: 8388608, data: null},
      maxMapCount: 65530,
      capabilities: {ipcLock: false, sysAdmin: true},
      machine: {release: '6.18', ram: 1 << 30, swap: 0, overcommit: 2, ignoresDataLimit: false},
      cgroup: {version: 2, path: '/a', isWhole: true, limits: [{path: '/a', file: 'memory.max', limit: 9, used: 5}]},
      descriptors: {
        open: 9,
        looked: 8,
        unknown: 1,
        held: [
          {kind: 'memfd', name: '/memfd:a', dev: '00:01', inode: '7', bytes: 4096, descriptors: 2, fd: 3},
          {kind: 'dmabuf', name: '/dmabuf:', inode: '9', bytes: 8192, exporter: 'system', descriptors: 1, fd: 4},
        ],
        gpu: [
          {driver: 'xe', device: '0000:03:00.0', client: '7', descriptors: 1, memory: {vram0: {total: 9, resident: 5}}},
        ],
        files: [{name: '/var/db', dev: 'fe:00', inode: '12', size: 1 << 30, descriptors: 1, fd: 6}],
      },
      ksm: {merged: 8192, zero: 4096, profit: -64},
    },
    rejected: [{line: 3, text: 'x', why: 'not a line of maps'}],
    notes: ['a note'],
  }),
);

/** Small cores of two machines, and a minidump. */
const CORES = [makeCore(MACHINES[0]!, CRASHED), makeCore(MACHINES[4]!, CRASHED), makeMinidump()];

export const SEEDS: readonly Seed[] = [
  ...MAPS.map((bytes) => ({form: 'maps' as const, bytes})),
  ...SMAPS.map((bytes) => ({form: 'smaps' as const, bytes})),
  ...fixtures('smaps', /rollup/).map((bytes) => ({form: 'rollup' as const, bytes})),
  ...TUTORIAL.map((text) => ({form: 'tutorial' as const, bytes: Buffer.from(text)})),
  {form: 'pasted', bytes: Buffer.from(PASTED)},
  ...fixtures('pasted', /\.txt$/).map((bytes) => ({form: 'pasted' as const, bytes})),
  ...INPUTS.map(({text}) => ({form: 'pasted' as const, bytes: Buffer.from(text)})),
  ...PMAP.map((text) => ({form: 'pmap' as const, bytes: Buffer.from(text)})),
  ...GDB.map((text) => ({form: 'gdb' as const, bytes: Buffer.from(text)})),
  ...fixtures('proc', /-status\.txt$/).map((bytes) => ({form: 'status' as const, bytes})),
  ...fixtures('proc', /-stat\.txt$/).map((bytes) => ({form: 'stat' as const, bytes})),
  ...[MAPS[0]!, SMAPS[0]!, TUTORIAL[0], PMAP[2]!, GDB[1]!].map((input) => ({
    form: 'snapshot' as const,
    bytes: snapshotOf(input),
  })),
  {form: 'snapshot', bytes: LIVE},
  ...CORES.map((bytes) => ({form: 'core' as const, bytes})),
  ...[MACHINE, OLD_CGROUP, GROUP].map((text) => ({form: 'log' as const, bytes: Buffer.from(text)})),
  ...elfHeads().map((bytes) => ({form: 'elf' as const, bytes})),
];

/** Node's own executable; a small library with rules for unwinding; and a 32-bit big-endian head, which no machine at hand has. */
function elfHeads(): Buffer[] {
  const own = readFileSync(process.execPath).subarray(0, 4096);
  const other = Buffer.alloc(52 + 32 * 2);
  other.set([0x7f, 0x45, 0x4c, 0x46, 1, 2, 1]);
  other.writeUInt32BE(52, 28);
  other.writeUInt16BE(32, 42);
  other.writeUInt16BE(2, 44);
  other.writeUInt32BE(1, 52);
  other.writeUInt32BE(0x6474e552, 84);
  return [own, readFileSync('test/fixtures/elf/frames.so'), other];
}
