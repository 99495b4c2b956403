import type {Region} from '../model/region.ts';

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
} as const;

const BITS = new Map<string, number>(Object.entries(FLAG));

/**
 * Tells the flags of regions as bits, one region after another. Those of one listing mostly share their list of flags, so one
 * is read once.
 */
export class FlagReader {
  readonly #earlier: readonly Region[];
  #before = 0;
  #last: readonly string[] | undefined;
  #bits = 0;

  /**
   * @param earlier the same process at an earlier look that had flags: where a region has none, those count that the memory
   * had then, if its permissions and its name are still the same
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
      if (then.perms === region.perms && then.name === region.name && then.inode === region.inode) return then.flags;
    }
    return undefined;
  }
}

function bitsOf(flags: readonly string[]): number {
  let bits: number = FLAG.known;
  for (const flag of flags) bits |= BITS.get(flag) ?? 0;
  return bits;
}
