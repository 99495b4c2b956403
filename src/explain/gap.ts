import type {Limits} from '../model/clues.ts';
import type {Region} from '../model/region.ts';
import {sizeText} from '../model/size.ts';
import type {Neighbour} from './region.ts';

/** What is known of an address that no region has. */
export interface GapFacts {
  readonly below: Neighbour | undefined;
  readonly above: Neighbour | undefined;
  /** Bytes of the hole; undefined where it is open at one end. */
  readonly size: number | undefined;
  /** What an access there would do, and why. */
  readonly why: string;
}

/** By default; RLIMIT_STACK of the process decides, where it is known. */
const STACK_LIMIT = 8 * 1024 * 1024;
const MMAP_MIN_ADDR = 65_536n;
/** Where user space ends: with four levels of page tables on x86-64, and at most, with five. arm64 lies between. */
const USER_END_USUAL = 2 ** 47;
const USER_END_LARGEST = 2 ** 57;

/** What lies around an unmapped address, and what would happen there. */
export function gapAt(regions: readonly Region[], address: bigint, limits: Limits | undefined): GapFacts {
  const above = regions.find(({start}) => BigInt(start) > address);
  const below = regions.findLast(({end}) => BigInt(end) <= address);
  const size = above && below && above.start - below.end;
  const gaps = {
    below: below && {region: below, gap: Number(address - BigInt(below.end))},
    above: above && {region: above, gap: Number(BigInt(above.start) - address)},
  };
  const highest = regions.findLast(({end}) => end <= USER_END_LARGEST)?.end ?? 0;
  const userEnd = highest > USER_END_USUAL ? USER_END_LARGEST : USER_END_USUAL;
  return {...gaps, size, why: address >= BigInt(userEnd) ? BEYOND : whyFault(address, gaps, limits)};
}

const BEYOND =
  'an access is a SIGSEGV: it lies beyond what programs use. Either it belongs to the kernel, or a pointer was damaged (tags in its top bits?).';

function whyFault(
  address: bigint,
  {below, above}: Pick<GapFacts, 'below' | 'above'>,
  limits: Limits | undefined,
): string {
  if (address < MMAP_MIN_ADDR)
    return 'an access is a SIGSEGV: nothing is mapped so low (vm.mmap_min_addr), so that a null pointer, and a field or element behind one, is always a fault.';
  if (above?.region.kind === 'stack' && isInReach(above, limits))
    return `an access may be no fault: the stack above grows down to it by itself, as far as its limit (${limitText(limits)}) and what lies below allow.`;
  if (below?.region.kind === 'guard' || above?.region.kind === 'guard')
    return 'an access is a SIGSEGV: nothing is mapped here. A guard is next to it: something may have run far over the end of a stack.';
  if (below && below.gap < 65_536)
    return `an access is a SIGSEGV: nothing is mapped here. It lies only ${sizeText(below.gap + 1)} behind the end of what is below: something may have run over its end.`;
  return 'an access is a SIGSEGV: nothing is mapped here. The pointer is wild, or what was here is unmapped by now.';
}

/** Would the stack, grown down to the address, be within its limit? */
function isInReach(above: Neighbour, limits: Limits | undefined): boolean {
  const limit = limits?.stack === null ? Infinity : (limits?.stack ?? STACK_LIMIT);
  return above.region.end - (above.region.start - above.gap) <= limit;
}

function limitText(limits: Limits | undefined): string {
  if (limits?.stack === null) return 'none';
  return limits?.stack === undefined ? `${sizeText(STACK_LIMIT)} as a rule` : sizeText(limits.stack);
}
