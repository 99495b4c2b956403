import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {memmap, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';

const frame = (name: string | null, file = '/srv/server', address = '0x1234') => ({name, file, address, offset: 4});

/** Events as run --cause --json prints them. */
function events(t: ExecutionContext): {place: string; file: string} {
  const place = folder(t);
  const file = join(place, 'events.jsonl');
  const libc = '/usr/lib/libc.so.6';
  const stacks = [
    ['mmap', 'malloc']
      .map((name) => frame(name, libc))
      .concat(['decode; 1', 'handle', 'main'].map((name) => frame(name))),
    ['brk', 'sbrk', 'malloc']
      .map((name) => frame(name, libc))
      .concat(['parse', 'handle', 'main'].map((name) => frame(name))),
    [frame(null, '/srv/plugin.so', '0x99')],
  ];
  const share = {calls: 1, mapped: 0, kept: 0, atPeak: 0, touched: 0};
  const shares = [
    {...share, name: 'mmap', stack: 1, mapped: 3_000_000, kept: 2_000_000, atPeak: 2_500_000},
    {...share, name: 'brk', stack: 2, mapped: 1_000_000, kept: 500_000},
    {...share, name: 'execve', stack: null, kept: 40_960},
    {...share, name: 'fault', stack: 3, touched: 131_072},
  ];
  const lines = [
    {event: 'start'},
    ...stacks.map((frames, index) => ({event: 'stack', id: index + 1, end: 'root', how: 'dwarf', frames})),
    {event: 'end', cause: {shares}},
  ];
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return {place, file};
}

test('folded stacks have a line each, from the outermost function inwards, and their bytes', async (t) => {
  const {file} = events(t);
  const kept = await memmap(['export', file, '--format', 'folded']);
  t.is(kept.code, 0, kept.stderr);
  t.deepEqual(kept.stdout.split('\n'), [
    'main;handle;decode: 1;malloc;mmap 2000000',
    'main;handle;parse;malloc;brk 500000',
    '[the program itself] 40960',
    '',
  ]);
  const touched = await memmap(['export', file, '--format', 'folded', '--measure', 'touched']);
  t.is(touched.stdout, 'plugin.so!0x99 131072\n');
  const all = await memmap(['export', file, '--format', 'folded', '--measure', 'mapped', '--frames', 'all']);
  t.regex(all.stdout, /^main;handle;parse;malloc;sbrk;brk;brk 1000000$/m);
});

test('speedscope gets frames, samples and weights that add up', async (t) => {
  const {file} = events(t);
  const {stdout} = await memmap(['export', file, '--format', 'speedscope']);
  const {$schema, shared, profiles} = JSON.parse(stdout) as {
    $schema: string;
    shared: {frames: {name: string}[]};
    profiles: {samples: number[][]; weights: number[]; endValue: number; unit: string}[];
  };
  t.is($schema, 'https://www.speedscope.app/file-format-schema.json');
  const [profile] = profiles;
  t.is(profile!.unit, 'bytes');
  t.is(profile!.endValue, 2_540_960);
  t.deepEqual(
    profile!.samples[0]!.map((place) => shared.frames[place]!.name),
    ['main', 'handle', 'decode; 1', 'malloc', 'mmap'],
  );
  t.deepEqual(profile!.weights, [2_000_000, 500_000, 40_960]);
});

testIf('go')('go tool pprof reads the profile, and adds up as we do', async (t) => {
  const {place, file} = events(t);
  const profile = join(place, 'profile.pb');
  const saved = await memmap(['export', file, '--format', 'pprof', '-o', profile]);
  t.is(saved.code, 0, saved.stderr);
  t.true(readFileSync(profile).length > 100);
  const env = {HOME: place, PPROF_TMPDIR: place};
  const top = await run('go', ['tool', 'pprof', '-top', '-cum', '-unit=B', profile], {env});
  t.is(top.code, 0, top.stderr);
  t.regex(top.stdout, /^Type: kept$/m);
  t.regex(top.stdout, /Showing nodes accounting for 2540960B, 100% of 2540960B total/);
  t.regex(top.stdout, /^ +0 +0% +\S+ +2500000B 98\.39% +main$/m);
  const traces = await run('go', ['tool', 'pprof', '-traces', '-unit=B', profile], {env});
  t.regex(traces.stdout, /2000000B +mmap\n +malloc\n +decode; 1\n +handle\n +main\n/);
});

test('what has no causes is refused with 6, and a profile needs a file', async (t) => {
  const {place, file} = events(t);
  const other = join(place, 'other');
  for (const text of ['', '{"event":"end"}\n', '{"event":"end","cause":3}\n', '{"event":"end", broken\n', 'heap\n']) {
    writeFileSync(other, text);
    const ran = await memmap(['export', other, '--format', 'folded']);
    t.is(ran.code, 6, JSON.stringify(text));
  }
  t.is((await memmap(['export', file, '--format', 'pprof'])).code, 2);
  t.is((await memmap(['export', file, '--format', 'csv', '--measure', 'kept'])).code, 2);
});
