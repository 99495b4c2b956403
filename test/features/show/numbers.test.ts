import {readFileSync, rmSync, statSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {type Child, inState, python, waitingShell} from '../../helpers/child.ts';
import {memmap, run} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {whileSteady} from '../../helpers/wait.ts';

interface Document {
  readonly regions: ReadonlyArray<{
    start: string;
    size: number;
    kind: string;
    name: string;
    usage: Record<string, number>;
  }>;
  readonly totals: Record<string, number> & {kinds: Record<string, Record<string, number>>};
  readonly residue: {rss: {regions: number; status: number}; pssCut: number; pageTables: number; stays: number};
}

const LIBC = `
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for call in (libc.madvise, libc.mprotect): call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
for call in (libc.mlock, libc.munmap): call.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
`;

async function show(t: ExecutionContext, pid: number, ...flags: string[]): Promise<Document> {
  const {stdout, stderr, code} = await memmap(['show', String(pid), '--json', ...flags]);
  t.deepEqual([code, stderr], [0, '']);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'snapshot', document);
  return document;
}

/** A process that can't change while it is looked at. */
async function stop(child: Child): Promise<void> {
  process.kill(child.pid, 'SIGSTOP');
  await inState(child.pid, 'T');
}

/** Lines of a file of /proc that end in kB, in bytes. */
const bytesIn = (pid: number, file: string, keys: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    [...readFileSync(`/proc/${pid}/${file}`, 'latin1').matchAll(/^(\w+):\s+(\d+) kB$/gm)].flatMap(
      ([, key, kilobytes]) => (keys.includes(key!) ? [[key!, Number(kilobytes) * 1024]] : []),
    ),
  );

testIf('python3')('the regions of a stopped process add up to what the kernel adds up, to the byte', async (t) => {
  const child = await python(t);
  await child.ask('held = bytearray(30 << 20); more = [bytes(200000) for _ in range(40)]');
  await stop(child);
  // Pss and what is shared change when another process starts or ends, so that two readings differ.
  const [{totals, residue, regions}, theirs] = await whileSteady(
    () => ({
      ...bytesIn(child.pid, 'smaps_rollup', ['Rss', 'Anonymous', 'Swap', 'Locked']),
      ...bytesIn(child.pid, 'status', ['VmRSS']),
    }),
    () => show(t, child.pid),
  );
  for (const [key, ours] of [
    ['Rss', 'rss'],
    ['Anonymous', 'anonymous'],
    ['Swap', 'swap'],
    ['Locked', 'locked'],
  ] as const) {
    t.is(totals[ours], theirs[key], key);
  }
  // That of status may differ: each processor counts some pages on its own, for a while.
  t.deepEqual(residue.rss, {regions: theirs['Rss']!, status: theirs['VmRSS']!}, 'as status has it');
  for (const counter of ['rss', 'size', 'privateDirty']) {
    const kinds = Object.values(totals.kinds).reduce((sum, kind) => sum + kind[counter]!, 0);
    t.is(kinds, totals[counter]!, `kinds add up: ${counter}`);
  }
  t.is(
    regions.reduce((sum, {usage}) => sum + usage['rss']!, 0),
    totals['rss']!,
  );
});

testIf('python3', 'pmap')('pmap -X adds up to the same', async (t) => {
  const child = await python(t);
  await stop(child);
  const [[stdout, {totals}]] = await whileSteady(
    () => bytesIn(child.pid, 'smaps_rollup', ['Rss', 'Anonymous', 'Swap']),
    async () => [(await run('pmap', ['-X', String(child.pid)])).stdout, await show(t, child.pid)] as const,
  );
  const lines = stdout.trimEnd().split('\n');
  const titles = lines
    .find((line) => /^ *Address/.test(line))!
    .trim()
    .split(/ +/)
    .slice(5, -1);
  const sums = lines
    .at(-2 + (/KB/.test(lines.at(-1)!) ? 1 : 0))!
    .trim()
    .split(/ +/);
  const theirs = Object.fromEntries(titles.map((title, index) => [title, Number(sums[index]) * 1024]));
  t.deepEqual(
    [theirs['Size'], theirs['Rss'], theirs['Anonymous'], theirs['Swap']],
    [totals['size'], totals['rss'], totals['anonymous'], totals['swap']],
  );
});

