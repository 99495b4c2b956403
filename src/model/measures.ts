import {measureOf, type ListingName, type Measure, type MeasureRow} from './measure.ts';
import {sizeOf} from './region.ts';

const ROLLUP: readonly ListingName[] = ['smaps_rollup'];

/**
 * All that memmap can measure of memory: proc_pid_smaps(5), proc_pid_status(5), fs/proc/task_mmu.c. The key is the name
 * that users write and read everywhere, and the key in JSON.
 */
const ROWS = {
  size: {
    field: 'Size',
    listings: ['maps', 'smaps', 'status'],
    status: 'vmSize',
    peak: 'vmPeak',
    title: 'size',
    words: 'address space',
    noun: 'address space',
    meaning: 'a promise, not memory',
    also: ['virtual', 'virt', 'vsize', 'vsz'],
    ofRegion: sizeOf,
    ofRows: (regions) => regions.sizes(),
  },
  rss: {
    field: 'Rss',
    status: 'vmRss',
    peak: 'vmHwm',
    title: 'resident',
    meaning: 'in RAM now; pages shared with other processes in full',
    also: ['res'],
  },
  pss: {
    field: 'Pss',
    title: 'PSS',
    noun: 'PSS',
    meaning: 'each page divided by how often it is mapped',
    also: ['proportional'],
  },
  pssDirty: {
    field: 'Pss_Dirty',
    title: 'PSS dirty',
    noun: 'dirty PSS',
    meaning: 'the part of PSS in pages that were written to; from Linux 6.0 on',
  },
  // A single region has one of these three at most, and its kind says which.
  pssAnon: {
    field: 'Pss_Anon',
    listings: ROLLUP,
    title: 'PSS anon',
    noun: 'anonymous PSS',
    meaning: 'the part of PSS in pages without a file; smaps_rollup alone has it',
  },
  pssFile: {
    field: 'Pss_File',
    listings: ROLLUP,
    title: 'PSS file',
    noun: 'PSS of files',
    meaning: 'the part of PSS in pages of files; smaps_rollup alone has it',
  },
  pssShmem: {
    field: 'Pss_Shmem',
    listings: ROLLUP,
    title: 'PSS shmem',
    noun: 'PSS of shared memory',
    meaning: 'the part of PSS in shared memory and tmpfs; smaps_rollup alone has it',
  },
  privateDirty: {
    field: 'Private_Dirty',
    title: 'private dirty',
    meaning: 'mapped by this process alone, and written to',
    also: ['dirty'],
  },
  privateClean: {
    field: 'Private_Clean',
    title: 'private clean',
    meaning: 'mapped by this process alone, and can be read again from its file',
    also: ['clean'],
  },
  shared: {
    of: ['sharedClean', 'sharedDirty'],
    title: 'shared',
    meaning: 'mapped at least twice, mostly by other processes',
  },
  sharedDirty: {
    field: 'Shared_Dirty',
    title: 'shared dirty',
    meaning: 'mapped at least twice, and written to',
  },
  sharedClean: {
    field: 'Shared_Clean',
    title: 'shared clean',
    meaning: 'mapped at least twice, and can be read again from its file',
  },
  anonymous: {
    field: 'Anonymous',
    title: 'anonymous',
    meaning: 'pages without a file, copied ones of private files too',
  },
  referenced: {
    field: 'Referenced',
    title: 'referenced',
    meaning: 'used since somebody last cleared the marks',
  },
  lazyFree: {
    field: 'LazyFree',
    title: 'lazy free',
    meaning: 'given back with MADV_FREE, and not yet taken',
  },
  ksm: {
    field: 'KSM',
    title: 'KSM',
    words: 'merged',
    meaning: 'pages that the kernel merged with others of the same content',
  },
  swap: {
    field: 'Swap',
    status: 'vmSwap',
    title: 'swap',
    words: 'swapped',
    meaning: 'swapped out',
  },
  swapPss: {
    field: 'SwapPss',
    title: 'swap PSS',
    noun: 'swap PSS',
    meaning: 'each page on swap divided by the number of processes that have it',
  },
  locked: {
    field: 'Locked',
    status: 'vmLck',
    title: 'locked',
    meaning: 'locked into RAM',
  },
  // Pages that one entry of the page tables maps whole; smaller ones of several sizes (mTHP) can't be seen in smaps.
  huge: {
    of: ['anonHugePages', 'shmemPmdMapped', 'filePmdMapped', 'sharedHugetlb', 'privateHugetlb'],
    title: 'huge',
    noun: 'huge pages',
    meaning: 'transparent ones, mapped whole, and those of the hugetlb pool',
  },
  anonHugePages: {
    field: 'AnonHugePages',
    title: 'anon huge',
    noun: 'anonymous huge pages',
    meaning: 'transparent huge pages without a file, mapped whole',
  },
  shmemPmdMapped: {
    field: 'ShmemPmdMapped',
    title: 'shmem huge',
    noun: 'huge pages of shared memory',
    meaning: 'transparent huge pages of shared memory and tmpfs, mapped whole',
  },
  filePmdMapped: {
    field: 'FilePmdMapped',
    title: 'file huge',
    noun: 'huge pages of files',
    meaning: 'transparent huge pages of files, mapped whole',
  },
  // Rss, Pss and the private and shared counters leave the pool out.
  hugetlb: {
    of: ['sharedHugetlb', 'privateHugetlb'],
    status: 'hugetlbPages',
    title: 'hugetlb',
    noun: 'hugetlb pages',
    meaning: 'huge pages of the hugetlb pool, which resident memory and PSS leave out',
  },
  sharedHugetlb: {
    field: 'Shared_Hugetlb',
    title: 'shared hugetlb',
    noun: 'shared hugetlb pages',
    meaning: 'huge pages of the hugetlb pool that are mapped at least twice',
  },
  privateHugetlb: {
    field: 'Private_Hugetlb',
    title: 'private hugetlb',
    noun: 'private hugetlb pages',
    meaning: "huge pages of the hugetlb pool that are only this process's",
  },
  regions: {
    listings: ['maps', 'smaps'],
    unit: 'count',
    title: 'regions',
    noun: 'regions',
    meaning: 'ranges of address space: one line of maps each',
    also: ['mappings', 'vmas'],
    ofRegion: () => 1,
  },
  threads: {
    listings: ['status'],
    status: 'threads',
    unit: 'count',
    title: 'threads',
    noun: 'threads',
    meaning: 'all threads of the process, its first one too',
  },
} as const satisfies Readonly<Record<string, MeasureRow>>;

