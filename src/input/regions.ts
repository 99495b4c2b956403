import {ownLabel, type Region} from '../model/region.ts';
import {Trouble} from '../model/trouble.ts';

/**
 * Which part of an address space is asked for: an address, a range of addresses, or regions by their name. `--filter`
 * of show is something else: it keeps the regions that have a text anywhere in their line.
 */
export type Wanted =
  | {readonly is: 'address'; readonly address: bigint}
  | {readonly is: 'range'; readonly start: bigint; readonly end: bigint}
  | {readonly is: 'name'; readonly name: string};

const HEX = '(?:0x)?([0-9a-f]{1,16})';

/**
 * `0x7f12…`, `7f12…` as maps prints it (8 digits or more), `00400000-00452000`, `[heap]`, `libc.so.6`. An address may
 * have 64 bits, so it is a bigint.
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
  if (end <= start) throw notAnAddress(text, end < start ? 'it ends before it begins' : 'it ends where it begins');
  return {is: 'range', start, end};
}

const ambiguous = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `Is ${text} hexadecimal or decimal?`,
    why:
      'memmap does not guess: /proc/PID/maps prints addresses in hexadecimal, Python in decimal. An ' +
      'address that begins with 0x leaves no doubt.',
    next:
      text.length > 16
        ? `Write hexadecimal with 0x in front: 0x${BigInt(text).toString(16)}`
        : `Write 0x${text} if it is hexadecimal, or 0x${BigInt(text).toString(16)} if it is decimal.`,
  });

const notAnAddress = (text: string, why: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" is not an address.`,
    why: `${why}.`,
    next: 'For example: 0x7ffd5000, 00400000-00452000, [heap], libc.so.6',
  });

/** The region with an address in it. The last page of 64 bits ends at 2^64. */
export const regionAt = (regions: readonly Region[], address: bigint): Region | undefined =>
  regions.find((region) => address >= BigInt(region.start) && address < BigInt(region.end));

/**
 * The regions that match. A name is looked for as a whole, then as the last part of a path, then as a kind, then as a
 * label, then as a part of a name or label: the first of these that finds something decides.
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
    (region) => ownLabel(region) === name,
    (region) => region.name.toLowerCase().includes(small) || ownLabel(region)?.toLowerCase().includes(small) === true,
  ];
  for (const fits of tries) {
    const found = regions.filter(fits);
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * The error that no region has the name that was asked for, with some names that regions have.
 *
 * @param target what the process or the file is called on a command line
 */
export function noSuchRegion(regions: readonly Region[], asked: string, target: string): Trouble {
  const names = [...new Set(regions.map(({name}) => name.split('/').at(-1)!).filter(Boolean))];
  const some = `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ', …' : ''}`;
  return new Trouble({
    kind: 'usage',
    what: `No region matches "${asked}".`,
    why: `no region has this in its name. There are: ${some}.`,
    next: `List all regions with: memmap show ${target}`,
  });
}

const MOST_NAMES = 12;
