import {spawn, spawnSync} from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {readRecording, type Recording} from '../../../src/recording/recording.ts';
import {python, type Child} from '../../helpers/child.ts';
import {memmap, MEMMAP, run, type Ran} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {has} from '../../helpers/programs.ts';
import {testIf, unless} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

const record = (pid: number, path: string, ...more: string[]): Promise<Ran> =>
  memmap(['record', String(pid), '-o', path, '--interval', '20ms', ...more]);

/** memmap in the background, which is sent signals. */
class Background {
  readonly ended: Promise<{code: number | null; stderr: string; stdout: string}>;
  readonly #child;

  constructor(t: ExecutionContext, args: readonly string[]) {
    const child = (this.#child = spawn(process.execPath, [MEMMAP, ...args], {stdio: 'pipe'}));
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve({code, stdout, stderr})));
    t.teardown(() => child.kill('SIGKILL'));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The end of its standard input, which a command that it runs has too. */
  endInput(): void {
    this.#child.stdin.end();
  }
}

const hasMoments = (path: string, count: number): boolean => {
  try {
    return readRecording(path).count >= count;
  } catch {
    return false;
  }
};

/** Has memory come and go until it is ended. */
function churn(child: Child): {end(): Promise<void>} {
  const state = {isOver: false};
  const done = (async () => {
    for (let step = 0; !state.isOver; step++, await pause(10))
      await child.ask(`y${step % 50} = mmap.mmap(-1, 4096 * ${100 + (step % 70)})`);
  })();
  return {
    end() {
      state.isOver = true;
      return done;
    },
  };
}

testIf('python3', 'jq')('a recording is for its owner, JSON Lines as the schema says, and read by jq', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  const churning = churn(child);
  const {code, stdout} = await record(child.pid, path, '--count', '20', '--max-duty', '50');
  await churning.end();
  t.is(code, 0);
  t.regex(
    stdout,
    /^Recorded \d+:\d.* to .*a\.jsonl: \d+ samples, \d+ moments\.\n.* % of the .* of listings that it represents\./,
  );
  t.is(statSync(path).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(join(path, '..')), ['a.jsonl'], 'nothing is left beside it');
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) conforms(t, 'recording', JSON.parse(line));
  const rss = await run('jq', ['-r', 'select(.status.vmRss) | [.t, .status.vmRss] | @tsv', path]);
  t.regex(rss.stdout, /^(\d+\t\d+\n)+$/);
  const lines = await run('jq', ['-r', '.event // "header"', path]);
  t.regex(lines.stdout, /^header\nkey\n(delta\n|same\n)+end\n$/);
});

testIf('python3')('--json says what it became, and the default name says program, PID and time', async (t) => {
  const child = await python(t);
  const cwd = folder(t);
  const {stdout, code} = await memmap(['record', String(child.pid), '--count', '3', '--interval', '20ms', '--json'], {
    cwd,
  });
  t.is(code, 0);
  const document = JSON.parse(stdout) as {file: string; looks: number; size: number; reason: string};
  conforms(t, 'recorded', document);
  t.regex(document.file, new RegExp(`^memmap-python3-${child.pid}-\\d{8}-\\d{6}\\.jsonl$`));
  t.is(document.looks, 3);
  t.is(document.reason, 'count');
  t.is(document.size, statSync(join(cwd, document.file)).size);
});

testIf(
  'python3',
  'gzip',
  'zcat',
)('it is compressed if its name ends so: whole for gzip, and every line flushed while it is made', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl.gz');
  const recorder = new Background(t, ['record', String(child.pid), '-o', path, '--interval', '20ms']);
  await until(() => hasMoments(path, 2), 'a second moment');
  const size = statSync(path).size;
  await child.ask('x = mmap.mmap(-1, 4096 * 77)');
  await until(() => {
    const recording = readRecording(path);
    const {regions} = recording.snapshot(recording.count - 1);
    return statSync(path).size > size && regions.some(({start, end}) => end - start >= 4096 * 77);
  }, 'the new region');
  recorder.kill('SIGTERM');
  const ended = await recorder.ended;
  t.is(ended.code, 143);
  t.true(readRecording(path).isWhole);
  t.is((await run('gzip', ['-t', path])).code, 0);
  const {stdout} = await run('zcat', [path]);
  t.regex(stdout.trimEnd().split('\n').at(-1)!, /"event":"end".*"reason":"SIGTERM"/);
});

