import {hex, sizeOf, type Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {bordersOf} from './borders.ts';
import type {Headroom} from './limits.ts';
import {roomOf} from './room.ts';

/** What `show --json` says about the room in an address space: sizes in bytes, addresses as hex strings. */
export function roomJSON(snapshot: Snapshot): Record<string, unknown> {
  const {mapping, reserving, brk, stack, regions, locked, touching, arenas, writable} = roomOf(snapshot);
  const {holes, free, largest} = mapping;
  return {
    mapping: {...headroomJSON(mapping), holes, free, largest: largest && rangeJSON(largest)},
    reserving: headroomJSON(reserving),
    brk: brk && {...headroomJSON(brk), end: hex(brk.end), next: brk.next && neighbourJSON(brk.next)},
    stack: stack && {
      ...headroomJSON(stack),
      start: hex(stack.start),
      below: stack.below && neighbourJSON(stack.below),
    },
    regions: headroomJSON(regions),
    locked: locked && headroomJSON(locked),
    touching: headroomJSON(touching),
    arenas: arenas.map((arena) => ({...arena, start: hex(arena.start), size: arena.committed + arena.reserved})),
    writable,
    borders: bordersOf(snapshot.table).map(({cause, detail, count, first: [before, after]}) => ({
      cause,
      detail,
      count,
      example: [hex(before.start), hex(after.start)],
    })),
  };
}

const headroomJSON = ({used, left, precision, binding, limits, unknown}: Headroom): Record<string, unknown> => ({
  used,
  left,
  precision: left == null ? undefined : precision,
  binding,
  others: limits.filter((limit) => limit !== binding),
  unknown,
});

const rangeJSON = (range: {readonly start: number; readonly end: number}): Record<string, unknown> => ({
  start: hex(range.start),
  end: hex(range.end),
  size: sizeOf(range),
});

const neighbourJSON = (region: Region): Record<string, unknown> => ({
  ...rangeJSON(region),
  name: region.name,
  kind: region.kind,
});
