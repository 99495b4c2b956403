import {KIND_MEANINGS} from '../../model/kind.ts';
import {MEASURES} from '../../model/measures.ts';
import {
  hasNoAccess,
  hex,
  isPrivate,
  isShared,
  isWritable,
  rangeText,
  type Region,
  regionJSON,
  sizeOf,
  type Usage,
} from '../../model/region.ts';
import {firstFrom} from '../../model/search.ts';
import {flagMeaning} from './glossary/glossary.ts';
import {mayText, sharingText} from './glossary/perms.ts';
import {sizeText} from '../../model/amounts.ts';

/** What is next to a region or a gap. */
export interface Neighbour {
  readonly region: Region;
  /** Bytes between the two; 0 where they touch. */
  readonly gap: number;
}

/** What the line, the counters and the neighbours of one region say about it. */
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
  const index = firstFrom(regions, region.start);
  const [before, after] = [regions[index - 1], regions[index + 1]];
  return {
    region,
    meaning: KIND_MEANINGS[region.kind],
    may: [mayText(region), sharingText(region)].filter(Boolean).join('; '),
    memory: counterTexts(region),
    flags: (region.flags ?? []).map((code) => ({code, meaning: flagMeaning(code)})),
    below: before && {region: before, gap: region.start - before.end},
    above: after && {region: after, gap: after.start - region.end},
  };
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
  arena: 'memory of an allocator',
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

/** An order for lists of regions: more resident memory first, then the larger size. */
export const byWeight = (a: Region, b: Region): number =>
  (b.usage?.rss ?? 0) - (a.usage?.rss ?? 0) || sizeOf(b) - sizeOf(a);

/** What the counters of one region say, a sentence each; counters without a message are left out. */
function counterTexts(region: Region): string[] {
  const {usage} = region;
  if (usage?.rss === undefined) return [];
  return [
    residentText(region, usage),
    sharedText(usage),
    privateText(region, usage),
    ...rareTexts(region, usage),
  ].filter((text) => text !== '');
}

function residentText(region: Region, usage: Usage): string {
  const size = sizeOf(region);
  const rss = usage.rss!;
  if (rss === 0) return whyNothing(region, usage);
  if (rss >= size) return `All ${sizeText(size)} of it is in RAM.`;
  return `${sizeText(rss)} of its ${sizeText(size)} is in RAM (${percent(rss, size)}); ${restText(region)}.`;
}

/** Pages of a file can come and go; those that the program wrote to can't. */
const restText = (region: Region): string =>
  region.name.startsWith('/') && !isWritable(region)
    ? 'the rest is read from the file when it is needed'
    : 'the rest has not been touched yet, or was given back';

function whyNothing(region: Region, usage: Usage): string {
  if (hasNoAccess(region)) return 'None of it is in RAM: no access is permitted.';
  if (MEASURES.hugetlb.ofTotals(usage)) return 'RSS says 0, as it does not count hugetlb pages.';
  if (/^(vvar|vsyscall|device)$/.test(region.kind)) return 'RSS says 0, as the kernel does not count such pages.';
  if (usage.swap) return 'None of it is in RAM: it is swapped out.';
  return (
    'None of it is in RAM: it has not been touched yet, has only been read (zero pages are not ' +
    'counted), or was given back.'
  );
}

function sharedText(usage: Usage): string {
  const shared = MEASURES.shared.ofTotals(usage) ?? 0;
  if (usage.pss === undefined || shared === 0) return '';
  return (
    `${sizeText(shared)} of that is mapped at least twice, maybe by this process alone, so its fair ` +
    `share (PSS) is ${sizeText(usage.pss)}.`
  );
}

function privateText(region: Region, usage: Usage): string {
  const dirty = usage.privateDirty;
  if (!dirty) return '';
  const copied = usage.anonymous && region.name.startsWith('/') && isPrivate(region);
  const why = copied
    ? `; copies of the file's pages, made when they were written to, take ${sizeText(usage.anonymous)}`
    : '';
  const what = `${sizeText(dirty)} is private dirty: only this process maps it, and `;
  if (!isShared(region)) return `${what}the kernel can't drop it${why}.`;
  const must = MEMORY_ALONE.test(region.kind) ? 'the kernel can only swap it out' : 'it is not yet written to its file';
  return `${what}${must}; it stays when the process ends, as long as ${KEEPERS[region.kind] ?? 'its file'} does.`;
}

/** Kinds whose pages no disk has a place for. */
const MEMORY_ALONE = /^(shared|memfd)$/;

/** Who keeps the pages of shared mappings. */
const KEEPERS: Readonly<Record<string, string>> = {
  shared: 'the file or segment, or another process that maps it,',
  memfd: 'somebody who has the memfd open or mapped',
};

function rareTexts(region: Region, usage: Usage): string[] {
  const hugetlb = MEASURES.hugetlb.ofTotals(usage);
  const rows: ReadonlyArray<readonly [number | undefined, (size: string) => string]> = [
    [usage.swap, (size) => `${size} is swapped out.`],
    [usage.locked, (size) => `${size} is locked into RAM.`],
    [usage['lazyFree'], (size) => `${size} was given back with MADV_FREE and still counts until the kernel takes it.`],
    [usage['anonHugePages'], (size) => `${size} is in transparent huge pages.`],
    [usage['ksm'], (size) => `${size} is merged with pages of the same content.`],
    [hugetlb, (size) => `${size} of hugetlb pages comes on top: RSS and PSS do not count them.`],
  ];
  const texts = rows.filter(([amount]) => amount).map(([amount, say]) => say(sizeText(amount!)));
  const key = region.attributes?.['protectionKey'];
  return key !== undefined && key !== '0'
    ? [...texts, `Protection key ${key}: a thread may have locked itself out.`]
    : texts;
}

/** `33 %`; what is there but small is `< 1 %`. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '0 %';
  const share = (100 * part) / whole;
  if (part > 0 && share < 1) return '< 1 %';
  return `${part < whole ? Math.min(99, Math.round(share)) : Math.round(share)} %`;
}
