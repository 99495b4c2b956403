import {readFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {parseListing} from '../../src/parse/reader.ts';
import {parse, parseLong} from '../../src/parse/parse.ts';
import {parseProcParts} from '../../src/parse/parts.ts';
import {Texts} from '../../src/parse/texts.ts';
import {listing, listingText, record} from './laws.ts';

/** Gives bytes in pieces of these sizes, one after another. */
function reader(bytes: Uint8Array, sizes: readonly number[]): (into: Uint8Array) => number {
  let [at, turn] = [0, 0];
  return (into) => {
    const count = Math.min(into.length, sizes[turn++ % sizes.length]!, bytes.length - at);
    into.set(bytes.subarray(at, at + count));
    at += count;
    return count;
  };
}

const sizes = fc.array(fc.integer({min: 1, max: 400_000}), {minLength: 1, maxLength: 5});

/** More than one part holds. */
const LONG = [
  readFileSync('test/fixtures/smaps/python3.txt'),
  Buffer.from(
    Array.from({length: 20_000}, (_, index) => {
      const [start, end] = [0x400000 + index * 0x3000, 0x402000 + index * 0x3000].map((at) => at.toString(16));
      const name = index % 5 === 0 ? `${' '.repeat(20)}/tmp/é ${index % 50}` : '';
      return `${start!.padStart(8, '0')}-${end!.padStart(8, '0')} rw-p 00000000 00:00 0 ${name}\n`;
    }).join(''),
  ),
];
const repeated = (text: Buffer): Buffer => {
  // The same records at higher and higher addresses.
  const [own] = text.toString('latin1').split(/^(?=f{10}600000)/m);
  const lines = own!.split('\n').slice(0, -1);
  const copies = Array.from({length: 30}, (_, turn) =>
    lines
      .map((line) =>
        line.replace(/^([0-9a-f]{8,12})-([0-9a-f]{8,12})(?= )/, (_all, a: string, b: string) => above(a, b, turn)),
      )
      .join('\n'),
  );
  return Buffer.from(`${copies.join('\n')}\n`, 'latin1');
};
const above = (a: string, b: string, turn: number): string =>
  [a, b].map((each) => (Number.parseInt(each, 16) + turn * 2 ** 47).toString(16).padStart(8, '0')).join('-');

test('in parts a listing says what it says as a whole', (t) => {
  const [smaps, maps] = [repeated(LONG[0]!), LONG[1]!];
  t.true(smaps.length > 2 * 256 * 1024 && maps.length > 2 * 256 * 1024);
  for (const bytes of [smaps.subarray(0, smaps.length - 200), maps, maps.subarray(0, maps.length - 1)]) {
    const whole = parse(bytes);
    fc.assert(
      fc.property(sizes, (some) => {
        t.is(JSON.stringify(parseLong(reader(bytes, some), bytes.length)), JSON.stringify(whole));
        const [parts, live] = [parseProcParts(reader(bytes, some), 10), parseListing(bytes, 'proc', 'later')];
        t.deepEqual([parts.format, parts.torn, parts.cutShort], [live.format, live.torn, live.cutShort]);
        t.is(JSON.stringify(parts.regions), JSON.stringify(live.regions));
      }),
      {numRuns: 10},
    );
  }
});

test('what is not as the kernel prints it is left to whoever looks at the whole', (t) => {
  const maps = LONG[1]!;
  const with_ = (text: string): Buffer => Buffer.concat([maps, Buffer.from(text), maps.subarray(0, 1000)]);
  const others = ['\r\n', 'something else\n', '\x1b[m\x1b[K\n', `${'x'.repeat(600_000)}\n`, '$ cat /proc/1/maps\n'];
  for (const text of others) t.is(parseLong(reader(with_(text), [100_000]), maps.length), undefined, text.slice(0, 20));
  t.is(parseLong(reader(Buffer.from('{"schema":'), [100_000]), 10), undefined);
});

test('small listings in parts, too', (t) => {
  fc.assert(
    fc.property(listing, fc.array(record, {minLength: 24, maxLength: 24}), sizes, (lines, records, some) => {
      const bytes = listingText(lines, records);
      const [parts, live] = [parseProcParts(reader(bytes, some), 1), parseListing(bytes, 'proc', 'later')];
      t.is(JSON.stringify(parts.regions), JSON.stringify(live.regions));
    }),
    {numRuns: 300},
  );
});

test('equal texts have equal numbers, in whichever bytes they are', (t) => {
  const text = fc.oneof(
    fc.constantFrom('a\n', 'ab\n', 'abc\n', ''),
    fc.string({maxLength: 4}).map((each) => `${each}\n`),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.boolean()), {maxLength: 60}), (list) => {
      const texts = new Texts();
      const known: string[] = [];
      let bytes = Buffer.alloc(0);
      for (const [each, isElsewhere] of list) {
        // Appended to what was read, or in other bytes.
        const from = isElsewhere ? 0 : bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(each)]);
        if (isElsewhere) texts.at(Buffer.from('x'), 0);
        const number = texts.numberOf(bytes, from, bytes.length);
        if (number === known.length) known.push(each);
        t.is(known[number], each);
        t.is(known.indexOf(each), number);
        if (each !== '') t.is(texts.at(bytes, from)?.number, number);
      }
    }),
  );
});
