import {hex, type Region} from '../../model/region.ts';
import {sizeText} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';

/** Addresses between two regions at which nothing is mapped. */
export interface Gap {
  readonly start: number;
  readonly end: number;
  /** `128 TiB free: …`. */
  readonly text: string;
  /** Does it have a meaning of its own? */
  readonly isNamed: boolean;
}

/** What explains the gaps of one address space. */
export interface GapFacts {
  /** Where the brk area begins, where that is known. */
  readonly startBrk: number | undefined;
  /** Soft limit of the stack, in bytes; null is unlimited, undefined unknown. */
  readonly stackLimit: number | null | undefined;
  /** Size of the largest gap between regions of a program. */
  readonly largest: number;
}

/** On 64-bit machines the kernel has the upper half of all addresses, and most of those between aren't implemented. */
const UPPER_HALF = 2 ** 63;

/**
 * The least size of a gap between the program's area and the one where mmap(2) works: 64 GiB is more than libraries
 * leave between them.
 */
const LARGE = 2 ** 36;

export function gapFacts({regions, clues, process}: Snapshot): GapFacts {
  const startBrk = clues.marks?.startBrk ?? Number(process.startBrk ?? 0);
  let largest = 0;
  for (let index = 1; index < regions.length; index++) {
    const [below, above] = [regions[index - 1]!, regions[index]!];
    if (above.start < UPPER_HALF) largest = Math.max(largest, above.start - below.end);
  }
  return {startBrk: startBrk > 0 ? startBrk : undefined, stackLimit: clues.limits?.stack, largest};
}

/** What lies between two neighbours, or below the first region; undefined if they touch. */
export function gapBetween(below: Region | undefined, above: Region, facts: GapFacts): Gap | undefined {
  const start = below?.end ?? 0;
  const end = above.start;
  if (start >= end) return undefined;
  if (start < UPPER_HALF && end >= UPPER_HALF)
    return {
      start,
      end,
      text: `${sizeText(end - start)} not for programs: the upper half is the kernel's`,
      isNamed: true,
    };
  const why = below ? meanings(below, above, facts) : ['nothing at address 0, so a null pointer faults'];
  const text = [`${sizeText(end - start)} free`, why.join(', ')].filter(Boolean).join(': ');
  return {start, end, text, isNamed: why.length > 0};
}

function meanings(below: Region, above: Region, facts: GapFacts): string[] {
  const {startBrk, stackLimit} = facts;
  const size = above.start - below.end;
  const isHeapBelow = below.kind === 'heap';
  const hasNoHeapYet = startBrk !== undefined && !isHeapBelow && below.end <= startBrk && startBrk < above.start;
  const isMmapArea = size === facts.largest && size >= LARGE && above.kind !== 'stack' && stackLimit !== null;
  return [
    ...(above.kind === 'heap' ? ['the heap begins at a random distance'] : []),
    ...(isHeapBelow ? ['↑ the heap grows up'] : []),
    ...(hasNoHeapYet ? [`↑ the heap would begin at ${hex(startBrk)}`] : []),
    ...(isMmapArea ? ['↓ mmap adds from the top'] : []),
    ...(above.kind === 'stack' ? [`↓ the stack grows down${stackLimit ? `, to ${sizeText(stackLimit)}` : ''}`] : []),
  ];
}
