import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type {BooksFigures, BooksReading} from '../../src/model/heap/books.ts';
import {readHeader} from '../../src/recording/header.ts';
import {sealLine} from '../../src/recording/lines.ts';
import {readRecording} from '../../src/recording/recording.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';
import {beginRecording} from './recorder.ts';
import {snapshotAt, statusAt, toldBy} from './small.ts';

const BYTES = fc.nat(2 ** 48);

const FIGURES: fc.Arbitrary<BooksFigures> = fc.record({
  system: BYTES,
  inUse: BYTES,
  mmapped: BYTES,
  free: BYTES,
  freeResident: BYTES,
  trimmable: BYTES,
});

const READING: fc.Arbitrary<Omit<BooksReading, 't'>> = fc.oneof(
  FIGURES.map((figures) => ({figures})),
  fc.string().map((why) => ({figures: undefined, why})),
);

const COST = {looks: 1, ms: 1, duty: 0, usageReads: 1, usageMs: 1, usageSkipped: 0};

test("malloc's books are read as they were noted, and change no moment; plain and packed", async (t) => {
  const path = folder(t);
  let run = 0;
  const law = fc.asyncProperty(
    fc.array(fc.option(READING, {nil: undefined}), {minLength: 1, maxLength: 20}),
    fc.boolean(),
    async (readings, isPacked) => {
      let ms = 0;
      const clock = {now: () => ms, wall: () => 1_700_000_000_000 + ms};
      const file = join(path, `${run++}.jsonl${isPacked ? '.gz' : ''}`);
      const {writer, close} = beginRecording(file, snapshotAt(0, true), clock);
      const [noted, told]: [BooksReading[], string[]] = [[], []];
      for (const [look, reading] of readings.entries()) {
        const snapshot = snapshotAt(look, look % 3 === 0);
        await writer.look(snapshot, statusAt(look), 10);
        told[writer.moments - 1] = toldBy(snapshot);
        ms += 200;
        if (reading) {
          noted.push({t: ms, ...reading});
          await writer.books(reading);
        }
        // A mark is of the last look, whatever was read since.
        if (look % 4 === 1) await writer.mark(`m${look}`);
        ms += 300;
      }
      await writer.end('count', COST);
      await close();
      const recording = readRecording(file);
      t.true(recording.isWhole);
      t.deepEqual(recording.books(), noted);
      told.forEach((text, moment) => {
        if (toldBy(recording.snapshot(moment)) !== text) throw new Error(`moment ${moment} is another`);
      });
      recording.close();
      if (isPacked) return;
      for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) conforms(t, 'recording', JSON.parse(line));
    },
  );
  await fc.assert(law, {numRuns: 40});
});

test('lines of a later version are passed over, and ours by a reader that knows none', async (t) => {
  const file = join(folder(t), 'a.jsonl');
  const {writer, close} = beginRecording(file, snapshotAt(0, true));
  await writer.look(snapshotAt(0, true), statusAt(0), 10);
  await writer.books({figures: undefined, why: 'torn'});
  await close();
  const lines = readFileSync(file).toString().split('\n');
  const before = lines[2]!;
  const seed = Number.parseInt(/"crc":"([0-9a-f]{8})"}$/.exec(before)![1]!, 16);
  const later = sealLine({event: 'heap', version: 2, t: 9, arenas: [1]}, seed);
  const unknown = sealLine({event: 'weather', t: 9}, later.crc);
  writeFileSync(file, Buffer.concat([readFileSync(file), later.bytes, unknown.bytes]));
  const recording = readRecording(file);
  t.deepEqual(recording.rejected, []);
  t.is(recording.count, 1);
  t.is(recording.books().length, 1);
  t.is(readHeader(Buffer.from(lines[0]!)).header.process.pid, 77);
});

test('a damaged line is no reading', async (t) => {
  const file = join(folder(t), 'a.jsonl');
  const {writer, close} = beginRecording(file, snapshotAt(0, true));
  await writer.look(snapshotAt(0, true), statusAt(0), 10);
  await writer.books({figures: {system: 3, inUse: 1, mmapped: 0, free: 2, freeResident: 2, trimmable: 1}});
  await close();
  writeFileSync(file, readFileSync(file, 'utf8').replace('"free":2', '"free":9'));
  const recording = readRecording(file);
  t.is(recording.rejected.length, 1);
  t.deepEqual(recording.books(), []);
});
