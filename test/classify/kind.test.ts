import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {KINDS} from '../../src/model/kind.ts';
import type {Region} from '../../src/model/region.ts';
import {parse} from '../../src/parse/parse.ts';
import {capture} from '../../src/procfs/capture.ts';
import {asleep, python} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';

/** A maps line → the kind of its region, beside others that decide about it. */
const NAMES: ReadonlyArray<readonly [name: string, kind: string, perms?: string]> = [
  ['[heap]', 'heap'],
  ['[stack]', 'stack'],
  ['[stack:1234]', 'thread-stack'],
  ['[vdso]', 'vdso'],
  ['[vvar]', 'vvar'],
  ['[vvar_vclock]', 'vvar'],
  ['[vsyscall]', 'vsyscall'],
  ['[anon:libc_malloc]', 'arena'],
  ['[anon_shmem:ring]', 'shared'],
  ['[uprobes]', 'special'],
  ['/memfd:x (deleted)', 'memfd'],
  ['/SYSV1234abcd (deleted)', 'shared', 'rw-s'],
  ['/SYSVfoo.txt', 'file'],
  ['/dev/zero (deleted)', 'shared', 'rw-s'],
  ['/dev/zero', 'anon'],
  ['/anon_hugepage (deleted)', 'hugetlb'],
  ['/drm mm object (deleted)', 'device', 'rw-s'],
  ['/dmabuf:', 'device', 'rw-s'],
  ['/secretmem (deleted)', 'anon'],
  ['/[aio] (deleted)', 'special'],
  ['/dev/shm/ring', 'shared', 'rw-s'],
  ['/dev/dri/card0', 'device'],
  ['anon_inode:[perf_event]', 'special'],
  ['socket:[27941]', 'special'],
  ['/tmp/[heap]', 'file'],
  ['/usr/lib/locale/locale-archive', 'file'],
];

for (const [name, kind, perms = 'rw-p'] of NAMES) {
  test(`a region called ${name} is of kind ${kind}`, (t) => {
    const inode = name.startsWith('[') ? '00:00 0' : 'fd:00 7';
    const [region] = parse(`00400000-00401000 ${perms} 00000000 ${inode}   ${name}\n`).regions;
    t.is(region?.kind, kind as Region['kind']);
  });
}

test('the segments of a program are told apart by their permissions, and its bss by its place', (t) => {
  const listing = `00400000-00401000 r--p 00000000 fd:00 7 /bin/x
00401000-00402000 r-xp 00001000 fd:00 7 /bin/x
00402000-00403000 r--p 00002000 fd:00 7 /bin/x
00403000-00404000 rw-p 00003000 fd:00 7 /bin/x
00404000-00405000 rw-p 00000000 00:00 0 
00406000-00407000 rw-p 00000000 00:00 0 
00407000-00408000 ---p 00000000 00:00 0 
10000000-50000000 ---p 00000000 00:00 0 
`;
  t.deepEqual(
    parse(listing).regions.map(({kind}) => kind),
    ['rodata', 'text', 'rodata', 'data', 'bss', 'anon', 'guard', 'reserved'],
  );
});

testIf('python3')("each thread's stack pointer lies in a region of kind stack or thread-stack", async (t) => {
  const child = await python(
    t,
    'import threading, time\nfor _ in range(3): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()',
  );
  await asleep(child.pid);
  const {regions} = capture(child.pid);
  const kinds = readdirSync(`/proc/${child.pid}/task`).map((tid) => {
    // "number args… SP PC" of a blocked thread: proc_pid_syscall(5).
    const pointer = Number(readFileSync(`/proc/${child.pid}/task/${tid}/syscall`, 'latin1').trim().split(' ').at(-2));
    return [tid === String(child.pid), regions.find(({start, end}) => start <= pointer && pointer < end)?.kind];
  });
  t.is(kinds.length, 4);
  t.deepEqual(
    kinds,
    kinds.map(([isMain]) => [isMain, isMain ? 'stack' : 'thread-stack']),
  );
});

test('every region of every process here has a kind of the closed set', (t) => {
  const kinds = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const {kind} of capture(Number(pid)).regions) kinds.add(kind);
    } catch {
      // Kernel threads and processes of others have nothing to show.
    }
  }
  t.deepEqual(
    [...kinds].filter((kind) => !(KINDS as readonly string[]).includes(kind)),
    [],
  );
  t.true(kinds.has('text') && kinds.has('stack'));
});
