import test from 'ava';
import fc from 'fast-check';
import type {Region} from '../../src/model/region.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {parse} from '../../src/parse/parse.ts';
import {parseStat} from '../../src/parse/proc/stat.ts';
import {parseStatus} from '../../src/parse/proc/status.ts';
import {listing, listingText, record} from './laws.ts';
import {bytesOf, kib, type Expected} from './tools.ts';

const RUNS = {numRuns: 400};

const withoutKind = (regions: ReadonlyArray<Region | Expected>): unknown[] =>
  regions.map((entry) => ({...entry, kind: undefined, label: undefined, evidence: undefined, confidence: undefined}));

const CAMEL: Readonly<Record<string, string>> = {
  Size: 'size',
  Rss: 'rss',
  Pss: 'pss',
  Pss_Dirty: 'pssDirty',
  Private_Dirty: 'privateDirty',
  SwapPss: 'swapPss',
  KSM: 'ksm',
  New_Key: 'newKey',
};

test('whatever regions a process has, what the kernel prints of them is read back', (t) => {
  fc.assert(
    fc.property(listing, (lines) => {
      const {regions, rejected, torn, cutShort, format} = parseListing(listingText(lines), 'proc');
      t.deepEqual(withoutKind(regions), withoutKind(lines.map(({expected}) => expected)));
      t.deepEqual({rejected, torn, cutShort, format}, {rejected: [], torn: 0, cutShort: undefined, format: 'maps'});
    }),
    RUNS,
  );
});

test('as a saved file it says the same, but for the line ends of other systems', (t) => {
  fc.assert(
    fc.property(listing, (lines) => {
      const bytes = listingText(lines);
      // If the name on each line ends with a carriage return, nobody can tell whose it is.
      fc.pre(!lines.every(({header}) => header.at(-1) === 0x0d) && lines.length > 1);
      t.deepEqual(parse(bytes).regions, parseListing(bytes, 'proc').regions);
    }),
    RUNS,
  );
});

test('whatever its smaps says, it is read back', (t) => {
  const both = fc.tuple(listing, fc.array(record, {minLength: 24, maxLength: 24}));
  fc.assert(
    fc.property(both, ([lines, records]) => {
      const {regions, rejected, format} = parseListing(listingText(lines, records), 'proc');
      t.deepEqual(
        withoutKind(regions),
        withoutKind(
          lines.map(({expected}, index) => ({
            ...expected,
            usage: kib(Object.fromEntries(records[index]!.counters.map(([key, value]) => [CAMEL[key], value]))),
            attributes: {thpEligible: String(Number(records[index]!.eligible))},
            flags: records[index]!.flags === undefined ? undefined : [...records[index]!.flags],
          })),
        ),
      );
      t.deepEqual({rejected, format}, {rejected: [], format: 'smaps'});
    }),
    RUNS,
  );
});

test('a name of bytes that are not UTF-8 is kept byte for byte', (t) => {
  fc.assert(
    fc.property(listing, (lines) => {
      const {regions} = parseListing(listingText(lines), 'proc');
      for (const [index, {name, nameBase64}] of regions.entries()) {
        const bytes = nameBase64 === undefined ? Buffer.from(name, 'utf8') : Buffer.from(nameBase64, 'base64');
        t.true(lines[index]!.header.subarray(-bytes.length || lines[index]!.header.length).equals(bytes));
      }
    }),
    RUNS,
  );
});

/** Bytes that nobody made on purpose, and listings with some bytes changed, cut out or put in. */
const pieces = fc
  .constantFrom(
    '00400000-00401000 rw-p 00000000 00:00 0 \n',
    'Rss: 4 kB\n',
    'VmFlags: rd \n',
    '{"schema":',
    '\n',
    '\r',
    ' ',
    '[rollup]',
    '$ cat /proc/1/maps\n',
    '> ',
    '-',
    '0x',
    ']',
  )
  .map(bytesOf);
const noise = fc.oneof(
  fc.uint8Array({maxLength: 300}).map((bytes) => Buffer.from(bytes)),
  fc
    .array(
      fc.oneof(
        pieces,
        fc.uint8Array({maxLength: 4}).map((bytes) => Buffer.from(bytes)),
      ),
    )
    .map((parts) => Buffer.concat(parts)),
  fc.tuple(listing, fc.nat(), fc.nat(30), fc.uint8Array({maxLength: 8})).map(([lines, place, length, bytes]) => {
    const text = listingText(lines);
    const at = place % text.length;
    return Buffer.concat([text.subarray(0, at), bytes, text.subarray(at + length)]);
  }),
);

test('bytes of any kind give regions in order, or one reason why not', (t) => {
  fc.assert(
    fc.property(noise, (bytes) => {
      try {
        const {regions} = parse(bytes);
        const whole = regions.length === 1 && regions[0]?.name === '[rollup]';
        for (const [index, {start, end}] of regions.entries()) {
          t.true(whole || end > start);
          t.true(index === 0 || regions[index - 1]!.end <= start);
        }
      } catch (error) {
        t.true(error instanceof Trouble && error.kind === 'input', String(error));
      }
      t.true(Array.isArray(parseListing(bytes, 'proc').regions));
      t.is(typeof parseStatus(bytes), 'object');
      const stat = parseStat(bytes);
      t.true(stat === undefined || Number.isInteger(stat.pid));
    }),
    {numRuns: 2000},
  );
});

test('no line keeps the reader busy, however it is made', (t) => {
  const long = 900_000;
  const lines = [' x', '>x', '\tx', '] x', ']x', '/proc/1/maps x', 'A', '0', '-', '\r', '[ ', 'Rss: ', '$ ', 'a '];
  const begin = process.cpuUsage();
  for (const unit of lines) {
    for (const [text, end] of [
      [unit, ''],
      [unit[0]!, 'x'],
      [unit, 'x 00400000-00401000'],
    ] as const) {
      const bytes = bytesOf(
        `00400000-00401000 rw-p 00000000 00:00 0 \n${text.repeat(long / text.length)}${end}\nRss: 4 kB\n`,
      );
      t.is(parse(bytes).regions.length, 1);
      parseStatus(bytes);
      parseStat(bytes);
    }
  }
  t.true(process.cpuUsage(begin).user < 30e6);
});

test('no record keeps the reader busy, however many keys it has', (t) => {
  const keys = Array.from({length: 100_000}, (_, index) => `Key${index}: 4 kB\nWord${index}: x\n`);
  const begin = process.cpuUsage();
  const {regions} = parse(`00400000-00401000 rw-p 00000000 00:00 0 \n${keys.join('')}`);
  t.is(Object.keys(regions[0]!.usage!).length, 100_000);
  t.is(Object.keys(regions[0]!.attributes!).length, 100_000);
  t.true(process.cpuUsage(begin).user < 20e6);
});

test('a line longer than any of the kernel is reported, not read', (t) => {
  const {regions, rejected} = parse(
    `00400000-00401000 rw-p 00000000 00:00 0 \n00500000-00501000 rw-p 00000000 08:01 1 /${'x'.repeat(2 ** 20)}\n`,
  );
  t.deepEqual([regions.length, rejected.length, rejected[0]?.line, rejected[0]?.text.length], [1, 1, 2, 200]);
});
