import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {python} from '../../helpers/child.ts';
import {memmap, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';

/** Reads the table as Python does, as a list of objects. */
const READ = `import csv, json, sys; print(json.dumps(list(csv.DictReader(sys.stdin))))`;

async function rowsOf(text: string): Promise<Array<Record<string, string>>> {
  const {stdout} = await run('python3', ['-c', READ], {input: text});
  return JSON.parse(stdout) as Array<Record<string, string>>;
}

testIf('python3')('--csv has the lines of smaps, in bytes', async (t) => {
  const child = await python(t);
  const sum = `sum(int(l.split()[1]) for l in open('/proc/self/smaps') if l.startswith('Private_Dirty:')) * 1024`;
  await child.ask('m = mmap.mmap(-1, 8 << 20); m.write(b"x" * (8 << 20))');
  const {stdout, code} = await memmap(['show', String(child.pid), '--csv']);
  t.is(code, 0);
  const rows = await rowsOf(stdout);
  const dirty = rows.reduce((all, {privateDirty}) => all + Number(privateDirty), 0);
  const theirs = Number(await child.ask(`answer = ${sum}`));
  // Reading its own smaps touches a page or two of Python's.
  t.true(Math.abs(dirty - theirs) < 2 ** 20, `${dirty} and ${theirs}`);
  t.true(rows.some(({name, kind}) => name === '[stack]' && kind === 'stack'));
  const heap = await rowsOf((await memmap(['show', String(child.pid), '--csv', '--kind', 'heap'])).stdout);
  t.true(heap.length > 0 && heap.every(({kind}) => kind === 'heap'));
  const sorted = await rowsOf((await memmap(['show', String(child.pid), '--csv', '--sort', 'rss'])).stdout);
  const sizes = sorted.map(({rss}) => Number(rss));
  t.deepEqual(
    sizes,
    sizes.toSorted((a, b) => b - a),
  );
});

testIf('python3')('what a listing does not say is empty in --csv, and a name is no formula', async (t) => {
  const file = join(folder(t), 'maps.txt');
  writeFileSync(file, '00400000-00401000 r-xp 00001000 08:01 7 =cmd|x, "y"\n');
  const [row, ...more] = await rowsOf((await memmap(['show', file, '--csv'])).stdout);
  t.deepEqual(more, []);
  t.is(row!['size'], '4096');
  t.is(row!['rss'], '');
  t.is(row!['name'], `'=cmd|x, "y"`);
});

test('--csv is refused together with --json, and with a group', async (t) => {
  t.is((await memmap(['show', String(process.pid), '--csv', '--json'])).code, 2);
  t.is((await memmap(['show', 'cgroup:self', '--csv'])).code, 2);
});
