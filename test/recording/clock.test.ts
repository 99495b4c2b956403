import {join} from 'node:path';
import test from 'ava';
import {momentRows, momentsJSON} from '../../src/features/replay/moments.ts';
import {momentNamed} from '../../src/input/moment.ts';
import {readRecording} from '../../src/recording/recording.ts';
import {folder} from '../helpers/listings.ts';
import {beginRecording} from './recorder.ts';
import {snapshotAt, statusAt} from './small.ts';

test('a clock that is set makes no time go back', async (t) => {
  const path = join(folder(t), 'clock.jsonl');
  const [start, hour] = [1_700_000_000_000, 3_600_000];
  let [ms, set] = [0, 0];
  const clock = {now: () => 5000.5 + ms, wall: () => start + ms + set};
  const {writer, close} = beginRecording(path, snapshotAt(0, true), clock);
  const walls: number[] = [];
  for (let look = 0; look < 20; look++, ms += 500) {
    if (look === 5) set = -hour;
    if (look === 9) set = 24 * hour;
    if (look === 13) ms -= 10_000; // Even if the other clock went back.
    await writer.look(snapshotAt(look, true), {...statusAt(look), look}, 10);
    walls.push(clock.wall());
  }
  await writer.end('count', {});
  await close();
  const {moments} = readRecording(path);
  t.is(moments.length, 20);
  for (let index = 1; index < 20; index++) t.true(moments[index]!.t >= moments[index - 1]!.t);
  t.deepEqual(
    moments.map(({at}) => Date.parse(at)),
    walls,
    'the time of day is as it was shown',
  );
  const recording = readRecording(path);
  const rows = momentRows(recording, 0, 19);
  t.deepEqual(
    rows.map(({at}) => Date.parse(at)),
    moments.map((moment) => start + moment.t),
    'a list of moments has the time of exports',
  );
  const {moments: listed} = momentsJSON(recording, rows) as {moments: Array<{at: string; clock?: string}>};
  t.is(Date.parse(listed[5]!.clock!), walls[5]!);
  t.is(listed[4]!.clock, undefined);
  for (const {moment, at} of rows) t.is(momentNamed(recording, path, `@${at}`).t, moment.t);
  t.is(moments[4]!.t, 2000);
  t.is(moments[12]!.t, 6000);
});

test('while nothing changes hardly anything is written, and it is said that somebody looked', async (t) => {
  const path = join(folder(t), 'idle.jsonl');
  let ms = 0;
  const clock = {now: () => ms, wall: () => 1_700_000_000_000 + ms};
  const {writer, close} = beginRecording(path, snapshotAt(0, true), clock);
  for (; ms < 3_600_000; ms += 500) await writer.look(snapshotAt(0, true), statusAt(0), 5000);
  await writer.look(snapshotAt(1, true), statusAt(1), 5000);
  await writer.end('count', {});
  await close();
  const recording = readRecording(path);
  t.is(recording.looks, 7201);
  t.true(recording.size < recording.end!.listings / 1000, `${recording.size} bytes`);
  const {moments} = recording;
  for (let index = 1; index < moments.length; index++) t.true(moments[index]!.t - moments[index - 1]!.t <= 60_000);
  t.is(moments.at(-1)!.t, 3_600_000);
  t.is(moments.at(-1)!.since, 3_599_500, 'until when it was as before is known to the look');
  t.is(recording.momentAt(1_800_000).index, recording.momentAt(1_800_400).index);
});

test('a million moments are opened in bounded memory, and any one is at hand', async (t) => {
  const count = Number(process.env['MOMENTS'] ?? 50_000);
  const path = join(folder(t), 'long.jsonl');
  let ms = 0;
  const clock = {now: () => ms, wall: () => 1_700_000_000_000 + ms};
  const {writer, close} = beginRecording(path, snapshotAt(0, true), clock);
  const snapshot = snapshotAt(0, true);
  for (let look = 0; look < count; look++, ms += 500)
    await writer.look(snapshot, {...statusAt(0), vmRss: 4096 * look}, 10);
  await writer.end('count', {});
  await close();
  const before = process.memoryUsage();
  const begin = performance.now();
  const recording = readRecording(path);
  const took = performance.now() - begin;
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  t.is(recording.count, count);
  t.true(grown < 200 * count + 64 * 1024 * 1024, `${grown} bytes`);
  const sought = performance.now();
  for (let sample = 0; sample < 20; sample++) {
    const index = (sample * 7919 * 31) % count;
    t.is(recording.status(index)['vmRss'], 4096 * index);
    t.is(recording.momentAt(index * 500 + 1).index, index);
  }
  t.log(
    `${count} moments, ${recording.size} bytes: opened in ${Math.round(took)} ms, ${Math.round(grown / count)} ` +
      `bytes each; 20 sought in ${Math.round(performance.now() - sought)} ms`,
  );
});
