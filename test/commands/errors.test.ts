import {mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {memmap, run} from '../helpers/cli.ts';
import {Child} from '../helpers/child.ts';
import {files, folder, TUTORIAL} from '../helpers/listings.ts';
import {KTHREADD, testIf} from '../helpers/tools.ts';
import {until} from '../helpers/wait.ts';

/** Each row: what is asked, the exit code, and words of the message. */
const REFUSED: ReadonlyArray<readonly [string, readonly string[], number, RegExp]> = [
  ['a process that is not there', ['show', '999999999'], 3, /there is no such process/],
  ['a name that no process has', ['show', 'no-such-name'], 3, /neither a process nor a file has this name/],
  ['PID 0', ['show', '0'], 2, /is not a PID/],
  ['a PID with an exponent', ['watch', '1e3'], 2, /is not a PID/],
  ['a PID beyond all', ['watch', '9223372036854775808'], 2, /is not a PID/],
  ['digits of another script', ['show', '１２'], 2, /is not a PID/],
  ['a flag for a PID', ['show', '-1'], 2, /-1/],
  [
    'a missing argument',
    ['diff', 'only-one'],
    2,
    /diff needs <before> and <after>[^]*<after> is what to compare it with/,
  ],
  ['two missing arguments', ['diff'], 2, /diff needs <before>/],
  ['--for with two sides', ['diff', '1', '2', '--for', '1s'], 2, /compared with itself/],
  ['an argument too many', ['show', '1', '2'], 2, /"2" is one word too many[^]*show takes only <target>/],
  ['an unknown flag', ['show', '--bogus', '1'], 2, /There is no flag --bogus/],
  ['a flag that is nearly spelled so', ['show', '--sumary', '1'], 2, /Did you mean: --summary/],
  [
    'a value that a flag does not have',
    ['export', 'x', '--format', 'cvs'],
    2,
    /it can be .*Did you mean: --format csv/s,
  ],
  ['a flag without its value', ['show', '1', '--by'], 2, /--by needs a value[^]*it can be kind, file/],
  ['a flag without its free value', ['check', '--max'], 2, /--max needs a value/],
  ['a flag twice', ['watch', '1', '--for', '1s', '--for', '2s'], 2, /--for was given twice/],
  ['a count that is no number', ['watch', '1', '--count', 'x'], 2, /"x" is not a number[^]*whole number/],
  ['a count of nothing', ['watch', '1', '--count', '0'], 2, /1 or more/],
  ['flags that exclude each other', ['record', '1', '--until-exit', '--for', '1s'], 2, /exclude each other/],
  ['a lesson, and all of them', ['demo', 'brk', '--all'], 2, /both given/],
  ['a step of no lesson', ['demo', '--step'], 2, /--step needs a lesson/],
  ['a processor of no lesson', ['demo', '--arch', 'arm64'], 2, /memmap demo brk --listing --arch arm64$/m],
  ['a file of no lesson', ['demo', '--emit', 'x'], 2, /memmap demo brk --emit FILE$/m],
  [
    'a word that an argument does not take',
    ['completion', 'fis'],
    2,
    /know "fis"[^]*Did you mean: memmap completion fish/,
  ],
  [
    'a processor for a lesson that runs here',
    ['demo', 'brk', '--arch', 'arm64'],
    2,
    /--arch needs --emit or --listing/,
  ],
  ['a sort order that is none', ['show', '1', '--sort', 'nonsense'], 2, /"nonsense" is not a sort order/],
  ['a missing file', ['show', './missing.txt'], 6, /there is no such file/],
  ['a directory', ['show', '/etc'], 6, /it is a directory/],
  ['a file that is no capture', ['show', '/etc/passwd'], 6, /not a listing of memory regions/],
  ['a program', ['show', '/bin/sh'], 6, /it is an ELF file/],
  ['a binary file', ['show', '/usr/share/zoneinfo/UTC'], 6, /it is a binary file/],
  ['an empty file', ['show', '/dev/null'], 6, /it is empty/],
  ['a lesson that is not there', ['demo', 'nothing'], 2, /the lessons are: brk/],
  ['an interval that is none', ['watch', '1', '--interval', 'soon'], 2, /not a length of time/],
  ['a condition that is none', ['watch', '1', '--until', 'soon'], 2, /is not a condition/],
];

const KERNEL_THREAD: (typeof REFUSED)[0] = ['a kernel thread', ['show', '2'], 3, /kernel thread/];

for (const row of [KERNEL_THREAD, ...REFUSED]) {
  const [what, args, code, words] = row;
  const title = `${what} ends with ${code} and a message of three parts, and prints no data`;
  testIf(row === KERNEL_THREAD ? KTHREADD : undefined)(title, async (t) => {
    const ran = await memmap(args);
    t.is(ran.code, code);
    t.is(ran.stdout, '');
    t.regex(ran.stderr, words);
    t.notRegex(ran.stderr, /\\x0|See more|Parsing --|required arg|[Nn]onexistent|is not how/);
    t.regex(ran.stderr, /^memmap: .+\n {2}why: {2}.+\n(.+\n)* {2}next: .+\n$/);
  });
}

test('a command that is not there ends with 2 and names one that is near', async (t) => {
  const ran = await memmap(['shwo']);
  t.is(ran.code, 2);
  t.regex(ran.stderr, /^memmap: There is no command "shwo".\n {2}why: .*\n {2}next: Did you mean: memmap show\n$/);
});

test('a process name that several processes have lists them', async (t) => {
  const name = `memmap-twin-${process.pid}`;
  const twin = (): Child => new Child(t, 'bash', ['-c', `exec -a ${name} sleep 60`]);
  const [a, b] = [twin(), twin()];
  for (const {pid} of [a, b])
    await until(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(name), 'its new name');
  const ran = await memmap(['show', name]);
  t.is(ran.code, 2);
  const rss = String.raw`[\d.]+ [KM]iB resident`;
  for (const {pid} of [a, b]) t.regex(ran.stderr, new RegExp(`^ +${pid} +${rss} +1 thread  ${name} 60$`, 'm'));
});

test('a part of a name is enough where one process has it, and which one is said', async (t) => {
  const name = `memmap-only-${process.pid}-x`;
  const child = new Child(t, 'bash', ['-c', `exec -a ${name} sleep 60`]);
  await until(() => readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').startsWith(name), 'its new name');
  const part = name.slice(3, -2);
  const ran = await memmap(['show', part.toUpperCase(), '--json']);
  t.is(ran.code, 0, ran.stderr);
  t.is((JSON.parse(ran.stdout) as {process: {pid: number}}).process.pid, child.pid);
  t.regex(ran.stderr, new RegExp(`is taken for ${name} \\(pid ${child.pid}\\)`));
  const near = await memmap(['show', name.replace('only', 'onyl')]);
  t.is(near.code, 3);
  t.regex(near.stderr, new RegExp(`next: Did you mean ${name} \\(pid ${child.pid}\\)\\?`));
});

test("a process's directory in /proc is the process", async (t) => {
  const ran = await memmap(['show', `/proc/${process.pid}/`, '--json']);
  t.is((JSON.parse(ran.stdout) as {process: {pid: number}}).process.pid, process.pid);
});

test('a file that is there is replaced only with --force; a pipe and a device are written to', async (t) => {
  const place = folder(t);
  const [listing] = files(t, TUTORIAL[0]) as [string];
  const file = join(place, 'precious');
  writeFileSync(file, 'precious');
  const calls = [
    ['snapshot', listing, '-o', file],
    ['demo', 'brk', '--emit', file],
    ['run', '-o', file, '--', 'true'],
  ];
  for (const call of calls) {
    const refused = await memmap(call);
    t.regex(refused.stderr, /^memmap: Cannot write to [^]*already exists[^]*--force/, call[0]);
    t.is(refused.code, 7, call[0]);
    t.is(readFileSync(file, 'utf8'), 'precious');
    const ran = await memmap([call[0]!, '--force', ...call.slice(1)]);
    t.is(ran.code, 0, ran.stderr);
    t.not(readFileSync(file, 'latin1'), 'precious');
    writeFileSync(file, 'precious');
  }
  t.is((await memmap(['snapshot', listing, '-o', '/dev/null'])).code, 0);
  t.true(statSync('/dev/null').isCharacterDevice());
  const through = await run('bash', [
    '-c',
    `mkfifo ${place}/pipe && { cat ${place}/pipe & } && ${process.execPath} bin/run.js snapshot ${listing} -o ` +
      `${place}/pipe; wait`,
  ]);
  t.regex(through.stdout, /^\{\s*"schema": ?"memmap.snapshot\/1"/);
  t.deepEqual(readdirSync(place).sort(), ['pipe', 'precious']);
});

test('a snapshot is saved for its owner only, and never through a symbolic link', async (t) => {
  const place = folder(t);
  const [listing] = files(t, TUTORIAL[0]) as [string];
  const file = join(place, 'saved.json');
  t.is((await memmap(['snapshot', listing, '-o', file])).code, 0);
  t.is(statSync(file).mode & 0o777, 0o600);
  const victim = join(place, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(place, 'link'));
  mkdirSync(join(place, 'folder'));
  for (const name of ['link', 'folder', 'missing/file']) {
    const ran = await memmap(['snapshot', listing, '-o', join(place, name)]);
    t.is(ran.code, 7, name);
    t.regex(ran.stderr, /^memmap: Cannot write to/);
  }
  t.is(readFileSync(victim, 'utf8'), 'precious');
  t.deepEqual(readdirSync(place).sort(), ['folder', 'link', 'saved.json', 'victim']);
});

test('output that can not be written ends with 7', async (t) => {
  const [listing] = files(t, TUTORIAL[0]) as [string];
  const {stderr, code} = await run('sh', ['-c', `${process.execPath} bin/run.js show ${listing} > /dev/full`]);
  t.is(code, 7);
  t.regex(stderr, /no space is left/);
});

test('a reader that goes away is no fault, and all data arrives at a slow one', async (t) => {
  const rows = Array.from(
    {length: 20_000},
    (_, index) =>
      `${(0x10000000 + index * 0x2000).toString(16)}-${(0x10001000 + index * 0x2000).toString(16)} rw-p 00000000 ` +
      '00:00 0 \n',
  ).join('');
  const [many] = files(t, rows) as [string];
  const command = `${process.execPath} bin/run.js show ${many}`;
  const gone = await run('bash', ['-c', `${command} | head -1; exit \${PIPESTATUS[0]}`]);
  t.is(gone.code, 0);
  t.is(gone.stderr, '');
  const slow = await run('sh', ['-c', `${command} | (sleep 0.5; wc -l)`]);
  // Without VmFlags the kind is a guess, and a line says what its question mark means.
  t.is(Number(slow.stdout), 20_000 + 9);
});

test('standard input is left alone by commands that were not asked to read it', async (t) => {
  const {stdout} = await run('bash', [
    '-c',
    `printf '%s\\n' $$ $$ $$ | while read pid; do ${process.execPath} bin/run.js show $pid --json | head -c 1; done`,
  ]);
  t.is(stdout, '{{{');
});
