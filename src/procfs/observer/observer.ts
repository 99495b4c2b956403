import {readlinkSync, statfsSync} from 'node:fs';
import {
  concerned,
  type Observed,
  OBSERVED,
  observedOf,
  type TakenOut,
  withoutObserver,
} from '../../model/host/observer.ts';
import {hasNoAccess, type Region, type Usage} from '../../model/region.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {countResident, sumsOf} from '../../model/totals.ts';
import {parseListing} from '../../parse/reader.ts';
import type {ProcessHandle} from '../handle.ts';
import type {OnHeld} from '../sampling/held.ts';
import {readIfThere} from '../open.ts';
import {PageMap, pageSizeHere} from '../pages/pagemap.ts';
import {type Counted, countPages} from './counts.ts';
import {fileOf, type FilePages, filePagesOf} from './file-pages.ts';
import {filesIn, linesOf} from './files.ts';

/**
 * Takes memmap out of what the kernel counts: the pages of Node's program and of libraries that the process and memmap
 * both map (model/observer.ts). Which pages these are, the two page maps say, without any right but that to read smaps.
 */
class Observer {
  readonly #handle: ProcessHandle;
  readonly #pageSize: number;
  /** Where memmap's own files are, and its PID there. */
  readonly #ours: string | undefined;
  readonly #pid: number | undefined;
  /** memmap's regions of files that the process maps too, and what of them it mapped before the counters were read. */
  #own: readonly Region[] = [];
  #before: FilePages | undefined;
  /** What was found last, by region: the same counters of the same pages have the same answer. */
  #last: {readonly own: FilePages; readonly found: ReadonlyMap<string, TakenOut>} | undefined;

  constructor(handle: ProcessHandle) {
    this.#handle = handle;
    this.#pageSize = pageSizeHere(handle.root);
    this.#pid = pidHere(handle.root);
    this.#ours = this.#pid === undefined ? ownRoot(handle.root) : handle.root;
  }

  /** Files of memmap's that the process did not map when its listing was read. */
  #others: ReadonlySet<string> = new Set();

  /**
   * Looks at memmap's own pages. Call it right before the process's counters are read.
   *
   * @param maps the process's listing, as just read: only pages of files in it are looked at, since Node's program
   * alone has 25,000. Without it: all of memmap's files
   */
  begin(maps?: Uint8Array): void {
    const own = readIfThere(`${this.#ours ?? ''}/self/maps`) ?? new Uint8Array();
    const {lines, others} = maps ? linesOf(own, filesIn(maps)) : {lines: own, others: new Set<string>()};
    this.#own = ownRegions(lines);
    this.#others = others;
    this.#before = this.#ownPages();
  }

  /** Has the process mapped a file of memmap's since `begin`, which did not look at that? Then counters are unsure. */
  hasMissed(regions: Regions): boolean {
    return this.#others.size > 0 && regions.namedOnes().some((region) => this.#others.has(fileOf(region) ?? ''));
  }

