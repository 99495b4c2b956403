import fc from 'fast-check';
import test from 'ava';
import {parseHsperf} from '../../src/parse/hsperf.ts';

/** An entry as perfData.cpp makes it: its name after 20 bytes, its value at a multiple of 8. */
function entry(name: string, value: bigint, isLittle: boolean, type = 'J'): Buffer {
  const valueAt = Math.ceil((20 + name.length + 1) / 8) * 8;
  const bytes = Buffer.alloc(valueAt + 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [at, field] of [
    [0, bytes.length],
    [4, 20],
    [8, 0],
    [16, valueAt],
  ] as const)
    view.setInt32(at, field, isLittle);
  bytes[12] = type.charCodeAt(0);
  bytes.write(name, 20, 'latin1');
  view.setBigInt64(valueAt, value, isLittle);
  return bytes;
}

function file(entries: readonly Buffer[], isLittle: boolean): Buffer {
  const head = Buffer.alloc(32);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  view.setUint32(0, 0xcafec0c0);
  head[4] = isLittle ? 1 : 0;
  view.setInt32(24, 32, isLittle);
  view.setInt32(28, entries.length, isLittle);
  return Buffer.concat([head, ...entries]);
}

test('counters of either byte order', (t) => {
  for (const isLittle of [true, false]) {
    const bytes = file(
      [entry('sun.gc.metaspace.used', 123n, isLittle), entry('sun.rt.x', 7n, isLittle, 'B')],
      isLittle,
    );
    t.deepEqual([...parseHsperf(bytes)!], [['sun.gc.metaspace.used', 123]]);
  }
});

test('a file that is cut, or no such file, is never an error', (t) => {
  const whole = file([entry('a.b', 1n, true), entry('c.d', 2n, true)], true);
  for (let length = 0; length <= whole.length; length++) t.notThrows(() => parseHsperf(whole.subarray(0, length)));
  t.is(parseHsperf(Buffer.from('not a JVM, but long enough to be read as one')), undefined);
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 200}), fc.nat(whole.length - 1), fc.nat(255), (rest, at, byte) => {
      const bytes = Buffer.concat([whole, rest]);
      bytes[at] = byte;
      parseHsperf(bytes);
    }),
  );
  t.pass();
});
