/**
 * Pages of a parent and its forked workers, side by side: what fork(2) left to several of them, and what is no longer
 * one. A key stands for what a process has at an address: equal keys are one page. 0: no anonymous page.
 */

/**
 * Where page frames are hidden from the reader: a page that more than one process maps (bit 56 of pagemap is clear),
 * whoever they are. Frame numbers are whole.
 */
export const MAPPED_BY_SEVERAL = 0.5;

/** Pages of one stretch of memory. The arrays are by the number of the process: the parent is 0. */
export interface CowCounts {
  /** The parent's page. */
  readonly shared: number[];
  /** A page that nobody else in the family has, where the parent has another one: one of the two wrote. */
  readonly copied: number[];
  /** A page that other workers have too, where the parent has another one: the parent wrote. */
  readonly siblings: number[];
  /** Where the parent has no page. */
  readonly own: number[];
  /** The parent's pages that a worker has too, and those that none has. */
  parentShared: number;
  parentAlone: number;
  /** Pages more if nobody shared one: for each page, the processes that have it, less one. */
  saved: number;
}

export const noCounts = (processes: number): CowCounts => ({
  shared: zeros(processes),
  copied: zeros(processes),
  siblings: zeros(processes),
  own: zeros(processes),
  parentShared: 0,
  parentAlone: 0,
  saved: 0,
});

const zeros = (count: number): number[] => Array.from({length: count}, () => 0);

/** The same stretch of memory in those processes that map it. */
export interface Stretch {
  /** Numbers of processes, ascending. */
  readonly who: readonly number[];
  /** For each of them, the keys of its pages. */
  readonly keys: readonly Float64Array[];
  /** Pages. */
  readonly count: number;
}

/**
 * Counts the pages of a stretch.
 *
 * @param main gets for each page the key that most of the family have, if two have it; else 0
 */
export function countPages({who, keys, count}: Stretch, counts: CowCounts, main?: Float64Array): void {
  const first = who[0] === 0 ? 1 : 0;
  const groups = new Map<number, number>();
  for (let page = 0; page < count; page++) {
    const parent = first === 1 ? keys[0]![page]! : 0;
    let withParent = 0;
    let others = 0;
    for (let at = first; at < who.length; at++) {
      const key = keys[at]![page]!;
      if (key === 0) continue;
      if (key === parent) {
        counts.shared[who[at]!]!++;
        withParent++;
      } else others++;
    }
    if (parent !== 0) {
      if (withParent > 0) counts.parentShared++;
      else counts.parentAlone++;
    }
    counts.saved += withParent;
    const most = others === 0 ? 0 : countOthers({who, keys, count}, page, parent, first, groups, counts);
    if (main) main[page] = withParent > 0 ? parent : most;
  }
}

/** @returns the key that most of those have who have not the parent's page, if two have it; else 0 */
function countOthers(
  {who, keys}: Stretch,
  page: number,
  parent: number,
  first: number,
  groups: Map<number, number>,
  counts: CowCounts,
): number {
  groups.clear();
  for (let at = first; at < who.length; at++) {
    const key = keys[at]![page]!;
    if (key !== 0 && key !== parent) groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  for (let at = first; at < who.length; at++) {
    const key = keys[at]![page]!;
    if (key === 0 || key === parent) continue;
    const isShared = groups.get(key)! > 1 || key === MAPPED_BY_SEVERAL;
    const into = parent === 0 ? counts.own : isShared ? counts.siblings : counts.copied;
    into[who[at]!]!++;
  }
  let [most, size] = [0, 1];
  for (const [key, members] of groups) {
    counts.saved += members - 1;
    if (members > size) [most, size] = [key, members];
  }
  return most;
}

/** Pages that were copied since an earlier look: in all, and by whom. */
export interface CowCopies {
  /** By the number of the process. */
  readonly by: number[];
  /** Copies of which it isn't known who made them. */
  unknown: number;
}

/**
 * Who copied pages that were shared: whoever writes to one first gets a page of its own, and the others keep theirs. So
 * those of them that have another page there now have made a copy. Where all have one and the same, the kernel has
 * moved it.
 *
 * Where frames are hidden, a page that nobody shares any more may be a copy, or what is left where the others have made
 * one or have gone: one of those that had it has made none.
 *
 * @param then the key that several had, by page, or 0
 * @param had did a process have it? By the place in `who`, a bit for each page
 */
export function countCopies(
  {who, keys, count}: Stretch,
  then: Float64Array,
  had: readonly Uint32Array[],
  copies: CowCopies,
): void {
  const moved: number[] = [];
  for (let page = 0; page < count; page++) {
    const key = then[page]!;
    if (key === 0) continue;
    moved.length = 0;
    let isKept = false;
    for (let at = 0; at < who.length; at++) {
      if (!isSet(had[at]!, page)) continue;
      const now = keys[at]![page]!;
      if (now === key) isKept = true;
      else if (now !== 0) moved.push(at);
    }
    if (moved.length === 0) continue;
    const seen = new Map<number, number>();
    for (const at of moved) if (!seen.has(keys[at]![page]!)) seen.set(keys[at]![page]!, who[at]!);
    if (!isKept && key === MAPPED_BY_SEVERAL) copies.unknown += seen.size - 1;
    else if (isKept || seen.size > 1 || moved.length === 1) for (const number of seen.values()) copies.by[number]!++;
  }
}

/** Of which pages it is so, a bit for each. */
export function bitsOf(count: number, isSo: (page: number) => boolean): Uint32Array {
  const bits = new Uint32Array(Math.ceil(count / 32));
  for (let page = 0; page < count; page++) if (isSo(page)) bits[page >>> 5]! |= 1 << (page & 31);
  return bits;
}

const isSet = (bits: Uint32Array, page: number): boolean => ((bits[page >>> 5]! >>> (page & 31)) & 1) === 1;
