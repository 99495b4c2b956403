import test from 'ava';
import {memmap, run, type Ran} from '../helpers/cli.ts';
import {Child, python, waitingShell} from '../helpers/child.ts';
import {files, TUTORIAL} from '../helpers/listings.ts';
import {testIf} from '../helpers/tools.ts';
import {conforms} from '../helpers/schema.ts';
import {givenTime} from '../helpers/wait.ts';

interface Change {
  kind: string;
  range: {start: string; end: string};
  shape: [number, number];
  after: Array<{name: string}>;
}

const kinds = (changes: readonly Change[]): string[] =>
  changes.map(({kind, after}) => `${kind} ${after.at(-1)?.name ?? ''}`);

test("the tutorial's first two listings differ by [heap]; stack, vvar and vdso lie elsewhere", async (t) => {
  const [first, second] = files(t, ...TUTORIAL) as [string, string, string];
  const ran = await memmap(['diff', first, second, '--json']);
  t.is(ran.code, 1);
  t.is(ran.stderr, '');
  const document = JSON.parse(ran.stdout) as {match: string; changes: Change[]; unchanged: number; delta: object};
  conforms(t, 'diff', document);
  t.is(document.match, 'layout');
  t.deepEqual(kinds(document.changes), ['new [heap]', 'moved [stack]', 'moved [vvar]', 'moved [vdso]']);
  t.is(document.unchanged, 6);
  t.deepEqual(document.delta, {size: 4096, regions: 1});
});

test("the tutorial's third listing has a read-only region that is a page longer", async (t) => {
  const [first, , third] = files(t, ...TUTORIAL) as [string, string, string];
  const {stdout} = await memmap(['diff', first, third, '--json']);
  const {changes} = JSON.parse(stdout) as {changes: Change[]};
  t.deepEqual(kinds(changes), ['grown /target/bin', 'new [heap]', 'moved [stack]', 'moved [vvar]', 'moved [vdso]']);
  t.deepEqual(changes[0]!.range, {start: '0x405000', end: '0x406000'});
});

test('for people, what is new comes first, with a sign that needs no colour', async (t) => {
  const [first, second] = files(t, ...TUTORIAL) as [string, string, string];
  const {stdout, code} = await memmap(['diff', first, second]);
  t.is(code, 1);
  t.false(stdout.includes('\x1b'));
  const rows = stdout.split('\n').filter((row) => /^[+→]/.test(row));
  t.regex(rows[0]!, /^\+ {2}new +004cd000-004ce000 .*\+4 KiB {2}\[heap\] is new: 4 KiB, rw-p\.$/);
  t.is(rows.length, 4);
  t.regex(stdout, /6 regions unchanged\./);
});

test('equal listings end with 0 and one line', async (t) => {
  const [first] = files(t, TUTORIAL[0]) as [string];
  const {stdout, code} = await memmap(['diff', first, first]);
  t.is(code, 0);
  t.is(stdout, 'No change: 9 regions are the same on both sides.\n');
});

test('a side may be standard input, but not both', async (t) => {
  const [first] = files(t, TUTORIAL[0]) as [string];
  t.is((await memmap(['diff', '-', first], {input: TUTORIAL[1]})).code, 1);
  t.is((await memmap(['diff', '-', '-'], {input: TUTORIAL[1]})).code, 2);
});

test('a snapshot of a process that waits is equal to the process', async (t) => {
  const child = await waitingShell(t);
  const saved = await memmap(['snapshot', String(child.pid)]);
  t.is(saved.code, 0);
  const document = JSON.parse(saved.stdout) as unknown;
  conforms(t, 'snapshot', document);
  const [file] = files(t, saved.stdout) as [string];
  const ran = await memmap(['diff', file, String(child.pid), '--json']);
  const result = JSON.parse(ran.stdout) as {match: string; why: string; changes: Change[]};
  t.deepEqual(result.changes, []);
  t.is(result.why, `both are process ${child.pid}`);
  t.is(ran.code, 0);
});

