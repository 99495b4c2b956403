import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {Trouble} from '../../src/model/trouble.ts';
import {NO_SEED, sealLine} from '../../src/recording/lines.ts';
import {isRecording} from '../../src/recording/head.ts';
import {recordingFrom, type Recording} from '../../src/recording/recording.ts';
import {folder} from '../helpers/listings.ts';
import {smallRecording, toldBy} from './small.ts';

/** What each moment of the undamaged recording was, by its look: damage may take moments away, and must not change any. */
async function small(t: ExecutionContext): Promise<{bytes: Buffer; lines: string[]; byLook: Map<string, string>}> {
  const {bytes} = await smallRecording(join(folder(t), 'small.jsonl'), 30);
  const byLook = new Map(
    Array.from(recordingFrom(bytes).snapshots(), ({moment, snapshot}) => [
      `${moment.look} ${moment.t}`,
      toldBy(snapshot),
    ]),
  );
  return {bytes, lines: bytes.toString().trimEnd().split('\n'), byLook};
}

/** All moments that it has, each as it was. @returns undefined if it was refused */
function exact(t: ExecutionContext, text: string | Buffer, byLook: ReadonlyMap<string, string>): Recording | undefined {
  try {
    const recording = recordingFrom(Buffer.from(text));
    for (const {moment, snapshot} of recording.snapshots()) {
      if (toldBy(snapshot) !== byLook.get(`${moment.look} ${moment.t}`))
        t.fail(`moment ${moment.index} at look ${moment.look} is not as it was`);
    }
    return recording;
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'input') throw error;
    return undefined;
  }
}

test('a line that was edited is rejected with its number, and what builds on it is not used', async (t) => {
  const {lines, byLook} = await small(t);
  for (let edited = 1; edited < lines.length; edited++) {
    const changed = lines.map((line, index) => (index === edited ? line.replace(/"look":(\d)/, '"look":9$1') : line));
    const recording = exact(t, `${changed.join('\n')}\n`, byLook);
    if (edited === 1) continue; // The first key frame: the exec further on stands on its own.
    t.is(recording?.rejected[0]?.line, edited + 1);
    t.false(recording?.isWhole);
    t.regex(recording!.rejected[0]!.why, /not as it was written/);
  }
});

test('a byte that was changed, in any line, changes no moment', async (t) => {
  const {bytes, byLook} = await small(t);
  let used = 0;
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ (1 << (at % 8));
    if (exact(t, changed, byLook)) used++;
  }
  t.true(used > 100);
});

test('lines that were taken out, doubled or exchanged change no moment; one that was put in is left out', async (t) => {
  const {lines, byLook} = await small(t);
  for (let index = 1; index < lines.length; index++) {
    exact(t, `${lines.filter((_, each) => each !== index).join('\n')}\n`, byLook);
    exact(t, `${[...lines.slice(0, index), lines[index]!, ...lines.slice(index)].join('\n')}\n`, byLook);
    exact(
      t,
      `${[...lines.slice(0, index - 1), lines[index]!, lines[index - 1]!, ...lines.slice(index + 1)].join('\n')}\n`,
      byLook,
    );
    const recording = exact(
      t,
      `${[...lines.slice(0, index), '{"a note":"of somebody"}', ...lines.slice(index)].join('\n')}\n`,
      byLook,
    );
    t.is(recording?.count, byLook.size);
    t.deepEqual(
      recording?.rejected.map(({line}) => line),
      [index + 1],
    );
  }
});

test('a newer version, another tool and no recording are refused, with what to do', async (t) => {
  const {lines} = await small(t);
  const refused = (text: string | Buffer): Trouble =>
    t.throws(() => recordingFrom(Buffer.from(text)), {instanceOf: Trouble});
  const newer = refused('{"schema":"memmap.recording/2","memmap":"3.1.4"}\n{"event":"key"}\n');
  t.regex(newer.why, /newer memmap \(3\.1\.4\).*memmap\.recording\/2.*this one reads memmap\.recording\/1/);
  t.true(isRecording(Buffer.from('{"schema":"memmap.recording/2"}')));
  t.regex(refused('{"version": 2, "width": 80, "height": 24}\n[0.1, "o", "x"]\n').why, /another tool/);
  t.false(isRecording(Buffer.from('{"version": 2, "width": 80}')));
  t.regex(refused('').why, /empty/);
  t.regex(refused('\n\n').why, /line 1/);
  t.regex(refused(`${lines[0]}\n`).why, /before the first moment/);
  t.regex(refused(`${lines[0]!.replace('"here"', '"there"')}\n${lines[1]}\n`).why, /line 1 was changed/);
});

test('a compressed recording that was damaged is used as far as it is whole', async (t) => {
  const {bytes} = await smallRecording(join(folder(t), 'small.jsonl.gz'), 30);
  const byLook = new Map(
    Array.from(recordingFrom(bytes).snapshots(), ({moment, snapshot}) => [
      `${moment.look} ${moment.t}`,
      toldBy(snapshot),
    ]),
  );
  let used = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ (1 << (at % 8));
    if (exact(t, changed, byLook)) used++;
  }
  t.true(used > 100);
});

test('a file that was made to fill the memory is refused', (t) => {
  const bomb = gzipSync(Buffer.alloc(2 ** 30 + 1));
  const before = process.memoryUsage().rss;
  t.throws(() => recordingFrom(bomb), {instanceOf: Trouble});
  t.true(process.memoryUsage().rss - before < 2 ** 31);
});