export type MeasureKey = keyof typeof ROWS;

/** A measure of bytes: a region has it too. Regions and threads are things that are counted. */
export type ByteKey = Exclude<MeasureKey, 'regions' | 'threads'>;

export const MEASURE_KEYS = Object.keys(ROWS) as readonly MeasureKey[];

/** The measures by their keys, in the order in which they are listed. */
export const MEASURES = Object.fromEntries(MEASURE_KEYS.map((key) => [key, measureOf(key, ROWS)])) as Readonly<
  Record<MeasureKey, Measure<MeasureKey>>
>;

/** Those that a region has. */
export const BYTE_KEYS = MEASURE_KEYS.filter((key): key is ByteKey => MEASURES[key].unit === 'bytes');

/** A spelling without what makes no difference. */
export const plainSpelling = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, '');

const spellings = (): ReadonlyMap<string, Measure<MeasureKey>> =>
  new Map(
    Object.values(MEASURES).flatMap((measure) => measure.spellings.map((text) => [plainSpelling(text), measure])),
  );

let bySpelling: ReadonlyMap<string, Measure<MeasureKey>> | undefined;

/** The measure that a text names: `privateDirty`, `Private_Dirty`, `private-dirty`, `dirty`; undefined if none. */
export const findMeasure = (text: string): Measure<MeasureKey> | undefined =>
  (bySpelling ??= spellings()).get(plainSpelling(text));
