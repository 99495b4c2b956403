import {execFileSync} from 'node:child_process';
import {chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Child, inState, python} from '../../helpers/child.ts';
import {memmap, MEMMAP, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';

interface Row {
  readonly pid?: number;
  readonly group?: string | null;
  readonly name: string;
  readonly title?: string;
  readonly user: string;
  readonly cgroup: string;
  readonly processes: number;
  readonly threads: number;
  readonly regions: number | null;
  readonly rss: number;
  readonly pss: number | null;
  readonly privateDirty: number | null;
  readonly swap: number;
  readonly age: number | null;
  readonly unread: string | null;
}

interface Document {
  readonly rows: readonly Row[];
  readonly totals: Readonly<Record<string, number>>;
  readonly budget: {readonly read: number; readonly stallMs: number; readonly unread: Readonly<Record<string, number>>};
  readonly hidden: number | null;
  readonly notes: readonly string[];
}

async function listed(t: ExecutionContext, ...args: string[]): Promise<Document> {
  const {stdout, stderr, code} = await memmap(['ps', '--json', ...args]);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'ps', document);
  return document;
}

/** A counter of smaps_rollup in bytes, read without memmap. */
const kernel = (pid: number, field: string): number =>
  1024 *
  Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))![1]);

async function stopped(t: ExecutionContext, mebibytes: number): Promise<number> {
  const child = await python(t, `held = bytearray(b"x" * (${mebibytes} << 20))`);
  child.process.kill('SIGSTOP');
  await inState(child.pid, 'T');
  return child.pid;
}

testIf('python3')('of stopped processes the figures are those of the kernel', async (t) => {
  const pids = [await stopped(t, 8), await stopped(t, 24), await stopped(t, 40)];
  const before = pids.map((pid) => kernel(pid, 'Pss'));
  const {rows, totals} = await listed(t, ...pids.map(String));
  t.deepEqual(
    rows.map(({pid}) => pid),
    pids.toReversed(),
    'the largest first',
  );
  for (const row of rows) {
    const pid = row.pid!;
    t.is(row.rss, kernel(pid, 'Rss'));
    t.is(row.privateDirty, kernel(pid, 'Private_Dirty'));
    // What they share with other processes, of other tests too, changes with those.
    const [low, high] = [before[pids.indexOf(pid)]!, kernel(pid, 'Pss')].toSorted((a, b) => a - b);
    t.true(row.pss! >= low! * 0.995 && row.pss! <= high! * 1.005, `${row.pss} beside ${low} to ${high}`);
    t.is(row.regions, readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').length - 1);
    t.true(row.title!.includes('bytearray'));
    t.is(row.threads, 1);
  }
  t.is(
    totals['pss'],
    rows.reduce((sum, {pss}) => sum + pss!, 0),
  );
});

/** A Node of which nobody else maps the file. */
function ownNode(t: ExecutionContext): string {
  const path = join(folder(t), 'node');
  copyFileSync(process.execPath, path);
  chmodSync(path, 0o755);
  chmodSync(join(path, '..'), 0o755);
  return path;
}

const WAITS = ['-e', "console.log('ready'); require('fs').readSync(0, Buffer.alloc(1))"];
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;

testIf(ROOT)('memmap, a Node itself, takes itself out of the PSS of Nodes', async (t) => {
  const node = ownNode(t);
  const children = [new Child(t, node, WAITS), new Child(t, node, WAITS)];
  for (const child of children) {
    await child.line();
    child.process.kill('SIGSTOP');
    await inState(child.pid, 'T');
  }
  const pids = children.map(({pid}) => pid);
  const truth = pids.map((pid) => kernel(pid, 'Pss'));
  const {stdout} = await run(node, [join(process.cwd(), MEMMAP), 'ps', '--json', ...pids.map(String)]);
  const {rows} = JSON.parse(stdout) as {rows: Array<Row & {observer?: {kernel: number}}>};
  for (const [index, pid] of pids.entries()) {
    const row = rows.find((each) => each.pid === pid)!;
    const part = row.pss! / truth[index]!;
    t.true(part > 0.995 && part < 1.005, `${row.pss} is ${part} of ${truth[index]}`);
    t.true(row.observer!.kernel < 0.9 * truth[index]!, 'the kernel counts memmap');
  }
});

testIf(ROOT, 'setpriv')('an ordinary user sees the RSS of others, is told so once, and it is no error', async (t) => {
  const node = ownNode(t);
  const own = new Child(t, 'setpriv', [...NOBODY.slice(1), node, ...WAITS]);
  await own.line();
  const [command, ...args] = [...NOBODY, node, join(process.cwd(), MEMMAP), 'ps'];
  const {stdout, code} = await run(command, [...args, '--json']);
  t.is(code, 0);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'ps', document);
  const mine = document.rows.find(({pid}) => pid === own.pid)! as Row & {observer: {kernel: number; most: number}};
  t.is(mine.unread, null);
  // Nobody tells an ordinary user how often a page is mapped: the kernel's figure, and the most that it can be.
  t.is(mine.pss, mine.observer.kernel);
  t.true(mine.observer.most > 1.2 * mine.pss!);
  const others = document.rows.find(({pid}) => pid === process.pid)!;
  t.like(others, {unread: 'denied', pss: null, regions: null});
  t.true(others.rss > 0);
  t.is(document.budget.unread['denied'], document.rows.filter(({unread}) => unread === 'denied').length);
  const text = await run(command, args);
  t.is(text.stdout.match(/not permitted/g)?.length, 1);
  t.regex(
    text.stdout.replaceAll(/\s+/g, ' '),
    /denied: the PSS of \d+ process(es)? was not read: .* you are uid 65534\. .* run memmap as/,
  );
  t.regex(text.stdout, /memmap itself maps pages of/);
  const small = await run(command, [...args, String(process.pid), '--min-size', '100G']);
  t.regex(small.stdout, /^1 process below --min-size: PSS not read, resident [\d.]+ [MG]iB\.$/m);
  t.regex(small.stdout.replaceAll(/\s+/g, ' '), /Read 0 of 1 process in [\d.]+ ms: nobody was held up\./);
});

