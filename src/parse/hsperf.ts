import type {Clues} from '../model/clues/clues.ts';
import {isExact, type Region, sizeOf} from '../model/region.ts';
import type {ReadAt} from './elf/headers.ts';
import {latin1} from './scan.ts';

/** The JVM maps the file of its counters; without -XX:+UsePerfData, and in OpenJ9, there is none. 32 KiB by default. */
const HSPERFDATA = /\/hsperfdata_[^/]+\/\d+$/;

/** Bytes of it that are read at most. */
export const MOST_PERFDATA = 1024 * 1024;

/** The region that has the counters of a JVM; undefined where there is none. */
export const hsperfIn = (regions: readonly Region[]): Region | undefined =>
  regions.find(({name}) => HSPERFDATA.test(name));

/**
 * The counters of the JVM in a core: dumped where coredump_filter asks for shared mappings of files (bit 3), which
 * HotSpot sets itself since JDK 12 (DumpSharedMappingsInCore).
 *
 * @param read of the memory in it
 * @returns undefined if they are not there
 */
export function countersIn(regions: readonly Region[], read: ReadAt): ReadonlyMap<string, number> | undefined {
  const region = hsperfIn(regions);
  return region && parseHsperf(read(region.start, Math.min(sizeOf(region), MOST_PERFDATA)));
}

/** What the counters tell of the regions. */
export function jvmClue(counters: ReadonlyMap<string, number> | undefined): Pick<Clues, 'jvm'> {
  const metaspace = counters?.get('sun.gc.metaspace.capacity');
  return metaspace !== undefined && isExact(metaspace) ? {jvm: {metaspace}} : {};
}

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
