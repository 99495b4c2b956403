import {counted, sizeText} from '../../model/amounts.ts';
import type {Ksm} from '../../model/clues/clues.ts';
import {MEASURES} from '../../model/measures.ts';
import {nodesOf} from '../../model/host/nodes.ts';
import type {Regions} from '../../model/columns/regions.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {wrapped} from '../../text/lines.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {type Limit, lockLimit} from './limits.ts';

/** What kind of pages an address space has, in bytes. What the source doesn't say is absent. */
interface Details {
  /** Transparent huge pages that one entry of the page tables maps whole. */
  readonly huge: {
    readonly anonymous?: number | undefined;
    readonly shmem?: number | undefined;
    readonly file?: number | undefined;
  };
  /** Regions that may get transparent huge pages: THPeligible. */
  readonly eligible?: {readonly regions: number; readonly size: number} | undefined;
  /** Given back with MADV_FREE, and not yet taken. */
  readonly lazyFree?: number | undefined;
  readonly ksm?: Ksm | undefined;
  /** VmLck against RLIMIT_MEMLOCK. */
  readonly locked?: Limit | undefined;
  /** Bytes by NUMA node, where they were asked for. */
  readonly nodes?: Readonly<Record<number, number>> | undefined;
}

function detailsOf(snapshot: Snapshot): Details {
  const {totals, table, clues} = snapshot;
  const nodes = nodesOf(totals);
  const locked = lockLimit(snapshot);
  return {
    huge: {
      anonymous: MEASURES.anonHugePages.ofTotals(totals),
      shmem: MEASURES.shmemPmdMapped.ofTotals(totals),
      file: MEASURES.filePmdMapped.ofTotals(totals),
    },
    eligible: eligibleOf(table),
    lazyFree: MEASURES.lazyFree.ofTotals(totals),
    ksm: clues.ksm,
    locked: locked.used === undefined ? undefined : locked,
    nodes: nodes.length > 0 ? Object.fromEntries(nodes) : undefined,
  };
}

function eligibleOf({start, end, attributes, tables, alike}: Regions): Details['eligible'] {
  const told = tables.attributes.map((each) => each?.['thpEligible']);
  const eligible = {regions: 0, size: 0};
  let isTold = false;
  for (const [index, row] of alike.firsts.entries()) {
    const its = told[attributes[row]!];
    isTold ||= its !== undefined;
    if (its !== '1') continue;
    eligible.regions += alike.counts[index]!;
    eligible.size += alike.counts[index]! * (end[row]! - start[row]!);
  }
  return isTold ? eligible : undefined;
}

/** What is remarkable about the pages of an address space, a sentence each. LazyFree has its own, beside the totals. */
export function renderDetails(snapshot: Snapshot, look: TextOptions = {}): string[] {
  const {huge, eligible, ksm, locked, nodes} = detailsOf(snapshot);
  const sentences = [
    ...hugeText(huge, eligible),
    ...(ksm ? ksmText(ksm) : []),
    ...(locked ? lockedText(locked) : []),
    ...(nodes
      ? [
          `NUMA nodes: ${Object.entries(nodes)
            .map(([node, bytes]) => `${sizeText(bytes)} on node ${node}`)
            .join(', ')}.`,
        ]
      : []),
  ];
  return sentences.flatMap((sentence) => wrapped(sentence, look.width));
}

function hugeText({anonymous = 0, shmem = 0, file = 0}: Details['huge'], eligible: Details['eligible']): string[] {
  const parts = [
    anonymous > 0 && `${sizeText(anonymous)} of anonymous memory`,
    shmem > 0 && `${sizeText(shmem)} of shared memory`,
    file > 0 && `${sizeText(file)} of files`,
  ].filter(Boolean);
  const may =
    eligible && eligible.regions > 0
      ? ` ${counted(eligible.regions, 'region')} of ${sizeText(eligible.size)} may have them (THPeligible).`
      : '';
  if (parts.length === 0)
    return may === '' ? [] : [`Nothing is in transparent huge pages that are mapped whole.${may}`];
  return [
    `In transparent huge pages, mapped whole: ${parts.join(', ')}. How much of a huge page is in use, smaps does not ` +
      `say.${may}`,
  ];
}

function ksmText({merged, zero = 0, profit}: Ksm): string[] {
  const parts = [
    merged > 0 && `${sizeText(merged)} is merged with pages of the same content`,
    zero > 0 && `${sizeText(zero)} of zeroes is the zero page`,
  ].filter(Boolean);
  if (parts.length === 0) return [];
  const saved =
    profit === undefined
      ? ''
      : profit < 0
        ? ` By the kernel's reckoning that costs ${sizeText(-profit)} more than it saves (ksm_process_profit).`
        : ` By the kernel's reckoning that saves ${sizeText(profit)} (ksm_process_profit).`;
  return [`KSM: ${parts.join(', and ')}.${saved}`];
}

function lockedText({used = 0, value, left}: Limit): string[] {
  if (used === 0) return [];
  const size = sizeText(used);
  if (value === undefined) return [`Locked into RAM: ${size} (VmLck). RLIMIT_MEMLOCK is not known.`];
  if (value === null) return [`Locked into RAM: ${size} (VmLck). RLIMIT_MEMLOCK is unlimited.`];
  const most = sizeText(value);
  if (left === null) return [`Locked into RAM: ${size} (VmLck). CAP_IPC_LOCK lifts RLIMIT_MEMLOCK (${most}).`];
  if (left === undefined)
    return [`Locked into RAM: ${size} (VmLck). Whether RLIMIT_MEMLOCK (${most}) binds it is not known.`];
  return [`Locked into RAM: ${size} (VmLck) of ${most} that it may lock (RLIMIT_MEMLOCK).`];
}

/** The `pages` of `show --json`: sizes in bytes; a limit that is null is none, an absent one is unknown. */
export function detailsJSON(snapshot: Snapshot): object {
  const {locked, ...details} = detailsOf(snapshot);
  return {...details, locked: locked && {used: locked.used, limit: locked.value, left: locked.left}};
}
