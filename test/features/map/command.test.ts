import {readFileSync} from 'node:fs';
import test from 'ava';
import {memmap, run} from '../../helpers/cli.ts';
import {Child, inState, python} from '../../helpers/child.ts';
import {files, TUTORIAL} from '../../helpers/listings.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {cells} from '../../../src/text/safe.ts';

/** The lines of a drawing: addresses, and what stands behind them. */
const drawing = (text: string): string[] => {
  const lines = text.split('\n');
  return lines.slice(lines.indexOf('high addresses') + 2, lines.indexOf('low addresses'));
};

const mapsOf = (pid: number): string[] => readFileSync(`/proc/${pid}/maps`, 'latin1').trimEnd().split('\n');

/** After its line a program goes on for a while, and a Node has threads that do. */
async function stop({process, pid}: Child): Promise<void> {
  process.kill('SIGSTOP');
  await inState(pid, 'T');
}

/** What no picture may do: be wider than 100 columns where nobody said how wide, or move the cursor. */
const isSound = (text: string): boolean =>
  text.split('\n').every((line) => cells(line) <= 100 && !/[\x00-\x1f\x7f-\x9f]/.test(line));

test('each line of the picture begins where a region of the kernel does, high addresses first', async (t) => {
  for (const [command, ...args] of [
    ['sh', '-c', 'echo ready; read x'],
    ['bash', '-c', 'echo ready; read x; :'],
    [process.execPath, '-e', 'console.log("ready"); setTimeout(() => {}, 1e6)'],
  ] as const) {
    const child = new Child(t, command, args);
    await child.line();
    await stop(child);
    const {stdout, stderr, code} = await memmap(['show', String(child.pid), '--map']);
    t.is(code, 0);
    t.is(stderr, '');
    t.true(isSound(stdout), stdout);
    const starts = new Set(mapsOf(child.pid).map((line) => line.split('-')[0]!));
    const drawn = drawing(stdout).flatMap((line) => /^ *([0-9a-f]{8,16}) +│/.exec(line)?.[1] ?? []);
    t.true(drawn.length > 8, stdout);
    t.deepEqual(
      drawn.filter((address) => !starts.has(address)),
      [],
    );
    t.deepEqual(
      [...drawn].sort((a, b) => Number.parseInt(b, 16) - Number.parseInt(a, 16)),
      drawn,
    );
    t.regex(stdout, /│[█▌░]+ .* stack +\[stack\]/);
    t.regex(stdout, /free: .*↓ the stack grows down/);
    t.regex(stdout, /free: nothing at address 0/);
  }
});

test('sizes and resident memory in the picture are those that smaps says of the same regions', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  await stop(child);
  const {stdout} = await memmap(['show', String(child.pid), '--map']);
  const smaps = readFileSync(`/proc/${child.pid}/smaps`, 'latin1');
  for (const name of ['stack', 'heap']) {
    const record = smaps.slice(smaps.indexOf(`[${name}]\n`));
    const [size, rss] = ['Size', 'Rss'].map((key) => new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(record)![1]!);
    t.regex(stdout, new RegExp(`│[█▌░]+ +${size} KiB +${rss === '0' ? '0' : `${rss} KiB`} .* ${name} +\\[${name}\\]`));
  }
});

testIf('python3')('60000 regions are a picture of one screen, and what was put together is counted', async (t) => {
  const child = await python(t);
  await child.ask(
    `
libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p; n = 60000
base = libc.mmap(None, ctypes.c_size_t(n * 4096), 1, 0x22, -1, ctypes.c_long(0))
[libc.mprotect(ctypes.c_void_p(base + i * 4096), ctypes.c_size_t(4096), 3) for i in range(0, n, 2)]`
      .trim()
      .replaceAll('\n', '; '),
  );
  const count = mapsOf(child.pid).length;
  t.true(count > 60_000, `${count}`);
  const {stdout} = await memmap(['show', String(child.pid), '--map']);
  t.true(drawing(stdout).length <= 60, stdout);
  t.regex(stdout, /│▒+ +\d+(\.\d)? MiB +anon +6\d{4} regions/);
  t.regex(stdout, new RegExp(`${count} regions are drawn in \\d+ lines`));
});

