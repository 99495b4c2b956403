import {called, placeText, type Neighbour, type RegionFacts} from '../explain/region.ts';
import {rangeText, sizeOf} from '../model/region.ts';
import {sizeText} from '../model/size.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {entry, heading} from './explain-wrap.ts';
import {who} from './snapshot.ts';

/** Some regions of one address space, each with all that is known of it. */
export function renderRegionFacts(
  snapshot: Snapshot,
  facts: readonly RegionFacts[],
  sections: readonly string[],
  width?: number,
): string {
  const parts = facts.map((each) => regionLines(each, facts.length === 1 ? sections : [], width).join('\n'));
  return `${heading(who(snapshot), width, 'quiet')}\n${parts.join('\n\n')}\n`;
}

/** One region. */
export function regionLines(facts: RegionFacts, sections: readonly string[], width: number | undefined): string[] {
  const {region, meaning, may, memory, flags, below, above} = facts;
  const rows: Array<readonly [string, string | undefined]> = [
    ['kind', `${region.kind}: ${meaning}`],
    ['label', region.label],
    ['because', region.evidence && `${region.evidence}${region.confidence === 'guess' ? ' (a guess)' : ''}`],
    ['perms', `${region.perms}: ${may}`],
    [region.name.startsWith('/') ? 'file' : 'name', fileText(facts)],
    ['sections', sections.length > 0 ? sections.join(' ') : undefined],
    ['memory', memory.length > 0 ? memory.join(' ') : 'Not in the listing; /proc/PID/smaps has it.'],
    ...flags.map((flag, index) => [index === 0 ? 'flags' : '', flagText(flag)] as const),
    ['below', neighbourText(below, 'Nothing is below.')],
    ['above', neighbourText(above, 'Nothing is above.')],
  ];
  return [
    heading(`${rangeText(region)}  ${sizeText(sizeOf(region))}  ${called(region)}`, width),
    ...rows.flatMap(([label, text]) => (text ? entry(label, text, width) : [])),
  ];
}

function fileText({region}: RegionFacts): string | undefined {
  const {name, offset, dev, inode} = region;
  if (name === '') return undefined;
  if (!name.startsWith('/')) return name;
  const from = offset === undefined ? '' : `, from byte 0x${offset.toString(16)} on`;
  return `${name}${from}${inode === '' ? '' : ` (device ${dev}, inode ${inode})`}`;
}

const flagText = ({code, meaning}: RegionFacts['flags'][number]): string =>
  `${code}: ${meaning ?? 'unknown to this version of memmap.'}`;

export function neighbourText(neighbour: Neighbour | undefined, otherwise: string): string {
  if (!neighbour) return otherwise;
  if (neighbour.region.kind === 'vsyscall') return "Nothing more of its own: the kernel's half, with [vsyscall].";
  const place = placeText(neighbour.region);
  return neighbour.gap === 0
    ? `${place}, right next to it`
    : `${place}, with a hole of ${sizeText(neighbour.gap)} between`;
}
