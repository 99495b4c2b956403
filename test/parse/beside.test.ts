import test from 'ava';
import fc from 'fast-check';
import {classify} from '../../src/classify/classify.ts';
import {diff, diffInPlace} from '../../src/diff/diff.ts';
import {changeJSON} from '../../src/model/change.ts';
import type {Regions} from '../../src/model/columns/regions.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parseBeside} from '../../src/parse/beside.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {parseBytes, parseSide, type Shared} from '../../src/parse/parse.ts';
import {listing} from './laws.ts';
import {bytesOf} from './tools.ts';

const RUNS = {numRuns: 1000};

const textOf = (lines: ReadonlyArray<Uint8Array>): Buffer =>
  Buffer.concat(lines.flatMap((line) => [line, bytesOf('\n')]));

/** What may happen to a line from one look to the next, and what may happen to a file. */
const edit = fc.record({
  at: fc.nat(23),
  does: fc.constantFrom(
    'remove',
    'repeat',
    'swap',
    'reprotect',
    'rename',
    'lower',
    'cut',
    'garble',
    'prompt',
    'rollup',
  ),
  byte: fc.integer({min: 0, max: 255}),
});

function edited(lines: readonly Buffer[], {at, does, byte}: {at: number; does: string; byte: number}): Buffer[] {
  const result = [...lines];
  const index = at % lines.length;
  const line = lines[index]!;
  const text = line.toString('latin1');
  const replaced = (pattern: RegExp, by: string): Buffer => Buffer.from(text.replace(pattern, by), 'latin1');
  if (does === 'remove') result.splice(index, 1);
  else if (does === 'repeat') result.splice(index, 0, line);
  else if (does === 'swap') result.push(...result.splice(index, 1));
  else if (does === 'reprotect') result[index] = replaced(/ ..../, byte % 2 ? ' r--p' : ' rw-s');
  else if (does === 'rename') result[index] = Buffer.concat([line, bytesOf('x')]);
  else if (does === 'lower') result[index] = replaced(/-([0-9a-f]+)/, '-7fffffffffff000');
  else if (does === 'cut') result[index] = line.subarray(0, byte % (line.length + 1));
  else if (does === 'garble')
    result[index] = Buffer.concat([line.subarray(0, at), Buffer.of(byte), line.subarray(at + 1)]);
  else if (does === 'crlf') return result.map((each) => Buffer.concat([each, bytesOf('\r')]));
  else if (does === 'prompt') result.splice(index, 0, bytesOf('$ cat /proc/12/maps'));
  else result.splice(index, 0, bytesOf('00400000-7fffffff000 ---p 00000000 00:00 0                    [rollup]'));
  return result;
}

const two = fc.tuple(listing, fc.array(edit, {maxLength: 6}), fc.array(edit, {maxLength: 2}));

test('beside whatever was parsed before, a listing says what it says alone', (t) => {
  fc.assert(
    fc.property(two, ([lines, edits, first]) => {
      const plain = lines.map(({header}) => header);
      const before = textOf(first.reduce((all, each) => (all.length > 0 ? edited(all, each) : all), plain));
      const after = textOf(edits.reduce((all, each) => (all.length > 0 ? edited(all, each) : all), plain));
      const read = (beside?: Buffer): unknown => {
        try {
          return parseBytes(after, beside && parseBytes(beside).table.tables).toJSON();
        } catch (error) {
          return String(error);
        }
      };
      const isListing = lines.length > 0 && before.length > 0;
      fc.pre(isListing && typeof attempt(before) !== 'string');
      t.deepEqual(read(before), read());
    }),
    RUNS,
  );
});

/** What diff says; of smaps_rollup beside a listing, why it says nothing. */
function compared(before: Snapshot, after: Snapshot): unknown {
  try {
    return diff(before, after).toJSON();
  } catch (error) {
    if (error instanceof Trouble) return [error.kind, error.message];
    throw error;
  }
}

