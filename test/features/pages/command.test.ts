import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {cells} from '../../../src/text/safe.ts';
import {Child, python} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {files, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {ROOT, testIf, unless, X64} from '../../helpers/tools.ts';

const AT = '200000000000';

/** A process with 512 pages at a known place, none of them huge (MADV_NOHUGEPAGE), of which every third is written. */
async function target(t: ExecutionContext): Promise<Child> {
  const child = await python(t, 'libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p');
  await child.ask(
    `p = libc.mmap(ctypes.c_void_p(0x${AT}), ctypes.c_size_t(512 * 4096), 3, 0x100022, -1, ctypes.c_long(0))`,
  );
  await child.ask('libc.madvise(ctypes.c_void_p(p), ctypes.c_size_t(512 * 4096), 15)');
  await child.ask('for page in range(0, 512, 3): ctypes.memset(ctypes.c_void_p(p + page * 4096), 1, 1)');
  return child;
}

type Counts = Readonly<Record<string, number>>;

interface Document {
  readonly totals: Counts;
  readonly regions: ReadonlyArray<{
    readonly start: string;
    readonly end: string;
    readonly kind: string;
    readonly name: string;
    readonly label?: string;
    readonly totals: Counts;
    readonly runs?: ReadonlyArray<{start: string; end: string; pages: number; state: string[]}>;
  }>;
}

testIf('python3', X64)('each region is a line with a strip, and totals follow', async (t) => {
  const child = await target(t);
  const {stdout, code, stderr} = await memmap(['pages', String(child.pid)]);
  t.is(code, 0, stderr);
  t.regex(stdout, /^python3 \(pid \d+\)/);
  t.regex(stdout, /^200000000000-200000200000 +2 MiB +684 KiB +\S.*? +▒{64}$/m);
  t.regex(stdout, /^state +pages +size$/m);
  t.regex(stdout, /^all +\d+ +[\d.]+ [KMG]iB$/m);
  t.regex(stdout, /^Not read: .*\[vsyscall\]/m);
});

testIf('python3', X64)('JSON is as its schema says, its runs cover each region, and counts add up', async (t) => {
  const child = await target(t);
  const ran = await memmap(['pages', String(child.pid), '--json']);
  t.is(ran.code, 0, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'pages', document);
  for (const {start, end, runs, totals} of document.regions) {
    t.is(runs![0]!.start, start);
    t.is(runs!.at(-1)!.end, end);
    t.true(runs!.every((run, index) => index === 0 || run.start === runs![index - 1]!.end));
    t.is(
      runs!.reduce((sum, {pages}) => sum + pages, 0),
      totals['pages']!,
    );
    for (const state of ['present', 'absent', 'swapped', 'guard', 'unread']) {
      const pages = runs!.filter((run) => run.state[0] === state).reduce((sum, run) => sum + run.pages, 0);
      t.is(pages, totals[state]!);
    }
  }
  for (const [key, value] of Object.entries(document.totals)) {
    t.is(
      document.regions.reduce((sum, {totals}) => sum + totals[key]!, 0),
      value,
      key,
    );
  }
  const ours = document.regions.find(({start}) => start === `0x${AT}`)!;
  t.like(ours.totals, {pages: 512, present: 171, exclusive: 171, absent: 341});
  t.is(ours.runs!.length, 342);
  const summary = await memmap(['pages', String(child.pid), '--json', '--summary']);
  conforms(t, 'pages', JSON.parse(summary.stdout));
  t.true((JSON.parse(summary.stdout) as Document).regions.every(({runs}) => runs === undefined));
});

testIf('python3', X64)('a region is chosen by address, range, name, part of a name, or kind', async (t) => {
  const child = await target(t);
  const chosen = async (...args: string[]): Promise<Document['regions']> => {
    const ran = await memmap(['pages', String(child.pid), ...args, '--json']);
    t.is(ran.code, 0, ran.stderr);
    return (JSON.parse(ran.stdout) as Document).regions;
  };
  t.like(await chosen('0x200000001234'), {length: 1, 0: {start: `0x${AT}`, totals: {pages: 512}}});
  t.like(await chosen('200000001800-200000004001'), {
    length: 1,
    0: {start: '0x200000001000', end: '0x200000005000', totals: {pages: 4, present: 1}},
  });
  t.like(await chosen('0x200000000000-0x200000003000'), {length: 1, 0: {totals: {pages: 3}}});
  t.deepEqual(
    (await chosen('[stack]')).map(({name}) => name),
    ['[stack]'],
  );
  const libc = await chosen('libc.so');
  t.true(libc.length > 2 && libc.every(({name, label = ''}) => `${name}${label}`.includes('libc.so')));
  const kinds = await chosen('--kind', 'heap', '--kind', 'stack');
  t.deepEqual([...new Set(kinds.map(({kind}) => kind))], ['heap', 'stack']);
});

testIf('python3', X64)('the runs of a region are a table, shortened unless all are asked for', async (t) => {
  const child = await target(t);
  const some = await memmap(['pages', String(child.pid), `0x${AT}`]);
  t.regex(some.stdout, /^200000000000-200000001000 +1 +4 KiB +present anonymous exclusive$/m);
  t.regex(some.stdout, /^200000001000-200000003000 +2 +8 KiB +absent$/m);
  t.regex(some.stdout, /^… 302 more runs, use --all$/m);
  const all = await memmap(['pages', String(child.pid), `0x${AT}`, '--all']);
  t.is(all.stdout.match(/^2000.* present anonymous exclusive$/gm)?.length, 171);
  t.notRegex(all.stdout, /more runs/);
});

/** What can't be answered: the words, the exit code, and words of the message. */
const REFUSED: ReadonlyArray<readonly [string, readonly string[], RegExp]> = [
  ['an address where nothing is', ['0x1000'], /nothing is mapped there: .* begins at 0x/],
  ['a range where nothing is', ['1000-3000'], /nothing is mapped there/],
  ['a range that ends before it begins', ['3000-1000'], /it ends before it begins/],
  ['a name that no region has', ['no-such-name'], /no region has this in its name. There are: .*\[heap\]/],
  ['a number without 0x', [AT], /An address that begins with 0x/],
  ['a kind that it has none of', ['--kind', 'hugetlb'], /this process has: .*heap/],
];

testIf('python3', X64)('what is not there is refused with what is', async (t) => {
  const child = await target(t);
  for (const [what, args, words] of REFUSED) {
    const ran = await memmap(['pages', String(child.pid), ...args]);
    t.is(ran.code, 2, what);
    t.is(ran.stdout, '', what);
    t.regex(ran.stderr, words, what);
    t.regex(ran.stderr, /^memmap: .+\n {2}why: {2}.+\n {2}next: .+\n$/, what);
  }
});

test('a listing has no pages', async (t) => {
  const [listing] = files(t, TUTORIAL[0]) as [string];
  const ran = await memmap(['pages', listing]);
  t.is(ran.code, 2);
  t.regex(ran.stderr, /has no pages to look at/);
  t.regex(ran.stderr, /memmap show /);
});

test('no such process and a kernel thread are refused with 3', async (t) => {
  t.is((await memmap(['pages', '999999999'])).code, 3);
  const kernel = await memmap(['pages', '2']);
  t.is(kernel.code, 3);
  t.regex(kernel.stderr, /kernel thread/);
});

testIf('setpriv', ROOT)('a process of somebody else is refused with 4', (t) => {
  const denied = asNobody(['pages', String(process.pid)]);
  t.is(denied.code, 4);
  t.regex(denied.text, /permission denied/);
});

/** A Python of the machine, which any user may run. */
const PYTHON = unless(existsSync('/usr/bin/python3'), 'there is no /usr/bin/python3, which any user may run');

testIf(
  'setpriv',
  ROOT,
  X64,
  PYTHON,
)('without privilege all is there but what frame numbers tell', async (t) => {
  const script = `
import ctypes, time
libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p
p = libc.mmap(ctypes.c_void_p(0x${AT}), ctypes.c_size_t(32 * 4096), 3, 0x100022, -1, ctypes.c_long(0))
for page in range(5): ctypes.memset(ctypes.c_void_p(p + page * 4096), 1, 1)
for page in range(10, 18): ctypes.c_ubyte.from_address(p + page * 4096).value
print("ready", flush=True); time.sleep(600)`;
  const child = new Child(t, 'setpriv', [...NOBODY, 'env', 'PATH=/usr/bin:/bin', 'python3', '-c', script]);
  await child.line();
  const {code, text} = asNobody(['pages', String(child.pid), `0x${AT}`]);
  t.is(code, 0, text);
  t.regex(text, /^█{5}·{5}C{8}·{14}$/m);
  t.regex(text, /present anonymous shared-or-zero$/m);
  t.regex(text, /^Frame numbers are hidden from you/m);
  t.regex(text, /32 KiB less: 8 pages are the zero page, which it leaves out\.$/m);
  const known = await memmap(['pages', String(child.pid), `0x${AT}`]);
  t.regex(known.stdout, /^█{5}·{5}z{8}·{14}$/m);
  t.regex(known.stdout, /present anonymous zero$/m);
});

const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];

