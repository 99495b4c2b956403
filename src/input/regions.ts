import {pageSizeOf} from '../model/clues.ts';
import {hex, ownLabel, rangeText, type Region} from '../model/region.ts';
import {Trouble} from '../model/trouble.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Choice} from '../procfs/pages/pages.ts';

/** What of an address space is asked for: an address, a range of addresses, or regions by their name. */
export type Wanted =
  | {readonly is: 'address'; readonly address: bigint}
  | {readonly is: 'range'; readonly start: bigint; readonly end: bigint}
  | {readonly is: 'name'; readonly name: string};

const HEX = '(?:0x)?([0-9a-f]{1,16})';

/**
 * `0x7f12…`, `7f12…` as maps prints it (8 digits or more), `00400000-00452000`, `[heap]`, `libc.so.6`. An address may have 64
 * bits, so it is a bigint.
 *
 * @throws Trouble (`usage`) for decimal digits alone, which could be meant either way, and for more than 64 bits
 */
export function parseWanted(text: string): Wanted {
  const range = new RegExp(`^${HEX}-${HEX}$`, 'i').exec(text);
  if (range) return rangeOf(text, BigInt(`0x${range[1]}`), BigInt(`0x${range[2]}`));
  if (/^0x[0-9a-f]+$/i.test(text)) {
    if (text.replace(/^0x0*/i, '').length > 16) throw notAnAddress(text, 'it has more than 64 bits');
    return {is: 'address', address: BigInt(text)};
  }
  if (/^0+$/.test(text)) return {is: 'address', address: 0n};
  if (/^\d+$/.test(text)) throw ambiguous(text);
  if (/^[0-9a-f]{8,16}$/i.test(text)) return {is: 'address', address: BigInt(`0x${text}`)};
  if (text === '') throw notAnAddress(text, 'it is empty');
  return {is: 'name', name: text};
}

function rangeOf(text: string, start: bigint, end: bigint): Wanted {
  if (end <= start) throw notAnAddress(text, 'a range ends above where it starts');
  return {is: 'range', start, end};
}

const ambiguous = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `Is ${text} hexadecimal or decimal?`,
    why: 'memmap does not guess: as /proc/PID/maps prints addresses it is hexadecimal, as Python prints them decimal.',
    next:
      text.length > 16
        ? `Write hexadecimal with 0x in front: 0x${BigInt(text).toString(16)}`
        : `Write 0x${text} if it is hexadecimal, or 0x${BigInt(text).toString(16)} if it is decimal.`,
  });

const notAnAddress = (text: string, why: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" is no address.`,
    why: `${why}.`,
    next: 'For example: 0x7ffd5000, 00400000-00452000, [heap], libc.so.6',
  });

/** The region with an address in it. The last page of 64 bits ends at 2^64. */
export const regionAt = (regions: readonly Region[], address: bigint): Region | undefined =>
  regions.find((region) => address >= BigInt(region.start) && address < BigInt(region.end));

/**
 * The regions that are meant. A name is looked for as a whole, then as the last part of a path, then as a kind, then as a
 * part of a name or label: the first of these that finds something decides.
 */
export function pick(regions: readonly Region[], wanted: Wanted): Region[] {
  if (wanted.is === 'address') return [regionAt(regions, wanted.address) ?? []].flat();
  if (wanted.is === 'range') {
    const same = regions.filter(({start, end}) => BigInt(start) === wanted.start && BigInt(end) === wanted.end);
    return same.length > 0
      ? same
      : regions.filter(({start, end}) => BigInt(start) < wanted.end && wanted.start < BigInt(end));
  }
  const {name} = wanted;
  const small = name.toLowerCase();
  const tries: ReadonlyArray<(region: Region) => boolean> = [
    (region) => region.name === name,
    (region) => region.name.split('/').at(-1) === name,
    (region) => region.kind === small,
    (region) => region.name.toLowerCase().includes(small) || ownLabel(region)?.toLowerCase().includes(small) === true,
  ];
  for (const fits of tries) {
    const found = regions.filter(fits);
    if (found.length > 0) return found;
  }
  return [];
}

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
  if (address) return [whole(regionWith(snapshot, ofKind, Number.parseInt(address[1]!, 16), words))];
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
  const pageSize = pageSizeOf({clues: snapshot.clues, regions});
  const start = Math.floor(from / pageSize) * pageSize;
  const end = Math.ceil(to / pageSize) * pageSize;
  const parts = regions
    .filter((region) => region.start < end && region.end > start)
    .map((region) => ({region, start: Math.max(start, region.start), end: Math.min(end, region.end)}));
  if (parts.length > 0) return parts;
  throw unusable(words, `nothing is mapped there${neighbours(snapshot, start)}.`);
}

function regionWith(snapshot: Snapshot, regions: readonly Region[], address: number, words: string): Region {
  const region = regions.find(({start, end}) => start <= address && address < end);
  if (region) return region;
  throw unusable(words, `nothing is mapped there${neighbours(snapshot, address)}.`);
}

function neighbours({regions}: Snapshot, address: number): string {
  const below = regions.filter(({end}) => end <= address).at(-1);
  const above = regions.find(({start}) => start > address);
  const sides = [
    below && `${nameOf(below)} ends at ${hex(below.end)}`,
    above && `${nameOf(above)} begins at ${hex(above.start)}`,
  ];
  return `: ${sides.filter(Boolean).join(', and ')}`;
}

const nameOf = (region: Region): string => region.name || region.label || `unnamed memory (${rangeText(region)})`;

function named(snapshot: Snapshot, regions: readonly Region[], words: string): Choice[] {
  const exact = regions.filter((region) => region.name === words || ownLabel(region) === words);
  const found =
    exact.length > 0
      ? exact
      : regions.filter((region) => region.name.includes(words) || ownLabel(region)?.includes(words));
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
  return new Trouble({
    kind: 'usage',
    what: `No region is of kind ${kinds.join(' or ')}.`,
    why: `this process has: ${there}.`,
    next: 'Choose one of these with --kind.',
  });
}

const unusable = (words: string, why: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `Cannot find the region "${words}".`,
    why,
    next: 'List the regions with: memmap show PID',
  });
