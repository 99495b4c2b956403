import fc from 'fast-check';
import {DRESSES} from '../parse/foreign/decorations.ts';
import {record, listing, listingText} from '../parse/laws.ts';
import {compressed, RECORDING, resealed} from './recordings.ts';
import {RULES} from './rules.ts';
import {SEEDS, type Seed} from './seeds.ts';

/**
 * Random documents: a real one or a random listing, changed a few times at the level of bytes, fields, lines or JSON, cut, or
 * joined with another. Most stay close to something that a reader accepts, since that is where readers go wrong.
 */

const bytesOf = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');

/** What readers like to stumble over, one after the other. */
const FIELDS = [
  '',
  '0',
  '-1',
  '1e9',
  '0x',
  'ffffffffffffffff',
  'fffffffffffff000',
  '10000000000000000',
  '7fffffffffffffff',
  '00400000-00401000',
  '9007199254740993',
  '18446744073709551616',
  '9'.repeat(400),
  'f'.repeat(300),
  '-',
  ':',
  '00:00',
  'zz:zz',
  '??',
  'rwxp',
  '---s',
  '????',
  'RWXS',
  'kB',
  'KB',
  'K',
  '99999999999999999999 kB',
  'NaN',
  'Infinity',
  'null',
  'true',
  '{}',
  '[]',
  '"',
  '\\',
  '\\012',
  '\\u0000',
  '\\ud800',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '__proto__:',
  'Constructor:',
  'To_String:',
  'Value_Of:',
  'VmFlags:',
  'Rss:',
  'Name:',
  'Size:',
  '[rollup]',
  '[heap]',
  '[stack]',
  '[anon:',
  '(deleted)',
  ' (deleted) (deleted)',
  '/memfd:',
  '/SYSV00000000 (deleted)',
  'anon_inode:[x]',
  '\x00',
  '\x1b[31m',
  '\x1b]0;t\x07',
  '\r',
  '\v',
  '\f',
  '\x7f',
  '\x9b',
  '\xff',
  '\xfe\xff',
  '\xef\xbb\xbf',
  '\xc2\x85',
  '\xe2\x80\xa8',
  '\xe2\x80\xae',
  '\xed\xa0\x80',
  '\xf0\x9f\x98\x80',
  '\t',
  '  ',
  ')',
  '(',
  '> ',
  '$ cat /proc/1/maps',
  '```',
  ']',
  'Address Kbytes Mapping',
  'Mapped address spaces:',
  'total 4K',
].map(bytesOf);

export const LINES = [
  '00400000-00401000 rw-p 00000000 00:00 0 \n',
  '00400000-00400000 rw-p 00000000 00:00 0 \n',
  'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n',
  'fffffffffffff000-ffffffffffffffff rw-p 00000000 00:00 0 \n',
  '00000000-ffffffffffff0000 ---p 00000000 00:00 0 [rollup]\n',
  '0-fffffffffffff000 rw-p 0 00:00 0\n',
  'Rss:                   4 kB\n',
  'VmFlags: rd wr mr \n',
  'THPeligible:    0\n',
  '__proto__: 4 kB\n',
  'Constructor: 4 kB\n',
  'Name:           [anon:x]\n',
  'Pss: -1 kB\n',
  'Rss: 18014398509481983 kB\n',
  '0x1000 0x2000 0x1000 0x0 x\n',
  '0000563f1c2a5000 99999999999999999999999999K r---- x\n',
  '0000563f1c2a5000 0K r---- x\n',
  'Address Kbytes RSS Constructor Mode Mapping\n',
  '# a remark\n',
  '\n',
  '\r\n',
  'rejected!\n',
  '> cat /proc/self/maps\n',
  `${'x'.repeat(5000)}\n`,
].map(bytesOf);

const payload = fc.oneof(
  {weight: 6, arbitrary: fc.constantFrom(...FIELDS)},
  {weight: 2, arbitrary: fc.uint8Array({maxLength: 6}).map((bytes) => Buffer.from(bytes))},
  {weight: 1, arbitrary: fc.bigInt({min: 0n, max: 2n ** 70n}).map((value) => bytesOf(value.toString(16)))},
);

/** A change of a document; `at` and `size` are taken modulo what is there. */
type Change = (bytes: Buffer) => Buffer;

const place = fc.nat({max: 2 ** 31 - 1});

