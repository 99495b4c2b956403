import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {memmap, MEMMAP, run, type Ran} from '../../helpers/cli.ts';
import {files, folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {givenTime, until} from '../../helpers/wait.ts';

interface Event {
  readonly event: string;
  readonly tick?: number;
  readonly code?: number;
  readonly signal?: string;
  readonly process?: {pid: number; comm: string; exe: string};
  readonly changes?: ReadonlyArray<{kind: string; delta: {size: number}}>;
}

const sh = (script: string, ...args: readonly string[]): Promise<Ran> =>
  memmap(['run', '--', 'sh', '-c', script, 'sh', ...args]);

const eventsOf = (t: ExecutionContext, text: string): Event[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line) as Event;
      conforms(t, 'watch-event', event);
      return event;
    });

test('it ends with the exit code of the command, and with 128+n for a signal', async (t) => {
  for (const [script, code, words] of [
    ['exit 0', 0, /^ended {4}with exit code 0, after /m],
    ['exit 3', 3, /^ended {4}with exit code 3, after /m],
    ['exit 255', 255, /^ended {4}with exit code 255, after /m],
    ['kill -KILL $$', 137, /^ended {4}by signal SIGKILL, after /m],
    ['kill -TERM $$', 143, /^ended {4}by signal SIGTERM, after /m],
    ['kill -INT $$', 130, /^ended {4}by signal SIGINT, after /m],
  ] as const) {
    const ran = await sh(script);
    t.is(ran.code, code, script);
    t.is(ran.signal, null);
    t.regex(ran.stderr, words);
  }
});

test("standard input, output and error are the command's, byte for byte", async (t) => {
  const bytes = Uint8Array.from({length: 70_000}, (_, i) => (i * 7) % 128);
  const cat = await memmap(['run', '--', 'cat'], {input: bytes});
  t.is(cat.stdout, Buffer.from(bytes).toString());
  const both = await sh('echo out; echo err >&2');
  t.is(both.stdout, 'out\n');
  t.true(both.stderr.startsWith('err\nmemmap run: sh -c '));
  const quiet = await memmap(['run', '-o', join(folder(t), 'report'), '--', 'sh', '-c', 'echo err >&2']);
  t.deepEqual([quiet.stdout, quiet.stderr], ['', 'err\n']);
});

test('arguments, environment and folder come through untouched, whatever they look like', async (t) => {
  const words = ['a b', '"q"', "it's", '$HOME', '--', '-o', '--json', '--help', '', '*', 'ü\n'];
  const ran = await memmap(['run', '--', 'printf', '[%s]', ...words]);
  t.is(ran.stdout, words.map((word) => `[${word}]`).join(''));
  t.is((await memmap(['run', '--', 'show', '--json'])).code, 127);

  const place = folder(t);
  const env = {PATH: process.env['PATH'], NAME: 'value with = and blanks '};
  const script =
    'pwd; env | grep -v ^_= | sort; ls -l /proc/$$/fd | wc -l; ulimit -c; umask; grep ^Sig[PBIC] /proc/self/status';
  const [direct, through] = [
    await run('sh', ['-c', script], {cwd: place, env}),
    await memmap(['run', '--', 'sh', '-c', script], {cwd: place, env}),
  ];
  t.is(through.stdout, direct.stdout);
});

