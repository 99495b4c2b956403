import {hex, regionJSON, type Region} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {amountTexts} from './amounts.ts';
import {costsOf, type Costs} from './costs.ts';
import {layoutOf, type AreaText} from './layout.ts';
import {lookedFor, unusualOf, type Finding} from './unusual.ts';

/** A command to go on with, and what it would show. */
export interface Step {
  readonly command: string;
  readonly why: string;
}

/** An address space told in a page. */
export interface Story {
  /** How much memory, and what the numbers mean. */
  readonly amounts: readonly string[];
  readonly layout: readonly AreaText[];
  readonly costs: Costs;
  readonly unusual: readonly Finding[];
  /** What `unusual` would have found. */
  readonly lookedFor: string;
  /** What the source doesn't say, and what would. */
  readonly missing: readonly string[];
  readonly next: readonly Step[];
}

/** smaps_rollup has one line for everything. */
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
  if (source.format === 'smaps_rollup') missing.push('smaps_rollup has only sums: /proc/PID/smaps has each region.');
  else if (totals['rss'] === undefined)
    missing.push(
      isLive
        ? 'Resident memory was not read: --max-stall lets memmap take longer over it.'
        : 'The listing does not say what is in RAM: /proc/PID/smaps does, and so does memmap snapshot PID.',
    );
  else if (totals['pss'] === undefined)
    missing.push('The listing has no PSS and does not tell private from shared: /proc/PID/smaps or pmap -X do.');
  if (!isLive && totals['rss'] !== undefined && regions.every(({flags}) => flags === undefined))
    missing.push('There are no VmFlags: /proc/PID/smaps has them.');
  if (!isLive && process.comm === undefined) missing.push('Who it is was not saved: memmap snapshot PID does.');
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
