import {latin1} from './scan.ts';

/**
 * The counters that a HotSpot JVM keeps in a file that it maps, /tmp/hsperfdata_USER/PID: a prologue of 32 bytes, then
 * entries of a name and a value (share/runtime/perfMemory.hpp, PerfDataPrologue and PerfDataEntry). The JVM writes them
 * while they are read, and some only when it collects garbage.
 *
 * @returns the counters that are one number (type J, a long); undefined for what is not such a file
 */
export function parseHsperf(bytes: Uint8Array): ReadonlyMap<string, number> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < PROLOGUE || view.getUint32(0) !== MAGIC) return undefined;
  const isLittle = view.getUint8(4) === 1;
  const counters = new Map<string, number>();
  let at = view.getUint32(24, isLittle);
  for (let left = view.getUint32(28, isLittle); left > 0 && at + ENTRY <= bytes.length; left--) {
    const [length, nameAt, vector] = [0, 4, 8].map((field) => view.getUint32(at + field, isLittle));
    const valueAt = at + view.getUint32(at + 16, isLittle);
    if (length! < ENTRY || length! > bytes.length - at) break;
    if (vector === 0 && view.getUint8(at + 12) === LONG && valueAt + 8 <= at + length!)
      counters.set(nameIn(bytes, at + nameAt!, at + length!), Number(view.getBigInt64(valueAt, isLittle)));
    at += length!;
  }
  return counters;
}

const MAGIC = 0xcafec0c0;
/** Bytes. */
const PROLOGUE = 32;
const ENTRY = 20;
const LONG = 'J'.charCodeAt(0);

function nameIn(bytes: Uint8Array, from: number, limit: number): string {
  let to = Math.min(from, limit);
  while (to < limit && bytes[to] !== 0) to++;
  return latin1(bytes, Math.min(from, limit), to);
}
