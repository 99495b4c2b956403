import {mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {Child, inState, python} from '../../helpers/child.ts';
import {memmap, type Ran} from '../../helpers/cli.ts';
import {files, folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, unless} from '../../helpers/tools.ts';

interface Held {
  readonly unmapped: number;
  readonly mapped: number;
  readonly kinds: Readonly<Record<string, {readonly files: number; readonly bytes: number; readonly unmapped: number}>>;
  readonly gpu: Readonly<Record<string, number>>;
  readonly complete: boolean;
}

interface Document {
  readonly held: Held | null;
  readonly clues: {
    readonly descriptors?: {
      readonly open?: number;
      readonly looked: number;
      readonly unknown: number;
      readonly held: ReadonlyArray<{kind: string; name: string; bytes: number; descriptors: number; inode: string}>;
      readonly files: ReadonlyArray<{name: string; size: number; bytes?: number}>;
      readonly gpu: ReadonlyArray<{driver: string; client: string; descriptors: number}>;
    };
  };
}

async function show(t: ExecutionContext, ...args: string[]): Promise<Document> {
  const {stdout, stderr, code} = await memmap(['show', '--json', ...args]);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'snapshot', document);
  return document;
}

const summary = async (...args: string[]): Promise<string> =>
  (await memmap(['show', '--summary', ...args])).stdout.replaceAll(/\s+/g, ' ');

/** Files without a name, as a program makes them; `blocks` is what the kernel says of one. */
const MAKERS = `
import mmap
def blocks(fd): return os.fstat(fd).st_blocks * 512
def fill(fd, mib):
    for _ in range(mib): os.write(fd, b"x" * (1 << 20))
    return fd
def memfd(name, mib): return fill(os.memfd_create(name), mib)
def deleted(mib):
    path = f"/dev/shm/memmap-test-{os.getpid()}"
    fd = fill(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL), mib)
    os.unlink(path)
    return fd
def attached(fd, mib): return mmap.mmap(fd, mib << 20)
`;

const SHM = unless(
  / \/dev\/shm .* - tmpfs /.test(readFileSync('/proc/self/mountinfo', 'latin1')),
  'no tmpfs on /dev/shm',
);

testIf('python3', SHM)('what descriptors hold is what fstat(2) says of each file, once', async (t) => {
  const child = await python(t, MAKERS);
  const told = await child.ask(
    'a = memfd("leak", 3); os.dup(a); b = memfd("leak", 2); c = memfd("mapped", 1); m = attached(c, 1); ' +
      'd = deleted(4); e = os.open("/dev/shm", os.O_TMPFILE | os.O_RDWR); os.write(e, b"y"); ' +
      'answer = " ".join(str(blocks(fd)) for fd in (a, b, c, d, e)) + f" {len(os.listdir(\'/proc/self/fd\')) - 1}"',
  );
  const [a, b, c, d, e, open] = told.split(' ').map(Number) as [number, number, number, number, number, number];
  t.true(a >= 3 << 20 && d >= 4 << 20 && e > 0);
  const {held, clues} = await show(t, String(child.pid));
  t.deepEqual(held, {
    unmapped: a + b + d + e,
    mapped: c,
    kinds: {
      memfd: {files: 3, bytes: a + b + c, unmapped: a + b},
      deleted: {files: 2, bytes: d + e, unmapped: d + e},
    },
    gpu: {},
    complete: true,
  });
  t.like(clues.descriptors, {open, looked: open, unknown: 0});
  t.is(clues.descriptors!.held.find(({bytes}) => bytes === a)!.descriptors, 2, 'it was duplicated');
  const text = await summary(String(child.pid));
  t.true(
    text.includes('Held by descriptors: 5 MiB in 2 memfds, 4 MiB in 2 deleted files of tmpfs that the process'),
    text,
  );
  t.true(text.includes('Held by descriptors, and mapped too: 1 MiB in 1 memfd.'), text);
  t.regex(text, / \/memfd:leak 2 3 5 MiB 5 MiB /);
});

