import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {EventEmitter} from 'node:events';
import test, {type ExecutionContext} from 'ava';
import {Screen} from '../../src/cli/screen.ts';
import {Child, python} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {TerminalRun} from '../helpers/terminal.ts';
import {needs} from '../helpers/tools.ts';

const hasTools = (t: ExecutionContext): boolean => needs(t, 'python3', 'python3') && needs(t, 'script', 'bsdutils');

interface Watched {
  readonly child: Child;
  readonly run: TerminalRun;
}

/** A Python, and memmap's live screen of it. */
async function watched(
  t: ExecutionContext,
  size: {columns?: number; rows?: number; env?: Record<string, string>} = {},
  ...args: readonly string[]
): Promise<Watched> {
  const child = await python(t);
  const run = new TerminalRun(t, ['watch', String(child.pid), '--interval', '50ms', ...args], size);
  await run.shows(/live/);
  return {child, run};
}

/** Was the terminal left as it was found? */
async function isRestored(t: ExecutionContext, run: TerminalRun): Promise<void> {
  await run.screen();
  t.false(run.isAlternate, 'the alternate screen is left');
  t.true(run.raw.lastIndexOf('\x1b[?25h') > run.raw.lastIndexOf('\x1b[?25l'), 'the cursor is shown');
  t.true(run.raw.lastIndexOf('\x1b[?7h') > run.raw.lastIndexOf('\x1b[?7l'), 'lines wrap again');
  const [before, after] = run.modes;
  t.is(after, before, 'the modes are those of before (raw mode is off)');
}

test('the screen says who, how much, what happened, and shows the regions, what changed last first', async (t) => {
  if (!hasTools(t)) return;
  const {child, run} = await watched(t, {}, '--max-duty', '100');
  await child.ask('m = mmap.mmap(-1, 8 << 20)');
  const lines = await run.shows(
    /^\d\d:\d\d:\d\d\.\d{3} {2}\+ [0-9a-f]+-[0-9a-f]+ {2}\/dev\/zero \(deleted\) is new: 8 MiB/,
  );
  t.regex(lines[0]!, /^python3\S* \(pid \d+\), .* live {2}0:\d\d/);
  t.regex(lines[1]!, /^resident +[\d.]+ MiB {2}peak [\d.]+ MiB +[▁-█]+ /);
  t.regex(lines[2]!, /^size +[\d.]+ MiB .*█.* MiB to /);
  t.regex(lines[3]!, /^regions +\d+ /);
  const title = lines.findIndex((line) => /^ +range +size +resident +Δ resident +perms +kind +name$/.test(line));
  t.true(
    title > 0 &&
      lines.slice(title).some((line) => /^\+ +[0-9a-f]+-[0-9a-f]+ +8 MiB .* rw-s +shared +\/dev\/zero/.test(line)),
  );
  t.regex(lines[title + 1]!, /^\S/, 'what changed last is on top');
  await child.ask('m.write(b"x" * (4 << 20))');
  await run.shows(/^· .*-[0-9a-f]+ +8 MiB +4 MiB +\+4 MiB +rw-s/);
  t.false(await run.isWrapped());
  run.type('q');
  t.is(await run.end(), 0);
  await isRestored(t, run);
  await run.shows(/\+ new .*is new: 8 MiB/);
  await run.shows(/Ended as wished after \d+ looks/);
});

test('keys: sort, reverse, scroll, filter, help', async (t) => {
  if (!hasTools(t)) return;
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
  const found = await run.shows(/of \d+ regions with “LIBC”/);
  t.true(found.some((line) => line.includes('libc')));
  t.false(found.some((line) => line.includes('[stack]')));
  await run.shows(/^\/LIBC▏/);
  run.type('\x7f\r');
  await run.shows(/with “LIB”/);
  await run.shows(/Esc all regions/);
  run.type('\x1b');
  await run.shows(/^\d+ regions/);
  run.type('?');
  const help = await run.shows(/PgUp PgDn +scroll by a page/);
  t.true(help.some((line) => /^÷ split|^Signs/.test(line)));
  run.type('x');
  await run.shows(/^\d+ regions/);
  run.type('q');
  t.is(await run.end(), 0);
});

test('a paused screen stands still, counts what comes, and stays when the process ends', async (t) => {
  if (!hasTools(t)) return;
  const {child, run} = await watched(t);
  run.type('p');
  await run.shows(/paused/);
  await child.ask('m = mmap.mmap(-1, 8 << 20)');
  const lines = await run.shows(/paused; \d+ looks, [1-9]\d* changes? since/);
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
});

