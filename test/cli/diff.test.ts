import test from 'ava';
import {memmap} from '../helpers/cli.ts';
import {Child} from '../helpers/child.ts';
import {files, TUTORIAL} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';

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
  t.regex(
    rows[0]!,
    /^\+ {2}new +004cd000-004ce000 .*\+4 KiB {2}\[heap\] is new: the program break moved up by 4 KiB\.$/,
  );
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
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
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
