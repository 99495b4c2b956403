import {type Freed, freedOf} from '../../model/heap/freed.ts';
import {MEASURES} from '../../model/measures.ts';
import {hex, isFileBacked, type Region, regionJSON, sizeOf} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {layoutOf, type AreaText} from './areas.ts';
import {lookedFor, unusualOf, type Finding} from './unusual.ts';
import {sizeText} from '../../model/amounts.ts';
import {percent} from './region.ts';
import {totalsByKind, totalsOf, type Totals} from '../../model/totals.ts';

/** A command to run next, and what it would show. */
interface Step {
  readonly command: string;
  readonly why: string;
}

/** An address space described in a page. */
export interface Story {
  /** How much memory, and what the numbers mean. */
  readonly amounts: readonly string[];
  readonly layout: readonly AreaText[];
  readonly costs: Costs;
  readonly unusual: readonly Finding[];
  /** What `unusual` was searched for. */
  readonly lookedFor: string;
  /** What the source doesn't say, and where to find it. */
  readonly missing: readonly string[];
  readonly next: readonly Step[];
}

/** smaps_rollup is one record for the whole process. */
const NO_COSTS: Costs = {by: 'pss', kinds: [], files: [], regions: []};

/** @param target what the user called it by, for the commands that are proposed */
export function storyOf(snapshot: Snapshot, target: string): Story {
  const isRollup = snapshot.source.format === 'smaps_rollup';
  const unusual = isRollup ? [] : unusualOf(snapshot);
  const costs = isRollup ? NO_COSTS : costsOf(snapshot);
  return {
    amounts: amountTexts(snapshot),
    layout: isRollup ? [] : layoutOf(snapshot),
    costs,
    unusual,
    lookedFor: isRollup ? '' : lookedFor(snapshot),
    missing: missingOf(snapshot),
    next: nextOf(
      snapshot,
      target,
      unusual.flatMap(({regions}) => regions.slice(0, 1)),
      costs,
    ),
  };
}

function missingOf({source, totals, regions, process}: Snapshot): string[] {
  const isLive = source.from === 'process';
  const missing: string[] = [];
  if (source.format === 'core')
    return ['A core does not say what was in RAM, swapped, or shared with others, and has no VmFlags.'];
  if (source.format === 'smaps_rollup') missing.push('smaps_rollup has only sums: /proc/PID/smaps has each region.');
  else if (totals['rss'] === undefined)
    missing.push(
      isLive
        ? 'Resident memory was not read: --max-stall lets memmap take longer for it.'
        : 'The listing does not say what is in RAM: /proc/PID/smaps does, and so does memmap snapshot PID.',
    );
  else if (totals['pss'] === undefined)
    missing.push(
      'The listing has no PSS and does not separate private from shared memory: /proc/PID/smaps and pmap -X do.',
    );
  if (!isLive && totals['rss'] !== undefined && regions.every(({flags}) => flags === undefined))
    missing.push('There are no VmFlags: /proc/PID/smaps has them.');
  if (!isLive && process.comm === undefined)
    missing.push('The listing does not say which process it is: memmap snapshot PID saves that.');
  return missing;
}

function nextOf(snapshot: Snapshot, target: string, [found]: readonly Region[], {regions: [most]}: Costs): Step[] {
  const isLive = snapshot.source.from === 'process';
  const steps: Step[] = [{command: `memmap show ${target}`, why: 'every region, with totals by kind'}];
  const region = found ?? most;
  if (region)
    steps.push({
      command: `memmap explain ${target} ${hex(region.start)}`,
      why: found ? 'the first of the unusual regions' : 'the region that takes the most',
    });
  if (isLive) steps.push({command: `memmap watch ${target}`, why: 'each change as it happens'});
  steps.push(
    isLive
      ? {command: `memmap snapshot ${target} -o before.json`, why: `then, later: memmap diff before.json ${target}`}
      : {command: `memmap diff ${target} OTHER`, why: 'what differs from another listing'},
  );
  return steps;
}

/** The part of `memmap.explain/1` on a whole address space. */
export const storyJSON = (story: Story): object => ({
  amounts: story.amounts,
  layout: story.layout.map(({area, start, end, totals, text}) => ({
    area,
    start: hex(start),
    end: hex(end),
    totals,
    text,
  })),
  costs: {
    by: story.costs.by,
    kinds: story.costs.kinds.map(({what, totals}) => ({kind: what, totals})),
    files: story.costs.files.map(({what, totals}) => ({file: what, totals})),
    regions: story.costs.regions.map(regionJSON),
  },
  unusual: story.unusual.map(({what, text, regions}) => ({what, text, regions: regions.map(regionJSON)})),
  missing: story.missing,
  next: story.next,
});

/** How much memory a process has, and what those numbers mean for it: a sentence or two each. */
function amountTexts(snapshot: Snapshot): string[] {
  const totals = snapshot.totals as Readonly<Record<string, number | undefined>>;
  const {size = 0, regions = 0, rss} = totals;
  const isRollup = snapshot.source.format === 'smaps_rollup';
  const space = isRollup
    ? ''
    : `It has ${sizeText(size)} of address space in ${regions} ${regions === 1 ? 'region' : 'regions'}: that ` +
      `is what it may touch.`;
  if (rss === undefined) return [`${space}${knownFromStatus(snapshot)}`];
  const resident = isRollup
    ? `${sizeText(rss)} is in RAM now.`
    : `Of that, ${sizeText(rss)} is in RAM now (${percent(rss, size)}).`;
  return [
    [space, resident].filter(Boolean).join(' '),
    shareText(totals),
    dirtyText(totals, isRollup ? undefined : freedOf(snapshot.table)),
    swapText(totals),
    besideText(snapshot),
  ].filter((text) => text !== '');
}

