import {sizeOf, type Region} from '../model/region.ts';
import {sizeText} from '../model/size.ts';
import type {Usage} from '../model/usage.ts';

/** What the counters of one region say, a sentence each; those that say nothing here are left out. */
export function counterTexts(region: Region): string[] {
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
  if (rss >= size) return `All ${sizeText(size)} of it are in RAM.`;
  return `${sizeText(rss)} of its ${sizeText(size)} are in RAM (${percent(rss, size)}); ${restText(region)}.`;
}

/** Pages of a file can come and go; those that the program wrote to can't. */
const restText = (region: Region): string =>
  region.name.startsWith('/') && region.perms[1] !== 'w'
    ? 'the rest is read from the file when it is needed'
    : 'the rest was not touched yet, or was given back';

function whyNothing(region: Region, usage: Usage): string {
  if (region.perms.startsWith('---')) return 'Nothing of it is in RAM: nobody may touch it.';
  if ((usage['sharedHugetlb'] ?? 0) + (usage['privateHugetlb'] ?? 0) > 0)
    return 'RSS says 0, as it does not count hugetlb pages.';
  if (/^(vvar|vsyscall|device)$/.test(region.kind)) return 'RSS says 0, as the kernel does not count such pages.';
  if (usage.swap) return 'Nothing of it is in RAM: it is out on swap.';
  return 'Nothing of it is in RAM: it was not touched yet, only read where it is still zero, or given back.';
}

function sharedText(usage: Usage): string {
  const shared = (usage.sharedClean ?? 0) + (usage.sharedDirty ?? 0);
  if (usage.pss === undefined || shared === 0) return '';
  return `Other processes map ${sizeText(shared)} of that too, so its fair share (PSS) is ${sizeText(usage.pss)}.`;
}

function privateText(region: Region, usage: Usage): string {
  const dirty = usage.privateDirty;
  if (!dirty) return '';
  const copied = usage.anonymous && region.name.startsWith('/') && region.perms[3] === 'p';
  const why = copied
    ? `; ${sizeText(usage.anonymous)} are copies of the file's pages, made when they were written to`
    : '';
  return `${sizeText(dirty)} are private dirty: only this process has them, and the kernel can't drop them${why}.`;
}

function rareTexts(region: Region, usage: Usage): string[] {
  const hugetlb = (usage['sharedHugetlb'] ?? 0) + (usage['privateHugetlb'] ?? 0);
  const rows: ReadonlyArray<readonly [number | undefined, (size: string) => string]> = [
    [usage.swap, (size) => `${size} are out on swap.`],
    [usage.locked, (size) => `${size} are locked into RAM.`],
    [
      usage['lazyFree'],
      (size) => `${size} were given back with MADV_FREE and still count until the kernel takes them.`,
    ],
    [usage['anonHugePages'], (size) => `${size} are in transparent huge pages.`],
    [usage['ksm'], (size) => `${size} are merged with pages of the same content.`],
    [hugetlb, (size) => `${size} of hugetlb pages come on top: RSS and PSS do not count them.`],
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