testIf('python3')('locked memory and huge pages are columns of their own where there are any', async (t) => {
  const child = await python(t, LIBC);
  // Where huge pages are for all who ask for none (`always`), Python may have some from the start.
  const isAny = (): boolean =>
    /^(?:Locked|AnonHugePages): +[1-9]/m.test(readFileSync(`/proc/${child.pid}/smaps`, 'latin1'));
  const [plain, any] = await whileSteady(isAny, () =>
    memmap(['show', String(child.pid), '--columns', 'locked,huge,kind']),
  );
  if (!any) t.notRegex(plain.stdout, /^ *[1-9][\d.]* [KM]iB .*anon$/m, 'nothing is locked or huge at first');
  // 64 KiB between pages without access, so that no neighbour is joined to it.
  const locked = await child.ask(
    'at = libc.mmap(None, 24 * 4096, 0, 0x22, -1, 0) + 4 * 4096; libc.mprotect(at, 65536, 3); answer = f"{at:x} ' +
      '{libc.mlock(at, 65536)}"',
  );
  const [address, failed] = locked.split(' ');
  if (failed === '0') {
    const {stdout} = await memmap([
      'show',
      String(child.pid),
      '--columns',
      'start,locked,resident',
      '--filter',
      address!,
    ]);
    t.regex(stdout, new RegExp(`^${address} +64 KiB +64 KiB$`, 'm'));
  } else t.log('mlock is not permitted here');
  const huge = await child.ask(
    'm = libc.mmap(None, 8 << 20, 3, 0x22, -1, 0); at = (m + (2 << 20) - 1) & ~((2 << 20) - 1); libc.madvise(at, 4 ' +
      '<< 20, 14); ctypes.memset(at, 1, 4 << 20); answer = f"{at:x}"',
  );
  const kernel = (): number => {
    const [, region] = readFileSync(`/proc/${child.pid}/smaps`, 'latin1').split(new RegExp(`^(?=${huge}-)`, 'm'));
    return Number(/^AnonHugePages: +(\d+) kB/m.exec(region!)?.[1]);
  };
  const [{stdout}, kilobytes] = await whileSteady(kernel, () =>
    memmap(['show', String(child.pid), '--columns', 'start,huge', '--filter', `/^${huge}-/`]),
  );
  t.regex(stdout, new RegExp(`^${huge} +${kilobytes === 0 ? '0' : `${kilobytes / 1024} MiB`}$`, 'm'));
  t.log(`${kilobytes} KiB of huge pages`);
});

test('what the totals leave out is named: page tables as status has them', async (t) => {
  const child = await waitingShell(t);
  const {residue} = await show(t, child.pid);
  const kilobytes = /^VmPTE:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1];
  t.is(residue.pageTables, Number(kilobytes) * 1024);
  const {stdout} = await memmap(['show', String(child.pid)]);
  t.regex(stdout, new RegExp(`^Not in the total: page tables ${kilobytes} KiB \\(VmPTE\\)`, 'm'));
});

testIf('python3')('private dirty memory that stays when the process ends is told from what comes free', async (t) => {
  const name = `/dev/shm/memmap-${process.pid}`;
  t.teardown(() => rmSync(name, {force: true}));
  const child = await python(t);
  const plain = (await show(t, child.pid)).residue.stays;
  t.is(plain, 0);
  await child.ask(
    `f = open("${name}", "w+b"); f.truncate(20 << 20); shared = mmap.mmap(f.fileno(), 20 << 20); shared[:] = b"x" ` +
      '* (20 << 20)',
  );
  await child.ask('own = mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); own[:] = b"x" * (8 << 20)');
  // A private mapping of the file: pages of its own where it was written to.
  await child.ask('copy = mmap.mmap(f.fileno(), 20 << 20, mmap.MAP_PRIVATE); copy[:1 << 20] = b"y" * (1 << 20)');
  const {residue, totals} = await show(t, child.pid);
  t.true(totals['privateDirty']! > 28 << 20);
  const {stdout} = await memmap(['show', String(child.pid), '--summary']);
  t.regex(
    stdout,
    /^Of [\d.]+ MiB private dirty, [\d.]+ MiB comes free when the process ends; 20 MiB is of shared memory/m,
  );
  const {stdout: story} = await memmap(['explain', String(child.pid)]);
  t.regex(story.replace(/\s+/g, ' '), /comes free when the process ends; 20 MiB is of shared memory or files/);
  const {stdout: region} = await memmap(['explain', String(child.pid), name]);
  t.regex(
    region.replace(/\s+/g, ' '),
    /20 MiB is private dirty: only this process maps it, and the kernel can only swap it/,
  );
  child.process.kill('SIGKILL');
  await new Promise((resolve) => child.process.once('close', resolve));
  // What stays, by the file system's own count.
  t.is(residue.stays, statSync(name).blocks * 512);
});

testIf('python3')('a file that one process maps twice is shared, and nobody says with others', async (t) => {
  const child = await python(t);
  await child.ask('f = os.memfd_create("twice"); os.ftruncate(f, 1 << 20)');
  await child.ask('one = mmap.mmap(f, 1 << 20); two = mmap.mmap(f, 1 << 20); one[:] = b"x" * (1 << 20); two[:]');
  const {regions} = await show(t, child.pid);
  t.is(
    regions
      .filter(({name}) => name.startsWith('/memfd:twice'))
      .reduce((sum, {usage}) => sum + usage['sharedDirty']!, 0),
    2 << 20,
  );
  for (const command of [
    ['explain', String(child.pid), 'memfd:twice'],
    ['pages', String(child.pid), 'memfd:twice'],
  ]) {
    const {stdout} = await memmap(command);
    t.regex(stdout.replace(/\s+/g, ' '), /mapped at least twice/, command[0]);
    t.notRegex(stdout, /other processes map|mapped elsewhere|shared with other/i, command[0]);
  }
});