test('lines that are no regions are told with their number, the rest is used, and the code says so', async (t) => {
  const [first, second] = files(t, TUTORIAL[0], `${TUTORIAL[1]}what is this?\n`) as [string, string];
  const {code, stderr, stdout} = await memmap(['diff', first, second]);
  t.is(code, 5);
  t.regex(stderr, /line 11 was not used \(not a line of maps\): what is this\?/);
  t.regex(stdout, /\[heap\] is new/);
});

test('a torn listing is used, marked, and ends with 5', async (t) => {
  const torn = '00400000-00403000 r--p 00000000 00:00 0 \n00402000-00404000 r--p 00000000 00:00 0 \n';
  const [first, second] = files(t, torn, torn) as [string, string];
  const {code, stderr, stdout} = await memmap(['diff', first, second, '--json']);
  t.is(code, 5);
  t.regex(stderr, /1 lines? overlapped or went backwards/);
  const {before} = JSON.parse(stdout) as {before: {consistency: {torn: boolean}; totals: {size: number}}};
  t.true(before.consistency.torn);
  t.is(before.totals.size, 0x4000, 'no byte is counted twice');
});

/** Two listings of a program that grew: `count` new regions, some of them large, and a heap that is longer. */
const grown = (count: number): [string, string] => {
  const program = '00400000-00401000 r-xp 00000000 fd:00 7                          /bin/x\n';
  const heap = (pages: number): string =>
    `00500000-${(0x500000 + pages * 4096).toString(16).padStart(8, '0')} rw-p 00000000 00:00 0                     ` +
    '     [heap]\n';
  const region = (index: number): string => {
    const start = 0x7f0000000000 + index * 0x100000;
    return (
      `${start.toString(16)}-${(start + (index % 10 === 0 ? 0x40000 : 0x1000)).toString(16)} rw-p 00000000 00:00 0 ` +
      '\n'
    );
  };
  const regions = Array.from({length: count}, (_, index) => region(index)).join('');
  return [program + heap(1), program + heap(9) + regions];
};

test('a big diff is one screen: the largest of each kind first, and how many more there are', async (t) => {
  const [before, after] = files(t, ...grown(500)) as [string, string];
  const {stdout} = await memmap(['diff', before, after]);
  const rows = stdout.split('\n').filter((line) => /^[+↑] /.test(line));
  t.is(rows.length, 40);
  t.regex(rows[0]!, /\+256 KiB/);
  t.regex(stdout, /^… 461 more, use --all$/m);
  const all = await memmap(['diff', before, after, '--all']);
  t.is(all.stdout.split('\n').filter((line) => /^[+↑] /.test(line)).length, 501);
  const {stdout: json} = await memmap(['diff', before, after, '--json']);
  t.is((JSON.parse(json) as {changes: unknown[]}).changes.length, 501, '--json has all');
});

test('changes can be chosen by kind and by size, and what was left out is counted', async (t) => {
  const [before, after] = files(t, ...grown(500)) as [string, string];
  const heap = await memmap(['diff', before, after, '--kind', 'heap']);
  t.regex(heap.stdout, /\[heap\] grew upwards by 32 KiB \(brk, or mapped right above it\)\./);
  t.regex(heap.stdout, /^500 other changes are not shown\.$/m);
  const large = await memmap(['diff', before, after, '--kind', 'new', '--min-size', '64K', '--all']);
  t.is(large.stdout.split('\n').filter((line) => line.startsWith('+')).length, 50);
  t.is((await memmap(['diff', before, after, '--min-size', 'much'])).code, 2);
});

test('--summary says which kind of memory grew, and by how much', async (t) => {
  const [before, after] = files(t, ...grown(500)) as [string, string];
  const {stdout, code} = await memmap(['diff', before, after, '--summary']);
  t.is(code, 1);
  t.notRegex(stdout, /is new/);
  t.regex(stdout, /^anon +0 → 500 +0 → 14\.3 MiB +\+14\.3 MiB$/m);
  t.regex(stdout, /^heap +1 +4 KiB → 36 KiB +\+32 KiB$/m);
  t.regex(stdout, /^total +2 → 502/m);
});

