import {countText, sizeText} from '../../model/amounts.ts';
import type {ReportChange} from './changes.ts';
import type {Grower} from './growers.ts';
import type {ReportEvent} from './events.ts';
import {COUNTERS, sumOver, type Counter, type Curves} from '../../history/curves.ts';
import type {Stay} from '../../history/tracks.ts';

interface OverTime {
  readonly curves: Curves;
  readonly events: readonly ReportEvent[];
  readonly growers: readonly Grower[];
  readonly changes: readonly ReportChange[];
  readonly stays: readonly Stay[];
}

/**
 * Leaves out looks until `most` remain. What refers to a look that is left out refers to the next one that is kept. Of
 * neighbours, the one with the most memory is kept, so that peaks are; the first, the last, and those with an event are
 * always kept.
 */
export function thin(all: OverTime, most: number): OverTime & {readonly unseen: number} {
  const looks = all.curves.times.length;
  if (looks <= most) return {...all, unseen: 0};
  const kept = keptLooks(all, most);
  const next = nextOf(kept, looks);
  const place = (look: number): number => Math.min(next[look]!, kept.length - 1);
  const points = (values: readonly number[]): number[] =>
    values.map((value, at) => (at % 2 === 0 ? place(value) : value));
  const stays = all.stays
    .filter((stay) => next[stay.from]! < next[stay.to]!)
    .map((stay) => ({...stay, from: next[stay.from]!, to: next[stay.to]!, amounts: points(stay.amounts)}));
  return {
    curves: thinCurves(all.curves, kept),
    events: all.events.map((event) => ({...event, look: place(event.look)})),
    growers: all.growers.map((grower) => ({...grower, from: place(grower.from), points: points(grower.points)})),
    changes: all.changes.map((change) => ({...change, look: place(change.look)})),
    stays,
    unseen: all.stays.length - stays.length,
  };
}

/** For each look, and the end, the place of the first one that is kept and not before it. */
function nextOf(kept: readonly number[], looks: number): Int32Array {
  const next = new Int32Array(looks + 1);
  for (let look = 0, at = 0; look <= looks; look++) {
    next[look] = at;
    if (kept[at] === look) at++;
  }
  return next;
}

function keptLooks({curves, events}: OverTime, most: number): number[] {
  const looks = curves.times.length;
  const needed = new Set([0, looks - 1, ...events.slice(0, most / 4).map(({look}) => look)]);
  const resident = sumOver(curves, 'rss');
  const usage = new Map(curves.usageAt.map((look, at) => [look, resident[at]!] as const));
  const size = sumOver(curves, 'size');
  const width = Math.ceil(looks / (most - needed.size));
  for (let begin = 0; begin < looks; begin += width) {
    let best = begin;
    for (let look = begin; look < Math.min(begin + width, looks); look++) {
      // A look with resident memory is preferred to those without it.
      const [a, b] = [usage.get(look) ?? -1, usage.get(best) ?? -1];
      if (a > b || (a === b && size[look]! > size[best]!)) best = look;
    }
    needed.add(best);
  }
  return [...needed].sort((a, b) => a - b);
}

function thinCurves(curves: Curves, kept: readonly number[]): Curves {
  const at = new Map(curves.usageAt.map((look, index) => [look, index]));
  const usage = kept.filter((look) => at.has(look));
  const places = new Map(kept.map((look, index) => [look, index]));
  const some = (values: readonly number[]): number[] => kept.map((look) => values[look]!);
  const counters = (values: readonly number[]): number[] => usage.map((look) => values[at.get(look)!]!);
  return {
    times: some(curves.times),
    resident: kept.map((look) => curves.resident[look]!),
    usageAt: usage.map((look) => places.get(look)!),
    kinds: curves.kinds.map((each) => ({
      ...each,
      regions: some(each.regions),
      size: some(each.size),
      ...(Object.fromEntries(COUNTERS.map((counter) => [counter, counters(each[counter])])) as Record<
        Counter,
        number[]
      >),
    })),
  };
}

/** The largest stays, where there are too many to draw. */
export function fewerStays(stays: readonly Stay[], most: number): {stays: readonly Stay[]; notes: string[]} {
  if (stays.length <= most) return {stays, notes: []};
  const size = ({start, end}: Stay): number => end - start;
  const kept = [...stays].sort((a, b) => size(b) - size(a)).slice(0, most);
  const note =
    `The picture shows the largest ${countText(most)} of ${countText(stays.length)} regions over ` +
    `time: those of ${sizeText(size(kept.at(-1)!))} and more.`;
  return {stays: kept, notes: [note]};
}
