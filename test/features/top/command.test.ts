import {chmodSync, readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {type Child, inState, python} from '../../helpers/child.ts';
import {memmap, MEMMAP, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';
import {isRestored} from '../watch/watched.ts';

/** VmRSS, in bytes. */
const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024;

interface Sample {
  readonly rows: ReadonlyArray<{
    readonly pid: number;
    readonly rss: number;
    readonly pss: number | null;
    readonly privateDirty: number | null;
    readonly age: number | null;
    readonly growth: number;
    readonly late?: string;
    readonly unread: string | null;
  }>;
  readonly budget: {readonly read: number; readonly kept: number};
}

/** The samples of `top --json`. */
async function sampled(t: ExecutionContext, ...args: string[]): Promise<Sample[]> {
  const {stdout, stderr, code} = await memmap(['top', '--json', ...args]);
  t.is(code, 0, stderr);
  const samples = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample);
  for (const sample of samples) conforms(t, 'ps', sample);
  return samples;
}

/** memmap top in a terminal, with some processes of ours alone. */
async function shown(t: ExecutionContext, size = {}, ...args: string[]): Promise<{child: Child; run: TerminalRun}> {
  const child = await python(t, 'held = []');
  const terminal = new TerminalRun(t, ['top', '--interval', '300ms', ...args, String(child.pid)], size);
  await terminal.shows(/^1 process\b.* live /);
  return {child, run: terminal};
}

testIf('python3', 'script')('the screen says who has how much, and by how much it grew since it began', async (t) => {
  const {child, run: screen} = await shown(t, {columns: 120});
  const before = residentOf(child.pid);
  await child.ask('held.append(b"x" * (48 << 20))');
  const after = residentOf(child.pid);
  t.true(after > before);
  const row = new RegExp(`^ +${child.pid} +[\\d.]+ MiB +[\\d.]+ MiB +\\+4[78]\\.?\\d* MiB .*[▂-█]`);
  // A sample that came too early for its counters keeps those of the one before.
  const isRead = /^sample +read 1: held up [\d.]+ ms in all, [\d.]+ ms at most/;
  const lines = await screen.showsAll(
    (all) => isRead.test(all[3]!) && all.some((line) => row.test(line)),
    `${row} with its counters`,
  );
  t.regex(lines[1]!, /^PSS +[\d.]+ MiB/);
  t.regex(lines[2]!, /^available +[\d.]+ [GM]iB +of [\d.]+ [GM]iB/);
  t.regex(lines[5]!, /^1 process, most PSS first/);
  t.regex(lines[6]!, /^ +pid +PSS▾( +age)? +resident +Δ resident +history +private dirty +regions .*process$/);
  t.false(await screen.isWrapped());
  screen.type('q');
  t.is(await screen.end(), 0);
  await isRestored(t, screen);
  await screen.shows(/^Sampled 1 process \d+ times in /);
  t.regex(screen.lines.join(' '), new RegExp(`grew most in: python3\\S* \\(pid ${child.pid}\\) \\+4[78]`));
});

testIf('python3', 'script')('Enter opens the process as watch shows it, and Escape comes back to it', async (t) => {
  const {child, run: screen} = await shown(t, {columns: 100});
  screen.type('j');
  await screen.shows(new RegExp(`^ ▸ +${child.pid} `));
  await screen.shows(/ {3}Enter watch {3}/);
  screen.type('\r');
  await screen.shows(new RegExp(`^python3\\S* \\(pid ${child.pid}\\), .* live `));
  await screen.shows(/^\d+ regions/);
  screen.type('t');
  await screen.shows(/^\d+ kinds of memory/);
  screen.type('t\x1b[B');
  await screen.shows(/ {3}Enter explain {3}/);
  screen.type('\x1b');
  await screen.shows(/ {3}Esc back {3}/);
  screen.type('\x1b');
  await screen.shows(new RegExp(`^ ▸ +${child.pid} `));
  t.true(screen.isAlternate);
  t.is(screen.raw.split('\x1b[?1049l').length, 1, 'the screen was not left meanwhile');
  screen.type('\r');
  await screen.shows(/^\d+ regions/);
  child.process.kill('SIGKILL');
  await screen.shows(/^python3.* ended /);
  screen.type('\x1b');
  await screen.shows(/^0 processes/);
  screen.type('q');
  t.is(await screen.end(), 0);
  await isRestored(t, screen);
});

testIf('python3', 'script')('q ends it in an opened process too, and so does Ctrl-C', async (t) => {
  for (const [key, code] of [
    ['q', 0],
    ['\x03', 130],
  ] as const) {
    const {run: screen} = await shown(t);
    screen.type('j\r');
    await screen.shows(/^\d+ regions/);
    screen.type(key);
    t.is(await screen.end(), code);
    await isRestored(t, screen);
  }
});

testIf('python3', 'script')('groups, filter, help, pause; and any size', async (t) => {
  const {run: screen} = await shown(t, {columns: 80, rows: 24});
  screen.type('t');
  await screen.shows(/^1 name, most PSS first/);
  screen.type('ts');
  await screen.shows(/^1 user, largest growth first/);
  screen.type('tttt/no-such-name');
  await screen.shows(/^0 of 1 process matching “no-such-name”/);
  screen.type('\x1b');
  await screen.shows(/^1 process, largest growth first/);
  screen.type('?');
  await screen.shows(/^t +totals by name, user/);
  screen.type('xp');
  await screen.shows(/ paused; \d+ samples? since/);
  screen.type('p');
  for (const [columns, rows] of [
    [20, 24],
    [200, 50],
    [40, 4],
    [80, 24],
  ] as const) {
    screen.resize(columns, rows);
    await screen.shows(/^1 process\b.*live/);
    t.false(await screen.isWrapped());
  }
  process.kill(screen.pid, 'SIGTERM');
  t.is(await screen.end(), 143);
  await isRestored(t, screen);
});

testIf('python3')('a line for each sample: growth is what the kernel says', async (t) => {
  const child = await python(t, 'held = []');
  await child.ask('held.append(b"x" * (16 << 20))');
  child.process.kill('SIGSTOP');
  await inState(child.pid, 'T');
  const samples = await sampled(t, String(child.pid), '--interval', '100ms', '--count', '3');
  t.is(samples.length, 3);
  for (const {rows} of samples) t.like(rows[0], {pid: child.pid, rss: residentOf(child.pid), growth: 0, unread: null});
});

testIf('python3')('what the budget does not reach is read in the next samples, with its age meanwhile', async (t) => {
  const pids: number[] = [];
  for (const mebibytes of [150, 155, 160]) {
    const child = await python(t, `held = mmap.mmap(-1, ${mebibytes} << 20); held.write(b"x" * len(held))`);
    child.process.kill('SIGSTOP');
    await inState(child.pid, 'T');
    pids.push(child.pid);
  }
  const kernel = pids.map((pid) =>
    Number(/^Private_Dirty: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))![1]),
  );
  // 16 ms a GiB: 2.5 to 3 ms for each, and none more often than each 125 ms.
  const words = pids.map(String);
  const samples = await sampled(t, ...words, '--budget', '3.5ms', '--interval', '50ms', '--count', '12');
  for (const {budget, rows} of samples) t.is(budget.kept, rows.filter(({late}) => late !== undefined).length);
  t.true(samples.some(({budget}) => budget.kept > 0));
  for (const row of samples.at(-1)!.rows) {
    t.is(row.unread, null);
    // PSS moves while other processes with the same libraries come and go.
    t.is(row.privateDirty, kernel[pids.indexOf(row.pid)]! * 1024);
    t.true(row.pss! >= row.privateDirty! && row.pss! <= row.rss, `${row.privateDirty} ${row.pss} ${row.rss}`);
  }
  for (const {rows} of samples)
    for (const row of rows) if (row.late !== undefined) t.true(row.age! > 0, 'an earlier reading has its age');
});