testIf('python3')('what the kernel maps and grows between two looks is in the picture of both', async (t) => {
  const child = await python(t, 'libc = ctypes.CDLL(None); libc.sbrk.restype = ctypes.c_void_p');
  await child.ask('libc.sbrk(0)');
  const {stdout: before} = await memmap(['snapshot', String(child.pid)]);
  const [file] = files(t, before) as [string];
  await child.ask('libc.sbrk(ctypes.c_long(4 << 20)); kept = mmap.mmap(-1, 96 << 20, mmap.MAP_SHARED)');
  const {stdout, code} = await memmap(['diff', file, String(child.pid), '--map']);
  t.is(code, 1);
  t.true(isSound(stdout), stdout);
  t.regex(stdout, /^\+ +[0-9a-f]+ +│\++ .*\+96 MiB/m);
  t.regex(stdout, /^↑ +[0-9a-f]+ +│[█▓▒░]+\++ .*\+4 MiB .*heap/m);
  t.regex(stdout, /│ \d+ unchanged: /);
});

testIf('pmap')('what pmap says is drawn, and resident memory only where pmap says it', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  for (const flags of [[], ['-x'], ['-X']]) {
    const pmap = await run('pmap', [...flags, String(child.pid)]);
    const {stdout, code} = await memmap(['show', '-', '--map'], {input: pmap.stdout});
    t.true(code === 0 || code === 5);
    t.true(isSound(stdout), stdout);
    t.regex(stdout, flags.length > 0 ? /│█+/ : /│▒+/);
  }
});

test('names from outside can not move the cursor in a picture', async (t) => {
  const evil = '00400000-00401000 r--p 00000000 fd:00 7 /tmp/\x1b[2J\x9b1m\x07\rx\u202e\n';
  const more = '00500000-00501000 r--p 00000000 fd:00 7 /tmp/\x1b]0;title\x07\n';
  const [one, two] = files(t, Buffer.from(evil), Buffer.from(evil + more)) as [string, string];
  for (const args of [
    ['show', one, '--map'],
    ['diff', one, two, '--map'],
  ]) {
    const {stdout} = await memmap(args);
    t.notRegex(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
});

test('a picture is for people: with --json it is a wrong call, and says so', async (t) => {
  const [one, two] = files(t, TUTORIAL[0], TUTORIAL[1]) as [string, string];
  for (const args of [
    ['show', one],
    ['diff', one, two],
  ]) {
    const {code, stdout, stderr} = await memmap([...args, '--map', '--json']);
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, /--json/);
  }
  t.is((await memmap(['diff', one, two, '--map', '--summary'])).code, 2);
});

testIf('script')(
  'in a terminal the picture has colour and no line breaks at the edge, at 40, 60 and 100 columns',
  async (t) => {
    const child = new Child(t, 'bash', ['-c', 'echo ready; read x; :']);
    await child.line();
    for (const columns of [40, 60, 100]) {
      const terminal = new TerminalRun(t, ['show', String(child.pid), '--map'], {columns, rows: 70});
      t.is(await terminal.end(), 0);
      const lines = (await terminal.screen()).filter((line) => line !== '');
      t.regex(terminal.raw, /\x1b\[35m[█▌░]/);
      const plain = lines.slice(lines.indexOf('high addresses') + 2, lines.indexOf('low addresses'));
      t.true(plain.length > 10, lines.join('\n'));
      t.deepEqual(
        plain.filter((line) => !/[│┊]/.test(line)),
        [],
        'a line that was broken has no spine',
      );
    }
  },
);

testIf('script')('in a terminal of few lines the picture is shorter', async (t) => {
  const child = new Child(t, process.execPath, ['-e', 'console.log("ready"); setTimeout(() => {}, 1e6)']);
  await child.line();
  const high = await memmap(['show', String(child.pid), '--map']);
  const low = new TerminalRun(t, ['show', String(child.pid), '--map'], {columns: 100, rows: 30});
  t.is(await low.end(), 0);
  const plain = low.raw.replaceAll(/\x1b\[[0-9;]*m/g, '').replaceAll('\r', '');
  t.true(drawing(plain).length <= 24, plain);
  t.true(drawing(high.stdout).length > drawing(plain).length);
});
