import {ownLabel, hex, rangeText, type Region} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import type {Choice} from '../procfs/walk.ts';

/** Which regions a user means: `0x7f..` (an address in it), `START-END` in hex, a name, or a part of a name or of a label. */
export interface Wish {
  readonly region?: string | undefined;
  /** Only regions of these kinds. */
  readonly kinds?: readonly string[] | undefined;
}

/** @throws Trouble `usage` if no region is meant */
export function chooseRegions(snapshot: Snapshot, {region: words, kinds}: Wish): Choice[] {
  const ofKind = snapshot.regions.filter(({kind}) => !kinds || kinds.includes(kind));
  if (ofKind.length === 0) throw noneOfKind(snapshot, kinds ?? []);
  if (words === undefined) return ofKind.map(whole);
  const range = /^(?:0x)?([0-9a-f]+)-(?:0x)?([0-9a-f]+)$/i.exec(words);
  if (range)
    return partsWithin(snapshot, ofKind, Number.parseInt(range[1]!, 16), Number.parseInt(range[2]!, 16), words);
  const address = /^0x([0-9a-f]{1,16})$/i.exec(words);
  if (address) return [whole(regionAt(snapshot, ofKind, Number.parseInt(address[1]!, 16), words))];
  return named(snapshot, ofKind, words);
}

const whole = (region: Region): Choice => ({region, start: region.start, end: region.end});

/** Whole pages only: any power of two up to 4096 that region ends are multiples of does, as pages are at least so large. */
function partsWithin(
  snapshot: Snapshot,
  regions: readonly Region[],
  from: number,
  to: number,
  words: string,
): Choice[] {
  if (to <= from) throw unusable(words, 'it ends before it begins.');
  const pageSize = snapshot.clues.pageSize ?? regions[0]?.usage?.['kernelPageSize'] ?? 4096;
  const start = Math.floor(from / pageSize) * pageSize;
  const end = Math.ceil(to / pageSize) * pageSize;
  const parts = regions
    .filter((region) => region.start < end && region.end > start)
    .map((region) => ({region, start: Math.max(start, region.start), end: Math.min(end, region.end)}));
  if (parts.length > 0) return parts;
  throw unusable(words, `nothing is mapped there${neighbours(snapshot, start)}.`);
}

function regionAt(snapshot: Snapshot, regions: readonly Region[], address: number, words: string): Region {
  const region = regions.find(({start, end}) => start <= address && address < end);
  if (region) return region;
  throw unusable(words, `nothing is mapped there${neighbours(snapshot, address)}.`);
}

function neighbours({regions}: Snapshot, address: number): string {
  const below = regions.filter(({end}) => end <= address).at(-1);
  const above = regions.find(({start}) => start > address);
  const sides = [below && `${nameOf(below)} ends at ${hex(below.end)}`, above && `${nameOf(above)} begins at ${hex(above.start)}`]; // prettier-ignore
  return `: ${sides.filter(Boolean).join(', and ')}`;
}

const nameOf = (region: Region): string => region.name || region.label || `unnamed memory (${rangeText(region)})`;

function named(snapshot: Snapshot, regions: readonly Region[], words: string): Choice[] {
  const exact = regions.filter((region) => region.name === words || ownLabel(region) === words);
  const found = exact.length > 0 ? exact : regions.filter((region) => region.name.includes(words) || ownLabel(region)?.includes(words)); // prettier-ignore
  if (found.length > 0) return found.map(whole);
  const isNumber = /^[0-9a-f]{5,16}$/i.test(words);
  const names = [...new Set(snapshot.regions.map(({name}) => name.split('/').at(-1)!).filter(Boolean))];
  throw unusable(
    words,
    isNumber
      ? 'no region has this in its name; an address begins with 0x.'
      : `no region has this in its name. There are: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}.`,
  );
}

function noneOfKind(snapshot: Snapshot, kinds: readonly string[]): Trouble {
  const there = [...new Set(snapshot.regions.map(({kind}) => kind))].join(', ');
  return new Trouble(
    'usage',
    `No region is of kind ${kinds.join(' or ')}.`,
    `this process has: ${there}.`,
    'Choose one of these with --kind.',
  );
}

const unusable = (words: string, why: string): Trouble =>
  new Trouble('usage', `Cannot find the region "${words}".`, why, 'List the regions with: memmap show PID');