testIf('python3')('it ends with the process, and says so; exec starts again', async (t) => {
  const path = join(folder(t), 'a.jsonl');
  const child = await python(t);
  const recorder = new Background(t, ['record', String(child.pid), '-o', path, '--interval', '20ms', '--until-exit']);
  await until(() => hasMoments(path, 1), 'a first moment');
  child.process.stdin!.write('os.execvp("cat", ["cat"])\n');
  await until(() => readRecording(path).moments.some(({event}) => event === 'exec'), 'the exec');
  child.process.stdin!.end();
  const {code, stdout} = await recorder.ended;
  t.is(code, 0);
  t.regex(stdout, /The process ended after \d+ samples/);
  const recording = readRecording(path);
  t.deepEqual(recording.moments.map(({event}) => event).filter(Boolean), ['exec', 'exit']);
  const becoming = recording.moments.find(({event}) => event === 'exec')!;
  t.regex(recording.snapshot(becoming.index).process.exe ?? '', /cat|coreutils|busybox/);
  t.is(recording.end?.reason, 'exit');
});

testIf('python3')('SIGUSR1 makes marks, with the names that were given, then numbered', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  const recorder = new Background(t, [
    'record',
    String(child.pid),
    '-o',
    path,
    '--interval',
    '10s',
    '--mark',
    'loaded',
    '--mark',
    'a b',
  ]);
  await until(() => hasMoments(path, 1), 'a first moment');
  for (let mark = 1; mark <= 3; mark++) {
    await child.ask(`x${mark} = mmap.mmap(-1, 4096 * ${mark * 50})`);
    recorder.kill('SIGUSR1');
    await until(() => readRecording(path).marked().length === mark, `mark ${mark}`);
  }
  recorder.kill('SIGINT');
  t.is((await recorder.ended).code, 130);
  const recording = readRecording(path);
  t.deepEqual(
    recording.marked().flatMap(({marks}) => marks),
    ['loaded', 'a b', 'mark1'],
  );
  t.is(recording.end?.reason, 'SIGINT');
  const [first, second] = recording.marked();
  t.true(recording.snapshot(second!.index).totals.size - recording.snapshot(first!.index).totals.size >= 4096 * 100);
  t.is((await record(child.pid, path, '--mark', '12')).code, 2);
});

testIf('python3')('what is there already is refused, whatever it is; --force replaces a plain file', async (t) => {
  const child = await python(t);
  const place = folder(t);
  const victim = join(place, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(place, 'link'));
  symlinkSync(join(place, 'nowhere'), join(place, 'dangling'));
  mkdirSync(join(place, 'folder'));
  await run('mkfifo', [join(place, 'fifo')]);
  for (const name of ['victim', 'link', 'dangling', 'folder', 'fifo']) {
    const ran = await record(child.pid, join(place, name), '--count', '1');
    t.is(ran.code, 7, name);
    t.regex(ran.stderr, /Cannot record to/);
    if (name !== 'victim') t.is((await record(child.pid, join(place, name), '--count', '1', '--force')).code, 7, name);
    if (name !== 'victim') t.is((await record(child.pid, join(place, name), '--count', '1', '--append')).code, 7, name);
  }
  t.is(readFileSync(victim, 'utf8'), 'precious');
  t.false(existsSync(join(place, 'nowhere')));
  t.is((await record(child.pid, victim, '--count', '1', '--append')).code, 6, 'no recording');
  t.is((await record(child.pid, victim, '--count', '1', '--force')).code, 0);
  t.is(readRecording(victim).count > 0, true);
  t.true(lstatSync(join(place, 'link')).isSymbolicLink());
  t.deepEqual(
    readdirSync(place).filter((name) => name.includes('lock')),
    [],
  );
});

