import {sizeText} from '../amounts.ts';
import {hex, type Region, type Usage} from '../region.ts';

/**
 * Whoever reads smaps has files mapped too: memmap is a Node program, and of the pages that it shares with the process
 * each counts one mapping more for as long as it runs. The kernel's Pss of such a page is 1/n; without memmap it would
 * be 1/(n − own), and a page of n − own = 1 would be private (smaps_account() in fs/proc/task_mmu.c).
 */

/** Pages that are mapped alike. */
export interface PageCount {
  readonly pages: number;
  /** How often each is mapped, by whomever: at least, or exactly. 1: by this process, once. */
  readonly mapped: number;
  /** How many of these mappings are memmap's. */
  readonly own: number;
  /** Dirty: it, or its file's page, was written to. Undefined where nobody may know. */
  readonly isDirty?: boolean | undefined;
}

/**
 * What is known of the counts: `mapped` and `own` exactly; `mapped` at least; or `own` at most, and nothing of which
 * pages these are.
 */
export type Known = 'exactly' | 'at least' | 'at most';

/** Bounds of an amount, in bytes. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What a process's figures are without memmap. */
export interface TakenOut {
  /** The most of its resident memory that memmap maps too: bytes. */
  readonly shared: number;
  /** PSS. */
  readonly pss: Bounds;
  /** What is no longer shared, but private. */
  readonly private: Bounds;
  /** Is it known how much of that is dirty? */
  readonly isSplitKnown: boolean;
  /** The counters that differ from the kernel's: the lower bounds. */
  readonly usage: Usage;
}

/** Counters that memmap's own mappings change. */
const CONCERNED = ['pss', 'pssDirty', 'pssFile', 'privateClean', 'privateDirty', 'sharedClean', 'sharedDirty'] as const;

/** What `observedOf` wants to know of the whole process. */
export const OBSERVED = [...CONCERNED, 'rss'] as const;

/** The kernel's own values of the counters that memmap's mappings change: those that the source has. */
export function concerned(usage: Usage): Usage {
  const kept: Record<string, number> = {};
  for (const counter of CONCERNED) if (usage[counter] !== undefined) kept[counter] = usage[counter];
  return kept;
}

/** smaps prints whole KiB, rounded down. */
const ROUNDING = 1024;

/**
 * Takes memmap's mappings out of the counters of a region, or of a whole process.
 *
 * Where `mapped` is exact, so is the result. Where it is only the least that is known, the kernel's Pss says more: no
 * page can be mapped more often than the sum of all 1/n allows. If the sum leaves no room, all are mapped exactly as
 * often as was known; else there are bounds, and the counters get the lower one.
 *
 * @param usage as the kernel printed it
 * @param counts all resident pages of the region; where they are known exactly, those with `own` are enough
 * @param pageSize bytes
 */
export function withoutObserver(usage: Usage, counts: readonly PageCount[], pageSize: number, known: Known): TakenOut {
  const {pss = 0} = usage;
  const both = counts.filter(({own}) => own > 0);
  const gain = sum(both, (count) => count.pages * gainOf(count));
  const slack = known === 'exactly' ? NONE : slackOf(pss / pageSize, counts, pageSize);
  const gained: Bounds = {
    low: known === 'at most' ? 0 : Math.max(0, gain - mostLoss(both, slack.high)),
    high: Math.max(0, gain - leastLoss(both, slack.low - roomOf(counts.filter(({own}) => own === 0)))),
  };
  const freed = both.filter(isFreed);
  const limit = (count: number): number => Math.min(Math.round(count * pageSize), sharedOf(usage));
  const {low, high} = freedPages(counts, slack);
  const moved = {low: known === 'at most' ? 0 : limit(low), high: limit(high)};
  const withGain = (share: number): number => Math.min(pss + Math.round(share * pageSize), usage.rss ?? Infinity);
  const bounds = {low: withGain(gained.low), high: withGain(gained.high)};
  return {
    shared: sum(both, ({pages}) => pages) * pageSize,
    pss: bounds,
    private: moved,
    isSplitKnown: !usage.sharedClean || !usage.sharedDirty || freed.every(({isDirty}) => isDirty !== undefined),
    usage: {...moveToPrivate(usage, moved.low, dirtyShare(usage, freed, pageSize)), ...pssOf(usage, bounds, both)},
  };
}

/** Without memmap, such a page is mapped once. */
const isFreed = ({mapped, own}: PageCount): boolean => own > 0 && mapped - own === 1;