testIf(
  ROOT,
  'setpriv',
  'unshare',
)('where /proc hides the processes of others, that is said', async (t) => {
  const place = folder(t);
  chmodSync(place, 0o755);
  const node = ownNode(t);
  const memmapThere = [node, join(process.cwd(), MEMMAP), 'ps', '--json', '--proc-root', place].join(' ');
  const script = `mount -t proc -o hidepid=2 proc ${place} && exec ${NOBODY.join(' ')} ${memmapThere}`;
  const {stdout, stderr, code} = await run('unshare', ['--mount', 'sh', '-c', script]);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'ps', document);
  t.is(document.hidden, null);
  t.false(document.rows.some(({pid}) => pid === process.pid));
  t.regex(document.notes.join(' '), /hidepid/);
});

testIf('ps')('processes and their users are those of ps(1)', async (t) => {
  // What starts and ends meanwhile is in one of the two lists only.
  const lists = [execFileSync('ps', ['-eo', 'pid=,euser:64=,vsz=,stat='], {encoding: 'utf8'})];
  const {rows} = await listed(t);
  lists.push(execFileSync('ps', ['-eo', 'pid=,euser:64=,vsz=,stat='], {encoding: 'utf8'}));
  const parsed = lists.map(
    (text) =>
      new Map(
        text
          .trim()
          .split('\n')
          .map((line) => line.trim().split(/\s+/) as [string, string, string, string])
          .filter(([, , size]) => Number(size) > 0)
          .map(([pid, user]) => [Number(pid), user]),
      ),
  );
  const both = [...parsed[0]!].filter(([pid]) => parsed[1]!.has(pid));
  t.true(both.length > 2);
  for (const [pid, user] of both) t.is(rows.find((row) => row.pid === pid)?.user, user, String(pid));
  t.false(rows.some(({name}) => name === 'kthreadd'));
});

testIf(
  ROOT,
  'ps',
  'python3',
  'setpriv',
)('sums by user are those of ps(1)', async (t) => {
  const others = new Child(t, 'setpriv', [...NOBODY.slice(1), ownNode(t), ...WAITS]);
  await others.line();
  others.process.kill('SIGSTOP');
  await inState(others.pid, 'T');
  const pids = [await stopped(t, 8), await stopped(t, 16), others.pid].map(String);
  const {rows} = await listed(t, '--by', 'user', '--sort', 'name', ...pids);
  const sums: Record<string, number> = {};
  for (const line of execFileSync('ps', ['-o', 'euser=,rss=', '-p', pids.join()], {encoding: 'utf8'})
    .trim()
    .split('\n')) {
    const [user, rss] = line.trim().split(/\s+/) as [string, string];
    sums[user] = (sums[user] ?? 0) + Number(rss) * 1024;
  }
  t.is(rows.length, 2);
  t.deepEqual(
    rows.map(({group, processes}) => [group, processes]),
    [
      ['nobody', 1],
      ['root', 2],
    ],
  );
  // The counters of ps(1) are kept per CPU, and lag a little.
  for (const {group, rss} of rows) t.true(Math.abs(rss - sums[group!]!) < 0.02 * rss, `${rss} ${sums[group!]}`);
});

