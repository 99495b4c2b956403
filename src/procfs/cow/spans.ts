import type {Region} from '../../model/region.ts';

/** A stretch of addresses, and who has a region there. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Numbers of processes, ascending. */
  readonly who: readonly number[];
  /** What it is counted with: the first process's region there; where that has none, the one of the next that has. */
  readonly region: Region;
}

/**
 * Cuts addresses at the borders of all regions of several processes.
 *
 * @param all for each process its regions, ascending
 */
export function spansOf(all: ReadonlyArray<readonly Region[]>): Span[] {
  const borders = [...new Set(all.flatMap((regions) => regions.flatMap(({start, end}) => [start, end])))];
  borders.sort((a, b) => a - b);
  const places = all.map(() => 0);
  const spans: Span[] = [];
  /** Regions that several processes mapped alike where the parent has none are one row. */
  const known = new Map<string, Region>();
  for (const [index, start] of borders.entries()) {
    const end = borders[index + 1];
    if (end === undefined) break;
    const who: number[] = [];
    let owner: Region | undefined;
    for (const [number, regions] of all.entries()) {
      while (regions[places[number]!] && regions[places[number]!]!.end <= start) places[number]!++;
      const region = regions[places[number]!];
      if (!region || region.start > start) continue;
      who.push(number);
      owner ??= region;
    }
    if (!owner) continue;
    const region = who[0] === 0 ? owner : knownAs(owner, known);
    spans.push({start, end, who, region});
  }
  return spans;
}

function knownAs(region: Region, known: Map<string, Region>): Region {
  const key = `${region.start}-${region.end} ${region.name}`;
  const same = known.get(key);
  if (!same) known.set(key, region);
  return same ?? region;
}
