import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {memmap} from '../helpers/cli.ts';
import {python} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';
import {testIf} from '../helpers/tools.ts';

/** smaps_rollup of a Python before and after it touched 8 MiB, and its smaps. */
async function files(t: ExecutionContext): Promise<{before: string; after: string; smaps: string; folder: string}> {
  const place = folder(t);
  const child = await python(t);
  const save = (file: string, name: string): string => {
    const path = join(place, name);
    writeFileSync(path, readFileSync(`/proc/${child.pid}/${file}`));
    return path;
  };
  const before = save('smaps_rollup', 'before');
  await child.ask('kept = mmap.mmap(-1, 8 << 20); kept.write(b"x" * (8 << 20))');
  return {before, after: save('smaps_rollup', 'after'), smaps: save('smaps', 'smaps'), folder: place};
}

const bytesIn = (file: string, field: string): number =>
  1024 * Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(readFileSync(file, 'latin1'))![1]);

testIf('python3')('two copies of smaps_rollup differ in their counters, and in no addresses', async (t) => {
  const {before, after} = await files(t);
  const {code, stdout} = await memmap(['diff', before, after, '--json']);
  t.is(code, 1);
  const document = JSON.parse(stdout) as {
    before: {totals: object};
    changes: Array<{kind: string; delta: {rss: number; size: number}; text: string}>;
  };
  conforms(t, 'diff', document);
  t.false('size' in document.before.totals);
  t.is(document.changes.length, 1);
  const [{kind, delta, text}] = document.changes as [(typeof document.changes)[0]];
  t.is(kind, 'touched');
  t.deepEqual([delta.rss, delta.size], [bytesIn(after, 'Rss') - bytesIn(before, 'Rss'), 0]);
  t.regex(text, /^All regions together have other amounts: resident \+/);
  const shown = (await memmap(['diff', before, after])).stdout;
  t.notRegex(shown, /TiB|address space|[0-9a-f]-[0-9a-f]|unchanged/);
  t.like(await memmap(['diff', before, before]), {
    code: 0,
    stdout: 'No change: the sums are the same on both sides.\n',
  });
});

testIf('python3')('what smaps_rollup does not say is refused, or not measured', async (t) => {
  const {before, after, smaps, folder: place} = await files(t);
  const shown = await memmap(['show', after]);
  t.is(shown.code, 0);
  t.regex(shown.stderr, /its range reaches from the first region to the last, holes included/);
  t.notRegex(shown.stdout, /TiB/);
  for (const args of [
    ['show', '--map', after],
    ['diff', '--map', before, after],
    ['diff', before, smaps],
    ['diff', smaps, after],
    ['growth', '--measure', 'size', before, after],
  ]) {
    const ran = await memmap(args);
    t.is(ran.code, 6, args.join(' '));
    t.is(ran.stdout, '');
    t.regex(ran.stderr, /smaps_rollup/);
  }
  t.notRegex((await memmap(['show', '--room', after])).stdout, /TiB|hole/);
  for (const rule of [
    ['--max-regions', '9'],
    ['--max', 'size=1G'],
    ['--max', 'heap=1G'],
    ['--no', 'rwx'],
  ])
    t.is((await memmap(['check', ...rule, after])).code, 5, rule.join(' '));
  t.is((await memmap(['check', '--max', 'rss=1G', '--no', 'swap', after])).code, 0);
  // Nor are permissions known where a source has none.
  const bare = join(place, 'sanitizer');
  writeFileSync(
    bare,
    '==1==Process memory map follows:\n\t0x000000600000-0x000000680000\t/opt/x\n==1==End of process memory map.\n',
  );
  t.is((await memmap(['check', '--no', 'rwx', bare])).code, 5);
});
