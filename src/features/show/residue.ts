import {freedOf} from '../../model/heap/freed.ts';
import {observedText} from '../../model/host/observer.ts';
import {MEASURES} from '../../model/measures.ts';
import type {Regions} from '../../model/columns/regions.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {countResident} from '../../model/totals.ts';
import {deltaText, sizeText} from '../../model/amounts.ts';
import {wrapped} from '../../text/lines.ts';
import type {TextOptions} from '../../text/process/who.ts';

/**
 * The difference between the sum over the regions and what status says of the whole process: two counts of one thing,
 * and memory that the process costs besides its regions. All in bytes; absent where the source doesn't say.
 */
interface Residue {
  /**
   * The regions' Rss added up, and status's VmRSS. They are read one after the other; kernels 2.6.34 to 6.15 count
   * VmRSS inexactly.
   */
  readonly rss?: Compared | undefined;
  /** The regions' sizes added up, and VmSize. The vsyscall page is listed, and is not a part of the process. */
  readonly size?: Compared | undefined;
  /** Page tables: VmPTE. They are memory, and no region has them. */
  readonly pageTables?: number | undefined;
  /**
   * Pages of the hugetlb pool, which Rss and Pss leave out: the regions' Shared_Hugetlb and Private_Hugetlb, or
   * HugetlbPages of status.
   */
  readonly hugetlb?: number | undefined;
  /** Pss is rounded down to whole KiB in each region, so the sum is too low by less than this. */
  readonly pssCut?: number | undefined;
  /** The part of private dirty that stays when the process ends: pages of shared memory and of files. */
  readonly stays?: number | undefined;
}

interface Compared {
  readonly regions: number;
  readonly status: number;
}

export function residueOf({table, totals, status, source}: Snapshot): Residue {
  const {rss, pss} = totals as Readonly<Record<string, number | undefined>>;
  return {
    rss: compared(rss, status['vmRss']),
    size: compared(table.length === 0 ? undefined : totals.size - vsyscallSize(table), status['vmSize']),
    pageTables: bytes(status['vmPte']),
    hugetlb: MEASURES.hugetlb.ofTotals(totals) ?? MEASURES.hugetlb.ofStatus(status),
    stays: source.format === 'smaps_rollup' ? undefined : freedOf(table)?.stays,
    pssCut: pss === undefined ? undefined : 1024 * countResident(table),
  };
}

const bytes = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const compared = (regions: number | undefined, status: unknown): Compared | undefined =>
  regions === undefined || typeof status !== 'number' ? undefined : {regions, status};

/** The gate page (get_gate_vma): the same for all processes, and in none of their counts. */
function vsyscallSize({tables, verdict, start, end, length}: Regions): number {
  const isGate = tables.verdicts.map(({kind}) => kind === 'vsyscall');
  if (!isGate.includes(true)) return 0;
  let size = 0;
  for (let row = 0; row < length; row++) if (isGate[verdict[row]!]) size += end[row]! - start[row]!;
  return size;
}

interface ResidueLook extends TextOptions {
  /** Also say what is as expected. */
  readonly full?: boolean | undefined;
}

/** PSS that may be too low by less than this fraction of it is not worth a sentence. */
const SMALL = 0.1;

/** A smaller fraction of resident memory that is LazyFree is not worth a sentence. */
const MUCH = 0.01;

/** Why the totals differ from other numbers of the same process, and what they leave out. */
export function renderResidue(snapshot: Snapshot, look: ResidueLook = {}): string[] {
  const {rss, size, pageTables = 0, hugetlb = 0, pssCut = 0, stays = 0} = residueOf(snapshot);
  const pss = snapshot.totals['pss'] ?? 0;
  const sentences: string[] = [];
  const beside = [
    pageTables > 0 && `page tables ${sizeText(pageTables)} (VmPTE)`,
    hugetlb > 0 && `huge pages of the hugetlb pool ${sizeText(hugetlb)}`,
  ].filter(Boolean);
  if (beside.length > 0) sentences.push(`Not in the total: ${beside.join(', and ')}.`);
  if (stays > 0) {
    const {privateDirty = 0} = snapshot.totals as Readonly<Record<string, number | undefined>>;
    sentences.push(
      `Of ${sizeText(privateDirty)} private dirty, ${sizeText(privateDirty - stays)} comes free when ` +
        `the process ends; ` +
        `${sizeText(stays)} is of shared memory or files, and stays as long as these do.`,
    );
  }
  if (rss && rss.regions !== rss.status) {
    sentences.push(
      `status has ${sizeText(rss.status)} resident (VmRSS, ${deltaText(rss.status - rss.regions)}): it was read a ` +
        `moment before the regions, and kernels before 6.16 count it in batches.`,
    );
  } else if (rss && look.full)
    sentences.push('The regions add up to what status says is resident (VmRSS), to the byte.');
  if (size && look.full && size.regions !== size.status)
    sentences.push(
      `status has ${sizeText(size.status)} of address space (VmSize, ${deltaText(size.status - size.regions)}).`,
    );
  const lazyFree = MEASURES.lazyFree.ofTotals(snapshot.totals) ?? 0;
  if (lazyFree > (snapshot.totals['rss'] ?? 0) * MUCH)
    sentences.push(
      `${sizeText(lazyFree)} of what is resident can be taken back at any moment: it was given back with ` +
        `madvise(MADV_FREE) (LazyFree).`,
    );
  if (pssCut > 0 && (look.full || pssCut > pss * SMALL))
    sentences.push(
      `PSS is rounded down to whole KiB in each region, so its total is too low by less than ${sizeText(pssCut)}.`,
    );
  if (!rss && typeof snapshot.status['vmRss'] === 'number')
    sentences.push(`Resident in total: ${sizeText(snapshot.status['vmRss'])} (VmRSS of status).`);
  // What is uncertain is a note already.
  if (snapshot.observed?.isCertain)
    sentences.push(...observedText(snapshot.observed, snapshot.observed.kernel.totals.pss ?? 0));
  return sentences.flatMap((sentence) => wrapped(sentence, look.width));
}
