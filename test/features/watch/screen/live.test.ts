import {Child, python} from '../../../helpers/child.ts';
import {TerminalRun} from '../../../helpers/terminal.ts';
import {testIf} from '../../../helpers/tools.ts';
import {isRestored, watched} from '../watched.ts';

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
    await run.shows(/\+ new .*is new: 8 MiB/);
    await run.shows(/Stopped after \d+ samples/);
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
  run.type('\x1b[B\x1bOBj');
  await run.shows(/\(4–\d+\)/);
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
  run.type('?');
  const help = await run.shows(/PgUp PgDn +scroll by a page/);
  t.true(help.some((line) => /÷ split/.test(line)));
  run.type('x');
  await run.shows(/^\d+ regions/);
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