function asNobody(args: readonly string[]): {code: number; text: string} {
  try {
    return {
      code: 0,
      text: execFileSync('setpriv', [...NOBODY, process.execPath, 'bin/run.js', ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
      }),
    };
  } catch (error) {
    const {status, stderr} = error as {status: number; stderr: string};
    return {code: status, text: stderr};
  }
}

for (const columns of [60, 100, 200]) {
  testIf(
    'python3',
    'script',
    X64,
  )(`on a terminal of ${columns} columns no line is wider, and strips use the room`, async (t) => {
    const child = await target(t);
    for (const [...args] of [['--kind', 'anon', '--kind', 'arena', '--kind', 'heap', '--kind', 'text'], [`0x${AT}`]]) {
      const run = new TerminalRun(t, ['pages', String(child.pid), ...args], {columns, rows: 80});
      t.is(await run.end(), 0);
      // eslint-disable-next-line no-control-regex
      const {lines} = run;
      for (const line of lines) {
        if (/^\d+ regions?,/.test(line)) continue;
        t.true(cells(line) <= columns, `${cells(line)}: ${line}`);
      }
      const strip = lines.find((line) => /[▓▒·]{8,}$/.test(line)) ?? '';
      t.true(strip.length > columns - 2, `the strip ends at column ${strip.length}`);
    }
  });
}

testIf('python3', X64)(
  'marks of written pages are refused where the kernel has none, and shown where it has',
  async (t) => {
    const child = await target(t);
    const ran = await memmap(['pages', String(child.pid), `0x${AT}`, '--dirty-since', '100ms']);
    if (ran.code === 0) {
      t.log('this kernel has soft-dirty marks');
      const [, seconds] = /written in (\d+\.\d) s/.exec(ran.stdout)!;
      t.true(Number(seconds) >= 0.1, ran.stdout);
      return;
    }
    t.is(ran.code, 2);
    t.regex(
      ran.stderr,
      /^memmap: Cannot tell which pages are written\.\n {2}why: {2}this kernel has no soft-dirty marks/,
    );
  },
);
