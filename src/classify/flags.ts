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
 * The flags of each region, as bits. Regions of one listing mostly share their list of flags, so one is read once.
 *
 * @param earlier the same process at an earlier look that had flags: where a region has none, those count that the memory
 * had then, if its permissions and its name are still the same
 */
export function flagsOf(regions: readonly Region[], earlier: readonly Region[] = []): Uint16Array {
  const all = new Uint16Array(regions.length);
  let last: readonly string[] | undefined;
  let bits = 0;
  for (let index = 0, before = 0; index < regions.length; index++) {
    const region = regions[index]!;
    let {flags} = region;
    if (!flags && earlier.length > 0) {
      while (before < earlier.length && earlier[before]!.end <= region.start) before++;
      flags = flagsThen(region, earlier, before);
    }
    if (flags && flags !== last) {
      bits = bitsOf(flags);
      last = flags;
    }
    if (flags) all[index] = bits;
  }
  return all;
}

function flagsThen(region: Region, earlier: readonly Region[], from: number): readonly string[] | undefined {
  for (let index = from; index < earlier.length && earlier[index]!.start < region.end; index++) {
    const then = earlier[index]!;
    if (then.perms === region.perms && then.name === region.name && then.inode === region.inode) return then.flags;
  }
  return undefined;
}

function bitsOf(flags: readonly string[]): number {
  let bits: number = FLAG.known;
  for (const flag of flags) bits |= BITS.get(flag) ?? 0;
  return bits;
}