  /**
   * Corrects the counters of regions, in place. Call it right after smaps was read.
   *
   * @param regions of the process, all of them, as smaps has them
   * @param folder '' or `task/TID/`
   * @param onHeld gets the ms for which reading its page map holds up the process
   * @returns undefined where memmap shares nothing with the process
   */
  takeOut(regions: Regions, folder: string, onHeld?: OnHeld): Observed | undefined {
    const rows = this.#common(regions);
    // Objects, since each is asked for its counters several times.
    const common = rows.map((row) => regions.region(row));
    const after = common.length === 0 ? undefined : this.#ownPages();
    if (!after) return undefined;
    const known = this.#last?.own.equals(after) ? this.#last.found : undefined;
    const keys = common.map(keyOf);
    const fresh = common.filter((_, index) => !known?.has(keys[index]!));
    const counted = this.#count(fresh, after, folder, onHeld);
    const found = new Map(
      common.map((region, index): [string, TakenOut] => {
        const {counts, known: how} = counted[fresh.indexOf(region)] ?? NOTHING;
        const key = keys[index]!;
        return [key, known?.get(key) ?? withoutObserver(region.usage!, counts, this.#pageSize, how)];
      }),
    );
    this.#last = {own: after, found};
    const taken = common.map((region, index) => ({
      region,
      kernel: concerned(region.usage!),
      out: found.get(keys[index]!)!,
    }));
    const observed = observedOf(taken, sumsOf(regions, OBSERVED), countResident(regions));
    taken.forEach(({out}, index) => regions.count(rows[index]!, out.usage));
    return observed;
  }

  /**
   * The same for the counters of the whole process, as smaps_rollup has them; nothing is changed in place.
   *
   * @param regions as maps has them
   * @returns undefined where memmap shares nothing with the process; `inexact` where nobody says how often each page is
   * mapped: then the counters of each region are needed, from smaps
   */
  takeOutOfSum(sum: Usage, regions: Regions, folder: string): TakenOut | 'inexact' | undefined {
    const common = this.#common(regions).map((row) => regions.at(row));
    const after = common.length === 0 ? undefined : this.#ownPages();
    if (!after) return undefined;
    const counted = this.#count(common, after, folder);
    if (counted.some(({known}) => known !== 'exactly')) return 'inexact';
    const out = withoutObserver(
      sum,
      counted.flatMap(({counts}) => counts),
      this.#pageSize,
      'exactly',
    );
    return out.shared > 0 ? out : undefined;
  }

  /** The rows of files that memmap maps too. */
  #common(regions: Regions): number[] {
    const before = this.#before;
    if (!before) return [];
    return regions.namedRows().filter((row) => {
      return before.has(fileOf(regions.at(row))) && mayBeShared(regions.region(row));
    });
  }

  #count(common: readonly Region[], after: FilePages, folder: string, onHeld?: OnHeld): Counted[] {
    if (common.length === 0) return [];
    const besides = new Set([this.#handle.pid, this.#pid ?? 0]);
    const about = {before: this.#before!, after, besides, pageSize: this.#pageSize, folder, onHeld};
    return countPages(this.#handle, common, about);
  }

  /** undefined where memmap itself is looked at, and its figures are its own; and where there are no page maps. */
  #ownPages(): FilePages | undefined {
    const ours = this.#ours;
    if (ours === undefined || this.#pid === this.#handle.pid) return undefined;
    try {
      const map = new PageMap({root: ours, pid: process.pid, path: (file) => `${ours}/self/${file}`}, this.#pageSize);
      try {
        return filePagesOf(map, this.#own, this.#pageSize);
      } finally {
        map.close();
      }
    } catch {
      return undefined;
    }
  }
}

const NOTHING: Counted = {counts: [], known: 'exactly'};

const keyOf = ({start, usage}: Region): string => `${start} ${Object.values(concerned(usage!)).join(' ')}`;

const OBSERVERS = new WeakMap<ProcessHandle, Observer>();

/** The observer of one process, for as long as that is held. */
export function observerOf(handle: ProcessHandle): Observer {
  const observer = OBSERVERS.get(handle) ?? new Observer(handle);
  OBSERVERS.set(handle, observer);
  return observer;
}

const mayBeShared = (region: Region): boolean =>
  !hasNoAccess(region) &&
  (region.usage === undefined || (region.usage.sharedClean ?? 0) + (region.usage.sharedDirty ?? 0) > 0);

/** memmap's regions of files. @param maps its listing */
export function ownRegions(maps: Uint8Array): Region[] {
  const {regions} = parseListing(maps, 'proc', 'later');
  return regions.filter((region) => fileOf(region) !== undefined && !hasNoAccess(region));
}

/** statfs(2): PROC_SUPER_MAGIC. */
const PROCFS = 0x9fa0;

/**
 * Where memmap's own files are. A procfs of another PID namespace may not show memmap, which maps the same pages all
 * the same; a copy of one shows nothing that is mapped now.
 */
export function ownRoot(root: string): string | undefined {
  if (pidHere(root) !== undefined) return root;
  try {
    return statfsSync(root).type === PROCFS ? '/proc' : undefined;
  } catch {
    return undefined;
  }
}

/** memmap's PID in the namespace of a procfs; undefined where it is not in it. */
function pidHere(root: string): number | undefined {
  try {
    return Number(readlinkSync(`${root}/self`)) || undefined;
  } catch {
    return undefined;
  }
}
