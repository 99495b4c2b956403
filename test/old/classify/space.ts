import type {Clues} from '../model/clues.ts';
import type {Kind} from '../model/kind.ts';
import {hasNoAccess, isExecutable, type Region} from '../model/region.ts';
import {asAskedFor, impliesExec} from './implied.ts';
import {isAlike} from '../model/same.ts';
import {firstWhere} from '../model/search.ts';

/** What was decided about a region. One object may serve many regions. */
export interface Decision {
  readonly kind: Kind;
  readonly evidence: string;
  readonly label?: string | undefined;
  readonly confidence?: 'guess' | undefined;
}

/**
 * An address space while it is classified: its regions, ascending, and what was decided so far. Each step decides what
 * it can recognise and leaves the rest open, so the first one that knows decides.
 */
export class Space {
  readonly regions: readonly Region[];
  readonly clues: Clues;
  /** The VmFlags of each region, as bits of FLAG; 0 where the source has none. */
  readonly flags: Uint16Array;
  readonly verdicts: Array<Decision | undefined>;
  /**
   * Indices, ascending, of the regions that have a name or are from the hugetlb pool: those that say themselves what
   * they are.
   */
  readonly telling: number[] = [];
  /** The same for those without access, and for those that may be executed. Most steps concern only these. */
  readonly closed: number[] = [];
  readonly executable: number[] = [];
  /** May all that may be read be executed too? Then x says nothing. */
  readonly impliesExec: boolean;
  /** The runtimes that the mapped programs contain, once somebody has asked. */
  runtimes: ReadonlySet<string> | undefined;
  /** The flags of all regions together. */
  #flags = 0;

  /** @param earlier regions of an earlier look that had flags */
  constructor(regions: readonly Region[], clues: Clues, earlier: readonly Region[]) {
    this.impliesExec = impliesExec(regions);
    this.regions = this.impliesExec ? regions.map(asAskedFor) : regions;
    this.clues = clues;
    this.flags = new Uint16Array(regions.length);
    this.verdicts = regions.map(() => undefined);
    const reader = new FlagReader(earlier);
    for (let index = 0; index < regions.length; index++) {
      const region = this.regions[index]!;
      const bits = reader.read(regions[index]!);
      this.flags[index] = bits;
      this.#flags |= bits;
      if (region.name !== '' || bits & FLAG.ht) this.telling.push(index);
      if (isExecutable(region)) this.executable.push(index);
      else if (hasNoAccess(region)) this.closed.push(index);
    }
  }

  /** Does any region have this flag? */
  hasAny(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  isOpen(index: number): boolean {
    return this.verdicts[index] === undefined;
  }

  has(index: number, flag: number): boolean {
    return (this.flags[index]! & flag) !== 0;
  }

  /** Were the VmFlags of this region read? Each region has at least one flag; all but the rarest have `mr`. */
  hasFlags(index: number): boolean {
    return this.flags[index] !== 0;
  }

  /** Does the region below end where this one begins? */
  touchesBelow(index: number): boolean {
    return index > 0 && this.regions[index - 1]!.end === this.regions[index]!.start;
  }

  /** @returns the index of the region that holds an address; -1 if none does */
  find(address: number): number {
    const index = firstWhere((place) => this.regions[place]!.end > address, this.regions.length);
    return index < this.regions.length && this.regions[index]!.start <= address ? index : -1;
  }
}

/** No access, and yet in memory: it was used before it was closed with mprotect(2), and still costs what it did. */
export const isHeld = (region: Region): boolean =>
  hasNoAccess(region) && (region.usage?.rss ?? 0) + (region.usage?.swap ?? 0) > 0;

/** In pages of 4 KiB. */
export const sizeOfPages = (region: Region): number => (region.end - region.start) / 4096;

/** The last part of a path, without the kernel's remark that the file was deleted. */
export const baseName = (name: string): string =>
  name.slice(name.lastIndexOf('/') + 1, name.endsWith(DELETED) ? -DELETED.length : undefined);

const DELETED = ' (deleted)';

/** The VmFlags that tell something about a region's purpose (Documentation/filesystems/proc.rst). */
export const FLAG = {
  /** Flags were read. */
  known: 1,
  /** VM_GROWSDOWN: a stack that the kernel lets grow. */
  gd: 2,
  /** VM_HUGETLB: pages of the hugetlb pool. */
  ht: 4,
  /** VM_NORESERVE: mapped with MAP_NORESERVE, so that it doesn't count against the overcommit limit. */
  nr: 8,
  /** VM_DONTCOPY: madvise(MADV_DONTFORK). */
  dc: 16,
  /** VM_ACCOUNT: private memory that was writable at some time. */
  ac: 32,
  /** VM_IO and VM_PFNMAP: pages of a device, which aren't RAM. */
  io: 64,
  pf: 128,
  /** VM_WIPEONFORK. */
  wf: 256,
  /** VM_SHADOW_STACK: only the processor writes there. */
  ss: 512,
  /** VM_MAYBE_GUARD: madvise(MADV_GUARD_INSTALL) was used in it. */
  gu: 1024,
} as const;

const BITS = new Map<string, number>(Object.entries(FLAG));

/**
 * Gives the flags of regions as bits, one region after another. The regions of one listing mostly share one list of
 * flags, so a list is read once.
 */
class FlagReader {
  readonly #earlier: readonly Region[];
  #before = 0;
  #last: readonly string[] | undefined;
  #bits = 0;

  /**
   * @param earlier the same process at an earlier look that had flags: where a region has none, the flags that the
   *   memory had then count, if its permissions and its name are still the same
   */
  constructor(earlier: readonly Region[]) {
    this.#earlier = earlier;
  }

  /** @param region above the one before. @returns 0 where nothing is known */
  read(region: Region): number {
    const flags = region.flags ?? this.#then(region);
    if (flags && flags !== this.#last) {
      this.#bits = bitsOf(flags);
      this.#last = flags;
    }
    return flags ? this.#bits : 0;
  }

  #then(region: Region): readonly string[] | undefined {
    const earlier = this.#earlier;
    while (this.#before < earlier.length && earlier[this.#before]!.end <= region.start) this.#before++;
    for (let index = this.#before; index < earlier.length && earlier[index]!.start < region.end; index++) {
      const then = earlier[index]!;
      if (isAlike(then, region)) return then.flags;
    }
    return undefined;
  }
}

function bitsOf(flags: readonly string[]): number {
  let bits: number = FLAG.known;
  for (const flag of flags) bits |= BITS.get(flag) ?? 0;
  return bits;
}
