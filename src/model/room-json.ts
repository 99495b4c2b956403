import {bordersOf} from './borders.ts';
import {hex, sizeOf, type Region} from './region.ts';
import {roomOf} from './room.ts';
import type {Snapshot} from './snapshot.ts';

/** What `show --json` says of the room in an address space: sizes in bytes, addresses as hex strings. */
export function roomJSON(snapshot: Snapshot): Record<string, unknown> {
  const {mapping, brk, stack, regions, locked, arenas, writable} = roomOf(snapshot);
  return {
    mapping: {...mapping, largest: mapping.largest && rangeJSON(mapping.largest)},
    brk: brk && {...brk, end: hex(brk.end), next: brk.next && neighbourJSON(brk.next)},
    stack: stack && {...stack, start: hex(stack.start), below: stack.below && neighbourJSON(stack.below)},
    regions,
    locked,
    arenas: arenas.map((arena) => ({...arena, start: hex(arena.start), size: arena.committed + arena.reserved})),
    writable,
    borders: bordersOf(snapshot.regions).map(({cause, detail, count, first: [before, after]}) => ({
      cause,
      detail,
      count,
      example: [hex(before.start), hex(after.start)],
    })),
  };
}

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