test('a library that moved as a whole is one line', async (t) => {
  const run = (at: string, stack: string): string =>
    [
      `${at}0000-${at}1000 r--p 00000000 fd:00 7 /lib/libc.so.6`,
      `${at}1000-${at}3000 r-xp 00001000 fd:00 7 /lib/libc.so.6`,
      `${at}3000-${at}4000 rw-p 00003000 fd:00 7 /lib/libc.so.6`,
      `${stack}00000-${stack}21000 rw-p 00000000 00:00 0 [stack]\n`,
    ].join('\n');
  const [before, after] = files(t, run('7f100000', '7ff1000'), run('7f200000', '7ff2000')) as [string, string];
  const {stdout} = await memmap(['diff', before, after]);
  t.regex(stdout, /^→ +moved .*\/lib\/libc\.so\.6: 3 regions, moved by 0x1000000000\.$/m);
  t.is(stdout.split('\n').filter((line) => line.startsWith('→')).length, 2);
});

test('a file that is no listing is refused with its name, though the other one is good', async (t) => {
  const [good] = files(t, TUTORIAL[0]) as [string];
  const {code, stderr} = await memmap(['diff', good, '/etc/passwd']);
  t.is(code, 6);
  t.regex(stderr, /Cannot use \/etc\/passwd/);
});

test('two live processes, and a process beside what pmap says of it, can be compared', async (t) => {
  const [a, b] = [new Child(t, 'cat', []), new Child(t, 'cat', [])];
  await Promise.all([a.ask('ready'), b.ask('ready')]);
  const two = JSON.parse((await memmap(['diff', String(a.pid), String(b.pid), '--json'])).stdout) as {
    match: string;
    changes: Change[];
  };
  t.is(two.match, 'layout');
  t.deepEqual(
    two.changes.filter(({kind}) => kind !== 'moved').map(({kind}) => kind),
    [],
  );
});

test('what one side never counted has no difference, not one from 0', async (t) => {
  const region = '00400000-00402000 rw-p 00000000 00:00 0 \nRss:                8 kB\nPrivate_Dirty:      8 kB\n';
  const pmap =
    '         Address Perm   Offset Device Inode Size Rss Mapping\n        00400000 rw-p 00000000  00:00     0   ' +
    '12  12 \n';
  const [before, after] = files(t, region, pmap) as [string, string];
  const {stdout} = await memmap(['diff', before, after]);
  t.regex(stdout, /^anon .*8 KiB → 12 KiB/m);
  t.notRegex(stdout, /private dirty/);
  const {delta} = JSON.parse((await memmap(['diff', before, after, '--json'])).stdout) as {delta: object};
  t.deepEqual(delta, {rss: 4096, size: 4096, regions: 0});
});

testIf('python3')('--for compares a process with itself, at the end of the time or at Ctrl-C', async (t) => {
  // What a start maps is over.
  const child = await python(t);
  const during = async (seconds: number): Promise<Ran> => {
    const wait = `__import__('time').sleep(${0.75 * seconds})`;
    const changed = child.ask(`${wait}; m = mmap.mmap(-1, 7 << 20); m.write(bytes(7 << 20))`);
    const ran = await memmap(['diff', String(child.pid), '--for', `${seconds}s`, '--json']);
    await changed;
    return ran;
  };
  const changesIn = ({stdout}: Ran): Change[] => (JSON.parse(stdout) as {changes: Change[]}).changes;
  const isSeen = (ran: Ran): boolean =>
    changesIn(ran).some(({kind, range}) => kind === 'new' && Number(range.end) - Number(range.start) === 7 << 20);
  const whole = await givenTime(4, during, isSeen);
  t.is(whole.code, 1, whole.stderr);
  t.is((JSON.parse(whole.stdout) as {match: string}).match, 'address');
  t.true(isSeen(whole));
  const words = [process.execPath, 'bin/run.js', 'diff', String(child.pid), '--for', '1h'];
  // Before it has looked, it has nothing to say.
  const cut = await givenTime(
    5,
    (seconds) => run('timeout', ['-s', 'INT', String(seconds), ...words]),
    ({stdout}) => stdout !== '',
  );
  t.regex(cut.stdout, /^No change|unchanged\.$/m);
  t.is((await memmap(['diff', 'no/such/file', '--for', '1s'])).code, 6);
});