const splice = (bytes: Buffer, from: number, to: number, put: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)]);

const byteChange = fc.tuple(place, fc.nat({max: 4}), payload).map(([at, size, put]): Change => (bytes) => {
  const from = at % (bytes.length + 1);
  return splice(bytes, from, Math.min(bytes.length, from + size), put);
});

/** A field is what stands between blanks, or between the quotes and commas of JSON. */
const fieldChange = fc.tuple(place, payload).map(([at, put]): Change => (bytes) => {
  let from = at % (bytes.length + 1);
  while (from > 0 && !isBorder(bytes[from - 1]!)) from--;
  let to = from;
  while (to < bytes.length && !isBorder(bytes[to]!)) to++;
  return splice(bytes, from, to, put);
});

const isBorder = (byte: number): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x09 || byte === 0x22 || byte === 0x2c || byte === 0x7b || byte === 0x7d;

/** What patterns stumble over when it is repeated. */
export const LONG = [
  ' ',
  '\t',
  '0',
  'f',
  '-',
  '0x0-',
  ' r-xp ',
  '00:00 0 ',
  '> ',
  '] ',
  '[',
  '<br',
  '<td ',
  '&#1',
  '\x1b[',
  '\x1b]',
  '~"',
  '\\n',
  '{"log":',
  '(deleted) ',
  ' (BuildId: ',
  ' (BuildId: 0)',
  '\xc2\xa0',
  ' \xe2\x86\x90',
  '/proc/1/maps:',
  ' ; ',
  'K ',
  '12 ',
];

type LineAct = 'drop' | 'double' | 'swap' | 'put' | 'join';

const lineChange = fc
  .tuple(fc.constantFrom<LineAct>('drop', 'double', 'swap', 'put', 'join'), place, place, fc.constantFrom(...LINES))
  .map(([act, a, b, line]): Change => (bytes) => {
    const lines = bytes.toString('latin1').split(/(?<=\n)/);
    const [first, second] = [a % lines.length, b % lines.length];
    if (act === 'drop') lines.splice(first, 1);
    else if (act === 'double') lines.splice(second, 0, lines[first]!);
    else if (act === 'swap') [lines[first], lines[second]] = [lines[second]!, lines[first]!];
    else if (act === 'put') lines.splice(first, 0, line.toString('latin1'));
    else lines[first] = lines[first]!.replace(/\n$/, '');
    return bytesOf(lines.join(''));
  });

const cutShort = place.map(
  (at): Change =>
    (bytes) =>
      bytes.subarray(0, at % (bytes.length + 1)),
);

const seedBytes = fc.constantFrom<Seed[]>(...SEEDS).map(({bytes}) => bytes);

const join = fc.tuple(seedBytes, place, place).map(([other, at, from]): Change => (bytes) => {
  return Buffer.concat([bytes.subarray(0, at % (bytes.length + 1)), other.subarray(from % (other.length + 1))]);
});

/** A decoration: a prefix, colours, UTF-16, wrapped lines. */
const dressing = fc.constantFrom(...Object.values(DRESSES)).map(
  (dress): Change =>
    (bytes) =>
      Buffer.from(dress(bytes.toString('latin1').replace(/\n$/, '').split('\n'))),
);

/** A field, many times, so that a line is long: a reader that goes back takes forever with it. */
const long = fc.tuple(place, fc.constantFrom(...LONG), fc.integer({min: 1, max: 3000})).map(
  ([at, unit, times]): Change =>
    (bytes) =>
      splice(bytes, at % (bytes.length + 1), at % (bytes.length + 1), Buffer.from(unit.repeat(times), 'latin1')),
);

const changes = fc.array(
  fc.oneof(
    {weight: 5, arbitrary: fieldChange},
    {weight: 4, arbitrary: byteChange},
    {weight: 4, arbitrary: lineChange},
    {weight: 1, arbitrary: cutShort},
    {weight: 1, arbitrary: join},
    {weight: 2, arbitrary: dressing},
    {weight: 1, arbitrary: long},
  ),
  {maxLength: 6},
);

const randomListing = fc
  .tuple(listing, fc.option(fc.array(record, {minLength: 24, maxLength: 24}), {nil: undefined, freq: 2}))
  .map(([lines, records]) => listingText(lines.slice(0, 8), records));

