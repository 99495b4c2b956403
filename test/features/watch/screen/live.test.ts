import {readFileSync} from 'node:fs';
import {memmap} from '../../../helpers/cli.ts';
import {Child, python} from '../../../helpers/child.ts';
import {TerminalRun} from '../../../helpers/terminal.ts';
import {testIf} from '../../../helpers/tools.ts';
import {isRestored, watched} from '../watched.ts';

/** VmRSS, in bytes. */
const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024;

testIf('python3', 'script')(
  'the screen says who, how much, what happened, and shows the regions, most recently changed first',
  async (t) => {
    const {child, run} = await watched(t, {}, '--max-duty', '100');
    await child.ask('m = mmap.mmap(-1, 8 << 20)');
    const lines = await run.shows(
      /^\d\d:\d\d:\d\d\.\d{3} {2}\+ [0-9a-f]+-[0-9a-f]+ {2}\/dev\/zero \(deleted\) is new: 8 MiB/,
    );
    t.regex(lines[0]!, /^python3\S* \(pid \d+\), .* live {2}0:\d\d/);
    t.regex(lines[1]!, /^resident +[\d.]+ MiB {2}peak [\d.]+ MiB +[▁-█]+ /);
    t.regex(lines[2]!, /^size +[\d.]+ MiB .*█.* MiB to /);
    t.regex(lines[3]!, /^regions +\d+ /);
    t.true(lines.some((line) => /^ +range +size +resident +Δ resident +perms +kind +name$/.test(line)));
    run.type('/zero\r');
    await run.shows(/^\+ +[0-9a-f]+-[0-9a-f]+ +8 MiB .* rw-s +shared +\/dev\//);
    await child.ask('m.write(b"x" * (4 << 20))');
    await run.shows(/^· .*-[0-9a-f]+ +8 MiB +4 MiB +\+4 MiB +rw-s/);
    t.false(await run.isWrapped());
    run.type('q');
    t.is(await run.end(), 0);
    await isRestored(t, run);
    await run.shows(/^python3\S* \(pid \d+\): resident memory grew by [\d.]+ MiB in /);
    await run.shows(/^Resident by kind: shared \+4 MiB/);
    await run.shows(/^Stopped after \d+ samples/);
  },
);

testIf('python3', 'script')('keys: sort, reverse, scroll, filter, help', async (t) => {
  const {run} = await watched(t);
  run.type('s');
  await run.shows(/, most resident first/);
  run.type('s');
  await run.shows(/, largest first/);
  run.type('r');
  await run.shows(/, largest first, reversed/);
  run.type('rss');
  await run.shows(/\(1–\d+\), in order of address/);
  run.type('\x1b[6~');
  await run.shows(/\((?!1–)\d+–\d+\)/);
  run.type('\x1b[H');
  await run.shows(/\(1–\d+\)/);
  run.type('\x1b[4~');
  const end = await run.shows(/\((?!1–)\d+–(\d+)\)/);
  t.regex(end.join('\n'), /^(\d+) regions \(\d+–\1\)/m);
  run.type('/LIBC');
  const found = await run.shows(/of \d+ regions matching “LIBC”/);
  t.true(found.some((line) => line.includes('libc')));
  t.false(found.some((line) => line.includes('[stack]')));
  await run.shows(/^\/LIBC▏/);
  run.type('\x7f\r');
  await run.shows(/matching “LIB”/);
  await run.shows(/Esc all regions/);
  run.type('\x1b');
  await run.shows(/^\d+ regions/);
  run.type('t');
  const kinds = await run.shows(/^\d+ kinds of memory in \d+ regions/);
  t.true(kinds.some((line) => /^text +\d+ +[\d.]+ [KM]iB/.test(line)));
  t.true(kinds.some((line) => /^total +\d+ +[\d.]+ MiB/.test(line)));
  run.type('t');
  await run.shows(/^\d+ regions/);
  run.type('?');
  const help = await run.shows(/PgUp PgDn +scroll by a page/);
  t.true(help.some((line) => /÷ split/.test(line)));
  run.type('x');
  await run.shows(/^\d+ regions/);
  run.type('q');
  t.is(await run.end(), 0);
});

testIf('python3', 'script')('Enter says of the selected region what explain says, and Escape comes back', async (t) => {
  const {child, run} = await watched(t, {rows: 50});
  run.type('/[stack]\r');
  await run.shows(/1 of \d+ regions matching/);
  run.type('\x1b[B');
  const [row] = (await run.shows(/^ ▸ .*\[stack\]/)).filter((line) => line.includes('▸'));
  const [range] = /[0-9a-f]+-[0-9a-f]+/.exec(row!)!;
  run.type('\r');
  const page = await run.shows(new RegExp(`^${range} .*stack`));
  const said = (await memmap(['explain', String(child.pid), range])).stdout.split('\n');
  // What does not depend on the moment is the same.
  for (const label of ['kind', 'perms', 'flags', 'below']) {
    const line = said.find((one) => one.startsWith(label))!;
    t.true(page.includes(line), line);
  }
  run.type('\x1b');
  await run.shows(/1 of \d+ regions matching/);
  run.type('q');
  t.is(await run.end(), 0);
});

/** MiB a minute, in each stretch of that many ms, or a little more. */
const ratesIn = (seen: ReadonlyArray<readonly [ms: number, bytes: number]>, stretch: number): number[] =>
  seen.flatMap(([ms, bytes]) => {
    const later = seen.find(([then]) => then >= ms + stretch);
    return later ? [((later[1] - bytes) / (later[0] - ms)) * (60_000 / 2 ** 20)] : [];
  });

testIf('python3', 'script')('a steady growth has its rate in the header; a process at rest has none', async (t) => {
  // 256 KiB each 50 ms: 300 MiB/min, less what sleeping takes longer.
  const code =
    'import time\nx = []\nprint("ready", flush=True)\nwhile True: x.append(b"x" * (256 << 10)); time.sleep(0.05)';
  const child = new Child(t, 'python3', ['-c', code]);
  await child.line();
  const {pid} = child;
  // What it had and when, all the time: where others use the processors it grows now faster and now slower.
  const seen: Array<readonly [ms: number, bytes: number]> = [];
  const noting = setInterval(() => seen.push([performance.now(), residentOf(pid)]), 50);
  t.teardown(() => clearInterval(noting));
  const run = new TerminalRun(t, ['watch', String(pid), '--interval', '50ms'], {columns: 80, rows: 24});
  const lines = await run.shows(/MiB\/min {2}live/);
  clearInterval(noting);
  const rates = ratesIn(seen, 1000);
  const [slow, fast] = [Math.min(...rates), Math.max(...rates)];
  const told = Number(/\+([\d.]+) MiB\/min {2}live/.exec(lines[0]!)![1]);
  t.true(told > 0.75 * slow && told < 1.25 * fast, `${told} MiB/min beside ${slow} to ${fast}`);
  run.type('q');
  await run.end();
  await run.shows(/^python3\S* \(pid \d+\): resident memory grew by /);
  await run.shows(/\+[\d.]+ MiB\/min ±/);
  const {run: still} = await watched(t, {columns: 80, rows: 24});
  const rest = await still.shows(/live {2}(?:0:0[6-9]|0:[1-5]\d|[1-9]\d*:)/);
  t.notRegex(rest[0]!, /\/min/);
  still.type('q');
  await still.end();
  await still.shows(/^python3\S* \(pid \d+\): resident memory is [\d.]+ MiB, the same as /);
});

testIf('python3', 'script')('--kind, --filter and --sort choose what the screen shows and tells', async (t) => {
  const {child, run} = await watched(t, {}, '--kind', 'shared', '--kind', 'heap', '--sort', 'privateDirty');
  const lines = await run.shows(/^\d of \d+ regions, most private dirty first/);
  t.true(lines.some((line) => / private dirty▾ /.test(line)));
  await child.ask('held = mmap.mmap(-1, 3 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)');
  await child.ask('m = mmap.mmap(-1, 8 << 20)');
  const after = await run.shows(/is new: 8 MiB/);
  t.false(after.some((line) => /3 MiB/.test(line)));
  run.type('q');
  t.is(await run.end(), 0);
});

testIf('python3', 'script')(
  'a paused screen does not change, counts what comes, and stays when the process ends',
  async (t) => {
    const {child, run} = await watched(t);
    run.type('p');
    await run.shows(/paused/);
    await child.ask('m = mmap.mmap(-1, 8 << 20)');
    const lines = await run.shows(/paused; \d+ samples, [1-9]\d* changes? since/);
    t.false(lines.some((line) => /is new: 8 MiB/.test(line)));
    run.type(' ');
    await run.shows(/is new: 8 MiB/);
    run.type('p');
    await run.shows(/paused/);
    child.process.kill();
    await run.shows(/paused; the process ended/);
    t.true(run.isAlternate);
    run.type('p');
    t.is(await run.end(), 0);
    await isRestored(t, run);
  },
);

testIf('python3', 'script')('a terminal that is made smaller and larger gets a screen of its size', async (t) => {
  const {run} = await watched(t, {columns: 120, rows: 40});
  for (const [columns, rows] of [
    [60, 15],
    [24, 6],
    [200, 50],
    [100, 30],
  ] as const) {
    run.resize(columns, rows);
    await run.shows(rows > 20 ? /▁|█/ : /^q quit/);
    // Whatever of the larger frame was on its way has been drawn over by now.
    await run.showsAll((lines) => lines.at(-1)!.startsWith('q quit'), 'the last line');
    t.false(await run.isWrapped());
  }
  run.type('q');
  t.is(await run.end(), 0);
});

testIf('python3', 'script')(
  'a screen of 20 columns and 5 lines has who, how much, what happens, and the way out',
  async (t) => {
    const child = await python(t);
    const run = new TerminalRun(t, ['watch', String(child.pid), '--interval', '50ms'], {columns: 20, rows: 5});
    await run.shows(/^q quit/);
    await child.ask('m = mmap.mmap(-1, 8 << 20)');
    const lines = await run.shows(/^\+ \/dev\/zero/);
    t.regex(lines[0]!, /^python3/);
    t.regex(lines[1]!, /MiB resident/);
    t.false(await run.isWrapped());
    run.type('q');
    t.is(await run.end(), 0);
  },
);

testIf('script')('exec is told, and the rows are those of the new program', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x; exec sleep 60']);
  await child.line();
  const run = new TerminalRun(t, ['watch', String(child.pid), '--interval', '50ms']);
  await run.shows(/live/);
  child.process.stdin!.write('\n');
  const lines = await run.shows(/! it now runs \S*sleep: all its memory is new\./);
  t.regex((await run.shows(/^sleep \(pid/))[0]!, /^sleep/);
  t.true(lines.length > 0);
  run.type('q');
  t.is(await run.end(), 0);
});