test('lines that are sealed, and make no sense, are refused', async (t) => {
  const {lines, byLook} = await small(t);
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      {maxDepth: 3},
      fc.integer(),
      fc.string(),
      fc.constant(null),
      fc.constantFrom('0x400000', '0x401000', 'rw-p', '__proto__', 'smaps'),
      fc.array(tie('any')),
      fc.dictionary(fc.string(), tie('any')),
    ),
  })).any;
  const member = fc.constantFrom(
    'listing',
    'status',
    'process',
    'clues',
    'consistency',
    'notes',
    'rejected',
    'gone',
    'kinds',
    'regions',
    'counters',
    'usage',
    'wordLists',
    'words',
    'name',
    'state',
    'cost',
  );
  const change = fc.tuple(fc.nat(lines.length - 2), member, value);
  fc.assert(
    fc.property(fc.array(change, {minLength: 1, maxLength: 4}), (changes) => {
      let seed = NO_SEED;
      const sealed = lines.map((text, index) => {
        const {crc: _crc, ...record} = JSON.parse(text) as Record<string, unknown>;
        for (const [line, name, to] of changes) if (line === index - 1) record[name] = to;
        const isKey = index === 0 || record['event'] === 'key' || record['event'] === 'exec';
        const {bytes, crc} = sealLine(record, isKey ? NO_SEED : seed);
        seed = crc;
        return bytes;
      });
      try {
        const recording = recordingFrom(Buffer.concat(sealed));
        for (const {snapshot} of recording.snapshots()) toldBy(snapshot);
      } catch (error) {
        if (!(error instanceof Trouble) || error.kind !== 'input') throw error;
      }
    }),
    {numRuns: Number(process.env['FUZZ_RUNS'] ?? 500)},
  );
  t.true(byLook.size > 10);
});

test('any bytes are a recording or refused', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 300}), fc.boolean(), (bytes, isAfterHeader) => {
      const text = isAfterHeader
        ? Buffer.concat([Buffer.from('{"schema":"memmap.recording/1"'), bytes])
        : Buffer.from(bytes);
      isRecording(text);
      t.throws(() => recordingFrom(text), {instanceOf: Trouble});
    }),
  );
});

/** The lines with one of them changed, each with the checksum that it then has: as another build would have written them. */
function resealed(lines: readonly string[], index: number, change: (record: Record<string, unknown>) => void): string {
  let seed = NO_SEED;
  const sealed = lines.map((line, each) => {
    const {crc: _crc, ...record} = JSON.parse(line) as Record<string, unknown>;
    if (each === index) change(record);
    const begins = record['event'] === undefined || record['event'] === 'key' || record['event'] === 'exec';
    const {bytes, crc} = sealLine(record, begins ? NO_SEED : seed);
    seed = crc;
    return bytes.toString();
  });
  return sealed.join('');
}

test('a line of a form that another build had is refused with its number and the part that is wrong', async (t) => {
  const {lines} = await small(t);
  t.is(
    resealed(lines, -1, () => {}),
    `${lines.join('\n')}\n`,
  );
  const refused = (index: number, change: (record: Record<string, unknown>) => void): Trouble => {
    const error = t.throws(
      () => [...recordingFrom(Buffer.from(resealed(lines, index, change)), 'a.jsonl').snapshots()],
      {instanceOf: Trouble},
    );
    t.is(error.kind, 'input');
    t.is(error.message, 'Cannot use a.jsonl.');
    t.regex(error.why, /another build of memmap \(.+\) wrote it in a format that this one does not read\.$/);
    t.regex(error.next, /memmap that wrote it, or record again/);
    return error;
  };
  t.regex(refused(0, (header) => delete header['host']).why, /^line 1: host is not a string;/);
  t.regex(
    refused(1, (key) => (key['clues'] = {files: {'/bin/a b': {segments: []}}})).why,
    /^line 2: clues\.files is not a list;/,
  );
  t.regex(refused(1, (key) => (key['counters'] = 'rss')).why, /^line 2: counters is not a list;/);
  t.regex(refused(3, (delta) => (delta['status'] = {vmRss: [1]})).why, /^line 4: status\.vmRss is neither/);
  t.regex(refused(5, (delta) => (delta['regions'] = {a: 1})).why, /^line 6: regions is not a list;/);
});

test('of two recordings in one file only the first is used, plain and compressed', async (t) => {
  const {bytes, lines, byLook} = await small(t);
  for (const both of [Buffer.concat([bytes, bytes]), Buffer.concat([gzipSync(bytes), gzipSync(bytes)])]) {
    const recording = recordingFrom(both);
    t.is(recording.count, byLook.size);
    t.is(recording.followedAt, lines.length + 1);
    t.deepEqual(
      recording.rejected.map(({line}) => line),
      [lines.length + 1],
    );
    t.regex(recording.rejected[0]!.why, /another recording begins here/);
    t.deepEqual(recording.end, recordingFrom(bytes).end);
    t.deepEqual(recording.notes, []);
  }
});

test('that a line was changed is not told as if the recorder had been killed', async (t) => {
  const {lines} = await small(t);
  const last = lines.length - 3;
  const changed = lines.map((line, index) => (index === last ? line.replace(/"look":(\d)/, '"look":9$1') : line));
  const recording = recordingFrom(Buffer.from(`${changed.join('\n')}\n`));
  t.false(recording.breaksOff);
  t.deepEqual(recording.notes, [
    'After a line that could not be used, 2 more lines could not be used either: they say only what differs from it.',
  ]);
  t.true(recordingFrom(Buffer.from(`${lines.slice(0, last).join('\n')}\n`)).breaksOff);
});

test('a recording that became a DOS text is refused by that name', async (t) => {
  const {bytes} = await small(t);
  const {why} = t.throws(() => recordingFrom(Buffer.from(bytes.toString().replaceAll('\n', '\r\n'))), {
    instanceOf: Trouble,
  });
  t.regex(why, /CR LF/);
});
