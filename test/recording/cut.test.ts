import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {Trouble} from '../../src/model/trouble.ts';
import {isRecording} from '../../src/recording/head.ts';
import {recordingFrom} from '../../src/recording/recording.ts';
import {folder} from '../helpers/listings.ts';
import {firstWrong, smallRecording} from './small.ts';

/**
 * Reads what is left of a recording that was cut.
 *
 * @returns how many moments could be had; -1 if it was refused
 */
function readCut(t: ExecutionContext, bytes: Buffer, moments: readonly string[], at: number): number {
  try {
    const recording = recordingFrom(bytes);
    const wrong = firstWrong(recording, moments);
    if (wrong !== undefined) t.fail(`cut at ${at}: moment ${wrong} is not as it was`);
    if (!recording.isWhole && recording.notes.length === 0) t.fail(`cut at ${at}: nothing is said of it`);
    return recording.count;
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'input' || error.why === '')
      t.fail(`cut at ${at}: ${String(error)}`);
    return -1;
  }
}

for (const ending of ['', '.gz', ' that gzip(1) made']) {
  test(`a recording${ending} that is cut at any byte is used up to the cut, or refused`, async (t) => {
    const place = folder(t);
    const made = await smallRecording(join(place, `small.jsonl${ending === '.gz' ? ending : ''}`));
    const bytes = ending.startsWith(' ') ? gzipSync(made.bytes) : made.bytes;
    let [refused, whole, last] = [0, 0, -1];
    for (let at = 0; at <= bytes.length; at++) {
      const count = readCut(t, bytes.subarray(0, at), made.moments, at);
      if (count < 0) refused++;
      if (count === made.moments.length) whole++;
      if (count < last) t.fail(`cut at ${at} there are ${count} moments, and ${last} one byte before`);
      last = count;
    }
    t.is(last, made.moments.length, 'not cut, all is there');
    t.true(refused > 0 && whole > 0);
    t.log(`${bytes.length + 1} cuts: ${refused} refused, the others used up to the cut`);
  });
}

test('a larger recording is used up to the cut, plain and compressed', async (t) => {
  const place = folder(t);
  for (const name of ['large.jsonl', 'large.jsonl.gz']) {
    const {bytes, moments} = await smallRecording(join(place, name), 400);
    t.true(isRecording(bytes.subarray(0, 512)));
    let used = 0;
    for (let sample = 0; sample < 60; sample++) {
      const at = Math.floor((bytes.length * (sample + 0.37)) / 60);
      const count = readCut(t, bytes.subarray(0, at), moments, at);
      if (count > 0) used++;
      // No more than the line that is cut is lost.
      if (name.endsWith('l'))
        t.true(count >= moments.length * ((sample - 8) / 60), `at ${at} of ${bytes.length} only ${count}`);
    }
    t.true(used > 50);
  }
});

test('a recording that is whole has an end, and nothing is said of it', async (t) => {
  const {bytes} = await smallRecording(join(folder(t), 'small.jsonl'));
  const recording = recordingFrom(bytes);
  t.true(recording.isWhole);
  t.deepEqual(recording.notes, []);
  t.deepEqual(recording.rejected, []);
  t.is(recording.end?.reason, 'exit');
  t.is(recording.exitState, 'zombie');
  t.deepEqual(
    recording.marked().map(({marks}) => marks),
    [['loaded']],
  );
  t.deepEqual(recording.moments.map(({event}) => event).filter(Boolean), ['exec', 'exit']);
});