function knownFromStatus(snapshot: Snapshot): string {
  const rss = snapshot.status['vmRss'];
  return typeof rss === 'number' ? ` Its status says that ${sizeText(rss)} is in RAM now.` : '';
}

type Amounts = Readonly<Record<string, number | undefined>>;

function shareText({rss = 0, pss}: Amounts): string {
  if (pss === undefined) return '';
  const others = rss - pss;
  if (others < rss / 100) return `Its fair share (PSS) is ${sizeText(pss)}: hardly any of it is mapped more than once.`;
  return (
    `Its fair share (PSS) is ${sizeText(pss)}: the remaining ${sizeText(others)} is the share of other ` +
    `mappings of the same pages, mostly in other processes: code of libraries, or what parent and ` +
    `child share after fork.`
  );
}

function dirtyText({privateDirty, rss = 0}: Amounts, freed: Freed | undefined): string {
  if (privateDirty === undefined) return '';
  const what =
    `${sizeText(privateDirty)} is private dirty (${percent(privateDirty, rss)} of what is resident): only this ` +
    `process maps it, and it was written to.`;
  if (!freed) return what;
  if (freed.stays === 0) return `${what} The kernel can't drop it, and it comes free when the process ends.`;
  return (
    `${what} ${freed.freed === 0 ? 'None' : sizeText(freed.freed)} of it comes free when the process ends; ` +
    `${sizeText(freed.stays)} is of shared memory or files, and stays as long as these do.`
  );
}

function swapText({swap, swapPss}: Amounts): string {
  if (swap === undefined) return '';
  if (swap === 0) return 'Nothing is swapped out.';
  const share = swapPss === undefined || swapPss === swap ? '' : ` (fair share ${sizeText(swapPss)})`;
  return `${sizeText(swap)} is swapped out${share}: touching it again takes one disk access per page.`;
}

/** What RSS and PSS leave out, and the peak. */
function besideText(snapshot: Snapshot): string {
  const {vmPte, vmHwm, hugetlbPages} = snapshot.status as Record<string, number | undefined>;
  const hugetlb = Math.max(hugetlbPages ?? 0, MEASURES.hugetlb.ofTotals(snapshot.totals) ?? 0);
  const parts = [
    hugetlb > 0 && `${sizeText(hugetlb)} of hugetlb pages`,
    vmPte !== undefined && vmPte > 0 && `${sizeText(vmPte)} of page tables`,
  ].filter(Boolean);
  const beside = parts.length > 0 ? `RSS does not count ${parts.join(' and ')}: that comes on top.` : '';
  const peak = vmHwm === undefined ? '' : `The peak of resident memory is ${sizeText(vmHwm)}.`;
  return [beside, peak].filter(Boolean).join(' ');
}

/** The measure by which costs are compared: the best one that the source has. */
export type CostMeasure = 'pss' | 'rss' | 'size';

interface Cost {
  /** A kind, or a file. */
  readonly what: string;
  readonly totals: Totals;
}

/** What takes the most: by kind, by file, and single regions; the largest first. */
interface Costs {
  readonly by: CostMeasure;
  readonly kinds: readonly Cost[];
  readonly files: readonly Cost[];
  readonly regions: readonly Region[];
}

const MOST_KINDS = 6;
const MOST_FILES = 5;
const MOST_REGIONS = 5;

function costsOf(snapshot: Snapshot): Costs {
  const by = measureOf(snapshot);
  const most = (a: Cost, b: Cost): number => (b.totals[by] ?? 0) - (a.totals[by] ?? 0) || b.totals.size - a.totals.size;
  const costs = ({totals}: Cost): boolean => (totals[by] ?? 0) > 0;
  const kinds = [...totalsByKind(snapshot.table)].map(([what, totals]) => ({what, totals}));
  return {
    by,
    kinds: kinds.filter(costs).sort(most).slice(0, MOST_KINDS),
    files: byFile(snapshot.regions).filter(costs).sort(most).slice(0, MOST_FILES),
    regions: [...snapshot.regions]
      .sort((a, b) => amountOf(b, by) - amountOf(a, by) || sizeOf(b) - sizeOf(a))
      .filter((region) => amountOf(region, by) > 0)
      .slice(0, MOST_REGIONS),
  };
}

function measureOf({totals}: Snapshot): CostMeasure {
  if (totals['pss'] !== undefined) return 'pss';
  return totals['rss'] === undefined ? 'size' : 'rss';
}

export const amountOf = (region: Region, by: CostMeasure): number => MEASURES[by].ofRegion(region) ?? 0;

function byFile(regions: readonly Region[]): Cost[] {
  const files = new Map<string, Region[]>();
  for (const region of regions) {
    if (!isFileBacked(region) || region.name === '') continue;
    const group = files.get(region.name);
    if (group) group.push(region);
    else files.set(region.name, [region]);
  }
  return [...files].map(([what, group]) => ({what, totals: totalsOf(group)}));
}
