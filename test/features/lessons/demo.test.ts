import test from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';

interface Document {
  pid: number;
  ok: boolean;
  start: {regions: Array<{start: string; end: string; perms: string; offset: string; kind: string}>};
  steps: Array<{
    call: string;
    result: string;
    ok: boolean;
    changes: Array<{kind: string; range: {start: string; end: string}; delta: {size: number; rss: number}}>;
  }>;
}

testIf(X64)("the helper's memory is the tutorial's, to the character", async (t) => {
  const {stdout, code} = await memmap(['demo', 'brk', '--json']);
  t.is(code, 0);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'lesson', document);
  const regions = document.start.regions.slice(0, 5).map(({start, end, perms, offset}) => [start, end, perms, offset]);
  t.deepEqual(regions, [
    ['0x400000', '0x401000', 'r--p', '0x0'],
    ['0x401000', '0x404000', 'r-xp', '0x1000'],
    ['0x404000', '0x405000', 'r--p', '0x4000'],
    ['0x406000', '0x407000', 'rw-p', '0x5000'],
    ['0x407000', '0x408000', 'rw-p', '0x0'],
  ]);
});

testIf(X64)('brk makes a [heap] of one page that is not resident until it is touched', async (t) => {
  const {steps, ok} = JSON.parse((await memmap(['demo', 'brk', '--json'])).stdout) as Document;
  t.true(ok);
  const [grow, touch] = steps;
  t.deepEqual(
    grow!.changes.map(({kind, delta}) => [kind, delta.size, delta.rss]),
    [['new', 4096, 0]],
  );
  t.is(grow!.changes[0]!.range.end, grow!.result, 'the break that brk answered is where the region ends');
  t.deepEqual(
    touch!.changes.map(({kind, range, delta}) => [kind, range, delta.size, delta.rss]),
    [['touched', grow!.changes[0]!.range, 0, 4096]],
  );
});

testIf(X64)(
  'the story names the PID, the prediction, what changed and why, and the helper is gone after it',
  async (t) => {
    const {stdout, code, stderr} = await memmap(['demo', 'brk']);
    t.is(code, 0);
    t.is(stderr, '');
    for (const words of [
      /^pid: \d+$/m,
      /Prediction: {2}\+ new {2}\[heap\] {2}\+4 KiB/,
      /As predicted\./,
      /The kernel agreed with all 5 predictions\./,
    ]) {
      t.regex(stdout, words);
    }
    t.regex(stdout, /at random/);
    t.regex(stdout, /Its resident size is 0/);
    const pid = /^pid: (\d+)$/m.exec(stdout)![1]!;
    t.is((await memmap(['show', pid])).code, 3);
  },
);

test('without a name, the lessons are listed', async (t) => {
  t.regex((await memmap(['demo'])).stdout, /^brk {2,}the program break/m);
  conforms(t, 'lessons', JSON.parse((await memmap(['demo', '--json'])).stdout));
});
