import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {healTail} from '../../src/recording/file.ts';
import {saveFile} from '../../src/shell/file.ts';
import {readRecording} from '../../src/recording/recording.ts';
import {folder} from '../helpers/listings.ts';
import {snapshotAt, toldBy} from './small.ts';

/** At most this many recorders at a time. */
const AT_ONCE = 5;

const KILLS = Number(process.env['KILLS'] ?? 50);

/** A recorder, killed at a random moment of its work. */
async function recordAndKill(path: string): Promise<void> {
  const child = spawn(process.execPath, ['build/test/recording/endless.js', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await sleep(Math.random() * 500);
  child.kill('SIGKILL');
  await ended;
}

for (const ending of ['.jsonl', '.jsonl.gz']) {
  test(`a recorder that is killed loses the record being written at most: ${ending}`, async (t) => {
    const place = folder(t);
    let [torn, moments] = [0, 0];
    const paths = Array.from({length: Math.ceil(KILLS / 2)}, (_, kill) => join(place, `killed-${kill}${ending}`));
    for (let at = 0; at < paths.length; at += AT_ONCE)
      await Promise.all(paths.slice(at, at + AT_ONCE).map(recordAndKill));
    for (const path of paths) {
      if (readFileSync(path).length < 2000) continue; // Before its first moment was written.
      const recording = readRecording(path);
      t.false(recording.isWhole);
      t.is(recording.notes.length, 1);
      t.true(recording.rejected.length <= 1, 'all but the last line are as they were written');
      let look = -1;
      for (const {moment, snapshot} of recording.snapshots()) {
        t.is(moment.look, look < 0 ? 1 : moment.look);
        t.true(moment.look - 1 >= look, 'in order');
        look = moment.look - 1;
        t.is(snapshot.status['look'], look);
        const {status: _status, process: _process, ...told} = JSON.parse(toldBy(snapshot)) as Record<string, unknown>;
        const {
          status: _same,
          process: _too,
          ...kernel
        } = JSON.parse(toldBy(snapshotAt(look % 50, look % 3 !== 1))) as Record<string, unknown>;
        t.deepEqual(told, kernel);
      }
      t.is(recording.count, look + 1, 'none is missing');
      torn += recording.rejected.length;
      moments += recording.count;
      const whole = recording.count;
      healTail(path, (file, content) => saveFile(file, content, 'replace'));
      const healed = readRecording(path);
      t.deepEqual(healed.rejected, []);
      t.is(healed.count, whole, 'healing takes nothing away but the torn line');
    }
    t.true(moments > 0);
    t.log(`${paths.length} kills, ${moments} moments, ${torn} lines were cut off`);
  });
}
