/**
 * The counters of one region's smaps record, in bytes, under the kernel's keys in camelCase (`Pss_Dirty` is `pssDirty`).
 * Keys that this version doesn't know are kept the same way. A key that is absent was not in the source: it is not zero.
 *
 * "private" and "shared" count pages that one or more processes map now. They say nothing about MAP_SHARED
 * (Documentation/filesystems/proc.rst), and they change when another process starts or ends.
 */
export interface Usage {
  readonly [counter: string]: number | undefined;
  /** Pages in RAM now, shared ones in full. Not counted: hugetlb pages and the zero page. */
  readonly rss?: number;
  /** Each page divided by the number of processes that map it. */
  readonly pss?: number;
  readonly privateClean?: number;
  readonly privateDirty?: number;
  readonly sharedClean?: number;
  readonly sharedDirty?: number;
  /** Pages that belong to no file, copied ones of private file mappings too. */
  readonly anonymous?: number;
  readonly swap?: number;
  readonly locked?: number;
}

/**
 * What a process changes by its own doing. Pss and the split into private and shared also move when somebody else forks,
 * starts or ends; a change made of those would be noise.
 */
export const OWN_COUNTERS = ['rss', 'anonymous', 'swap', 'privateDirty'] as const;

/** Size is known from the region itself, and page sizes are no amounts: these are left out of sums. */
const NOT_SUMMED = new Set(['size', 'kernelPageSize', 'mmuPageSize']);

/** Adds `usage`, `sign` times, into `sum` (changed in place). */
export function addUsage(sum: Record<string, number>, usage: Usage | undefined, sign = 1): void {
  if (!usage) return;
  for (const counter in usage) {
    if (!NOT_SUMMED.has(counter)) sum[counter] = (sum[counter] ?? 0) + sign * (usage[counter] ?? 0);
  }
}
