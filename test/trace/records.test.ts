import test from 'ava';
import fc from 'fast-check';
import {ALWAYS, SAMPLE} from '../../src/trace/perf/attr.ts';
import {type Format, parseRecords, type Sample} from '../../src/trace/perf/records.ts';
import {readingOf, type Ring} from '../../src/trace/perf/ring.ts';
import {forgeries} from '../helpers/forgeries.ts';

const REGISTERS = 20;
const FULL =
  ALWAYS |
  SAMPLE.ip |
  SAMPLE.addr |
  SAMPLE.callchain |
  SAMPLE.raw |
  SAMPLE.registers |
  SAMPLE.stack |
  SAMPLE.dataPageSize;
const FORMATS: Readonly<Record<number, Format>> = {
  1: {sample: ALWAYS, registers: REGISTERS},
  2: {sample: FULL, registers: REGISTERS},
};
const formatOf = (id: number): Format | undefined => FORMATS[id];

/** A record of a type, as the kernel writes it: a header, and words of 64 bits. */
function record(type: number, words: ReadonlyArray<bigint | number>, misc = 0): Buffer {
  const bytes = Buffer.alloc(8 + 8 * words.length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt16LE(misc, 4);
  bytes.writeUInt16LE(bytes.length, 6);
  words.forEach((word, i) => bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(word)), 8 + 8 * i));
  return bytes;
}

const two = (low: number, high: number): bigint => BigInt(low) | (BigInt(high) << 32n);
const trailer = (time: number, id = 1): bigint[] => [two(70, 71), BigInt(time), two(0, 0), BigInt(id)];

/** A sample that has everything. `raw` and `stack` are words. */
const sample = (time: number, {stack = [1n, 2n, 3n], abi = 2} = {}): Buffer =>
  record(9, [
    2, // id
    0x401000, // ip
    two(70, 71),
    time,
    0x7f0000001000, // addr
    two(1, 0),
    3, // callchain: PERF_CONTEXT_USER, and two addresses
    2n ** 64n - 512n,
    0x401000,
    0x402000,
    two(12, 0x11), // raw: its size has 32 bits, and so it ends at a whole word
    two(0x22, 0x33),
    abi,
    ...(abi === 0 ? [] : Array.from({length: REGISTERS}, (_, i) => 2n ** 63n + BigInt(i))),
    ...(stack.length === 0 ? [0] : [8 * stack.length, ...stack, 16]),
    4096,
  ]);

test('a sample is read with all that it has', (t) => {
  const {records, bad} = parseRecords(sample(5), formatOf);
  t.is(bad, 0);
  const [first] = records as Sample[];
  t.like(first, {
    type: 'sample',
    id: 2,
    pid: 70,
    tid: 71,
    time: 5,
    ip: 0x401000,
    addr: 0x7f0000001000,
    pageSize: 4096,
    is32Bit: false,
    chain: [0x401000, 0x402000],
  });
  t.is(first!.registers![19], 2n ** 63n + 19n);
  t.deepEqual([...first!.raw!.subarray(0, 4)], [0x11, 0, 0, 0]);
  // The kernel could read two of its three words.
  t.deepEqual([...new BigUint64Array(new Uint8Array(first!.stack!).buffer)], [1n, 2n]);
});

test('a sample without registers or a stack says so', (t) => {
  const [first] = parseRecords(sample(5, {stack: [], abi: 0}), formatOf).records as Sample[];
  t.is(first!.registers, undefined);
  t.is(first!.stack, undefined);
  t.is(first!.pageSize, 4096);
});

