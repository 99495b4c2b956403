import {readFileSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {parse} from '../../src/parse/parse.ts';
import {capture} from '../../src/procfs/capture.ts';
import {python} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {testIf, unless} from '../helpers/tools.ts';
import {at, capturedWhole} from './real.ts';

const LIBC = 'libc = ctypes.CDLL(None); libc.mmap.restype = libc.shmat.restype = ctypes.c_void_p';

testIf('python3')('a SysV segment is shared memory, with its key and the id that shmget(2) gave', async (t) => {
  const child = await python(t, LIBC);
  // A key that no other run of these tests has at the same time.
  const key = `0x6d${(child.pid % 2 ** 24).toString(16).padStart(6, '0')}`;
  const id = await child.ask(`shmid = libc.shmget(${key}, 65536, 0o1600); answer = shmid`);
  t.true(Number(id) >= 0);
  const address = Number(await child.ask('p = libc.shmat(shmid, None, 0); libc.shmctl(shmid, 0, None); answer = p'));
  const region = at(capturedWhole(t, child.pid), address);
  t.is(region?.kind, 'shared');
  t.is(region?.label, `SysV segment, key ${key}, id ${id}`);
});

testIf('python3')(
  'POSIX shared memory, a memfd, MAP_SHARED|MAP_ANONYMOUS and code in a shared memfd are told apart',
  async (t) => {
    const child = await python(t, `${LIBC}\nfrom multiprocessing import shared_memory`);
    t.teardown(() => child.process.stdin?.end());
    const name = await child.ask('shm = shared_memory.SharedMemory(create=True, size=8192); answer = shm.name');
    await child.ask('m = mmap.mmap(-1, 8192)');
    await child.ask('fd = os.memfd_create("x"); os.ftruncate(fd, 8192); n = mmap.mmap(fd, 8192)');
    await child.ask(
      'c = os.memfd_create("code"); os.ftruncate(c, 8192); w = mmap.mmap(c, 8192); x = mmap.mmap(c, 8192, prot=5)',
    );
    const {regions} = capturedWhole(t, child.pid);
    await child.ask('shm.close(); shm.unlink()');
    const kind = (wanted: string) => regions.filter((region) => region.name === wanted).map((region) => region.kind);
    t.deepEqual(kind(`/dev/shm/${name}`), ['shared']);
    t.is(regions.find((region) => region.name === `/dev/shm/${name}`)?.label, `POSIX shared memory /${name}`);
    t.deepEqual(kind('/dev/zero (deleted)'), ['shared']);
    t.deepEqual(kind('/memfd:x (deleted)'), ['memfd']);
    t.deepEqual(kind('/memfd:code (deleted)').sort(), ['jit', 'memfd']);
  },
);

testIf('python3')('a file called [heap], and one whose name ends in " (deleted)", are files', async (t) => {
  const place = folder(t);
  for (const name of ['[heap]', 'kept (deleted)', 'gone']) writeFileSync(`${place}/${name}`, 'x'.repeat(4096));
  const child = await python(t);
  for (const name of ['[heap]', 'kept (deleted)', 'gone']) {
    await child.ask(`f = open("${place}/${name}", "r+b"); m_${name.length} = mmap.mmap(f.fileno(), 4096)`);
  }
  await child.ask(`os.unlink("${place}/gone")`);
  const {regions} = capturedWhole(t, child.pid);
  const region = (name: string) => regions.find((one) => one.name === `${place}/${name}`);
  t.is(region('[heap]')?.kind, 'file');
  t.is(region('kept (deleted)')?.kind, 'file');
  t.regex(region('kept (deleted)')?.evidence ?? '', /its name really ends/);
  t.is(region('gone (deleted)')?.kind, 'file');
  t.regex(region('gone (deleted)')?.evidence ?? '', /it was deleted$/);
  const bare = parse(readFileSync(`/proc/${child.pid}/maps`)).regions.find(
    (one) => one.name === `${place}/gone (deleted)`,
  );
  t.regex(bare?.evidence ?? '', /deleted, or its name ends like this/);
});

test("the kernel's own labels have no inode; a name that only looks like one is a file's", (t) => {
  const text = `00400000-00401000 rw-p 00000000 fd:00 7                          [heap]
00500000-00501000 rw-p 00000000 00:00 0                          [heap]
`;
  t.deepEqual(
    parse(text).regions.map(({kind}) => kind),
    ['file', 'heap'],
  );
});

/** Huge pages that nobody uses yet: 2 MiB each, unless the machine has others. */
const freeHuge = (): number =>
  Number(/^HugePages_Free:\s+(\d+)$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1] ?? 0);

const POOL = '/proc/sys/vm/nr_hugepages';

/** What was in the pool before this file grew it. */
let pool: string | undefined;
if (freeHuge() === 0) {
  try {
    const before = readFileSync(POOL, 'latin1').trim();
    writeFileSync(POOL, String(Number(before) + 2));
    pool = before;
  } catch {
    // Only root may.
  }
}
test.after.always(() => {
  if (pool !== undefined) writeFileSync(POOL, pool);
});
const HUGE = unless(freeHuge() > 0, 'the pool of huge pages is empty, and only root can fill it (vm.nr_hugepages)');

testIf('python3', HUGE)('pages of the hugetlb pool are hugetlb memory, whatever they are called', async (t) => {
  const child = await python(t, LIBC);
  const map = `libc.mmap(None, ctypes.c_size_t(2 << 20), 3, 0x40022, -1, ctypes.c_long(0))`;
  const address = BigInt(await child.ask(`p = ${map}; answer = p`));
  t.not(address, 2n ** 64n - 1n);
  const region = at(capture(child.pid, {usage: true}), Number(address));
  t.is(region?.kind, 'hugetlb');
  t.is(at(capture(child.pid, {usage: false}), Number(address))?.kind, 'hugetlb');
});

/** Names of anonymous memory (Linux 5.17 with CONFIG_ANON_VMA_NAME, Android), which this kernel may not have. */
for (const [name, kind, label] of [
  ['Go: heap', 'managed', 'Go: heap'],
  ['dalvik-main space', 'managed', 'dalvik-main space'],
  ['dalvik-jit-code-cache', 'jit', 'dalvik-jit-code-cache'],
  ['scudo:primary', 'arena', 'scudo:primary'],
  ['glibc: malloc arena', 'arena', 'glibc: malloc arena'],
  ['glibc: pthread stack: 4242', 'thread-stack', 'stack of thread 4242'],
  ['stack_and_tls:4242', 'thread-stack', 'stack of thread 4242'],
  ['partition_alloc', 'arena', 'partition_alloc'],
  ['.bss', 'bss', '.bss'],
  ['my cache', 'anon', 'my cache'],
] as const) {
  test(`memory that its program named "${name}" is of kind ${kind}`, (t) => {
    const [region] = parse(
      `7f0000000000-7f0000001000 rw-p 00000000 00:00 0                          [anon:${name}]\n`,
    ).regions;
    t.deepEqual([region?.kind, region?.label], [kind, label]);
    t.is(region?.evidence, `its program named it "${name}"`);
  });
}

test('the name of a region in [anon:…] is not believed to be one of the kernel', (t) => {
  const [region] = parse(
    '7f0000000000-7f0000001000 rw-p 00000000 00:00 0                          [anon:toString]\n',
  ).regions;
  t.is(region?.kind, 'anon');
});
