import {utf8} from '../scan.ts';
import {classify} from '../../classify/classify.ts';
import {Snapshot} from '../../model/snapshot.ts';
import {parseGdb} from './gdb.ts';
import {putInOrder} from '../order.ts';
import {parsePmap} from './pmap.ts';

/** Bytes. No listing of these tools comes near this, and text takes more room than bytes. */
const LARGEST = 32 * 1024 * 1024;

/**
 * Tries the readers for other tools one after the other: the one that finds the most regions wins.
 *
 * @returns undefined if none of them finds any
 */
export function parseForeign(bytes: Uint8Array): Snapshot | undefined {
  if (bytes.length > LARGEST) return undefined;
  const text = utf8(bytes);
  const listings = [parsePmap(text), parseGdb(text)].filter((listing) => listing !== undefined);
  const best = listings.sort((a, b) => b.regions.length - a.regions.length)[0];
  if (!best || best.regions.length === 0) return undefined;
  const {regions, torn} = putInOrder(best.regions);
  classify(regions);
  return new Snapshot({
    source: {from: 'capture', format: best.format},
    regions,
    process: best.pid === undefined ? {} : {pid: best.pid},
    consistency: {torn: torn > 0},
    rejected: best.rejected,
    notes: [
      `${best.format} doesn't print ${best.lacks}: unknown here, and not counted as a difference where the ` +
        `other side has it.`,
    ],
  });
}
