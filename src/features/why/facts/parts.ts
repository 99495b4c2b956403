import {sizeText} from '../../../model/amounts.ts';
import {heldBy} from '../../../model/host/descriptors.ts';
import {PYTHONS} from '../../../classify/runtimes/python.ts';
import {MEASURES} from '../../../model/measures.ts';
import {ABSENT} from '../../../model/columns/columns.ts';
import {hasRollup} from '../../../model/columns/regions.ts';
import type {Family} from '../../../model/family.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import {heldText} from '../../../text/process/held.ts';
import {safe} from '../../../text/safe.ts';
import type {Growth} from '../../growth/growth.ts';
import {keptOf, type PythonHeap} from '../../heap/anonymous.ts';
import {placeOf} from '../../heap/places.ts';
import type {Malloc} from './malloc.ts';

/** A part of the memory of a process. The parts add up to `total`, and nothing is in two of them. */
export interface Part {
  readonly key: string;
  readonly what: string;
  readonly bytes: number;
  /** Else likely. */
  readonly certain: boolean;
  readonly evidence: string;
}

/** What a process's memory is made of. */
export interface Parts {
  /** Bytes of memory; of a listing without counters, of address space. */
  readonly total: number;
  readonly isMemory: boolean;
  /** The largest first. */
  readonly parts: readonly Part[];
}

interface Sum {
  readonly what: string;
  readonly evidence: string;
  certain: boolean;
  bytes: number;
}

/**
 * Cuts what a process has: by what regions are for, and what has no region beside it (swap, page tables, what
 * descriptors hold). What malloc's books and Python's pools say of their regions cuts these further.
 */
export function partsOf(snapshot: Snapshot, malloc: Malloc | undefined, python: PythonHeap | undefined): Parts {
  const {table, totals} = snapshot;
  if (table.length === 0 || hasRollup(table)) return partsOfStatus(snapshot);
  const isMemory = totals['rss'] !== undefined;
  const sums = new Map<string, Sum>();
  const add = (key: string, what: string, bytes: number, certain: boolean, evidence: string): void => {
    const sum = sums.get(key) ?? {what, evidence, certain, bytes: 0};
    sum.bytes += bytes;
    sum.certain &&= certain;
    sums.set(key, sum);
  };
  const [rss, lazy] = [table.counter('rss'), table.counter('lazyFree')];
  const isCore = snapshot.source.format === 'core';
  const counted = isCore ? 'size in the core' : isMemory ? (isPages(snapshot) ? 'pagemap' : 'smaps Rss') : 'maps';
  const {firsts, counts} = table.alike;
  for (const [index, row] of firsts.entries()) {
    const region = table.at(row);
    const amount = rss ? valueOf(rss[row]!) : region.end - region.start;
    if (amount === 0 || region.kind === 'vsyscall') continue;
    const free = lazy ? valueOf(lazy[row]!) : 0;
    const [key, what] = placeOf(region);
    if (!isMemory && key === 'reserved') continue;
    if (free > 0) add('lazyFree', 'given back with MADV_FREE', counts[index]! * free, true, 'smaps LazyFree');
    add(key, what, counts[index]! * (amount - free), region.confidence !== 'guess', counted);
  }
  if (isMemory) {
    besides(snapshot, add);
  }
  if (python && (isMemory || isCore)) cutPython(sums, python, isCore);
  if (malloc && (isMemory || isCore)) cutMalloc(sums, malloc, isCore);
  return ordered(sums, isMemory);
}

/** Were resident pages counted one by one? */
const isPages = ({source, totals}: Snapshot): boolean => source.format === 'maps' && totals['pss'] === undefined;

const valueOf = (value: number): number => (value === ABSENT ? 0 : value);

type Add = (key: string, what: string, bytes: number, certain: boolean, evidence: string) => void;

/** What costs memory and is in no region's Rss. */
function besides(snapshot: Snapshot, add: Add): void {
  const {totals, status, clues, table} = snapshot;
  const swap = MEASURES.swap.ofTotals(totals) ?? MEASURES.swap.ofStatus(status) ?? 0;
  if (swap > 0) add('swap', 'swapped out', swap, true, 'smaps Swap');
  const hugetlb = MEASURES.hugetlb.ofTotals(totals) ?? MEASURES.hugetlb.ofStatus(status) ?? 0;
  if (hugetlb > 0) add('hugetlb', 'huge pages of the pool', hugetlb, true, 'smaps Private_Hugetlb');
  const tables = status['vmPte'];
  if (typeof tables === 'number') add('tables', 'page tables', tables, true, 'status VmPTE');
  if (!clues.descriptors) return;
  const held = heldBy(clues.descriptors, table.mapped);
  if (held.unmapped > 0) {
    const evidence = '/proc/PID/fd';
    add('held', `held by descriptors: ${heldText(held.files.values())}`, held.unmapped, true, evidence);
  }
}

