import {classify} from '../../classify/classify.ts';
import {Regions} from '../../model/columns/regions.ts';
import {Snapshot} from '../../model/snapshot.ts';
import {putInOrder} from '../order.ts';
import {readGdb} from './gdb.ts';
import {readLldb} from './lldb.ts';
import {readPmap} from './pmap.ts';
import {readRadare} from './radare.ts';
import type {ListingReader} from './rows.ts';
import {readSanitizer} from './sanitizer.ts';
import {readShowmap} from './showmap.ts';
import {readTombstone} from './tombstone.ts';
import {readGef, readPeda, readPwndbg} from './vmmap.ts';

/** What other tools print. A new one is a file, and a row here. */
const READERS: readonly ListingReader[] = [
  readPmap,
  readGdb,
  readLldb,
  readPwndbg,
  readGef,
  readPeda,
  readRadare,
  readTombstone,
  readShowmap,
  readSanitizer,
];

/**
 * Tries the readers for other tools: the one that finds the most regions wins, and of two the one that leaves fewer
 * lines.
 *
 * @returns undefined if none of them finds any
 */
export function parseForeign(lines: readonly string[]): Snapshot | undefined {
  const listings = READERS.map((read) => read(lines)).filter((listing) => listing !== undefined);
  const [best] = listings.sort((a, b) => b.regions.length - a.regions.length || a.rejected.length - b.rejected.length);
  if (!best || best.regions.length === 0) return undefined;
  const {table, torn, notes} = putInOrder(Regions.of(best.regions), 'capture');
  classify(table);
  return new Snapshot({
    source: {from: 'capture', format: best.format},
    regions: table,
    process: best.pid === undefined ? {} : {pid: best.pid},
    consistency: {torn: torn > 0, incomplete: best.isCut === true},
    rejected: best.rejected,
    notes: [
      `${best.format} doesn't print ${best.lacks}: unknown here, and not counted as a difference where the ` +
        `other side has it.`,
      ...(best.notes ?? []),
      ...notes,
    ],
  });
}
