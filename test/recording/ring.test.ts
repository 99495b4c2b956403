import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {PlainPacker, RecordingFile, type Packer} from '../../src/recording/file.ts';
import {recordingFrom} from '../../src/recording/recording.ts';
import {joinedFrom, packed, partsOf, Ring} from '../../src/recording/ring.ts';
import {RecordingWriter} from '../../src/recording/writer.ts';
import {folder} from '../helpers/listings.ts';
import {headerOf} from './recorder.ts';
import {snapshotAt, statusAt, toldBy} from './small.ts';

const MANY = 2 ** 30;
const STARTED = 1_700_000_000_000;

/** A look: how long after the last one it is, how far the wall clock was set before it, and what it reads. */
const looks = fc.array(
  fc.record({
    ms: fc.integer({min: 1, max: 2000}),
    set: fc.constantFrom(0, 0, 0, 0, 0, 5000, -3000),
    isSmaps: fc.boolean(),
    isSame: fc.boolean(),
    mark: fc.constantFrom(undefined, undefined, undefined, 'here', 'psi: 12.5 %'),
  }),
  {minLength: 1, maxLength: 80},
);

/** Few, so that they are what bounds it, or more than there are. */
const bytes = fc.oneof(fc.integer({min: 3000, max: 60_000}), fc.constant(MANY));

test('what a ring keeps is the end of what a recording of all has, at the same times', async (t) => {
  const place = folder(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(looks, fc.integer({min: 500, max: 20_000}), bytes, async (...all) => {
      const [shots, keep, most] = all;
      const path = join(place, `r${++number}`);
      let [ms, wall] = [0, STARTED];
      const clock = {now: () => ms, wall: () => wall};
      const ring = new Ring(path, {keep, most}, () => ({listings: writer.listings, cost: {ms: writer.looks}}));
      const whole = new PlainPacker(RecordingFile.create(`${path}.whole`));
      const both: Packer = {
        add: async (line, isKey) => {
          await whole.add(line, isKey);
          await ring.add(line, isKey);
        },
        finish: async () => {},
      };
      const writer: RecordingWriter = new RecordingWriter(both, headerOf(snapshotAt(0, true)), clock);
      let look = 0;
      for (const {ms: after, set, isSmaps, isSame, mark} of shots) {
        ms += after;
        wall += after + set;
        if (!isSame) look++;
        if (ring.isDue(ms, isSmaps)) writer.beginAnew();
        await writer.look(snapshotAt(look, isSmaps), statusAt(look), 1000);
        if (mark !== undefined) await writer.mark(mark);
      }
      const full = recordingFrom(packed(joinedFrom([`${path}.whole`]), false));
      const kept = recordingFrom(packed(ring.joined('dump'), all.length % 2 === 0));
      const first = full.count - kept.count;
      t.true(kept.isWhole);
      t.is(kept.moments[0]!.t, 0);
      const begin = full.moment(first).t;
      for (const moment of kept.moments) {
        const same = full.moment(first + moment.index);
        t.is(moment.t, same.t - begin);
        t.is(moment.at, same.at);
        t.deepEqual(moment.marks, same.marks);
        t.is(toldBy(kept.snapshot(moment.index)), toldBy(full.snapshot(same.index)));
      }
      if (first > 0 && most === MANY) t.true(ring.kept >= keep, `${ring.kept} of ${keep}`);
      t.is(kept.end!.listings % 1000, 0);
      t.true(kept.end!.listings <= writer.listings);
      t.deepEqual(
        partsOf(path).map((part) => part.slice(path.length, -1).replace(/\d+$/, '')),
        partsOf(path).map(() => '.ring-'),
      );
      await ring.close(false);
      t.deepEqual(partsOf(path), []);
    }),
    {numRuns: 60},
  );
});

test('a ring has a bounded number of bytes and files, however long it goes on', async (t) => {
  const path = join(folder(t), 'ring');
  let ms = 0;
  const clock = {now: () => ms, wall: () => STARTED + ms};
  const ring = new Ring(path, {keep: 60_000, most: 40_000}, () => ({listings: 0, cost: {}}));
  const writer = new RecordingWriter(ring, headerOf(snapshotAt(0, true)), clock);
  let [largest, files] = [0, 0];
  for (let look = 0; look < 3000; look++, ms += 100) {
    if (ring.isDue(ms, true)) writer.beginAnew();
    await writer.look(snapshotAt(look % 50, true), statusAt(look), 1000);
    largest = Math.max(largest, ring.size);
    files = Math.max(files, readdirSync(join(path, '..')).length);
  }
  t.true(largest <= 40_000, String(largest));
  t.true(largest > 20_000, String(largest));
  t.true(files <= 20, String(files));
  await ring.close(true);
  t.true(partsOf(path).length > 1, 'what is needed stays');
  t.true(partsOf(path).every((part) => existsSync(part)));
  const left = recordingFrom(packed(joinedFrom(partsOf(path)), true));
  t.true(left.breaksOff);
  t.true(left.count > 50);
  t.is(
    toldBy(left.snapshot(left.count - 1)),
    toldBy(snapshotAt(2999 % 50, true)).replace(/"vmRss":\d+/, `"vmRss":${String(statusAt(2999)['vmRss'])}`),
  );
});