testIf('python3')('what would hold up a process, or all, for longer than is allowed is not read', async (t) => {
  const pids = [await stopped(t, 64), await stopped(t, 96)];
  const words = pids.map(String);
  // 16 ms a GiB, so 1.5 ms and more for 96 MiB.
  const spared = await listed(t, ...words, '--max-stall', '1ms');
  t.deepEqual(spared.budget.unread, {stall: 2});
  for (const row of spared.rows) t.like(row, {pss: null, privateDirty: null, unread: 'stall'});
  t.true(spared.rows[0]!.rss > 96 << 20);
  t.true(spared.rows[0]!.rss > spared.rows[1]!.rss, 'in the order of RSS');
  const poor = await listed(t, ...words, '--budget', '1ms');
  t.deepEqual(poor.budget.unread, {budget: 2});
  t.is(poor.budget.stallMs, 0);
  const all = await listed(t, ...words);
  t.is(all.budget.read, 2);
  t.true(all.rows[0]!.age! >= all.rows[1]!.age!, 'the largest is read first');
  const {stdout, code} = await memmap(['ps', ...words, '--max-stall', '1ms']);
  t.is(code, 0);
  t.regex(stdout, /^ *\d+ +spared +\d\S* MiB /m);
  t.regex(
    stdout.replaceAll(/\s+/g, ' '),
    /spared: the PSS of 2 processes was not read: .*more than 1 ms \(--max-stall\)/,
  );
});

testIf('python3')('--filter, --min-size, --sort and names choose processes', async (t) => {
  const [small, large] = [await stopped(t, 4), await stopped(t, 32)];
  const mine = (rows: readonly Row[]): number[] =>
    rows.flatMap(({pid}) => (pid === small || pid === large ? [pid] : []));
  t.deepEqual(mine((await listed(t, '--filter', '/x" \\* \\(4 <</')).rows), [small]);
  t.deepEqual(
    mine((await listed(t, 'python3', '--sort', 'pid')).rows),
    [small, large].toSorted((a, b) => a - b),
  );
  t.deepEqual(mine((await listed(t, String(small), String(large), '--min-size', '30M')).rows), [large]);
  t.deepEqual(mine((await listed(t, String(large), '--sort', 'Private_Dirty')).rows), [large]);
});

test('what is not there is said in three parts', async (t) => {
  const cases: ReadonlyArray<readonly [number, RegExp, ...string[]]> = [
    [3, /^memmap: Cannot find "no-such-name"\.$\n^ {2}why: .+\n^ {2}next: .*--filter no-such-name/m, 'no-such-name'],
    [3, /no process with this PID/, '4194304'],
    [2, /"0" is not a PID/, '0'],
    [2, /"shape" is not a sort order/, '--sort', 'shape'],
    [2, /"unit:" names no group/, 'unit:'],
    [2, /"\/\(\/" is not a regular expression/, '--filter', '/(/'],
    [2, /--json and --csv were both given/, '--csv', '--json'],
    [2, /"shape" is not a value of --by/, '--by', 'shape'],
  ];
  for (const [code, message, ...args] of cases) {
    const ran = await memmap(['ps', ...args]);
    t.is(ran.code, code, args.join(' '));
    t.regex(ran.stderr, message);
  }
});

testIf('python3')('a hostile title is escaped, and cut at its end where the terminal is narrow', async (t) => {
  const child = new Child(t, 'python3', ['-c', 'print(1, flush=True); input()', '\x1b[31m', 'x'.repeat(200), 'END']);
  await child.line();
  const {stdout} = await memmap(['ps', String(child.pid)]);
  t.true(stdout.includes('\\x1b[31m') && !stdout.includes('\x1b[31m'));
  t.regex(stdout, /x{200} END$/m);
  const terminal = new TerminalRun(t, ['ps', String(child.pid)], {columns: 80});
  t.is(await terminal.end(), 0);
  t.regex(terminal.lines.join('\n'), / python3 -c print.*…$/m);
});