testIf('python3')(
  'a memfd that is mapped, unmapped and closed moves from one sum to the other, and away',
  async (t) => {
    const child = await python(t, MAKERS);
    const sums = async (): Promise<[number, number]> => {
      const {held} = await show(t, String(child.pid));
      return [held!.unmapped, held!.mapped];
    };
    t.deepEqual(await sums(), [0, 0]);
    const size = Number(await child.ask('fd = memfd("x", 2); answer = blocks(fd)'));
    t.deepEqual(await sums(), [size, 0]);
    await child.ask('m = attached(fd, 1)');
    t.deepEqual(await sums(), [0, size]);
    await child.ask('os.close(fd)');
    const {clues} = await show(t, String(child.pid));
    // Python's mmap keeps a descriptor of its own.
    t.deepEqual(
      clues.descriptors!.held.map(({descriptors}) => descriptors),
      [1],
    );
    await child.ask('m.close()');
    t.deepEqual(await sums(), [0, 0]);
    t.false((await summary(String(child.pid))).includes('Held by'));
  },
);

testIf('python3', SHM)('names from outside, and files that only look deleted', async (t) => {
  const child = await python(t, MAKERS);
  await child.ask('a = memfd("\\x1b[31m evil\\n(deleted)", 1)');
  const name = `/dev/shm/memmap-test-${child.pid} (deleted)`;
  await child.ask(`b = fill(os.open(${JSON.stringify(name)}, os.O_RDWR | os.O_CREAT), 2)`);
  t.teardown(() => child.process.kill());
  const {held, clues} = await show(t, String(child.pid));
  await child.ask(`os.unlink(${JSON.stringify(name)})`);
  t.is(held!.kinds['deleted'], undefined, 'it has its name still');
  t.is(held!.unmapped, 1 << 20);
  t.is(clues.descriptors!.held[0]!.name, '/memfd:\u001b[31m evil\n(deleted)');
  const {stdout} = await memmap(['show', '--summary', String(child.pid)]);
  t.false(stdout.includes('\u001b'));
});

testIf('python3', SHM)(
  'a large file that is open and not mapped is named; of its page cache nothing is said',
  async (t) => {
    const child = await python(t, MAKERS);
    const place = folder(t);
    const shared = `/dev/shm/memmap-test-large-${child.pid}`;
    await child.ask(`d = os.open("${place}/db", os.O_RDWR | os.O_CREAT); os.ftruncate(d, 1 << 30)`);
    await child.ask(`e = fill(os.open("${shared}", os.O_RDWR | os.O_CREAT), 1); os.ftruncate(e, 70 << 20)`);
    const {held, clues} = await show(t, String(child.pid));
    await child.ask(`os.unlink("${shared}")`);
    t.is(held!.unmapped, 0);
    const named = clues.descriptors!.files.map(({name, size, bytes}) => [name, size, bytes]);
    // What the tests lie on may be a file system that memmap asks nothing of.
    t.deepEqual(named.at(-1), [shared, 70 << 20, 1 << 20]);
    if (named.length > 1) t.deepEqual(named[0], [`${place}/db`, 1 << 30, undefined]);
  },
);

testIf('python3')('of many descriptors as many are looked at as there is time for, and that is said', async (t) => {
  const many = 15_000;
  const child = await python(t, `import resource\n${MAKERS}`);
  const most = Number(await child.ask('answer = resource.getrlimit(resource.RLIMIT_NOFILE)[1]'));
  if (most < many + 100) return t.pass(`only ${most} descriptors are allowed here`);
  await child.ask(`resource.setrlimit(resource.RLIMIT_NOFILE, (${most}, ${most}))`);
  await child.ask(`fds = [memfd("leak", 0) for _ in range(${many})]; [os.write(fd, b"z") for fd in fds]`);
  const begin = performance.now();
  const {held, clues} = await show(t, String(child.pid));
  const {open, looked} = clues.descriptors!;
  t.log(`${looked} of ${open} in ${Math.round(performance.now() - begin)} ms`);
  t.is(held!.complete, looked === open);
  t.true(held!.kinds['memfd']!.files <= many && held!.unmapped === held!.kinds['memfd']!.files * 4096);
  if (looked < many) t.true((await summary(String(child.pid))).includes('they hold at least this.'));
});

