import type {Region} from './region.ts';
import type {Snapshot} from './snapshot.ts';

/**
 * What lies between the sum over the regions and what status says of the whole process: two counts of one thing, and
 * memory that the process costs beside its regions. All in bytes; absent where the source doesn't say.
 */
export interface Residue {
  /** The regions' Rss added up, and status's VmRSS. They are read one after the other; kernels 2.6.34 to 6.15 count VmRSS inexactly. */
  readonly rss?: Compared | undefined;
  /** The regions' sizes added up, and VmSize. The vsyscall page is listed, and is no part of the process. */
  readonly size?: Compared | undefined;
  /** Page tables: VmPTE. They are memory, and no region has them. */
  readonly pageTables?: number | undefined;
  /** Pages of the hugetlb pool, which Rss and Pss leave out: the regions' Shared_Hugetlb and Private_Hugetlb, or HugetlbPages of status. */
  readonly hugetlb?: number | undefined;
  /** Pss is cut to whole KiB in each region, so that the sum is too low by less than this. */
  readonly pssCut?: number | undefined;
}

export interface Compared {
  readonly regions: number;
  readonly status: number;
}

export function residueOf({regions, totals, status}: Snapshot): Residue {
  const {rss, pss, sharedHugetlb, privateHugetlb} = totals as Readonly<Record<string, number | undefined>>;
  const hugetlb = privateHugetlb === undefined ? bytes(status['hugetlbPages']) : (sharedHugetlb ?? 0) + privateHugetlb;
  return {
    rss: compared(rss, status['vmRss']),
    size: compared(regions.length === 0 ? undefined : totals.size - vsyscallSize(regions), status['vmSize']),
    pageTables: bytes(status['vmPte']),
    hugetlb,
    pssCut: pss === undefined ? undefined : 1024 * regions.filter(({usage}) => (usage?.rss ?? 0) > 0).length,
  };
}

const bytes = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const compared = (regions: number | undefined, status: unknown): Compared | undefined =>
  regions === undefined || typeof status !== 'number' ? undefined : {regions, status};

/** The gate page (get_gate_vma): the same for all processes, and in none of their counts. */
const vsyscallSize = (regions: readonly Region[]): number =>
  regions.reduce((sum, {kind, start, end}) => sum + (kind === 'vsyscall' ? end - start : 0), 0);
