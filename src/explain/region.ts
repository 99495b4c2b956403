import {KIND_MEANINGS} from '../model/kind.ts';
import {hex, rangeText, regionJSON, sizeOf, type Region} from '../model/region.ts';
import {counterTexts} from './counters.ts';
import {mayText, sharingText} from './perms.ts';
import {flagMeaning} from './words-flags.ts';

/** Who lies next to a region or a gap. */
export interface Neighbour {
  readonly region: Region;
  /** Bytes between the two; 0 where they touch. */
  readonly gap: number;
}

/** All that can be said of one region from its line, its counters and its neighbours. */
export interface RegionFacts {
  readonly region: Region;
  /** What its kind means. */
  readonly meaning: string;
  /** Its permissions in words. */
  readonly may: string;
  /** What its counters say, a sentence each. */
  readonly memory: readonly string[];
  /** VmFlags in words; undefined for a code that memmap doesn't know. */
  readonly flags: ReadonlyArray<{readonly code: string; readonly meaning: string | undefined}>;
  readonly below: Neighbour | undefined;
  readonly above: Neighbour | undefined;
}

export function regionFacts(regions: readonly Region[], region: Region): RegionFacts {
  const index = indexOf(regions, region);
  const [before, after] = [regions[index - 1], regions[index + 1]];
  return {
    region,
    meaning: KIND_MEANINGS[region.kind],
    may: [mayText(region.perms), sharingText(region.perms)].filter(Boolean).join('; '),
    memory: counterTexts(region),
    flags: (region.flags ?? []).map((code) => ({code, meaning: flagMeaning(code)})),
    below: before && {region: before, gap: region.start - before.end},
    above: after && {region: after, gap: after.start - region.end},
  };
}

/** Regions ascend, and there may be very many. */
function indexOf(regions: readonly Region[], {start}: Region): number {
  let [low, high] = [0, regions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (regions[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What to call a region in a sentence: its label, its file, or its kind. The name is as the kernel prints it. */
export function called(region: Region): string {
  const file = region.name.startsWith('/') ? region.name.split('/').at(-1)! : region.name;
  if (file === '') return region.label ?? ANONYMOUS[region.kind] ?? `${region.kind} memory`;
  return file.startsWith('[') ? file : `${region.kind} of ${file}`;
}

const ANONYMOUS: Readonly<Record<string, string>> = {
  anon: 'anonymous memory',
  bss: 'bss',
  guard: 'a guard',
  reserved: 'reserved addresses',
  arena: 'an arena of malloc',
  'thread-stack': 'a thread stack',
};

/** The part of `memmap.explain/1` on one region. */
export const regionFactsJSON = ({region, meaning, may, memory, flags, below, above}: RegionFacts): object => ({
  region: regionJSON(region),
  meaning,
  permissions: may,
  memory,
  flags: flags.map(({code, meaning: words}) => ({code, known: words !== undefined, meaning: words ?? null})),
  below: neighbourJSON(below),
  above: neighbourJSON(above),
});

export const neighbourJSON = (neighbour: Neighbour | undefined): object | null =>
  neighbour
    ? {
        start: hex(neighbour.region.start),
        end: hex(neighbour.region.end),
        name: neighbour.region.name,
        kind: neighbour.region.kind,
        gap: neighbour.gap,
      }
    : null;

/** `00400000-00401000 (text of bash)`. */
export const placeText = (region: Region): string => `${rangeText(region)} (${called(region)})`;

/** Regions that are alike for a list: the larger in RAM first, then the larger. */
export const byWeight = (a: Region, b: Region): number =>
  (b.usage?.rss ?? 0) - (a.usage?.rss ?? 0) || sizeOf(b) - sizeOf(a);