testIf('python3')('a saved snapshot has it as well', async (t) => {
  const child = await python(t, MAKERS);
  await child.ask('a = memfd("leak", 1)');
  process.kill(child.pid, 'SIGSTOP');
  await inState(child.pid, 'T');
  const live = await show(t, String(child.pid));
  const path = join(folder(t), 'snapshot.json');
  t.is((await memmap(['snapshot', String(child.pid), '-o', path])).code, 0);
  const saved = await show(t, path);
  t.deepEqual([saved.held, saved.clues.descriptors], [live.held, live.clues.descriptors]);
  const [broken] = files(t, readFileSync(path, 'utf8').replace('"kind":"memfd","name"', '"kind":"pipe","name"'));
  const {code, stderr}: Ran = await memmap(['show', broken!]);
  t.deepEqual([code, stderr.includes('clues.descriptors.held[0].kind is not one of')], [6, true], stderr);
});

/** A root with a real process's files, and descriptors of hardware that isn't here. */
function falseRoot(t: ExecutionContext, {pid}: Child, descriptors: Readonly<Record<number, [string, string]>>): string {
  const root = folder(t);
  const write = (name: string, content: string | Buffer): void => {
    mkdirSync(dirname(`${root}/${name}`), {recursive: true});
    writeFileSync(`${root}/${name}`, content);
  };
  for (const name of ['maps', 'smaps', 'status', 'stat', 'limits', 'auxv', 'cgroup'])
    write(`${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`));
  mkdirSync(`${root}/${pid}/fd`);
  for (const [fd, [link, info]] of Object.entries(descriptors)) {
    symlinkSync(link, `${root}/${pid}/fd/${fd}`);
    write(`${pid}/fdinfo/${fd}`, info);
  }
  return root;
}

const COMMON = 'pos:\t0\nflags:\t02100002\nmnt_id:\t15\n';

/** As drivers/gpu/drm prints it. */
const gpu = (client: number, device: string, memory: string): [string, string] => [
  '/dev/dri/renderD128',
  `${COMMON}ino:\t404\ndrm-driver:\tamdgpu\ndrm-client-id:\t${client}\ndrm-pdev:\t${device}\n${memory}`,
];

testIf('python3')('memory of GPUs: each client once, and two devices are two', async (t) => {
  const child = await python(t);
  const root = falseRoot(t, child, {
    3: gpu(7, '0000:03:00.0', 'drm-total-vram:\t9 MiB\ndrm-resident-vram:\t8 MiB\ndrm-resident-gtt:\t64 KiB\n'),
    4: gpu(7, '0000:03:00.0', 'drm-total-vram:\t9 MiB\ndrm-resident-vram:\t8 MiB\ndrm-resident-gtt:\t64 KiB\n'),
    5: gpu(7, '0000:0a:00.0', 'drm-resident-vram:\t2 MiB\n'),
    6: gpu(8, '0000:03:00.0', 'drm-memory-vram:\t1 MiB\ndrm-engine-gfx:\t7 ns\n'),
    // A node of a driver that says nothing.
    7: ['/dev/dri/card0', `${COMMON}ino:\t405\n`],
  });
  const {held, clues} = await show(t, '--proc-root', root, String(child.pid));
  t.deepEqual(held!.gpu, {vram: 11 << 20, gtt: 65536});
  t.deepEqual([held!.unmapped, held!.complete, clues.descriptors!.gpu.length], [0, true, 3]);
  const text = await summary('--proc-root', root, String(child.pid));
  t.true(
    text.includes(
      'GPU memory, resident as its driver says: vram 11 MiB, gtt 64 KiB ' +
        '(amdgpu 0000:03:00.0, amdgpu 0000:0a:00.0; 3 clients).',
    ),
    text,
  );
});

