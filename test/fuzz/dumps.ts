import fc from 'fast-check';
import {CRASHED, MACHINES, makeCore, type MadeCore} from '../parse/core/made.ts';
import {makeMinidump} from '../parse/core/minidumps.ts';

/** A file that may be larger than what it has: what follows its bytes is a hole, which reads as zeros. */
export interface Sparse {
  readonly bytes: Buffer;
  /** Bytes of the file. */
  readonly size: number;
}

const PAGE = 4096;
const place = fc.nat({max: 2 ** 31 - 1});

/** Numbers that offsets, sizes and counts go wrong with. */
const NUMBERS = [
  0n,
  1n,
  7n,
  12n,
  56n,
  0xfffn,
  0x1000n,
  0xffffn,
  0x10000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_f000n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 4096n,
  (1n << 64n) - 1n,
];

const number = fc.oneof(
  {weight: 3, arbitrary: fc.constantFrom(...NUMBERS)},
  {weight: 2, arbitrary: fc.nat({max: 5000}).map(BigInt)},
  {weight: 1, arbitrary: fc.bigInt({min: 0n, max: 2n ** 64n - 1n})},
);

type Act = 'word' | 'long' | 'half' | 'copy' | 'drop' | 'cut';
/** One change of a file: numbers are put where numbers are, in either order of bytes. */
const change = fc.tuple(
  fc.constantFrom<Act>('word', 'word', 'long', 'long', 'half', 'copy', 'drop', 'cut'),
  place,
  place,
  number,
  fc.boolean(),
);

function changed(bytes: Buffer, [act, a, b, value, isLittle]: readonly [Act, number, number, bigint, boolean]): Buffer {
  // Headers and notes come first, and are what is read.
  const at = (a % Math.max(4, Math.min(bytes.length, a % 4 === 0 ? bytes.length : 1500))) & ~3;
  if (act === 'cut') return bytes.subarray(0, a % (bytes.length + 1));
  if (act === 'drop') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + (b % 64))]);
  const copy = Buffer.from(bytes);
  if (act === 'copy') {
    copy.copy(copy, at, b % (bytes.length + 1), (b % (bytes.length + 1)) + 56);
    return copy;
  }
  const width = {word: 8, long: 4, half: 2}[act];
  if (at + width > copy.length) return copy;
  const own = Buffer.alloc(8);
  own.writeBigUInt64BE(value);
  const part = own.subarray(8 - width);
  copy.set(isLittle ? part.reverse() : part, at);
  return copy;
}

const segment = fc.record({
  start: fc.nat({max: 2 ** 20}).map((page) => page * PAGE),
  size: fc.integer({min: 1, max: 64}).map((pages) => pages * PAGE),
  flags: fc.nat({max: 7}),
  bytes: fc.option(
    fc.nat({max: 2}).map((pages) => Buffer.alloc(pages * PAGE, 1)),
    {nil: undefined},
  ),
});

const file = fc.tuple(fc.nat({max: 2 ** 20}), fc.nat({max: 40}), fc.nat({max: 99}), fc.string({maxLength: 12}));

const madeCore: fc.Arbitrary<MadeCore> = fc
  .record({
    segments: fc.array(segment, {maxLength: 6}),
    files: fc.array(file, {maxLength: 4}),
    threads: fc.array(fc.record({tid: fc.nat({max: 99}), stackPointer: fc.nat({max: 2 ** 31})}), {maxLength: 3}),
    signal: fc.record({number: fc.nat({max: 70}), code: fc.nat({max: 200}), address: fc.nat()}),
    isCountApart: fc.boolean(),
  })
  .map(({files, segments, ...made}) => ({
    ...CRASHED,
    ...made,
    segments: segments.map(({bytes, ...rest}) => (bytes ? {...rest, bytes} : rest)),
    files: files.map(([start, pages, page, name]) => ({
      start: start * PAGE,
      end: (start + pages) * PAGE,
      page,
      name: name.replaceAll('\0', ''),
    })),
  }));

/** Sizes up to 1 TiB; most files are as long as they are. */
const extra = fc.oneof(
  {weight: 3, arbitrary: fc.constant(0)},
  {weight: 1, arbitrary: fc.constantFrom(PAGE, 2 ** 20, 2 ** 32, 2 ** 40)},
);

const sparse = (whole: fc.Arbitrary<Buffer>): fc.Arbitrary<Sparse> =>
  fc.tuple(whole, fc.array(change, {maxLength: 6}), extra).map(([first, changes, hole]) => {
    const bytes = changes.reduce(changed, first);
    return {bytes, size: bytes.length + hole};
  });

/** Core files of all machines. */
export const anyCore: fc.Arbitrary<Sparse> = sparse(
  fc.tuple(fc.constantFrom(...MACHINES), madeCore).map(([machine, made]) => makeCore(machine, made)),
);

export const anyMinidump: fc.Arbitrary<Sparse> = sparse(fc.constant(makeMinidump()));