test('both sides of a comparison, one read beside the other, say what they say alone', (t) => {
  let beside = 0;
  fc.assert(
    fc.property(two, ([lines, edits, first]) => {
      fc.pre(lines.length > 0);
      const plain = lines.map(({header}) => header);
      const before = textOf(first.reduce((all, each) => (all.length > 0 ? edited(all, each) : all), plain));
      const after = textOf(edits.reduce((all, each) => (all.length > 0 ? edited(all, each) : all), plain));
      const shared: Shared = {};
      const one = parseSide(before, shared);
      if (one) shared.tables = one.table.tables;
      const other = parseSide(after, shared);
      if (shared.first && other && one && other.table.copiedFrom(one.table)) beside++;
      for (const [side, bytes] of [
        [one, before],
        [other, after],
      ] as const)
        if (side) t.deepEqual(side.toJSON(), parseBytes(bytes).toJSON());
      if (one && other) t.deepEqual(compared(one, other), compared(parseBytes(before), parseBytes(after)));
    }),
    RUNS,
  );
  t.true(beside > 50, `${beside} were read beside each other`);
});

const attempt = (bytes: Buffer): unknown => {
  try {
    return parseBytes(bytes);
  } catch (error) {
    return String(error);
  }
};

test('of two looks at a process, lines that are the same keep their objects, and the others are read', (t) => {
  const kept = fc.tuple(
    listing,
    fc.array(fc.boolean(), {minLength: 24, maxLength: 24}),
    fc.array(fc.boolean(), {minLength: 24, maxLength: 24}),
  );
  let shared = 0;
  fc.assert(
    fc.property(kept, ([lines, inFirst, inSecond]) => {
      const first = lines.filter((_, index) => inFirst[index]).map(({header}) => header);
      const second = lines.filter((_, index) => inSecond[index]).map(({header}) => header);
      fc.pre(first.length > 0 && second.length > 0);
      const earlier = parseListing(textOf(first), 'proc');
      const {regions: before} = earlier;
      const parsed = parseBeside(textOf(second), {bytes: textOf(first), table: earlier.table});
      if (!parsed) return t.fail();
      const {table, fresh} = parsed;
      t.deepEqual(
        fresh.map(({start}) => start),
        table
          .toArray()
          .filter((region) => !before.includes(region))
          .map(({start}) => start),
      );
      classify(table);
      const regions = table.toArray();
      t.deepEqual(regions, parseListing(textOf(second), 'proc').regions);
      const alone = parseListing(textOf(second), 'proc').table;
      t.deepEqual(changesOf(earlier.table, table), changesOf(earlier.table, alone));
      for (const [index, region] of regions.entries()) {
        const was = first.findIndex((line) => line.equals(second[index]!));
        if (was < 0) continue;
        t.is(region.start, before[was]!.start);
        if (region === before[was]) shared++;
      }
    }),
    RUNS,
  );
  t.true(shared > 1000, `${shared} shared`);
});

/** What is copied need not be compared. */
function changesOf(before: Regions, after: Regions): unknown {
  const [one, other] = [before, after].map((regions) => new Snapshot({source: SOURCE, regions})) as [
    Snapshot,
    Snapshot,
  ];
  const {changes, unchanged} = diffInPlace(one, other);
  return {changes: changes.map(changeJSON), unchanged};
}

const SOURCE = {from: 'process', format: 'maps'} as const;

test('columns are taken from a listing that nobody uses any longer, and it can be used no longer', (t) => {
  const lines = (...starts: number[]): Buffer =>
    textOf(starts.map((page) => bytesOf(`0${page}000000-0${page}001000 rw-p 00000000 00:00 0 `)));
  const first = parseListing(lines(1, 2, 3), 'proc');
  const second = parseBeside(lines(1, 2, 3, 4), {bytes: lines(1, 2, 3), table: first.table})!;
  const third = parseBeside(lines(2, 3, 4), {bytes: lines(1, 2, 3, 4), table: second.table}, first.table)!;
  t.is(third.table.length, 3);
  t.deepEqual(
    third.table.toArray().map(({start}) => start),
    [0x02000000, 0x03000000, 0x04000000],
  );
  t.is(second.table.length, 4);
  t.throws(() => first.table.region(0), {instanceOf: TypeError});
});

test('what was said of a region in the earlier listing stays, though now more is known of it', (t) => {
  const text = bytesOf('7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n');
  const earlier = parseListing(text, 'proc');
  const said = {...earlier.regions[0]!};
  const more = Buffer.concat([
    text,
    bytesOf('7f0000001000-7f0000002000 rw-p 00000000 00:00 0                          [stack]\n'),
  ]);
  const {table} = parseBeside(more, {bytes: text, table: earlier.table})!;
  classify(table);
  t.deepEqual(earlier.regions[0], said);
  t.deepEqual(earlier.table.toArray()[0], said);
  t.is(table.region(0).kind, 'stack');
  t.not(table.region(0), earlier.regions[0]!);
});
