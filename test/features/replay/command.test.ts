import {gzipSync} from 'node:zlib';
import {copyFileSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {readRecording} from '../../../src/recording/recording.ts';
import {memmap, MEMMAP, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {smallRecording} from '../../recording/small.ts';

/** A recording that is known, in a folder of its own: 14 November 2023, 22:13:20 UTC, for 10 s. */
async function made(t: ExecutionContext, name = 'a.jsonl'): Promise<string> {
  const path = join(folder(t), name);
  const {bytes} = await smallRecording(path);
  writeFileSync(path, bytes);
  return path;
}

const UTC = {env: {TZ: 'UTC'}};

test('a moment of a recording is a target: by number, first, last, mark, time', async (t) => {
  const path = await made(t);
  const recording = readRecording(path);
  const last = recording.count - 1;
  const mark = recording.marked()[0]!.index;
  const exec = recording.moments.find(({event}) => event === 'exec')!;
  const cases: Array<[string, number]> = [
    ['', last],
    ['#0', 0],
    ['#first', 0],
    ['#last', last],
    [`#${last}`, last],
    ['#loaded', mark],
    ['@+1s', recording.momentAt(1000).index],
    ['@+1.2s', recording.momentAt(1000).index],
    [`@+${exec.t}ms`, exec.index],
    ['@22:13:21', recording.momentAt(1999).index],
    ['@2023-11-14T22:13:22.000Z', recording.momentAt(2000).index],
  ];
  for (const [moment, index] of cases) {
    const {stdout, code, stderr} = await memmap(['show', `${path}${moment}`, '--json'], UTC);
    t.is(code, 0, `${moment}: ${stderr}`);
    const document = JSON.parse(stdout) as {source: {name: string}; takenAt: string; totals: {size: number}};
    conforms(t, 'snapshot', document);
    t.is(document.source.name, `${path}#${index}`, moment);
    t.is(document.takenAt, recording.moment(index).at);
    t.is(document.totals.size, recording.snapshot(index).totals.size);
  }
});

test('a moment that is not there is said, with those that are', async (t) => {
  const path = await made(t);
  const {count} = readRecording(path);
  const refused = async (moment: string, code: number, why: RegExp): Promise<void> => {
    const ran = await memmap(['show', `${path}${moment}`], UTC);
    t.is(ran.code, code, moment);
    t.is(ran.stdout, '');
    t.regex(ran.stderr, why);
  };
  await refused(`#${count}`, 6, new RegExp(`it has the moments 0 to ${count - 1}`));
  await refused('#99999999999999999999', 6, /it has the moments/);
  await refused('#nothing', 6, /its marks are loaded; and it has the moments/);
  await refused('@+1h', 6, /it runs from 2023-11-14T22:13:20\.000Z to .*, 0:10\.5 in all/);
  await refused('@10:00', 6, /it runs from/);
  await refused('@yesterday', 2, /a time must follow @/);
  await refused('@+soon', 2, /not a length of time/);
  const text = join(folder(t), 'text');
  writeFileSync(text, '00400000-00401000 r--p 00000000 fe:00 1                          /bin/a\n');
  const ran = await memmap(['show', `${text}#1`]);
  t.is(ran.code, 6);
  t.regex(ran.stderr, /is not a recording, so it has no moments/);
});

test('a file whose own name has # or @ is that file', async (t) => {
  const path = await made(t);
  for (const name of [`${path}#0`, `${path}@+1s`, join(path, '..', 'odd#name@x.jsonl')]) copyFileSync(path, name);
  const {count} = readRecording(path);
  for (const [target, name] of [
    [`${path}#0`, `${path}#0#${count - 1}`],
    [`${path}@+1s`, `${path}@+1s#${count - 1}`],
    [`${path}#0#1`, `${path}#0#1`],
    [join(path, '..', 'odd#name@x.jsonl#2'), join(path, '..', 'odd#name@x.jsonl#2')],
  ] as const) {
    const {stdout, code} = await memmap(['show', target, '--json']);
    t.is(code, 0);
    t.is((JSON.parse(stdout) as {source: {name: string}}).source.name, name);
  }
});

test('diff, explain and snapshot take moments too', async (t) => {
  const path = await made(t);
  const diff = await memmap(['diff', `${path}#0`, `${path}#loaded`, '--json']);
  t.is(diff.code, 1);
  const document = JSON.parse(diff.stdout) as {match: string; changes: Array<{kind: string}>};
  conforms(t, 'diff', document);
  t.is(document.match, 'address');
  t.true(document.changes.some(({kind}) => kind === 'new'));
  t.is((await memmap(['diff', `${path}#1`, `${path}#1`])).code, 0);
  const explained = await memmap(['explain', `${path}#3`]);
  t.is(explained.code, 0, explained.stderr);
  const saved = await memmap(['snapshot', `${path}#3`]);
  conforms(t, 'snapshot', JSON.parse(saved.stdout));
  t.is((await memmap(['watch', path])).code, 2, 'a recording is no process');
});

test('replay tells the changes with their times', async (t) => {
  const path = await made(t);
  const {stdout, code} = await memmap(['replay', path], UTC);
  t.is(code, 0);
  const lines = stdout.trimEnd().split('\n');
  t.regex(
    lines[0]!,
    /^Recording of a b \(pid 77\), .*: 4 regions, .*; moment 0 of \d+ moments in 0:10\.5, \d+ samples\.$/,
  );
  t.regex(stdout, /^22:13:21\.000 {2}\+ new {10}7f0000000000-7f0000010000 /m);
  t.regex(stdout, /^22:13:21\.000 {2}\* mark {9}loaded$/m);
  t.regex(stdout, /^22:13:2\d\.\d00 {2}! exec {9}it now runs \/bin\/a b/m);
  t.regex(stdout, /^22:13:\d\d\.\d00 {2}- exit {9}the process ended; its parent/m);
  t.regex(lines.at(-1)!, /^The process ended at 0:10\.5 of 0:10\.5, moment #\d+ of #0 to #\d+\.$/);
  const part = await memmap(['replay', path, '--from', 'loaded', '--to', '+1500ms'], UTC);
  t.is(part.stdout.trimEnd().split('\n').length, 5, part.stdout);
  t.is((await memmap(['replay', path, '--from', 'last', '--to', 'first'])).code, 2);
});

test('replay --json tells the events of watch', async (t) => {
  const path = await made(t);
  const {stdout} = await memmap(['replay', path, '--json']);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as {event: string; at: string});
  for (const event of events) conforms(t, 'watch-event', event);
  t.is(events[0]!.event, 'start');
  t.is(events.at(-1)!.event, 'end');
  const kinds = new Set(events.map(({event}) => event));
  t.deepEqual([...kinds].sort(), ['change', 'end', 'exec', 'exit', 'mark', 'start']);
  for (let index = 1; index < events.length; index++) t.true(events[index]!.at >= events[index - 1]!.at);
});

test('replay --speed takes the time that it took, divided', async (t) => {
  const path = await made(t);
  const begin = Date.now();
  t.is((await memmap(['replay', path, '--speed', '10'])).code, 0);
  t.true(Date.now() - begin > 1000, 'ten seconds at ten times the speed');
  t.is((await memmap(['replay', path, '--speed', 'fast'])).code, 2);
});

test('replay --moments lists them', async (t) => {
  const path = await made(t);
  const recording = readRecording(path);
  const {stdout} = await memmap(['replay', path, '--moments']);
  t.is(stdout.trimEnd().split('\n').length, recording.count + 1);
  t.regex(stdout, /^ +#\d+ +\+0:01\.0 {2}2023-11-14T22:13:21\.000Z .* #loaded$/m);
  const {stdout: json} = await memmap(['replay', path, '--moments', '--json']);
  const document = JSON.parse(json) as {moments: object[]};
  conforms(t, 'moments', document);
  t.is(document.moments.length, recording.count);
});

test('a recording comes from standard input, cut or not', async (t) => {
  const path = await made(t);
  const whole = await run('sh', ['-c', `${process.execPath} ${MEMMAP} replay - < ${path}`]);
  t.is(whole.code, 0);
  for (const size of [0, 1, 40, 200, 1500, 1700, 2500, 4000]) {
    for (const command of ['replay', 'show']) {
      const cut = await run('sh', ['-c', `head -c ${size} ${path} | ${process.execPath} ${MEMMAP} ${command} -`]);
      t.true(cut.code === 5 || cut.code === 6, `${command} of ${size} bytes: ${cut.code}\n${cut.stderr}`);
      t.regex(cut.stderr, /^memmap: /);
      t.is(cut.stdout === '', cut.code === 6);
    }
  }
});

test('a recording from standard input is judged, checked, reported and exported as a whole', async (t) => {
  const path = await made(t);
  for (const command of [
    'growth',
    'check --max size=1G',
    'report --json',
    'export',
    'growth --json',
    'check --json --max size=1G',
  ]) {
    const piped = await run('sh', ['-c', `${process.execPath} ${MEMMAP} ${command} - < ${path}`]);
    // Its few samples say nothing about growth.
    t.is(piped.code, command.startsWith('growth') ? 5 : 0, piped.stderr);
    const named = await memmap([...command.split(' '), path]);
    const unnamed = (text: string): string =>
      text
        .replace(/standard input(?=: )|(?<=memmap check: )-|"-"/, 'X')
        .replace(new RegExp(`"?${path}"?|"a\\.jsonl"`), 'X');
    t.is(unnamed(piped.stdout), unnamed(named.stdout), command);
  }
  t.is((await run('sh', ['-c', `${process.execPath} ${MEMMAP} check --max regions=1 - < ${path}`])).code, 1);
  const listing = await run('sh', ['-c', `${process.execPath} ${MEMMAP} growth - < /proc/self/maps`]);
  t.is(listing.code, 6);
  t.regex(listing.stderr, /Cannot use standard input/);
});

test('what is no recording, or of a newer version, is refused', async (t) => {
  const place = folder(t);
  const refused = async (content: string, why: RegExp): Promise<void> => {
    const path = join(place, 'x.jsonl');
    writeFileSync(path, content);
    for (const command of ['replay', 'show']) {
      const ran = await memmap([command, path]);
      t.is(ran.code, 6, ran.stderr);
      if (command === 'replay' || content.includes('memmap.recording')) t.regex(ran.stderr, why);
    }
  };
  await refused('{"version":2,"width":80,"height":24}\n[0.1,"o","x"]\n', /it is not a recording/);
  await refused(
    '{"schema":"memmap.recording/7","memmap":"9.0.0"}\n',
    /newer memmap \(9\.0\.0\) in the format memmap\.recording\/7/,
  );
  await refused('{"schema":"memmap.recording/1","memmap":"0.1.0"}\n', /line 1/);
});

test('what can be wrong with a recording is told alike by all commands that read one', async (t) => {
  const path = await made(t);
  const place = folder(t);
  const [other, twice, maps, html] = ['other.jsonl', 'twice.jsonl', 'maps.gz', 'page.html'].map((name) =>
    join(place, name),
  ) as [string, string, string, string];
  writeFileSync(other, '{"level":"info"}\n{"level":"warn"}\n');
  writeFileSync(twice, Buffer.concat([readFileSync(path), readFileSync(path)]));
  writeFileSync(maps, gzipSync(readFileSync('/proc/self/maps')));
  writeFileSync(html, '<!doctype html>\n<p>hello\n');
  const commands = [['show'], ['replay'], ['growth'], ['report', '-o', '-'], ['export'], ['check', '--max', 'rss=1T']];
  for (const [command, ...rest] of commands) {
    for (const [file, why] of [
      [other, /JSON Lines|not a recording/],
      [maps, /gzip|not a recording/],
      [html, /not a (listing|recording)/],
      // growth takes a directory of listings.
      [place, command === 'growth' ? /only one listing/ : /directory|not a recording/],
    ] as const) {
      const ran = await memmap([command!, ...rest, file]);
      t.is(ran.code, 6, `${command} ${file}\n${ran.stderr}`);
      t.is(ran.stdout, '');
      t.true(ran.stderr.includes(file), ran.stderr);
      t.regex(ran.stderr, why);
    }
    const ran = await memmap([command!, ...rest, twice]);
    t.is(ran.code, 5, `${command}\n${ran.stderr}`);
    t.regex(ran.stderr, /line \d+ was not used \(another recording begins here/);
  }
});
