import type {AddressFacts, FileFacts, SymbolFacts} from '../explain/address.ts';
import type {GapFacts} from '../explain/gap.ts';
import {pageText} from '../explain/page.ts';
import {placeText} from '../explain/region.ts';
import {sectionText} from '../explain/sections.ts';
import {sizeText} from '../model/size.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {regionLines} from './explain-region.ts';
import {entry, heading} from './explain-wrap.ts';
import {who} from './snapshot.ts';

/** What is at one address, then the region around it. */
export function renderAddress(snapshot: Snapshot, facts: AddressFacts, width?: number): string {
  const {address, region, gap} = facts;
  const title = heading(`0x${address.toString(16)}`);
  const lines = region
    ? [title, ...addressLines(facts, width), '', ...regionLines(region, [], width)]
    : [`${title}  is not mapped`, ...(gap ? gapLines(gap, width) : [])];
  return `${heading(who(snapshot), width, 'quiet')}\n${lines.join('\n')}\n`;
}

function addressLines({region, offset = 0, file, page, pageNote}: AddressFacts, width: number | undefined): string[] {
  const rows: Array<readonly [string, string | undefined]> = [
    ['in', region && `${placeText(region.region)}, at byte 0x${offset.toString(16)} of it`],
    ['file', file?.name.startsWith('/') ? fileText(file) : undefined],
    ['section', file?.section && sectionText(file.section)],
    ['symbol', file?.symbol && symbolText(file.symbol)],
    ['note', file && file.notes.length > 0 ? file.notes.join(' ') : undefined],
    ['page', page ? pageText(page) : pageNote],
  ];
  return rows.flatMap(([label, text]) => (text ? entry(label, text, width) : []));
}

function fileText({name, offset, ownAddress}: FileFacts): string {
  const own = ownAddress === undefined ? '' : `; nm and readelf call it 0x${ownAddress.toString(16)}`;
  return offset === undefined
    ? `${name}, behind the bytes of the file${own}`
    : `${name}, byte 0x${offset.toString(16)}${own}`;
}

function symbolText({name, distance, size, isInside, table}: SymbolFacts): string {
  const plus = distance === 0 ? '' : `+0x${distance.toString(16)}`;
  const of = size > 0 ? `, ${size} bytes long` : '';
  if (isInside) return `${name}${plus}${of} (${table})`;
  return `${name}${plus}: the nearest name before it; ${size > 0 ? `it ends ${distance - size} bytes earlier` : 'its size is not known'} (${table})`;
}

function gapLines({below, above, size, why}: GapFacts, width: number | undefined): string[] {
  const hole = size === undefined ? 'It lies outside of all regions.' : `It lies in a hole of ${sizeText(size)}.`;
  const rows: Array<readonly [string, string]> = [
    ['hole', hole],
    [
      'below',
      below ? `${placeText(below.region)}, which ends ${distanceText(below.gap + 1)} before` : 'Nothing is below.',
    ],
    [
      'above',
      above ? `${placeText(above.region)}, which starts ${distanceText(above.gap)} behind` : 'Nothing is above.',
    ],
    ['so', why],
  ];
  return rows.flatMap(([label, text]) => entry(label, text, width));
}

/** Distances of single addresses are no whole KiB. */
const distanceText = (bytes: number): string => (bytes < 65_536 ? `0x${bytes.toString(16)} bytes` : sizeText(bytes));
