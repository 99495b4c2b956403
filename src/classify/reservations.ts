import {hasNoAccess, isExecutable, type Space} from './space.ts';

/** Touching regions of which nothing is known yet, some of them without access: addresses that a program set aside as one. */
export interface Reservation {
  /** Index of the first region, and of the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Bytes. */
  readonly size: number;
  readonly reserved: number;
  readonly hasCode: boolean;
}

/** All reservations of at least `smallest` bytes, in ascending order. */
export function reservationsIn(space: Space, smallest: number): Reservation[] {
  const found: Reservation[] = [];
  const {regions} = space;
  let to = 0;
  for (const closed of space.closed) {
    if (closed < to || !space.isOpen(closed)) continue;
    let from = closed;
    while (from > 0 && space.isOpen(from - 1) && space.touchesBelow(from)) from--;
    to = closed + 1;
    while (to < regions.length && space.isOpen(to) && space.touchesBelow(to)) to++;
    const size = regions[to - 1]!.end - regions[from]!.start;
    if (size >= smallest) found.push(measured(space, from, to, size));
  }
  return found;
}

function measured({regions}: Space, from: number, to: number, size: number): Reservation {
  let reserved = 0;
  let hasCode = false;
  for (let index = from; index < to; index++) {
    const region = regions[index]!;
    if (hasNoAccess(region)) reserved += region.end - region.start;
    hasCode ||= isExecutable(region);
  }
  return {from, to, size, reserved, hasCode};
}
