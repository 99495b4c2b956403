import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {setTimeout as pause} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {capture} from '../../../src/index.ts';
import {MEMMAP, run} from '../../helpers/cli.ts';
import {has} from '../../helpers/programs.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {acting, compiled, perfLack} from '../../trace/target.ts';
import {CauseEvents, sum} from './events.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const leak = has('gcc') ? compiled('test/features/cause/leak.c') : '';
const storm = has('gcc') ? compiled('test/features/cause/storm.c') : '';
const refuse = has('gcc') ? compiled('test/trace/refuse.c') : '';

/** A watch with --cause, and what it has said so far. */
class Watching {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  said = '';

  constructor(t: ExecutionContext, pid: number, ...flags: readonly string[]) {
    this.process = spawn(process.execPath, [MEMMAP, 'watch', String(pid), '--cause', '--interval', '50ms', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.process.stdout!.on('data', (data: Buffer) => (this.said += data.toString()));
    this.ended = new Promise((resolve) => this.process.once('close', resolve));
    t.teardown(() => this.process.kill('SIGKILL'));
  }

  shows(what: RegExp): Promise<unknown> {
    return until(() => what.test(this.said), String(what));
  }

  /** As Ctrl-C does. @returns all that it said */
  async stop(): Promise<string> {
    this.process.kill('SIGINT');
    await this.ended;
    return this.said;
  }
}

/** The helper of a memmap. */
function handOf({pid}: ChildProcess): number {
  try {
    return Number(execFileSync('pgrep', ['-P', String(pid), '-x', 'hand.x64'], {encoding: 'utf8'}));
  } catch {
    return 0; // There is none yet.
  }
}

testIf(...NEEDS).serial('under each change stands whose it is, and at the end who holds what', async (t) => {
  const child = await acting(t, leak);
  const watch = new Watching(t, child.pid, '--touched');
  await watch.shows(/Watching/);
  for (let round = 0; round < 4; round++) await child.ask('');
  await watch.shows(
    new RegExp(`\\n {14}by \\d+ calls? of mmap, thread ${child.pid}: malloc ← image_decode ← handle_request ← main\\n`),
  );
  await watch.shows(
    new RegExp(
      `\\n {14}by \\d+ calls? of brk, thread ${child.pid}: malloc ← parse_string ← json_parse ← handle_request`,
    ),
  );
  const said = await watch.stop();
  t.is(await watch.ended, 130);
  t.regex(said, /cause {4}(\d+) of \1 memory calls were seen, none lost; the call is known for 100 %/);
  t.regex(said, /Who mapped it: /);
  t.regex(said, /2\.3 MiB .* mmap: malloc ← image_decode ← handle_request ← main/);
  t.regex(said, /it was there before memmap watched/);
  t.regex(said, /Who touched it: about/);
});

testIf(...NEEDS).serial('each byte of what a storm of threads changes has its call', async (t) => {
  const child = await acting(t, storm, '4', '11');
  const watch = new Watching(t, child.pid, '--json');
  await watch.shows(/"event":"start"/);
  for (let round = 0; round < 8; round++) {
    const changes = watch.said.split('"event":"change"').length;
    await child.ask('go');
    await until(() => watch.said.split('"event":"change"').length > changes, 'a change');
  }
  const {changes, end} = new CauseEvents(t, await watch.stop());
  const caused = changes.filter(({kind}) => kind !== 'touched');
  t.true(caused.length > 100, `${caused.length}`);
  t.is(end.lost, 0);
  t.deepEqual(
    caused.filter(({unexplained}) => unexplained !== 0).map(({text, unexplained}) => ({text, unexplained})),
    [],
  );
  t.is(end.explained, end.changed);
  // The books have, of whomever, what the kernel lists now.
  const regions = capture(child.pid).regions.filter(({name}) => name !== '[vsyscall]');
  const listed = regions.reduce((all, region) => all + region.end - region.start, 0);
  t.is(sum(end.shares, 'kept'), listed);
  t.is(sum(end.shares, 'atPeak'), end.peak);
  t.log({changes: caused.length, changed: end.changed, explained: end.explained, kept: sum(end.shares, 'kept')});
});

testIf(...NEEDS).serial('the screen shows it below the change', async (t) => {
  const child = await acting(t, leak);
  const screen = new TerminalRun(t, ['watch', String(child.pid), '--cause', '--interval', '50ms'], {columns: 120});
  await screen.shows(/live/);
  for (let round = 0; round < 3; round++) await child.ask('');
  t.pass();
  await screen.shows(/by \d+ calls? of mmap, thread \d+: malloc ← image_decode ← handle_request ← main/);
});

testIf(...NEEDS).serial('a killed memmap, or a killed hand, leaves the process as it was', async (t) => {
  const child = await acting(t, leak);
  const goesOn = async (): Promise<void> => {
    for (let round = 0; round < 5; round++) t.is(await child.ask(''), 'done');
  };
  for (const wait of [0, 7, 60, 300]) {
    const watch = new Watching(t, child.pid);
    // Also while it opens its events.
    if (wait > 0) await until(() => handOf(watch.process), 'the hand');
    const working = goesOn();
    await pause(wait);
    const hand = wait > 0 ? handOf(watch.process) : 0;
    watch.process.kill('SIGKILL');
    await working;
    await goesOn();
    if (hand > 0) await until(() => !isRunning(hand), 'the end of the hand');
  }
  const watch = new Watching(t, child.pid);
  await watch.shows(/Watching/);
  await goesOn();
  process.kill(handOf(watch.process), 'SIGKILL');
  await goesOn();
  // memmap itself goes on as well, and says what it doesn't know.
  await watch.shows(/no call is known for/);
  const said = await watch.stop();
  t.is(await watch.ended, 130);
  t.regex(said, /how many there were is not known, since memmap's helper was killed/);
  t.is(child.process.exitCode, null);
});

/** It takes some time to end: the kernel unregisters its events one by one. A zombie has ended. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

testIf(...NEEDS).serial('a watch without the rights ends with 4 and says why', async (t) => {
  const child = await acting(t, leak);
  const ran = await run(refuse, ['1', process.execPath, MEMMAP, 'watch', String(child.pid), '--cause', '--for', '1s']);
  t.is(ran.code, 4);
  t.is(ran.stdout, '');
  t.regex(ran.stderr, /why: .*seccomp filter/);
});