test('a command is found as a shell finds it; else 127 or 126 with a reason, and nothing runs', async (t) => {
  const place = folder(t);
  const write = (name: string, text: string, mode: number): void => writeFileSync(join(place, name), text, {mode});
  write('good', '#!/bin/sh\necho "$0 $1"\n', 0o755);
  write('headless', 'echo no first line\n', 0o755);
  write('lost', '#!/no/such/interpreter\n', 0o755);
  write('data', 'text', 0o644);
  mkdirSync(join(place, 'folder'));
  const at = (...args: string[]): Promise<Ran> => memmap(['run', '--', ...args], {cwd: place});
  t.like(await at('./good', 'x'), {code: 0, stdout: './good x\n'});
  t.like(await memmap(['run', '--', 'good', 'x'], {cwd: '/', env: {PATH: `/nowhere:${place}:/bin`}}), {
    code: 0,
    stdout: `${place}/good x\n`,
  });
  for (const [name, code, reason] of [
    ['no-such-command', 127, /Cannot run no-such-command\.\n {2}why: {2}no directory in PATH has .*\n {2}next: /],
    ['./nothing', 127, /why: {2}there is no such file \(ENOENT\)/],
    ['', 127, /Cannot run ""/],
    ['./lost', 127, /why: {2}the interpreter that it names does not exist \(ENOENT\)/],
    ['./data', 126, /why: {2}it may not be executed: permission denied.* \(EACCES\)/],
    ['./folder', 126, /why: {2}it is a directory \(EISDIR\)/],
    [
      './headless',
      126,
      /neither a program for this machine nor a script that begins with #! \(ENOEXEC\).\n {2}next: .*memmap run -- sh FILE/,
    ],
  ] as const) {
    const ran = await at(name);
    t.is(ran.code, code, name);
    t.is(ran.stdout, '');
    t.regex(ran.stderr, reason);
    t.notRegex(ran.stderr, /memmap run: /, 'there is no report');
  }
});

test('without a command, or where it is unclear where it begins, it ends with 2 and prints its usage', async (t) => {
  for (const args of [
    [],
    ['--'],
    ['-o', 'x'],
    ['ls', '--json'],
    ['ls', '--', '-l'],
    ['--no-such-flag', '--', 'true'],
  ]) {
    const ran = await memmap(['run', ...args]);
    t.is(ran.code, 2, args.join(' '));
    t.regex(ran.stderr, /next: /);
  }
  t.like(await memmap(['run', '--interval', 'soon', '--', 'true']), {code: 2});
  t.like(await memmap(['run', 'echo', '-n', 'x']), {code: 0, stdout: 'x'});
});

test('--json tells start, exec, changes, exit and end, as the schema says, and the PID stays', async (t) => {
  const {stderr, stdout, code} = await givenTime(
    0.1,
    (seconds) => memmap(['run', '--json', '--', 'sh', '-c', `echo $$; sleep ${seconds}; exit 4`]),
    (ran) => /"event":"exec".*"exe":"/.test(ran.stderr),
  );
  const events = eventsOf(t, stderr);
  const kinds = events.map(({event}) => event);
  t.deepEqual([kinds[0], kinds[1], ...kinds.slice(-2)], ['start', 'exec', 'exit', 'end']);
  t.true(kinds.slice(2, -2).every((kind) => kind === 'change' || kind === 'family'));
  t.regex(events[0]!.process!.exe, /\/gate\.\w+$/);
  t.regex(events[1]!.process!.exe, /\/(da|ba|busybox|)\w*sh$|busybox/);
  t.is(events[0]!.process!.pid, events[1]!.process!.pid);
  t.is(stdout, `${events[1]!.process!.pid}\n`);
  t.is(events.at(-2)!.code, 4);
  t.is(code, 4);
  const ticks = events.flatMap(({tick}) => tick ?? []);
  t.deepEqual(
    ticks,
    [...ticks].sort((a, b) => a - b),
  );
  const killed = eventsOf(t, (await memmap(['run', '--json', '--', 'sh', '-c', 'kill -9 $$'])).stderr);
  t.is(killed.at(-2)!.signal, 'SIGKILL');
});

