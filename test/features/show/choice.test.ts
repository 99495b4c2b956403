import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {python, waitingNode, waitingShell} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {files} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';

/** The regions of a table, as the ranges in its first column. */
const rangesOf = (stdout: string): string[] =>
  [...stdout.matchAll(/^([0-9a-f]+-[0-9a-f]+)\b/gm)].map(([, range]) => range!);

async function shell(t: ExecutionContext): Promise<string> {
  return String((await waitingShell(t)).pid);
}

const linesOf = (pid: string): string[] => readFileSync(`/proc/${pid}/maps`, 'latin1').trimEnd().split('\n');

test('--filter takes what a text or an expression is in, as grep does', async (t) => {
  const pid = await shell(t);
  const lines = linesOf(pid);
  // A label may hold the text as well: `bss of libc.so.6`. It is in the line that is shown, and not in maps.
  const agree = async (filter: string, test: (line: string) => boolean): Promise<number> => {
    const {stdout} = await memmap(['show', pid, '--filter', filter]);
    const shown = stdout.split('\n').filter((line) => /^[0-9a-f]+-[0-9a-f]+ /.test(line));
    const expected = lines.filter(test).map((line) => line.split(' ')[0]!);
    t.deepEqual(
      expected.filter((range) => !shown.some((line) => line.startsWith(range))),
      [],
      filter,
    );
    t.deepEqual(
      shown.filter((line) => !expected.includes(line.split(' ')[0]!) && !/\(.*libc\.so/.test(line)),
      [],
      filter,
    );
    return expected.length;
  };
  t.true((await agree('libc.so', (line) => line.includes('libc.so'))) > 2);
  await agree('LIBC.SO', (line) => line.includes('libc.so'));
  await agree('r-xp', (line) => line.includes(' r-xp '));
  await agree('/^/usr/.*\\.so/', (line) => /\/usr\/.*\.so/.test(line));
});

test('a choice has its own totals, and those of everything beside', async (t) => {
  const pid = await shell(t);
  const {stdout} = await memmap(['show', pid, '--kind', 'stack', '--kind', 'vdso']);
  t.is(rangesOf(stdout).length, 2);
  t.regex(stdout, /^shown +2 /m);
  t.regex(stdout, new RegExp(`^total +${linesOf(pid).length} `, 'm'));
  t.regex(stdout, new RegExp(`^${linesOf(pid).length - 2} other regions are not shown\\.$`, 'm'));
  const document = JSON.parse((await memmap(['show', pid, '--kind', 'stack', '--kind', 'vdso', '--json'])).stdout) as {
    regions: Array<{kind: string}>;
    totals: {regions: number};
    notes: string[];
    room: {regions: {used: number}};
  };
  conforms(t, 'snapshot', document);
  t.deepEqual(document.regions.map(({kind}) => kind).sort(), ['stack', 'vdso']);
  t.is(document.totals.regions, 2);
  t.regex(document.notes.join(), /2 of \d+ regions/);
  t.true(document.room.regions.used > 2, 'the room is that of the whole process');
});

testIf('python3')('--sort puts the largest first, and names from A on', async (t) => {
  const child = await python(t);
  await child.ask('small = mmap.mmap(-1, 3 << 20); large = mmap.mmap(-1, 5 << 20); small.write(bytes(3 << 20))');
  const pid = String(child.pid);
  const sizes = rangesOf((await memmap(['show', pid, '--sort', 'size'])).stdout).map(sizeOf);
  t.deepEqual(
    sizes,
    sizes.toSorted((a, b) => b - a),
  );
  t.is(sizes.length, linesOf(pid).length);
  const resident = rangesOf((await memmap(['show', pid, '--sort', 'resident', '--filter', 'zero'])).stdout).map(sizeOf);
  t.deepEqual(resident, [3 << 20, 5 << 20], 'the one that was written to has more in memory');
  const {stdout} = await memmap(['show', pid, '--sort', 'name', '--columns', 'name']);
  const names = stdout
    .split('\n\n')[1]!
    .split('\n')
    .slice(1)
    .filter((name) => /^[^(?]/.test(name));
  t.deepEqual(
    names,
    names.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
  );
});

const sizeOf = (range: string): number => {
  const [start, end] = range.split('-').map((text) => Number.parseInt(text, 16));
  return end! - start!;
};

test('--columns are those, in that order; all and help know every one', async (t) => {
  const pid = await shell(t);
  const {stdout} = await memmap(['show', pid, '--columns', 'name,inode,offset,start', '--filter', 'libc.so']);
  t.regex(stdout, /^name +inode +offset +start$/m);
  const [line] = linesOf(pid).filter((text) => text.includes('libc.so'));
  const [range, , offset, , inode] = line!.split(/ +/);
  const shown = `^/\\S+ +${inode} +0x${Number.parseInt(offset!, 16).toString(16)} +${range!.split('-')[0]}$`;
  t.regex(stdout, new RegExp(shown, 'm'));
  const help = (await memmap(['show', pid, '--columns', 'help'])).stdout.trim().split('\n').slice(1);
  const names = help.map((text) => text.split(' ')[0]!);
  t.is((await memmap(['show', pid, '--columns', names.join(',')])).code, 0);
  t.is((await memmap(['show', pid, '--columns', 'all'])).code, 0);
});

test('into a pipe the columns are always the same', async (t) => {
  const title = async (pid: string): Promise<string[]> =>
    (await memmap(['show', pid])).stdout.split('\n')[3]!.split(/ {2,}/);
  const expected = [
    'range',
    'size',
    'perms',
    'resident',
    'PSS',
    'private dirty',
    'swap',
    'locked',
    'huge',
    'kind',
    'name',
  ];
  t.deepEqual(await title(await shell(t)), expected);
  t.deepEqual(await title(String((await waitingNode(t)).pid)), expected);
});

test('--by file adds up to the total, and --all names each file', async (t) => {
  const pid = String((await waitingNode(t)).pid);
  const {stdout} = await memmap(['show', pid, '--summary', '--by', 'file']);
  t.deepEqual(rangesOf(stdout), [], 'no regions in a summary');
  const regions = [...stdout.matchAll(/^(\S.*?) {2,}([\d,]+) /gm)].map(
    ([, name, count]) => [name!, Number(count!.replace(',', ''))] as const,
  );
  const total = regions.find(([name]) => name === 'total')![1];
  t.is(
    regions.filter(([name]) => name !== 'total').reduce((sum, [, count]) => sum + count, 0),
    total,
  );
  t.regex(stdout, /^… [\d,]+ more \(--all\)/m);
  const all = (await memmap(['show', pid, '--summary', '--by', 'file', '--all'])).stdout;
  t.notRegex(all, /more \(--all\)/);
  const named = new Set(
    linesOf(pid)
      .map((line) => /\/.*/.exec(line)?.[0])
      .filter((name) => name !== undefined),
  );
  for (const name of named) t.true(all.includes(name), name);
});

test('what is no kind, column, order or expression is said, and ends with 2', async (t) => {
  const [listing] = files(t, '00400000-00401000 r--p 00000000 fd:00 7 /bin/x\n') as [string];
  for (const [flags, message] of [
    [['--kind', 'nonsense'], /nonsense/],
    [['--columns', 'range,nonsense'], /"nonsense" is not a column/],
    [['--sort', 'nonsense'], /nonsense/],
    [['--filter', '/(/'], /is not a regular expression/],
    [['--children', '--room'], /children/],
    [['--children'], /--children can't be used with/],
  ] as const) {
    const {stdout, stderr, code} = await memmap(['show', listing, ...flags]);
    t.deepEqual([stdout, code], ['', 2]);
    t.regex(stderr, message);
    t.regex(stderr, /why: {2}/);
  }
});