/** Python's pools tell live from freed, and its arenas from what only has their size or was joined with them. */
function cutPython(sums: Map<string, Sum>, python: PythonHeap, isCore: boolean): void {
  const {count, used, joined, alike} = python;
  const counted = isCore ? 'size' : 'resident';
  const key = `arena ${PYTHONS}`;
  const none = {evidence: isCore ? 'size in the core' : 'smaps Rss', certain: true, bytes: 0};
  const anon = sums.get('anon') ?? {...none, what: 'other anonymous memory'};
  const arenas = sums.get(key) ?? {...none, what: PYTHONS};
  const moved = Math.min(anon.bytes, joined[counted]) - Math.min(arenas.bytes, alike[counted]);
  anon.bytes -= moved;
  arenas.bytes += moved;
  sums.set('anon', anon).set(key, arenas);
  if (count === 0) return;
  const free = keptOf(python, arenas.bytes);
  const live = Math.min(arenas.bytes - free, used);
  const evidence = `headers of Python's pools in ${isCore ? 'the core' : '/proc/PID/mem, smaps Rss'}`;
  arenas.bytes -= free + live;
  sums.set('pythonUsed', {what: "Python's objects, in use", evidence, certain: true, bytes: live});
  sums.set('pythonKept', {what: "Python's arenas, free and kept", evidence, certain: !isCore, bytes: free});
}

/** malloc's books cut what its regions have; chunks that are mapped separately are among the other anonymous memory. */
function cutMalloc(sums: Map<string, Sum>, {freeResident, mmapped, isTorn}: Malloc, isCore: boolean): void {
  const evidence = isCore ? "malloc's books in the core" : "malloc's books, smaps Rss";
  const all = sums.get('malloc')?.bytes ?? 0;
  const kept = Math.min(all, freeResident);
  const anon = sums.get('anon');
  const large = Math.min(anon?.bytes ?? 0, mmapped.bytes);
  sums.delete('malloc');
  const what = large > 0 && all === kept ? 'malloc, in use in large blocks' : 'malloc, in use';
  if (all - kept + large > 0) sums.set('inUse', {what, evidence, certain: !isTorn, bytes: all - kept + large});
  if (kept > 0) sums.set('kept', {what: 'malloc, free and kept', evidence, certain: !isTorn, bytes: kept});
  if (anon) anon.bytes -= large;
}

/** Without regions: what anybody may see of a process, or smaps_rollup. */
export function partsOfStatus({status, totals}: Snapshot): Parts {
  const sums = new Map<string, Sum>();
  const rollup = totals['anonymous'];
  const add = (key: string, what: string, value: unknown, evidence: string): void => {
    if (typeof value === 'number' && value > 0) sums.set(key, {what, evidence, certain: true, bytes: value});
  };
  if (rollup === undefined) {
    add('anonymous', 'anonymous memory: heaps, stacks, copies', status['rssAnon'], 'status RssAnon');
    add('files', 'mapped files, the program and its libraries', status['rssFile'], 'status RssFile');
    add('shared', 'shared memory', status['rssShmem'], 'status RssShmem');
    add('swap', 'swapped out', status['vmSwap'], 'status VmSwap');
    if (sums.size === 0) add('rss', 'resident memory of all kinds', status['vmRss'], 'status VmRSS');
  } else {
    add('anonymous', 'anonymous memory: heaps, stacks, copies', rollup, 'smaps_rollup Anonymous');
    add('files', 'files and shared memory', (totals['rss'] ?? 0) - rollup, 'smaps_rollup Rss, Anonymous');
    add('swap', 'swapped out', totals['swap'], 'smaps_rollup Swap');
  }
  return ordered(sums, true);
}

function ordered(sums: ReadonlyMap<string, Sum>, isMemory: boolean): Parts {
  const parts = [...sums]
    .map(([key, {what, bytes, certain, evidence}]): Part => ({key, what, bytes, certain, evidence}))
    .filter(({bytes}) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return {total: parts.reduce((sum, {bytes}) => sum + bytes, 0), isMemory, parts};
}

/** What it was last seen to have of each kind, where the last look has no counters: it ended. */
export function partsOfGrowth({kinds}: Growth): Parts {
  const sums = new Map<string, Sum>();
  for (const {kind, last} of kinds) {
    const [key, what] = placeOf({kind: kind!});
    const sum = sums.get(key) ?? {what, evidence: 'smaps Rss, read last before', certain: true, bytes: 0};
    sum.bytes += last;
    sums.set(key, sum);
  }
  return ordered(sums, true);
}

/** What a family has, by process: PSS, so that a page that several share is counted once. */
export function familyParts({members}: Family): Parts {
  const parts = members
    .map(({pid, comm, usage, vmRss}): Part => {
      const pss = usage?.pss;
      const evidence = pss === undefined ? 'status VmRSS: pages that it shares count in full' : 'smaps_rollup Pss';
      const what = `${safe(comm)} (pid ${pid})`;
      return {key: String(pid), what, bytes: pss ?? vmRss ?? 0, certain: pss !== undefined, evidence};
    })
    .filter(({bytes}) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return {total: parts.reduce((sum, {bytes}) => sum + bytes, 0), isMemory: true, parts};
}

/** `82 %`; below 1 % it is said so. */
export function shareText(bytes: number, total: number): string {
  const percent = total === 0 ? 0 : (100 * bytes) / total;
  return percent >= 1 || percent === 0 ? `${Math.round(percent)} %` : 'under 1 %';
}

/** `82 % of its 3.1 GiB`. */
export const shareOf = (bytes: number, total: number): string => `${shareText(bytes, total)} of its ${sizeText(total)}`;
