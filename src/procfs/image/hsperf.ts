import {readSync} from 'node:fs';
import type {Region} from '../../model/region.ts';
import {hsperfIn, MOST_PERFDATA, parseHsperf} from '../../parse/hsperf.ts';
import type {ProcessHandle} from '../handle.ts';
import {openMapped} from './mapped.ts';

/**
 * The counters of a HotSpot JVM, from the very file that it has mapped: in its own mount namespace, where it runs in
 * another one.
 *
 * @returns undefined if there are none, or they may not be read
 */
export function readHsperf(handle: ProcessHandle, regions: readonly Region[]): ReadonlyMap<string, number> | undefined {
  const region = hsperfIn(regions);
  const file = region && openMapped(handle, region);
  if (!file) return undefined;
  try {
    const bytes = Buffer.alloc(Math.min(file.size, MOST_PERFDATA));
    return parseHsperf(bytes.subarray(0, readSync(file.fd, bytes, 0, bytes.length, 0)));
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}
