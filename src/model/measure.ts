import {sizeOf, type Region} from './region.ts';

type Counter = (region: Region) => number | undefined;

const counter =
  (...keys: readonly string[]): Counter =>
  ({usage}) => {
    let sum: number | undefined;
    for (const key of keys) {
      const bytes = usage?.[key];
      if (bytes !== undefined) sum = (sum ?? 0) + bytes;
    }
    return sum;
  };

/**
 * What can be measured of a region, in bytes, under the names that --columns and --sort take; undefined where the source
 * doesn't say. Huge pages are those that one entry of the page tables maps whole (mTHP can't be seen in smaps), and those
 * of the hugetlb pool, which the other measures leave out.
 */
export const MEASURES = {
  size: sizeOf,
  resident: counter('rss'),
  pss: counter('pss'),
  dirty: counter('privateDirty'),
  clean: counter('privateClean'),
  shared: counter('sharedClean', 'sharedDirty'),
  anonymous: counter('anonymous'),
  referenced: counter('referenced'),
  lazyfree: counter('lazyFree'),
  swap: counter('swap'),
  locked: counter('locked'),
  huge: counter('anonHugePages', 'shmemPmdMapped', 'filePmdMapped', 'sharedHugetlb', 'privateHugetlb'),
} as const satisfies Readonly<Record<string, Counter>>;

export type Measure = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as readonly Measure[];
