import {spawnSync} from 'node:child_process';
import type {ExecutionContext} from 'ava';
import {python, type Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, unless} from '../../helpers/tools.ts';

interface Room {
  readonly mapping: {used: number; largest: {size: number}};
  readonly reserving: {left: number};
  readonly brk: {used: number; left: number; end: string};
  readonly regions: {used: number};
  readonly arenas: ReadonlyArray<{start: string; committed: number; reserved: number; resident: number}>;
  readonly borders: ReadonlyArray<{cause: string; detail: string; count: number; example: string[]}>;
}

/** Calls into the C library that give 0, or the errno. */
const LIBC = `
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.sbrk.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.sbrk.argtypes = [ctypes.c_long]
for call in (libc.madvise, libc.mprotect): call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
BAD = (1 << 64) - 1
def mapped(size):
    at = libc.mmap(None, size, 0, 0x4022, -1, 0)
    if at == BAD: return ctypes.get_errno()
    libc.munmap(at, size)
    return 0
`;

async function roomOf(t: ExecutionContext, child: Child): Promise<Room> {
  const {stdout, code} = await memmap(['show', String(child.pid), '--json']);
  t.is(code, 0);
  const document = JSON.parse(stdout) as {room: Room};
  conforms(t, 'snapshot', document);
  return document.room;
}

/** ENOMEM */
const NO_ROOM = '12';

testIf('python3')('the kernel can map as much as the largest hole, and no more', async (t) => {
  const child = await python(t, LIBC);
  const {mapping, reserving} = await roomOf(t, child);
  t.is(reserving.left, mapping.largest.size, 'no limit is set here');
  t.is(await child.ask(`answer = mapped(${reserving.left})`), '0');
  t.is(await child.ask(`answer = mapped(${reserving.left + 4096})`), NO_ROOM);
});

testIf('python3')('brk can move as far as was said, and not a page further', async (t) => {
  const child = await python(t, LIBC);
  // A region 3 MiB behind the heap, so that the end is near.
  await child.ask('end = (libc.sbrk(0) + 4095) & ~4095; near = libc.mmap(end + (3 << 20), 4096, 0, 0x100022, -1, 0)');
  const {brk} = await roomOf(t, child);
  t.is(await child.ask('answer = hex((libc.sbrk(0) + 4095) & ~4095)'), brk.end);
  t.true(brk.left < 3 << 20 && brk.left > 2 << 20, String(brk.left));
  t.is(await child.ask(`libc.sbrk(-libc.sbrk(0) % 4096); answer = libc.sbrk(${brk.left + 4096}) == BAD`), 'True');
  t.is(await child.ask(`answer = libc.sbrk(${brk.left}) == BAD`), 'False');
  const {stdout} = await memmap(['show', String(child.pid)]);
  t.regex(
    stdout,
    /^! brk: 0 left until the region at [0-9a-f]+ \(.+\); /m,
    'what is used up is said without being asked',
  );
});

testIf('python3')('regions that madvise and mprotect keep apart are counted by what keeps them', async (t) => {
  const child = await python(t, LIBC);
  const before = await roomOf(t, child);
  // 10 is MADV_DONTFORK (dc). Every second page of 200, then one page without access in the middle of 3.
  const at = await child.ask(
    (
      'at = libc.mmap(None, 200 * 4096, 3, 0x22, -1, 0); ctypes.memset(at, 1, 200 * 4096)\nfor i in range(1, 200, ' +
      '2): libc.madvise(at + i * 4096, 4096, 10)'
    ).replace('\n', '; exec("') + '"); answer = hex(at)',
  );
  const after = await roomOf(t, child);
  const flags = after.borders.find(({cause, detail}) => cause === 'flags' && detail === 'dc');
  t.is(flags?.count, 199);
  t.is(flags?.example[0], at);
  t.true(after.regions.used >= before.regions.used + 198);
  const {stdout} = await memmap(['show', String(child.pid), '--summary', '--room']);
  t.regex(stdout, /^ +199 {2}VmFlags: dc \(MADV_DONTFORK\) /m);
  const guards = (room: Room): number =>
    room.borders.filter(({cause}) => cause === 'guard').reduce((sum, {count}) => sum + count, 0);
  await child.ask(`libc.mprotect(at + 100 * 4096, 4096, 0)`);
  t.is(guards(await roomOf(t, child)), guards(after) + 2);
});

/** arenas are glibc's. */
const PROBE = 'import ctypes, sys; sys.exit(not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"))';
const GLIBC = unless(spawnSync('python3', ['-c', PROBE]).status !== 1, 'this Python has another C library than glibc');

testIf('python3', GLIBC)('heaps of other threads are counted as arenas, with what is accessible of them', async (t) => {
  const child = await python(t, `${LIBC}\nimport threading, time`);
  const had = (await roomOf(t, child)).arenas.length;
  // A thread that calls malloc gets an arena of its own.
  const ready =
    'libc.malloc.restype = ctypes.c_void_p; held = []; done = threading.Event(); threading.Thread(target=lambda: ' +
    '(held.append(libc.malloc(100000)), ctypes.memset(held[0], 1, 100000), done.set(), time.sleep(1000)), ' +
    'daemon=True).start(); done.wait(); answer = hex(held[0] & ~((64 << 20) - 1))';
  const heap = await child.ask(ready);
  const {arenas} = await roomOf(t, child);
  t.true(arenas.length > had);
  const arena = arenas.find(({start}) => start === heap)!;
  t.is(arena.committed + arena.reserved, 64 << 20);
  t.true(arena.committed > 100_000 && arena.resident >= 96 * 1024 && arena.resident <= arena.committed);
  t.regex(
    (await memmap(['show', String(child.pid), '--room'])).stdout,
    /^\d+ heaps? of glibc malloc's arenas beside \[heap\]/m,
  );
});