/** How many pages are private without memmap. One that is mapped once more than is known is none of them. */
function freedPages(counts: readonly PageCount[], slack: Bounds): Bounds {
  const freed = counts.filter(isFreed);
  const pages = sum(freed, (count) => count.pages);
  if (pages === 0) return NONE;
  // Such a page takes this part of the slack at least, from n to n + 1 mappings, and 1/n at most.
  const step = Math.min(...freed.map(({mapped}) => 1 / mapped - 1 / (mapped + 1)));
  const whole = Math.max(...freed.map(({mapped}) => 1 / mapped));
  const elsewhere = roomOf(counts.filter((count) => !isFreed(count)));
  const most = Math.floor(slack.high / step + EPSILON);
  const least = Math.ceil((slack.low - elsewhere) / whole - EPSILON);
  return {low: Math.max(0, pages - most), high: pages - Math.min(pages, Math.max(0, least))};
}

const EPSILON = 1e-9;
const NONE: Bounds = {low: 0, high: 0};

const sum = (counts: readonly PageCount[], of: (count: PageCount) => number): number =>
  counts.reduce((total, count) => total + of(count), 0);

/** By how much of a page the Pss of one is too low. */
const gainOf = ({mapped, own}: PageCount): number => 1 / (mapped - own) - 1 / mapped;

/** By how much the pages' shares are less than they would be if each were mapped as often as is known: in pages. */
function slackOf(pss: number, counts: readonly PageCount[], pageSize: number): Bounds {
  const slack = sum(counts, ({pages, mapped}) => pages / mapped) - pss;
  return {low: Math.max(0, slack - ROUNDING / pageSize), high: Math.max(0, slack)};
}

/** How much slack these pages can take: they may be mapped more often than is known. */
const roomOf = (counts: readonly PageCount[]): number =>
  sum(counts, ({pages, mapped}) => (mapped > 1 ? pages / mapped : 0));

/** Fills the slack with pages, in an order. @returns how much of the gain that takes away */
function loss(counts: readonly PageCount[], slack: number, rate: (count: PageCount) => number, order: 1 | -1): number {
  let lost = 0;
  let left = slack;
  for (const count of [...counts].sort((a, b) => order * (rate(a) - rate(b)))) {
    if (left <= 0) break;
    const part = Math.min(left, count.pages / count.mapped);
    lost += part * rate(count);
    left -= part;
  }
  return lost;
}

/** The gain falls fastest from n to n + 1 mappings: it is convex in 1/n. */
const mostLoss = (counts: readonly PageCount[], slack: number): number =>
  loss(counts, slack, ({mapped: n, own}) => (n * (n + 1)) / ((n - own) * (n + 1 - own)) - 1, -1);

/** And slowest where few pages are mapped very often. */
const leastLoss = (counts: readonly PageCount[], slack: number): number =>
  loss(counts, slack, ({mapped, own}) => mapped / (mapped - own) - 1, 1);

const sharedOf = ({sharedClean = 0, sharedDirty = 0}: Usage): number => sharedClean + sharedDirty;

/** Bytes of what becomes private that are dirty: where some is and some is not, by the page's own mark. */
function dirtyShare({sharedClean = 0, sharedDirty = 0}: Usage, freed: readonly PageCount[], pageSize: number): number {
  if (sharedDirty === 0) return 0;
  if (sharedClean === 0) return Infinity;
  return sum(freed, ({pages, isDirty}) => (isDirty ? pages : 0)) * pageSize;
}

function moveToPrivate(usage: Usage, bytes: number, dirty: number): Usage {
  const {sharedClean, sharedDirty, privateClean, privateDirty} = usage;
  if (sharedClean === undefined || sharedDirty === undefined || privateClean === undefined) return {};
  const ofDirty = Math.max(bytes - sharedClean, Math.min(dirty, sharedDirty, bytes));
  return {
    sharedClean: sharedClean - (bytes - ofDirty),
    sharedDirty: sharedDirty - ofDirty,
    privateClean: privateClean + (bytes - ofDirty),
    ...(privateDirty !== undefined && {privateDirty: privateDirty + ofDirty}),
  };
}

/** The lower bound. */
function pssOf({pss, pssDirty, pssFile, sharedClean, sharedDirty}: Usage, {low}: Bounds, both: readonly PageCount[]) {
  const more = low - (pss ?? 0);
  const all = sum(both, (count) => count.pages * gainOf(count));
  const ofDirty = sum(both, (count) => (count.isDirty ? count.pages * gainOf(count) : 0));
  const share = !sharedDirty || all === 0 ? 0 : sharedClean === 0 ? 1 : ofDirty / all;
  return {
    pss: low,
    ...(pssDirty !== undefined && {pssDirty: pssDirty + Math.round(more * share)}),
    ...(pssFile !== undefined && {pssFile: pssFile + more}),
  };
}