export const changed = (base: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.tuple(base, changes).map(([bytes, acts]) => acts.reduce<Buffer>((document, act) => act(document), bytes));

/** JSON that keeps its form: a value of a snapshot is replaced, a key is added or dropped. */
const jsonValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    0.5,
    1e308,
    2 ** 53,
    '',
    '0x',
    '0x0',
    '0xfffffffffffff000',
    '0x1'.padEnd(40, '0'),
    [],
    {},
    [[]],
    'rw-p',
    'x\x1b[2J\u202e',
    '\ud800',
    'deep',
  ),
  fc.jsonValue({maxDepth: 2}),
);
const jsonKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'start',
  'end',
  'regions',
  'usage',
  'rss',
  'flags',
  'x',
  'schema',
  'pid',
  'state',
  'startCode',
);

const snapshots = SEEDS.filter(({form}) => form === 'snapshot').map(({bytes}) => bytes.toString());

const changedJson = fc
  .tuple(
    fc.constantFrom(...snapshots),
    fc.array(fc.tuple(place, fc.constantFrom('set', 'add', 'drop'), jsonKey, jsonValue), {maxLength: 3}),
    changes,
    fc.integer({min: 0, max: 3}),
  )
  .map(([text, acts, bytesActs, pick]) => {
    const document = JSON.parse(text) as Record<string, unknown>;
    for (const [at, act, key, value] of acts)
      changeJson(document, at, act, key, value === 'deep' ? deep(60) : structuredClone(value));
    const bytes = Buffer.from(JSON.stringify(document));
    return pick === 0 ? bytesActs.reduce<Buffer>((result, change) => change(result), bytes) : bytes;
  });

function changeJson(root: Record<string, unknown>, at: number, act: string, key: string, value: unknown): void {
  const objects: Array<Record<string, unknown>> = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    objects.push(node as Record<string, unknown>);
    Object.values(node).forEach(walk);
  };
  walk(root);
  const object = objects[at % objects.length]!;
  const keys = Object.keys(object);
  const own = keys[at % Math.max(1, keys.length)];
  // Not by assignment: `__proto__` shall become a key of its own, as JSON.parse makes it.
  const put = (name: string): void =>
    void Object.defineProperty(object, name, {value, enumerable: true, configurable: true, writable: true});
  if (act === 'drop' && own !== undefined) delete object[own];
  else put(act === 'set' && own !== undefined ? own : key);
}

const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)]);

/** Lines of a recording that keep their form: a value in some of them is another, and lines go, come twice or change places. */
const changedLines = fc
  .array(
    fc.tuple(place, place, fc.constantFrom('set', 'add', 'drop', 'remove', 'repeat', 'move'), jsonKey, jsonValue),
    {
      maxLength: 4,
    },
  )
  .map((acts) => {
    const lines = RECORDING.toString().trimEnd().split('\n');
    for (const [line, at, act, key, value] of acts) {
      const index = 1 + (line % Math.max(1, lines.length - 1));
      const text = lines[index];
      if (text === undefined) continue;
      if (act === 'remove') lines.splice(index, 1);
      else if (act === 'repeat') lines.splice(index, 0, text);
      else if (act === 'move') lines.splice(1 + (at % lines.length), 0, ...lines.splice(index, 1));
      else {
        const record = JSON.parse(text) as Record<string, unknown>;
        changeJson(record, at, act, key, value === 'deep' ? deep(60) : structuredClone(value));
        lines[index] = JSON.stringify(record);
      }
    }
    return resealed(Buffer.from(lines.join('\n')));
  });

const changedRecording = fc
  .tuple(changed(fc.constant(RECORDING)), fc.constantFrom('as it is', 'sealed', 'compressed'))
  .map(([bytes, how]) =>
    how === 'as it is' ? bytes : how === 'sealed' ? resealed(bytes) : compressed(resealed(bytes)),
  );

/** Any input at all. */
export const anyInput: fc.Arbitrary<Buffer> = fc.oneof(
  {weight: 10, arbitrary: changed(seedBytes)},
  {weight: 3, arbitrary: changed(randomListing)},
  {weight: 5, arbitrary: changedJson},
  {weight: 2, arbitrary: changedRecording},
  {weight: 3, arbitrary: changedLines},
  {weight: 1, arbitrary: changed(fc.constant(RULES))},
  {weight: 1, arbitrary: fc.uint8Array({maxLength: 300}).map((bytes) => Buffer.from(bytes))},
);