for (const ending of ['jsonl', 'jsonl.gz']) {
  testIf('python3')(`--append heals a torn end and continues, with the same process only: ${ending}`, async (t) => {
    const child = await python(t);
    const path = join(folder(t), `a.${ending}`);
    t.is((await record(child.pid, path, '--count', '4')).code, 0);
    const before = readRecording(path);
    truncateSync(path, statSync(path).size - 30);
    const torn = await memmap(['show', path, '--summary']);
    t.is(torn.code, 5);
    t.regex(torn.stderr, /no end/);
    const again = await record(child.pid, path, '--count', '3', '--append');
    t.is(again.code, 0);
    t.regex(again.stderr, /its last line was cut off/);
    t.regex(again.stdout, /: 3 samples,/);
    const recording = readRecording(path);
    t.true(recording.isWhole);
    t.true(recording.count > before.count);
    for (let index = 1; index < recording.count; index++)
      t.true(recording.moment(index).t >= recording.moment(index - 1).t);
    t.is((await memmap(['show', path, '--summary'])).code, 0);
    const other = await python(t);
    const refused = await record(other.pid, path, '--count', '1', '--append');
    t.is(refused.code, 7);
    t.regex(refused.stderr, new RegExp(`it is of process ${child.pid}, not of ${other.pid}`));
    t.true(readRecording(path).isWhole, 'and is left as it was');
  });
}

testIf('python3')('of two recorders on one file the second refuses; one that was killed is no hindrance', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  const first = new Background(t, ['record', String(child.pid), '-o', path, '--interval', '20ms']);
  await until(() => hasMoments(path, 1), 'a first moment');
  const second = await record(child.pid, path, '--count', '1', '--append');
  t.is(second.code, 7);
  t.regex(second.stderr, /process \d+ is recording to it/);
  const shown = await memmap(['show', path, '--summary']);
  t.is(shown.code, 0, 'it can be looked at meanwhile');
  t.regex(shown.stderr, /still being recorded/);
  first.kill('SIGKILL');
  await first.ended;
  t.true(existsSync(`${path}.lock`));
  t.is((await memmap(['show', path, '--summary'])).code, 5);
  t.is((await record(child.pid, path, '--count', '2', '--append')).code, 0);
  t.false(existsSync(`${path}.lock`));
});

testIf('python3')('a full disk ends it with 7, and what is there can be used', async (t) => {
  const child = await python(t);
  for (const ending of ['jsonl', 'jsonl.gz']) {
    const path = join(folder(t), `a.${ending}`);
    // RLIMIT_FSIZE, in blocks of 512 bytes: room for a key frame, and not for much more.
    const blocks = ending === 'jsonl' ? 80 : 16;
    const churning = churn(child);
    const {code, stderr} = await run('sh', [
      '-c',
      `ulimit -f ${blocks}; exec ${process.execPath} ${MEMMAP} record ${child.pid} -o ${path} --interval 5ms --for ` +
        '10m --max-duty 100',
    ]);
    await churning.end();
    t.is(code, 7, stderr);
    t.regex(stderr, /Cannot write to .*\n.*the file would be too large.*can be used/);
    const recording = readRecording(path);
    t.true(recording.count >= 1);
    t.deepEqual(recording.rejected, [], 'the line that did not fit is not there in part');
    t.is((await memmap(['show', path, '--summary'])).code, 5);
    t.false(existsSync(`${path}.lock`));
  }
});