testIf('python3')('dmabufs: each buffer once, by its inode number; a mapped one is known by it', async (t) => {
  const child = await python(t);
  const dmabuf = (inode: number, size: number, exporter: string, name = ''): [string, string] => [
    `/dmabuf:${name}`,
    `${COMMON}ino:\t${inode}\nsize:\t${size}\ncount:\t2\nexp_name:\t${exporter}\n${name && `name:\t${name}\n`}`,
  ];
  const root = falseRoot(t, child, {
    3: dmabuf(21, 8294400, 'system', 'frame'),
    4: dmabuf(21, 8294400, 'system', 'frame'),
    5: dmabuf(22, 4096, 'udmabuf'),
    6: dmabuf(23, 65536, 'i915'),
    // As before Linux 5.14: which buffer it is nobody says.
    7: ['/dmabuf:', 'pos:\t0\nsize:\t4096\ncount:\t1\nexp_name:\tsystem\n'],
  });
  const maps = `7f0000000000-7f0000010000 rw-s 00000000 00:0c 23                         /dmabuf:\n`;
  for (const name of ['maps', 'smaps']) {
    const path = `${root}/${child.pid}/${name}`;
    const real = readFileSync(path, 'latin1');
    const size = name === 'smaps' ? `Size:                 64 kB\nRss:                   0 kB\n` : '';
    const first = real.search(/^7f/m);
    writeFileSync(path, `${real.slice(0, first)}${maps}${size}${real.slice(first)}`);
  }
  const status = `${root}/${child.pid}/status`;
  const grown = readFileSync(status, 'latin1').replace(/VmSize:\s*(\d+)/, (_, kib) => `VmSize:\t${Number(kib) + 64}`);
  writeFileSync(status, grown);
  const {held, clues} = await show(t, '--proc-root', root, String(child.pid));
  t.deepEqual(held!.kinds, {dmabuf: {files: 3, bytes: 8294400 + 4096 + 65536, unmapped: 8294400 + 4096}});
  t.deepEqual([held!.mapped, held!.complete, clues.descriptors!.unknown], [65536, false, 1]);
  const text = await summary('--proc-root', root, String(child.pid));
  t.regex(text, / \/dmabuf:frame \(system\) 1 2 7\.9 MiB 7\.9 MiB /);
  t.true(text.includes('A dmabuf of udmabuf is made of pages of a memfd, which may count here as well.'), text);
  t.true(text.includes('What 1 more descriptor holds is not known.'), text);
});

testIf('python3')('descriptors that may not be read are unknown, not none', async (t) => {
  const child = await python(t);
  const root = falseRoot(t, child, {});
  const without = falseRoot(t, child, {});
  const {held} = await show(t, '--proc-root', root, String(child.pid));
  t.is(held!.unmapped, 0);
  rmSync(`${without}/${child.pid}/fd`, {recursive: true});
  t.is((await show(t, '--proc-root', without, String(child.pid))).held, null);
  const text = await summary('--proc-root', without, String(child.pid));
  t.true(text.includes('What its descriptors hold is not known: /proc/PID/fd may not be read.'), text);
});

testIf('python3')('a file of a file system of a program, called like a memfd, is not asked', async (t) => {
  const child = await python(t);
  // Its mount is in no mountinfo, and its number is higher than those that are: it may be another program's.
  const root = falseRoot(t, child, {3: ['/memfd:trap (deleted)', 'pos:\t0\nmnt_id:\t900\nino:\t1\n']});
  writeFileSync(`${root}/${child.pid}/mountinfo`, '22 1 0:21 / / rw - ext4 /dev/vda rw\n');
  const {held, clues} = await show(t, '--proc-root', root, String(child.pid));
  t.deepEqual([held!.unmapped, held!.complete, clues.descriptors!.unknown], [0, false, 1]);
});