test('what comes beside samples is read', (t) => {
  const file = BigInt(`0x${Buffer.from('/bin/a\0\0').reverse().toString('hex')}`);
  const bytes = Buffer.concat([
    record(10, [two(70, 71), 0x1000, 0x2000, 0x3000, two(8, 1), 99, 0, two(5, 2), file, ...trailer(1)]),
    record(3, [two(70, 71), file, ...trailer(2)], 1 << 13),
    record(7, [two(80, 70), two(81, 71), 3, ...trailer(3)]),
    record(4, [two(80, 70), two(81, 71), 4, ...trailer(4)]),
    record(2, [2, 17, ...trailer(5)]),
    record(13, [4, ...trailer(6)]),
    record(16, [1, 2, ...trailer(7)]),
  ]);
  const {records, bad} = parseRecords(bytes, formatOf);
  t.is(bad, 0);
  const common = {pid: 70, tid: 71, id: 1};
  t.deepEqual(records, [
    {
      ...common,
      type: 'mapping',
      time: 1,
      start: 0x1000,
      end: 0x3000,
      offset: 0x3000,
      inode: 99,
      prot: 5,
      flags: 2,
      file: '/bin/a',
    },
    {...common, type: 'comm', time: 2, comm: '/bin/a', isExec: true},
    {...common, type: 'fork', time: 3, pid: 80, tid: 81, parent: {pid: 70, tid: 71}},
    {...common, type: 'exit', time: 4, pid: 80, tid: 81, parent: {pid: 70, tid: 71}},
    {...common, type: 'lost', time: 5, id: 2, count: 17},
    {...common, type: 'lost', time: 6, count: 4},
  ]);
});

test('a record of size 0, or that is cut off, ends what can be read', (t) => {
  const empty = Buffer.alloc(8);
  t.deepEqual(
    parseRecords(Buffer.concat([sample(1), empty, sample(2)]), formatOf).records.map(({time}) => time),
    [1],
  );
  const whole = Buffer.concat([sample(1), sample(2)]);
  for (let length = 0; length < whole.length; length++) {
    const {records, bad} = parseRecords(whole.subarray(0, length), formatOf);
    t.is(records.length, length < whole.length / 2 ? 0 : 1);
    t.is(bad, length - records.length * (whole.length / 2));
  }
});

test('an id that nobody opened, and a size inside of a sample that leads out of it, are bad', (t) => {
  const stranger = sample(1);
  stranger.writeUInt32LE(3, 8);
  const outside = sample(2);
  // The size of the callchain.
  outside.writeUInt32LE(1 << 20, 8 + 6 * 8);
  const {records, bad} = parseRecords(Buffer.concat([stranger, outside, sample(3)]), formatOf);
  t.deepEqual(
    records.map(({time}) => time),
    [3],
  );
  t.is(bad, stranger.length + outside.length);
});

test('whatever bytes a ring holds, each is in a record or bad, and nothing is thrown', (t) => {
  const forged = fc.oneof(
    fc.uint8Array({maxLength: 400}),
    // Real records with some bytes changed.
    fc
      .tuple(
        fc.array(fc.constantFrom(sample(1), sample(2, {stack: []})), {maxLength: 4}),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), {maxLength: 6}),
      )
      .map(([records, changes]) => {
        const bytes = Buffer.concat(records);
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        return new Uint8Array(bytes);
      }),
  );
  fc.assert(
    fc.property(forged, (bytes) => {
      const {records, bad} = parseRecords(bytes, formatOf);
      return bad >= 0 && bad <= bytes.length && records.length <= bytes.length / 8;
    }),
    {numRuns: forgeries(3000)},
  );
  t.pass();
});

test('a ring is read up to its head, also where it wraps, and a head that makes no sense is not believed', (t) => {
  const ring: Ring = {cpu: 0, fd: 5, base: 0x10000, size: 0x4000, pageSize: 4096, isBulky: false, tail: 0x7f00};
  const [at, begin] = [0x11000 + 0x3f00, 0x11000];
  t.deepEqual(readingOf(ring, 0x7f80), {
    sends: [['write', 3, at, 0x80]],
    release: ['store', 0x10408, 0x7f80],
    size: 0x80,
  });
  t.deepEqual(readingOf(ring, 0x8100), {
    sends: [
      ['write', 3, at, 0x100],
      ['write', 3, begin, 0x100],
    ],
    release: ['store', 0x10408, 0x8100],
    size: 0x200,
  });
  for (const head of [0x7f00, 0x100, 0x7f00 + 0x4001]) t.is(readingOf(ring, head), undefined);
});