testIf('python3')('where no moment could be written, nothing is said to be of use', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  // Room for the first line, and not for a key frame.
  const call = `exec ${process.execPath} ${MEMMAP} record ${child.pid} -o ${path} --count 3 --interval 5ms`;
  const {code, stderr} = await run('sh', ['-c', `ulimit -f 4; ${call}`]);
  t.is(code, 7, stderr);
  t.notRegex(stderr, /can be used/);
  t.throws(() => readRecording(path), {message: /Cannot use/});
});

const SMALL = ['-t', 'tmpfs', '-o', 'size=48k', 'none'] as const;
/** Tried in a mount namespace of its own, of which nothing is left. */
const MOUNT = unless(
  spawnSync('unshare', ['-m', 'mount', ...SMALL, '/mnt']).status === 0,
  'no tmpfs can be mounted here',
);

testIf(
  'python3',
  'unshare',
  MOUNT,
)('a device without room: the same', async (t) => {
  const place = join(folder(t), 'small');
  mkdirSync(place);
  t.is((await run('mount', [...SMALL, place])).code, 0);
  t.teardown(() => run('umount', ['-l', place]));
  const child = await python(t);
  const path = join(place, 'a.jsonl');
  const churning = churn(child);
  const {code, stderr} = await memmap([
    'record',
    String(child.pid),
    '-o',
    path,
    '--interval',
    '5ms',
    '--for',
    '10m',
    '--max-duty',
    '100',
  ]);
  await churning.end();
  t.is(code, 7, stderr);
  t.regex(stderr, /no space is left on the device/);
  t.true(readRecording(path).count > 1);
  t.deepEqual(readRecording(path).rejected, []);
});

const TRACE = unless(
  !has('strace') || spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0,
  'nothing may be traced here (ptrace)',
);

testIf(
  'python3',
  'strace',
  TRACE,
)('a write that fails once ends it too', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  const {code, stderr} = await run('strace', [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-P',
    path,
    '-e',
    'inject=write:error=ENOSPC:when=3',
    process.execPath,
    MEMMAP,
    'record',
    String(child.pid),
    '-o',
    path,
    '--interval',
    '20ms',
    '--for',
    '10m',
  ]);
  t.is(code, 7, stderr);
  t.regex(stderr, /no space is left/);
  t.is(readRecording(path).lines, 2);
});

const sizesOf = (recording: Recording): number[] =>
  Array.from(recording.snapshots(), ({snapshot}) => snapshot.totals.size);

testIf('python3')('run --record records the command from its own first moment to its end', async (t) => {
  const path = join(folder(t), 'a.jsonl');
  const program = 'import sys\nx = bytearray(30 << 20)\nsys.stdin.read()\nraise SystemExit(3)';
  const args = ['run', '--record', path, '--interval', '20ms', '--', 'python3', '-c', program];
  const running = new Background(t, args);
  await until(() => hasMoments(path, 2), 'a second moment');
  await until(() => {
    const [first, ...later] = sizesOf(readRecording(path));
    return later.some((size) => size - first! > 25 << 20);
  }, 'its memory');
  running.endInput();
  const {code, stderr} = await running.ended;
  t.is(code, 3);
  t.regex(stderr, /memmap: recorded to .*: \d+ moments/);
  const recording = readRecording(path);
  t.true(recording.isWhole);
  t.is(recording.moments.at(-1)?.event, 'exit');
  const sizes = sizesOf(recording);
  t.true(Math.max(...sizes) - sizes[0]! > 25 << 20, 'from before its first line to when it had its memory');
  t.is(sizes.at(-1), sizes.at(-2), 'the exit has what was seen last');
  const again = await memmap(['run', '--record', path, '--', 'true']);
  t.is(again.code, 7, 'nothing is started if it can not be recorded');
  const none = await memmap(['run', '--record', `${path}.2`, '--', '/nonexistent']);
  t.is(none.code, 127);
  t.false(existsSync(`${path}.2`));
  chmodSync(path, 0o600);
});