testIf('python3')('the report names what grew, the peak, and the largest that came', async (t) => {
  const {stdout: python} = await run('python3', ['-c', 'import sys; print(sys.executable, end="")']);
  const program = (seconds: number): string =>
    `import time; time.sleep(${seconds}); x = bytearray(50 << 20); time.sleep(${seconds})`;
  const {stderr, code} = await givenTime(
    1,
    (seconds) => memmap(['run', '--max-duty', '50', '--', python, '-c', program(seconds)]),
    (ran) => /^(\+ {2}new|↑ {2}grown) /m.test(ran.stderr) && /^anon .*\+/m.test(ran.stderr),
  );
  t.is(code, 0);
  t.regex(stderr, /^memmap run: .*python\S* -c 'import time; /);
  t.regex(stderr, /^program {2}\S*python[\d.]*$/m);
  const peak = Number(/^peak {5}([\d.]+) MiB resident$/m.exec(stderr)?.[1]);
  t.true(peak > 50 && peak < 80, String(peak));
  t.regex(stderr, /^anon +\d+( → \d+)? .*\+(49|5\d)(\.\d)? MiB/m);
  t.regex(stderr, /^(\+ {2}new|↑ {2}grown) .* \+(49|5\d)(\.\d)? MiB {2}anonymous memory (is new|grew)/m);
  t.regex(stderr, /^regions {2}\d+ in the first sample, \d+ in the largest, \d+ in the last; \d+ came, \d+ went$/m);
  t.notRegex(stderr, /gate/);
});

test('a program that becomes another one is followed', async (t) => {
  const {stderr} = await givenTime(
    0.3,
    (seconds) => sh(`sleep ${seconds}; exec sleep ${seconds}`),
    (ran) => / then \S/.test(ran.stderr),
  );
  t.regex(stderr, /^program {2}\S+, then \S*(sleep|busybox|coreutils)$/m);
});

test('-o writes a file that only the owner may read, with the report whole or the events as they come', async (t) => {
  const place = folder(t);
  const [text, events] = [join(place, 'report.txt'), join(place, 'events.json')];
  writeFileSync(text, 'old', {mode: 0o644});
  t.is((await memmap(['run', '-o', text, '--force', '--color', '--no-color', '--', 'sleep', '0.1'])).code, 0);
  t.is(statSync(text).mode & 0o777, 0o600);
  t.regex(readFileSync(text, 'utf8'), /^memmap run: sleep 0\.1\nended {4}with exit code 0, after [\d.]+ m?s\n/);

  const child = spawn(process.execPath, [MEMMAP, 'run', '-o', events, '--json', '--', 'cat'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const closed = once(child, 'close');
  await until(() => readFileSync(events, 'utf8').includes('"exec"'), 'the exec');
  t.is(statSync(events).mode & 0o777, 0o600);
  t.regex(readFileSync(events, 'utf8'), /^\{"event":"start".*\n\{"event":"exec"/);
  child.stdin.end();
  await closed;
  t.deepEqual(
    eventsOf(t, readFileSync(events, 'utf8'))
      .slice(-2)
      .map(({event}) => event),
    ['exit', 'end'],
  );
  t.deepEqual(readdirSync(place).sort(), ['events.json', 'report.txt'], 'nothing else is left');
});

test('where the report can not be written, that is said with 7 before the command starts', async (t) => {
  const place = folder(t);
  const [witness, link] = [join(place, 'started'), join(place, 'link')];
  symlinkSync(join(place, 'elsewhere'), link);
  for (const path of [join(place, 'no', 'folder'), place, link, '/proc/nothing']) {
    for (const json of [[], ['--json']]) {
      const ran = await memmap(['run', '-o', path, ...json, '--', 'touch', witness]);
      t.is(ran.code, 7, path);
      t.regex(ran.stderr, /Cannot write to /);
    }
  }
  t.false(existsSync(witness));
  t.true(lstatSync(link).isSymbolicLink());
});

test('where it can not be written at the end, the command has done its work, and that is said with 7', async (t) => {
  const place = join(folder(t), 'gone');
  mkdirSync(place);
  const ran = await memmap(['run', '-o', join(place, 'report'), '--', 'sh', '-c', `rm -r ${place}; echo done`]);
  t.like(ran, {code: 7, stdout: 'done\n'});
});

for (const [signal, code] of [
  ['SIGTERM', 5],
  ['SIGHUP', 6],
  ['SIGUSR1', 7],
  ['SIGUSR2', 8],
] as const) {
  test(`${signal} to memmap reaches the command, which decides what to do`, async (t) => {
    const script = `trap 'exit ${code}' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
    const child = spawn(process.execPath, [MEMMAP, 'run', '--', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const closed = once(child, 'close');
    t.teardown(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    child.kill('SIGINT'); // Ours to ignore: a terminal would have sent it to the command as well.
    child.kill(signal);
    t.deepEqual(await closed, [code, null]);
  });
}

testIf('script')("Ctrl-C on a terminal is the command's; memmap reports after it", async (t) => {
  const [path] = files(t, `trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done`);
  const terminal = new TerminalRun(t, ['run', '--', 'sh', path!]);
  await terminal.shows(/^ready/);
  terminal.type('\x03');
  await terminal.shows(/^ended {4}with exit code 9/);
  t.regex(terminal.raw, /caught[^]*memmap run: sh/);
});

test('--no-aslr has it placed the same at each run', async (t) => {
  const maps = async (): Promise<string> => (await memmap(['run', '--no-aslr', '--', 'cat', '/proc/self/maps'])).stdout;
  const [a, b] = [await maps(), await maps()];
  t.regex(a, /\[stack\]/);
  t.is(a, b);
});

test('the command is not held, and outlives a memmap that was killed', async (t) => {
  const place = folder(t);
  const [pidFile, go, done] = ['pid', 'go', 'done'].map((name) => join(place, name)) as [string, string, string];
  const script = `echo $$ > ${pidFile}.tmp; mv ${pidFile}.tmp ${pidFile}; until [ -e ${go} ]; do sleep 0.05; done; touch ${done}`;
  const child = spawn(process.execPath, [MEMMAP, 'run', '--', 'sh', '-c', script], {stdio: 'ignore'});
  const closed = once(child, 'close');
  await until(() => existsSync(pidFile), 'its PID');
  const pid = readFileSync(pidFile, 'utf8').trim();
  t.regex(readlinkSync(`/proc/${pid}/exe`), /sh$|busybox/);
  child.kill('SIGKILL');
  await closed;
  writeFileSync(go, '');
  await t.notThrowsAsync(until(() => existsSync(done), 'its work'));
});

test('very short commands are seen, and where they are not, that is said', async (t) => {
  for (let i = 0; i < 5; i++) {
    const {code, stderr} = await memmap(['run', '--', 'true']);
    t.is(code, 0);
    t.regex(stderr, /^samples {2}(none: it ended before the first one$|\d+, )/m);
    t.regex(stderr, /^peak {5}(at least )?[\d.]+ [KM]iB resident$/m);
    t.notRegex(stderr, /gate/);
  }
});

test("a gate that can't be executed where it is, is copied to where it can", async (t) => {
  const {gateFile, Target} = (await import(
    join(process.cwd(), 'dist/features/run/gate.js')
  )) as typeof import('../../../src/features/run/gate.ts');
  const gate = join(folder(t), 'gate');
  copyFileSync(gateFile()!, gate);
  chmodSync(gate, 0o644);
  const target = await Target.start({path: '/bin/sh', argv: ['sh', '-c', 'exit 5'], env: process.env}, {gate: gate});
  t.true(target instanceof Target && target.isGated);
  if (!(target instanceof Target)) return;
  target.release(false);
  t.is((await target.ended).code, 5);
});

test('where there is no gate for the machine, the command runs all the same, and that is said', async (t) => {
  const {Target} = (await import(
    join(process.cwd(), 'dist/features/run/gate.js')
  )) as typeof import('../../../src/features/run/gate.ts');
  const target = await Target.start(
    {path: '/bin/sh', argv: ['sh', '-c', 'exit 5'], env: process.env},
    {gate: '/no/such/gate'},
  );
  t.true(target instanceof Target);
  if (!(target instanceof Target)) return;
  t.false(target.isGated);
  target.release(false);
  t.deepEqual(await target.ended, {code: 5});
});
