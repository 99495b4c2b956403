import test from 'ava';
import {memmap} from '../helpers/cli.ts';
import {files} from '../helpers/listings.ts';

const PATCH = 'test/fixtures/pasted/patch.txt';

test('diff of one file that diff(1) made compares both of its sides', async (t) => {
  const {stdout, stderr, code} = await memmap(['diff', PATCH]);
  t.is(code, 1);
  t.regex(stdout, /grown +7e2211a00000-7e2211c80000 +\+2\.5 MiB/);
  t.regex(stderr, /the side before the change[^]*the side after the change/);
  const {stdout: json} = await memmap(['diff', PATCH, '--json']);
  const {changes, before} = JSON.parse(json) as {changes: Array<{kind: string}>; before: {source: {name: string}}};
  t.deepEqual([changes.map(({kind}) => kind), before.source.name], [['grown'], PATCH]);
});

test('show of such a file says that it is a diff, and which side it shows', async (t) => {
  const {stdout, stderr, code} = await memmap(['show', PATCH]);
  t.is(code, 0);
  t.regex(stderr, /This is a diff of two listings; this is the side\s+after the change/);
  t.true(stdout.includes('7e2210000000-7e2211c80000') && !stdout.includes('7e2211a00000'));
});

test('diff of one file that holds one listing asks for the other', async (t) => {
  const [path] = files(t, '00400000-00401000 rw-p 00000000 00:00 0 \n');
  const {stderr, code} = await memmap(['diff', path!]);
  t.is(code, 2);
  t.regex(stderr, /diff needs <before> and <after>/);
});