/** What memmap's own mappings did to the figures of a snapshot, and what they are without. Bytes. */
export interface Observed {
  /** The most of the resident memory that memmap maps too. */
  readonly shared: number;
  /** PSS of the whole process. */
  readonly pss: Bounds;
  /** What is private only without memmap. */
  readonly private: Bounds;
  /** Are the figures exact, as far as the kernel's rounding allows? Else they are the lower bounds. */
  readonly isCertain: boolean;
  /** The kernel's figures, of the whole process and of each region that was corrected. */
  readonly kernel: {readonly totals: Usage; readonly regions: readonly KernelFigures[]};
}

interface KernelFigures {
  /** Of the region. */
  readonly start: number;
  readonly usage: Usage;
}

/** Bounds that are closer together than this part of the whole are one figure. */
const CLOSE = 0.005;

/**
 * Adds up what was found for the regions of a process.
 *
 * @param taken regions, with the counters that the kernel printed
 * @param totals the kernel's, of the whole process
 * @param resident how many regions have resident memory: each has a PSS that is rounded
 */
export function observedOf(
  taken: ReadonlyArray<{readonly region: Region; readonly kernel: Usage; readonly out: TakenOut}>,
  totals: Usage,
  resident: number,
): Observed | undefined {
  const there = taken.filter(({out}) => out.shared > 0);
  if (there.length === 0) return undefined;
  const total = (of: (each: (typeof there)[number]) => number): number =>
    there.reduce((bytes, each) => bytes + of(each), 0);
  const rest = (totals.pss ?? 0) - total(({kernel}) => kernel.pss ?? 0);
  const pss = {low: rest + total(({out}) => out.pss.low), high: rest + total(({out}) => out.pss.high)};
  const moved = {low: total(({out}) => out.private.low), high: total(({out}) => out.private.high)};
  const rounding = resident * ROUNDING;
  const isClose = ({low, high}: Bounds, whole: number): boolean => high - low <= Math.max(CLOSE * whole, rounding);
  const isSplitKnown = there.every(({out}) => out.isSplitKnown || out.private.high === 0);
  return {
    shared: total(({out}) => out.shared),
    pss,
    private: moved,
    isCertain: isClose(pss, pss.low) && isClose(moved, totals.rss ?? pss.low) && isSplitKnown,
    kernel: {
      totals: concerned(totals),
      regions: there.map(({region, kernel}) => ({start: region.start, usage: kernel})),
    },
  };
}

type Sums = Pick<Observed, 'shared' | 'pss' | 'private' | 'isCertain'>;

/**
 * What a reader should know of memmap's part in the figures: a sentence or two; none where it makes no difference.
 *
 * @param kernel the PSS that the kernel printed: bytes
 * @param whose `its`: one process's
 */
export function observedText(observed: Sums, kernel: number, whose: 'its' | 'their' = 'its'): string[] {
  const {shared, pss, isCertain} = observed;
  if (!isCertain) return [uncertainText(observed, whose)];
  if (pss.low - kernel < CLOSE * pss.low) return [];
  const same = whose === 'its' ? `${sizeText(shared)} of the same pages` : 'some of the same pages';
  return [
    `PSS, private and shared are without memmap, which maps ${same} while it runs: with it the kernel's PSS is ` +
      `${sizeText(kernel)}.`,
  ];
}

/** The note on figures that are not certain. */
export const uncertainText = ({shared, pss, private: moved}: Sums, whose: 'its' | 'their' = 'its'): string =>
  `memmap itself maps ${whose === 'its' ? `up to ${sizeText(shared)}` : 'a part'} of ${whose} resident memory (the ` +
  `program of Node, libraries): without memmap ${whose} PSS is between ${sizeText(pss.low)} and ` +
  `${sizeText(pss.high)}, and of what the kernel counts as ` +
  `shared between ${sizeText(moved.low)} and ${sizeText(moved.high)} is private. The figures are the lower ones. As ` +
  `root memmap can tell (/proc/kpagecount).`;

/** The `observer` of a snapshot document. */
export const observedJSON = ({shared, pss, private: moved, isCertain, kernel}: Observed): Record<string, unknown> => ({
  shared,
  pss,
  private: moved,
  certain: isCertain,
  kernel: {totals: kernel.totals, regions: kernel.regions.map(({start, usage}) => ({start: hex(start), ...usage}))},
});