testIf('python3')('--held: what descriptors hold, in each sample', async (t) => {
  const child = await python(t, 'import os; fd = os.memfd_create("leak"); os.write(fd, b"x" * (3 << 20))');
  const last = async (...args: string[]): Promise<object | undefined> =>
    (await sampled(t, String(child.pid), '--interval', '100ms', '--count', '3', ...args)).at(-1)!.rows[0];
  t.like(await last('--held'), {held: 3 * 2 ** 20, heldComplete: true});
  t.like(await last('--sort', 'held'), {held: 3 * 2 ** 20});
  t.false('held' in (await last())!);
});

testIf('python3', 'script')('--held has a column, at 80 columns too', async (t) => {
  const child = await python(t, 'import os; fd = os.memfd_create("leak"); os.write(fd, b"x" * (3 << 20))');
  const terminal = new TerminalRun(t, ['top', '--interval', '300ms', '--held', String(child.pid)], {columns: 80});
  t.regex((await terminal.shows(/ 3 MiB /)).join('\n'), /PSS.* resident.* held .*process/);
});

testIf('python3')('into a pipe: the tables of ps; a reader that goes away ends it', async (t) => {
  const {pid} = await python(t);
  const {stdout, code} = await memmap(['top', String(pid), '--count', '2', '--interval', '100ms', '--sort', 'growth']);
  t.is(code, 0);
  t.is(stdout.match(/^Sample \d, /gm)!.length, 2);
  t.is(stdout.match(new RegExp(`^ *${pid} `, 'gm'))!.length, 2);
  t.regex(stdout, /^Sampled 1 process 2 times in /m);
  const cut = await run('sh', ['-c', `node bin/run.js top ${pid} --interval 50ms --json | head -n 2 | wc -l`]);
  t.is(cut.stdout.trim(), '2');
  t.is(cut.stderr, '');
});

testIf(
  ROOT,
  'setpriv',
  'unshare',
)('where another /proc hides the processes of others, that is said', async (t) => {
  const place = folder(t);
  chmodSync(place, 0o755);
  const top = `${process.execPath} ${MEMMAP} top --count 2 --interval 50ms --json --proc-root ${place}`;
  const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
  const script = `mount -t proc -o hidepid=2 proc ${place} && exec ${nobody} ${top}`;
  const {stdout, stderr, code} = await run('unshare', ['--mount', 'sh', '-c', script]);
  t.is(code, 0, stderr);
  const samples = stdout.trimEnd().split('\n');
  t.is(samples.length, 2);
  for (const line of samples) {
    const sample = JSON.parse(line) as Sample & {readonly hidden: number | null; readonly notes: readonly string[]};
    conforms(t, 'ps', sample);
    t.is(sample.hidden, null);
    t.false(sample.rows.some(({pid}) => pid === process.pid));
    t.regex(sample.notes.join(' '), /hidepid/);
  }
});

test('a wrong call is answered in three parts', async (t) => {
  for (const [code, message, ...args] of [
    [2, /"shape" is not a sort order/, '--sort', 'shape'],
    [2, /"shape" is not a value of --by/, '--by', 'shape'],
    [2, /is not a length of time/, '--interval', 'soon'],
    [3, /Cannot find "no-such-name"/, 'no-such-name'],
  ] as const) {
    const ran = await memmap(['top', ...args]);
    t.is(ran.code, code, args.join(' '));
    t.regex(ran.stderr, message);
  }
});
