import {mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {memmap, run} from '../helpers/cli.ts';
import {Child} from '../helpers/child.ts';
import {files, folder, TUTORIAL} from '../helpers/listings.ts';
import {until} from '../helpers/wait.ts';

/** Each row: what is asked, the exit code, and words of the message. */
const REFUSED: ReadonlyArray<readonly [string, readonly string[], number, RegExp]> = [
  ['a process that is not there', ['show', '999999999'], 3, /there is no such process/],
  ['a kernel thread', ['show', '2'], 3, /kernel thread/],
  ['a name that no process has', ['show', 'no-such-name'], 3, /neither a process nor a file has this name/],
  ['PID 0', ['show', '0'], 2, /is not a PID/],
  ['a PID with an exponent', ['watch', '1e3'], 2, /is not a PID/],
  ['a PID beyond all', ['watch', '9223372036854775808'], 2, /is not a PID/],
  ['digits of another script', ['show', '１２'], 2, /is not a PID/],
  ['a flag for a PID', ['show', '-1'], 2, /-1/],
  ['a missing argument', ['diff', 'only-one'], 2, /after/],
  ['an unknown flag', ['show', '--bogus', '1'], 2, /--bogus/],
  ['a missing file', ['show', './missing.txt'], 6, /there is no such file/],
  ['a directory', ['show', '/etc'], 6, /it is a directory/],
  ['a file that is no capture', ['show', '/etc/passwd'], 6, /not a listing of memory regions/],
  ['an empty file', ['show', '/dev/null'], 6, /it is empty/],
  ['a lesson that is not there', ['demo', 'nothing'], 2, /the lessons are: brk/],
  ['an interval that is none', ['watch', '1', '--interval', 'soon'], 2, /not a length of time/],
  ['a condition that is none', ['watch', '1', '--until', 'soon'], 2, /is not a condition/],
];

for (const [what, args, code, words] of REFUSED) {
  test(`${what} ends with ${code} and a message of three parts, and prints no data`, async (t) => {
    const ran = await memmap(args);
    t.is(ran.code, code);
    t.is(ran.stdout, '');
    t.regex(ran.stderr, words);
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
  t.regex(ran.stderr, new RegExp(`${a.pid}  ${name}`));
  t.regex(ran.stderr, new RegExp(`${b.pid}  ${name}`));
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
      `${(0x10000000 + index * 0x2000).toString(16)}-${(0x10001000 + index * 0x2000).toString(16)} rw-p 00000000 00:00 0 \n`,
  ).join('');
  const [many] = files(t, rows) as [string];
  const command = `${process.execPath} bin/run.js show ${many}`;
  const gone = await run('bash', ['-c', `${command} | head -1; exit \${PIPESTATUS[0]}`]);
  t.is(gone.code, 0);
  t.is(gone.stderr, '');
  const slow = await run('sh', ['-c', `${command} | (sleep 0.5; wc -l)`]);
  t.is(Number(slow.stdout), 20_000 + 8);
});

test('standard input is left alone by commands that were not asked to read it', async (t) => {
  const {stdout} = await run('bash', [
    '-c',
    `printf '%s\\n' $$ $$ $$ | while read pid; do ${process.execPath} bin/run.js show $pid --json | head -c 1; done`,
  ]);
  t.is(stdout, '{{{');
});
