import {hasNoAccess, isExecutable, isWritable, type Region} from '../../model/region.ts';
import {type Reservation, reservationsIn, runs} from './runtimes.ts';
import {sizeOfPages, type Space, type Decision} from '../space.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const SUPER_PAGE = 2 * MIB;

/**
 * Chromium's memory. Its malloc is PartitionAlloc: pools of GiB of addresses, cut into super pages of 2 MiB, of which
 * the first 16 KiB hold a page of metadata between guard pages, and the rest what malloc hands out
 * (base/allocator/partition_allocator). The metadata may be in a block of its own, a page for each super page.
 */
export function tellPartitions(space: Space): void {
  if (!runs(space, 'Chromium')) return;
  for (const reservation of reservationsIn(space, GIB)) {
    if (reservation.hasCode) continue;
    const what = isPool(space, reservation) ? POOL : isNotes(space, reservation) ? NOTES : undefined;
    if (!what) continue;
    for (let index = reservation.from; index < reservation.to; index++) {
      space.tell(index, hasNoAccess(space.at(index)) ? what.unused : what.used);
    }
  }
}

function isPool(space: Space, {from, to}: Reservation): boolean {
  for (let index = from; index < to; index++) {
    const region = space.at(index);
    const into = region.start % SUPER_PAGE;
    if (isWritable(region) && !isExecutable(region) && (into === 0x2000 || into === 0x4000)) return true;
  }
  return false;
}

/** Single pages, all at the same two places in 2 MiB. */
function isNotes(space: Space, {from, to}: Reservation): boolean {
  const places = new Set<number>();
  for (let index = from; index < to; index++) {
    const region: Region = space.at(index);
    if (hasNoAccess(region)) continue;
    if (!isWritable(region) || sizeOfPages(region) > 2) return false;
    places.add(region.start % SUPER_PAGE);
  }
  return places.size > 0 && places.size <= 3;
}

const pair = (what: string, evidence: string): {used: Decision; unused: Decision} => ({
  used: {kind: 'arena', label: what, evidence, confidence: 'guess'},
  unused: {kind: 'reserved', label: `unused part of a ${what}`, evidence, confidence: 'guess'},
});

const POOL = pair(
  'PartitionAlloc pool',
  'its program is Chromium, and a reservation of gigabytes is used in the pattern of super pages of 2 MiB',
);
const NOTES = pair(
  'metadata block of PartitionAlloc',
  'its program is Chromium, and one page in each 2 MiB of a reservation of gigabytes is used',
);