test('a terminal that is made smaller and larger gets a screen of its size', async (t) => {
  if (!hasTools(t)) return;
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
    const end = Date.now() + 15_000;
    for (let lines = await run.screen(); !lines.at(-1)!.startsWith('q quit'); lines = await run.screen()) {
      if (Date.now() > end) return t.fail(lines.join('\n'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    t.false(await run.isWrapped());
  }
  run.type('q');
  t.is(await run.end(), 0);
});

test('a screen of 20 columns and 5 lines has who, how much, what happens, and the way out', async (t) => {
  if (!hasTools(t)) return;
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
});

test('exec is told, and the rows are those of the new program', async (t) => {
  if (!needs(t, 'script', 'bsdutils')) return;
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

for (const [way, code, leave] of [
  ['q', 0, ({run}) => run.type('q')],
  ['Ctrl-C', 130, ({run}) => run.type('\x03')],
  ['Ctrl-C while a filter is typed', 130, ({run}) => run.type('/x\x03')],
  ['Ctrl-\\', 131, ({run}) => run.type('\x1c')],
  ['SIGINT', 130, ({run}) => process.kill(run.pid, 'SIGINT')],
  ['SIGTERM', 143, ({run}) => process.kill(run.pid, 'SIGTERM')],
  ['SIGHUP', 129, ({run}) => process.kill(run.pid, 'SIGHUP')],
  ['SIGQUIT', 131, ({run}) => process.kill(run.pid, 'SIGQUIT')],
  ['the end of the process', 0, ({child}) => child.process.kill()],
] as ReadonlyArray<readonly [string, number, (watched: Watched) => void]>) {
  test(`${way} ends it with ${code}, and the terminal is as before`, async (t) => {
    if (!hasTools(t)) return;
    const watching = await watched(t);
    leave(watching);
    t.is(await watching.run.end(), code);
    await isRestored(t, watching.run);
  });
}

/** Code that runs within memmap's process beside it: the only way to make it fail at a time of our choosing. */
function beside(t: ExecutionContext, code: string): Record<string, string> {
  const path = join(folder(t), 'beside.mjs');
  writeFileSync(path, code);
  return {NODE_OPTIONS: `--import=${path}`};
}

test('an error that nobody catches leaves the terminal as before, with the message on it', async (t) => {
  if (!hasTools(t)) return;
  const env = beside(t, `process.on('SIGUSR2', () => { throw new Error('thrown by the test'); });`);
  const {run} = await watched(t, {env});
  process.kill(run.pid, 'SIGUSR2');
  t.not(await run.end(), 0);
  await isRestored(t, run);
  await run.shows(/thrown by the test/);
});

test('a look that fails leaves the terminal as before, with the message on it', async (t) => {
  if (!hasTools(t)) return;
  const env = beside(
    t,
    `import fs from 'node:fs';
     import {syncBuiltinESMExports} from 'node:module';
     const fail = () => { throw Object.assign(new Error('EACCES: permission denied, read'), {code: 'EACCES', syscall: 'read'}); };
     process.on('SIGUSR2', () => { fs.readSync = fail; syncBuiltinESMExports(); });`,
  );
  const {run} = await watched(t, {env});
  process.kill(run.pid, 'SIGUSR2');
  t.not(await run.end(), 0);
  await isRestored(t, run);
  await run.shows(/^memmap: /);
});

test('a terminal that goes away ends it quietly with 129', async (t) => {
  if (!hasTools(t)) return;
  const child = await python(t);
  const place = folder(t);
  // A shell that outlives the terminal writes down how memmap ended.
  const script = join(place, 'run.sh');
  const words = `${process.execPath} bin/run.js watch ${child.pid} --interval 50ms`;
  writeFileSync(script, `trap '' HUP\n${words} 2>${place}/errors\necho "$?" >${place}/code\n`);
  const run = new TerminalRun(t, `sh ${script}`);
  await run.shows(/live/);
  run.hangUp();
  const read = (): string => {
    try {
      return readFileSync(`${place}/code`, 'utf8');
    } catch {
      return '';
    }
  };
  for (const end = Date.now() + 15_000; read() === '' && Date.now() < end;) await new Promise((resolve) => setTimeout(resolve, 50)); // prettier-ignore
  t.is(read(), '129\n');
  // The shell says how its command ended; memmap says nothing.
  t.regex(readFileSync(`${place}/errors`, 'utf8'), /^(Hangup\n)?$/);
});

test('Ctrl-Z stops it and gives the terminal to the shell; fg shows the screen again', async (t) => {
  if (!hasTools(t) || !needs(t, 'bash', 'bash')) return;
  const child = await python(t);
  const run = new TerminalRun(t, 'bash --norc --noprofile -i', {env: {PS1: 'shell> '}});
  await run.shows(/^shell>/);
  run.type(`stty -g; ${process.execPath} bin/run.js watch ${child.pid} --interval 50ms\r`);
  await run.shows(/live/);
  t.true(run.isAlternate);
  for (let times = 0; times < 2; times++) {
    run.type('\x1a');
    await run.shows(/Stopped/);
    t.false(run.isAlternate);
    run.type(`\x0cstty -g; fg\r`);
    await run.shows(/live/);
    t.true(run.isAlternate);
  }
  await child.ask('m = mmap.mmap(-1, 8 << 20)');
  await run.shows(/is new: 8 MiB/);
  run.type('q');
  await run.shows(/Ended as wished/);
  run.type('stty -g; exit\r');
  await run.end();
  const modes = Array.from(run.raw.matchAll(/^([0-9a-f]+(?::[0-9a-f]+){10,})\r?$/gm), ([, each]) => each);
  t.is(modes.length, 4);
  t.is(new Set(modes).size, 1, 'a stopped memmap leaves the terminal in the modes that it found');
});

test('where nobody could let it go on, Ctrl-Z does not stop it, and the screen comes back', async (t) => {
  if (!hasTools(t)) return;
  const {run} = await watched(t);
  run.type('\x1a');
  await run.shows(/live/);
  for (const end = Date.now() + 15_000; !run.isAlternate && Date.now() < end;) await run.screen();
  run.type('p');
  await run.shows(/paused/);
  run.type('q');
  t.is(await run.end(), 0);
  await isRestored(t, run);
});

test('after SIGSTOP and SIGCONT the screen is drawn anew', async (t) => {
  if (!hasTools(t)) return;
  const {run} = await watched(t);
  process.kill(run.pid, 'SIGSTOP');
  const sent = run.raw.length;
  process.kill(run.pid, 'SIGCONT');
  for (const end = Date.now() + 15_000; !/\x1b\[\?1049h.*live/s.test(run.raw.slice(sent)) && Date.now() < end;)
    await run.screen();
  await run.shows(/live/);
  t.true(run.isAlternate);
  run.type('q');
  t.is(await run.end(), 0);
  await isRestored(t, run);
});

/** A terminal that takes what it is sent only when it is told to. */
class SlowTerminal extends EventEmitter {
  readonly columns = 80;
  readonly rows = 24;
  readonly fd = -1;
  readonly written: string[] = [];
  takes = true;
  write(text: string): boolean {
    this.written.push(text);
    return this.takes;
  }
}

test('no frame is queued for a terminal that is slow: it gets the latest when it can', (t) => {
  const terminal = new SlowTerminal();
  let number = 0;
  const draw = (): void => screen.draw([`frame ${number}`]);
  const screen = new Screen(terminal as unknown as typeof process.stdout, {onRedraw: draw, onGone: () => {}});
  screen.open();
  terminal.takes = false;
  for (number = 1; number <= 50; number++) draw();
  t.deepEqual([terminal.written.length, screen.skipped], [2, 49]);
  terminal.takes = true;
  terminal.emit('drain');
  t.is(terminal.written.length, 3);
  t.regex(terminal.written.at(-1)!, /frame 51/);
  screen.close();
});

test('only lines that changed are sent, and a full one isn’t cut by what erases the rest of a line', (t) => {
  const terminal = new SlowTerminal();
  const screen = new Screen(terminal as unknown as typeof process.stdout, {onRedraw: () => {}, onGone: () => {}});
  screen.open();
  const full = 'x'.repeat(80);
  screen.draw(['one', full]);
  t.true(terminal.written.at(-1)!.includes(`\x1b[2;1H\x1b[K${full}`));
  screen.draw(['one', 'two']);
  t.false(terminal.written.at(-1)!.includes('one'));
  t.true(terminal.written.at(-1)!.includes('\x1b[2;1Htwo\x1b[K'));
  const {length} = terminal.written;
  screen.draw(['one', 'two']);
  t.is(terminal.written.length, length);
  screen.close();
});
