import type {Clues} from '../model/clues/clues.ts';
import type {Kind} from '../model/kind.ts';
import {hasNoAccess, isExecutable, type Region} from '../model/region.ts';
import type {Regions} from '../model/columns/regions.ts';
import {firstWhere} from '../model/search.ts';
import {impliesExec, permsAskedFor} from './implied.ts';

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
  readonly regions: Regions;
  readonly clues: Clues;
  readonly length: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** The VmFlags of each region, as bits of FLAG; 0 where the source has none. */
  readonly flags: Uint16Array;
  readonly #rss: Float64Array | undefined;
  readonly #swap: Float64Array | undefined;
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
  /** The names of what is mapped, once somebody has asked. */
  #names: ReadonlySet<string> | undefined;
  /** The flags of all regions together. */
  #flags = 0;
  readonly #told: number[] = [];

  /**
   * @param regions what was decided about them before is forgotten
   * @param earlier regions of an earlier look that had flags
   */
  constructor(regions: Regions, clues: Clues, earlier: Regions | undefined) {
    const {length, tables, backing} = regions;
    regions.forget();
    this.impliesExec = impliesExec(regions);
    this.regions = this.impliesExec ? regions.withPerms(permsAskedFor(regions)) : regions;
    this.clues = clues;
    this.length = length;
    this.start = regions.start;
    this.end = regions.end;
    this.#rss = regions.counter('rss');
    this.#swap = regions.counter('swap');
    this.flags = flagBits(regions, earlier);
    const {perms} = this.regions;
    const isNamed = tables.backings.map(({name}) => name !== '');
    const access = tables.perms.map((text) =>
      isExecutable({perms: text}) ? EXECUTABLE : hasNoAccess({perms: text}) ? CLOSED : OTHER,
    );
    const {flags} = this;
    let all = 0;
    for (let index = 0; index < length; index++) {
      const bits = flags[index]!;
      all |= bits;
      if (isNamed[backing[index]!] || bits & FLAG.ht) this.telling.push(index);
      const how = access[perms[index]!];
      if (how === EXECUTABLE) this.executable.push(index);
      else if (how === CLOSED) this.closed.push(index);
    }
    this.#flags = all;
  }

  /** A region to look at. */
  at(index: number): Region {
    return this.regions.at(index);
  }

  /** The region before it, whether they touch or not. */
  below(index: number): Region | undefined {
    return index > 0 ? this.at(index - 1) : undefined;
  }

  above(index: number): Region | undefined {
    return index + 1 < this.length ? this.at(index + 1) : undefined;
  }

  /** Decides what a region is. */
  tell(index: number, verdict: Decision): void {
    this.#told.push(index);
    this.regions.tell(index, verdict);
  }

  /** The indices, ascending, of the regions of which something was decided; some may be there twice. */
  get told(): Uint32Array {
    return new Uint32Array(this.#told).sort();
  }

  /** What it was decided to be; undefined while that is open, and where there is no such region. */
  kindAt(index: number): Kind | undefined {
    return index < 0 || index >= this.length || this.isOpen(index) ? undefined : this.regions.kindAt(index);
  }

  /** Was this decided about it? */
  isTold(index: number, verdict: Decision): boolean {
    return this.regions.verdict[index] === this.regions.tables.verdictOf(verdict);
  }

  get names(): ReadonlySet<string> {
    return (this.#names ??= new Set(this.telling.map((index) => this.regions.nameAt(index))));
  }

  /** Does any region have this flag? */
  hasAny(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  isOpen(index: number): boolean {
    return this.regions.verdict[index] === 0;
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
    return index > 0 && this.end[index - 1] === this.start[index];
  }

  /** Does the region above begin where this one ends? */
  touchesAbove(index: number): boolean {
    return index + 1 < this.length && this.start[index + 1] === this.end[index];
  }

  /** As `isHeld` says it. */
  isHeld(index: number): boolean {
    const hasSome = (this.#rss?.[index] ?? 0) > 0 || (this.#swap?.[index] ?? 0) > 0;
    return hasSome && hasNoAccess(this.at(index));
  }

  /** @returns the index of the region that holds an address; -1 if none does */
  find(address: number): number {
    const index = firstWhere((place) => this.end[place]! > address, this.length);
    return index < this.length && this.start[index]! <= address ? index : -1;
  }
}

const [OTHER, EXECUTABLE, CLOSED] = [0, 1, 2];

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
 * The flags of regions as bits. The regions of one listing mostly share some lists of flags, so each is read once.
 *
 * @param earlier the same process at an earlier look that had flags: where a region has none, the flags that the memory
 *   had then count, if its permissions and its name are still the same
 * @returns 0 where nothing is known
 */
function flagBits(regions: Regions, earlier: Regions | undefined): Uint16Array {
  const {flags, tables, length} = regions;
  const all = new Uint16Array(length);
  const bits = tables.flags.map(bitsOf);
  const then = earlier && earlier.length > 0 && new FlagsThen(regions, earlier);
  if (bits.length === 1 && !then) return all;
  for (let row = 0; row < length; row++) all[row] = flags[row] === 0 && then ? then.bitsOf(row) : bits[flags[row]!]!;
  return all;
}

/** The flags that memory had at an earlier look. */
class FlagsThen {
  readonly #regions: Regions;
  readonly #earlier: Regions;
  readonly #bits: readonly number[];
  /** Everything before this row is below what was asked for last. */
  #before = 0;

  constructor(regions: Regions, earlier: Regions) {
    this.#regions = regions;
    this.#earlier = earlier;
    this.#bits = earlier.tables.flags.map(bitsOf);
  }

  /** @param row above the one before */
  bitsOf(row: number): number {
    const {start, end, flags, length} = this.#earlier;
    const [from, to] = [this.#regions.start[row]!, this.#regions.end[row]!];
    while (this.#before < length && end[this.#before]! <= from) this.#before++;
    for (let then = this.#before; then < length && start[then]! < to; then++)
      if (this.#isAlike(then, row)) return this.#bits[flags[then]!]!;
    return 0;
  }

  /** As isAlike() says it: the same permissions, name and inode. */
  #isAlike(then: number, row: number): boolean {
    const [a, b] = [this.#earlier, this.#regions];
    if (a.tables.perms[a.perms[then]!] !== b.tables.perms[b.perms[row]!]) return false;
    const [one, other] = [a.backingAt(then), b.backingAt(row)];
    return one === other || (one.name === other.name && one.inode === other.inode);
  }
}

function bitsOf(flags: readonly string[] | undefined): number {
  if (!flags) return 0;
  let bits: number = FLAG.known;
  for (const flag of flags) bits |= BITS.get(flag) ?? 0;
  return bits;
}
