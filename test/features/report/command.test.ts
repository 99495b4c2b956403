import {lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {writeRecording} from './recorder.ts';
import {leak} from './scenes.ts';

function recording(t: ExecutionContext): string {
  const path = join(folder(t), 'leak.memmap');
  writeRecording(path, leak(), {t: 20_000, isExit: true});
  return path;
}

test('report saves a page that only its owner may read, and says so on standard error', async (t) => {
  const path = recording(t);
  const page = `${path}.html`;
  const {code, stdout, stderr} = await memmap(['report', path, '-o', page]);
  t.is(code, 0, stderr);
  t.is(stdout, '');
  t.regex(stderr, /^Saved to .*leak\.memmap\.html: [\d.]+ KiB\. Open it in a browser\.$/m);
  t.is(lstatSync(page).mode & 0o777, 0o600);
  t.true(readFileSync(page, 'utf8').startsWith('<!doctype html>'));
});

test('-o - is standard output, and so is a pipe', async (t) => {
  const path = recording(t);
  const [a, b] = [await memmap(['report', path, '-o', '-']), await memmap(['report', path])];
  t.true(a.stdout.endsWith('</html>\n'));
  t.is(a.stdout, b.stdout);
});

test('--json is as its schema says', async (t) => {
  const path = recording(t);
  const report = await memmap(['report', path, '--json']);
  t.is(report.code, 0, report.stderr);
  conforms(t, 'report', JSON.parse(report.stdout));
  conforms(t, 'export', JSON.parse((await memmap(['export', path, '--json'])).stdout));
});

test('what is not a recording is refused', async (t) => {
  const place = folder(t);
  writeFileSync(join(place, 'maps.txt'), readFileSync('/proc/self/maps'));
  mkdirSync(join(place, 'folder'));
  for (const name of ['maps.txt', 'folder', 'nothing-here']) {
    for (const command of ['report', 'export']) {
      const {code, stdout, stderr} = await memmap([command, join(place, name)]);
      t.is(code, 6, `${command} ${name}\n${stderr}`);
      t.is(stdout, '');
      t.regex(stderr, /\n {2}why: .+\n {2}next: /);
    }
  }
});

test('a recording whose recorder was killed is used up to there, which the page and the exit code say', async (t) => {
  const path = recording(t);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length * 0.7));
  const {code, stdout, stderr} = await memmap(['report', path, '--json']);
  t.is(code, 5);
  t.regex(stderr, /no end/);
  const {whole, notes, times} = JSON.parse(stdout) as {whole: boolean; notes: string[]; times: number[]};
  t.false(whole);
  t.regex(notes.join('\n'), /The recording has no end/);
  t.true(times.length > 5 && times.length < 21);
  t.is((await memmap(['export', path])).code, 5);
});

test('a symbolic link is not followed', async (t) => {
  const path = recording(t);
  const link = `${path}.html`;
  symlinkSync('/tmp/elsewhere', link);
  for (const args of [
    ['report', path],
    ['export', path, '--format', 'csv'],
  ]) {
    const {code, stderr} = await memmap([...args, '-o', link]);
    t.is(code, 7);
    t.regex(stderr, /symbolic link/);
  }
});

test('export knows its formats', async (t) => {
  const path = recording(t);
  t.is((await memmap(['export', path, '--format', 'parquet'])).code, 2);
  t.regex((await memmap(['export', path])).stdout, /^time,ms,kind,/);
  t.regex((await memmap(['export', path, '--format', 'openmetrics'])).stdout, /\n# EOF\n$/);
  t.is((await memmap(['export', path, '--format', 'perfetto', '-o', `${path}.json`])).code, 0);
  t.true(Array.isArray((JSON.parse(readFileSync(`${path}.json`, 'utf8')) as {traceEvents: unknown}).traceEvents));
});