/** A directory like /proc with the files of one real process, under several PIDs. */
function falseRoot(t: ExecutionContext, pid: number, files: Readonly<Record<string, string>>): string {
  const root = folder(t);
  for (const each of [4001, 4002]) {
    mkdirSync(`${root}/${each}`);
    for (const name of ['maps', 'smaps_rollup', 'status', 'stat', 'cmdline'])
      writeFileSync(`${root}/${each}/${name}`, readFileSync(`/proc/${pid}/${name}`));
  }
  mkdirSync(`${root}/self`);
  symlinkSync('/proc/self/auxv', `${root}/self/auxv`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), {recursive: true});
    writeFileSync(join(root, name), content);
  }
  return root;
}

testIf('python3')('another /proc: units and containers from the paths, users by number', async (t) => {
  const {pid} = await python(t);
  const id = '4f5e'.padEnd(64, '0');
  const root = falseRoot(t, pid, {
    '4001/cgroup': '3:name=my own,memory:/system.slice/my\\x2dapp.service\n0::/\n',
    '4002/cgroup': `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope\n`,
  });
  const {rows} = await listed(t, '--proc-root', root, '--sort', 'pid');
  t.like(rows[0], {unit: 'my\\x2dapp.service', cgroup: '/system.slice/my\\x2dapp.service'});
  t.like(rows[1], {container: id, unit: `cri-containerd-${id}.scope`});
  t.is(rows[0]!.user, String(process.geteuid!()));
  const {stdout} = await memmap(['ps', '--by', 'container', '--proc-root', root]);
  t.regex(stdout, /^ +1 .* 4f5e00000000 python3$/m);
  t.regex(stdout, /^ +1 .* \(no container\)$/m);
});

testIf('python3')('a process that ends, or another one that got its PID, is no row', async (t) => {
  const {pid} = await python(t);
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const later = stat.replace(/^(.*\) (?:\S+ ){19})\S+/s, '$1999999999');
  const root = falseRoot(t, pid, {'4001/stat': later, uptime: '100000.00 1.00\n'});
  const {rows, ...document} = await listed(t, '--proc-root', root);
  t.deepEqual(
    rows.map((row) => row.pid),
    [4002],
  );
  t.is((document as unknown as {ended: number}).ended, 1);
});

testIf('python3')('the ID of a thread stands for its process, and that is said', async (t) => {
  const child = await python(t, 'import threading');
  await child.ask('e = threading.Event(); w = threading.Thread(target=e.wait, daemon=True); w.start()');
  const tid = await child.ask('answer = w.native_id');
  const {stdout, stderr} = await memmap(['ps', tid, `/proc/${child.pid}`, '--json']);
  t.deepEqual(
    (JSON.parse(stdout) as Document).rows.map(({pid, threads}) => [pid, threads]),
    [[child.pid, 2]],
  );
  t.regex(stderr, /is a thread .* of process/);
});

/** After vfork(2) the parent sleeps uninterruptibly until its child ends. */
const VFORK =
  '#include <unistd.h>\nint main(void) { if (vfork() == 0) { read(0, &(char){0}, 1); _exit(0); } return 0; }';

testIf('gcc')('a process that sleeps uninterruptibly is not read, and does not hold up memmap', async (t) => {
  const place = folder(t);
  writeFileSync(`${place}/vfork.c`, VFORK);
  execFileSync('gcc', ['-w', '-o', `${place}/parent`, `${place}/vfork.c`]);
  const child = new Child(t, `${place}/parent`, []);
  await inState(child.pid, 'D', 'parent');
  const {rows} = await listed(t, String(child.pid));
  t.like(rows, [{pid: child.pid, unread: 'blocked', pss: null, regions: null}]);
  t.true(rows[0]!.rss > 0);
  child.process.stdin!.end();
});

testIf('python3')('a zombie has no memory, and is no row', async (t) => {
  const parent = await python(t);
  const pid = Number(await parent.ask('answer = os.fork() or os._exit(0)'));
  await inState(pid, 'Z');
  const {rows} = await listed(t);
  t.false(rows.some((row) => row.pid === pid));
  t.is((await memmap(['ps', String(pid)])).code, 3);
});

testIf('python3')('a process whose first thread has ended is a row', async (t) => {
  const script = 'import threading, ctypes, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n';
  const child = new Child(t, 'python3', ['-c', `${script}print(1, flush=True)\nctypes.CDLL(None).pthread_exit(None)`]);
  await child.line();
  await inState(child.pid, 'Z');
  const {rows} = await listed(t, String(child.pid));
  t.true(rows[0]!.rss > 1 << 20);
  t.true(rows[0]!.pss! > 1 << 18);
});
