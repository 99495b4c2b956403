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
  for (let from = 0; from < regions.length;) {
    let to = from + 1;
    if (!space.isOpen(from)) {
      from = to;
      continue;
    }
    while (to < regions.length && space.isOpen(to) && space.touchesBelow(to)) to++;
    const size = regions[to - 1]!.end - regions[from]!.start;
    if (size >= smallest) {
      const reservation = measured(space, from, to, size);
      if (reservation.reserved > 0) found.push(reservation);
    }
    from = to;
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
