import {type AddressFacts, type FileFacts, type HoleFacts, sectionText, type SymbolFacts} from './address.ts';
import {chunkText} from './chunk.ts';
import {mapperText, touchersText} from './mapper.ts';
import {pageText} from './page.ts';
import {called, type Neighbour, placeText, type RegionFacts} from './region.ts';
import {sizeText} from '../../model/amounts.ts';
import {MEASURES} from '../../model/measures.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {entry, heading, indented, item, paragraph, proseWidth} from '../../text/lines.ts';
import {who} from '../../text/process/who.ts';
import {rangeText, sizeOf} from '../../model/region.ts';
import {amountOf, type CostMeasure, type Story} from './story.ts';
import type {Totals} from '../../model/totals.ts';
import {cells, safe} from '../../text/safe.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';

/** What is at one address, then the region around it. */
export function renderAddress(snapshot: Snapshot, facts: AddressFacts, width?: number): string {
  const {address, region, gap} = facts;
  const title = heading(`0x${address.toString(16)}`);
  const lines = region
    ? [title, ...addressLines(facts, width), '', ...regionLines(region, [], width)]
    : [`${title}  is not mapped`, ...(gap ? gapLines(gap, width) : [])];
  return `${heading(who(snapshot), width, 'quiet')}\n${lines.join('\n')}\n`;
}

function addressLines(facts: AddressFacts, width: number | undefined): string[] {
  const {region, offset = 0, file, chunk, mapper, touchers, page, pageNote} = facts;
  const rows: Array<readonly [string, string | undefined]> = [
    ['in', region && `${placeText(region.region)}, at byte 0x${offset.toString(16)} of it`],
    ['file', file?.name.startsWith('/') ? fileText(file) : undefined],
    ['section', file?.section && sectionText(file.section)],
    ['symbol', file?.symbol && symbolText(file.symbol)],
    ['note', file && file.notes.length > 0 ? file.notes.join(' ') : undefined],
    ['chunk', chunk === undefined ? undefined : chunkText(chunk)],
    ['mapped by', mapper === undefined ? undefined : mapperText(mapper)],
    ['touched by', touchers && touchersText(touchers)],
    ['page', page ? pageText(page) : pageNote],
  ];
  return rows.flatMap(([label, text]) => (text ? entry(label, text, width) : []));
}

function fileText({name, offset, ownAddress}: FileFacts): string {
  const own = ownAddress === undefined ? '' : `; nm and readelf show it as 0x${ownAddress.toString(16)}`;
  return offset === undefined
    ? `${name}, beyond the bytes of the file${own}`
    : `${name}, byte 0x${offset.toString(16)}${own}`;
}

function symbolText({name, distance, size, isInside, table}: SymbolFacts): string {
  const plus = distance === 0 ? '' : `+0x${distance.toString(16)}`;
  const of = size > 0 ? `, ${size} bytes long` : '';
  if (isInside) return `${name}${plus}${of} (${table})`;
  return (
    `${name}${plus}: the nearest name before it; ` +
    `${size > 0 ? `it ends ${distance - size} bytes earlier` : 'its size is not known'} (${table})`
  );
}

function gapLines({below, above, size, why}: HoleFacts, width: number | undefined): string[] {
  const hole = size === undefined ? 'It is outside all regions.' : `It is in a hole of ${sizeText(size)}.`;
  const rows: Array<readonly [string, string]> = [
    ['hole', hole],
    [
      'below',
      below ? `${placeText(below.region)}, which ends ${distanceText(below.gap + 1)} before it` : 'Nothing is below.',
    ],
    [
      'above',
      above ? `${placeText(above.region)}, which starts ${distanceText(above.gap)} after it` : 'Nothing is above.',
    ],
    ['so', why],
  ];
  return rows.flatMap(([label, text]) => entry(label, text, width));
}

/** Distances between single addresses are not whole KiB. */
const distanceText = (bytes: number): string => (bytes < 65_536 ? `0x${bytes.toString(16)} bytes` : sizeText(bytes));

/** Some regions of one address space, each with everything known about it. */
export function renderRegionFacts(
  snapshot: Snapshot,
  facts: readonly RegionFacts[],
  sections: readonly string[],
  width?: number,
): string {
  const parts = facts.map((each) => regionLines(each, facts.length === 1 ? sections : [], width).join('\n'));
  return `${heading(who(snapshot), width, 'quiet')}\n${parts.join('\n\n')}\n`;
}

/** One region. @param sections of its file that it shows */
export function regionLines(facts: RegionFacts, sections: readonly string[], width: number | undefined): string[] {
  const {region, meaning, may, memory, flags, below, above} = facts;
  const rows: Array<readonly [string, string | undefined]> = [
    ['kind', `${region.kind}: ${meaning}`],
    ['label', region.label],
    ['because', region.evidence && `${region.evidence}${region.confidence === 'guess' ? ' (a guess)' : ''}`],
    ['perms', `${region.perms}: ${may}`],
    [region.name.startsWith('/') ? 'file' : 'name', nameText(facts)],
    ['sections', sections.length > 0 ? sections.join(' ') : undefined],
    ['memory', memory.length > 0 ? memory.join(' ') : unreadText(region)],
    ...flags.map((flag, index) => [index === 0 ? 'flags' : '', flagText(flag)] as const),
    ['below', neighbourText(below, 'Nothing is below.')],
    ['above', neighbourText(above, 'Nothing is above.')],
  ];
  return [
    heading(`${rangeText(region)}  ${sizeText(sizeOf(region))}  ${called(region)}`, width),
    ...rows.flatMap(([label, text]) => (text ? entry(label, text, width) : [])),
  ];
}

function unreadText({usage, start, end}: RegionFacts['region']): string {
  const dumped = usage?.['dumped'];
  if (dumped === undefined) return 'Not in the listing; /proc/PID/smaps has it.';
  const part =
    dumped === end - start ? 'All of it is' : dumped === 0 ? 'None of it is' : `${sizeText(dumped)} of it are`;
  return `${part} in the core, which does not say what was resident.`;
}

function nameText({region}: RegionFacts): string | undefined {
  const {name, offset, dev, inode} = region;
  if (name === '') return undefined;
  if (!name.startsWith('/')) return name;
  const from = offset === undefined ? '' : `, from byte 0x${offset.toString(16)} on`;
  return `${name}${from}${inode === '' ? '' : ` (device ${dev}, inode ${inode})`}`;
}

const flagText = ({code, meaning}: RegionFacts['flags'][number]): string =>
  `${code}: ${meaning ?? 'unknown to this version of memmap.'}`;

function neighbourText(neighbour: Neighbour | undefined, otherwise: string): string {
  if (!neighbour) return otherwise;
  if (neighbour.region.kind === 'vsyscall')
    return "Nothing more of the process: only the kernel's half, with [vsyscall].";
  const place = placeText(neighbour.region);
  return neighbour.gap === 0
    ? `${place}, right next to it`
    : `${place}, with a hole of ${sizeText(neighbour.gap)} between`;
}

/** The story of an address space: about one page. */
export function renderStory(snapshot: Snapshot, story: Story, width?: number): string {
  return [
    heading(who(snapshot), width),
    '',
    ...story.amounts.flatMap((text) => paragraph(text, width)),
    ...section(heading('From low to high addresses', width), layoutLines(story, width)),
    ...section(heading(COSTS[story.costs.by], width), costLines(story, width)),
    ...section(heading('Unusual', width), unusualLines(story, width)),
    ...section(
      heading('Not known', width),
      story.missing.flatMap((text) => item(text, width)),
    ),
    heading('Next'),
    ...stepLines(story, width),
    '',
  ].join('\n');
}

const COSTS: Readonly<Record<CostMeasure, string>> = {
  pss: 'What takes the most, by its fair share of RAM (PSS)',
  rss: 'What takes the most RAM, shared pages in full (RSS)',
  size: 'What takes the most address space, which is not memory',
};

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines, ''];

/** The kernel's pages are at both ends of the address space; the other areas have their range in the title. */
const layoutLines = (story: Story, width: number | undefined): string[] =>
  story.layout.flatMap(({area, title, start, end, text}) => [
    area === 'kernel' ? paint('heap', title) : `${paint('heap', title)}  ${paint('quiet', rangeText({start, end}))}`,
    ...indented(text, width),
  ]);

/** Columns: narrower terminals have no room for private dirty beside a name. */
const NARROW = 60;

function costLines({costs}: Story, width: number | undefined): string[] {
  const hasDirty = costs.by !== 'size' && (width ?? NARROW) >= NARROW;
  const columns: Column[] = [
    {title: ''},
    {title: MEASURES[costs.by].title, align: 'right'},
    ...(hasDirty ? [{title: MEASURES.privateDirty.title, align: 'right'} as const] : []),
    {title: '', gives: 'cut'},
  ];
  const rows = (label: string, of: ReadonlyArray<readonly [string, Partial<Totals>]>): Cell[][] =>
    of.map(([text, totals], index) => [
      {text: index === 0 ? label : '', role: 'quiet'},
      {text: sizeText(totals[costs.by] ?? 0)},
      ...(hasDirty ? [{text: sizeText(MEASURES.privateDirty.ofTotals(totals) ?? 0)}] : []),
      {text: safe(text)},
    ]);
  const all = [
    ...rows(
      'kind',
      costs.kinds.map(({what, totals}) => [`${what}, ${regionsText(totals.regions)}`, totals]),
    ),
    ...rows(
      'file',
      costs.files.map(({what, totals}) => [what, totals]),
    ),
    ...rows(
      'region',
      costs.regions.map((region) => [
        `0x${region.start.toString(16)} ${called(region)}`,
        {...region.usage, [costs.by]: amountOf(region, costs.by)},
      ]),
    ),
  ];
  return all.length === 0 ? [] : renderTable(columns, all, width);
}

const regionsText = (count: number): string => `${count} ${count === 1 ? 'region' : 'regions'}`;

function unusualLines({unusual, lookedFor}: Story, width: number | undefined): string[] {
  if (lookedFor === '') return [];
  if (unusual.length === 0) return item(`Nothing. Looked for: ${lookedFor}.`, width);
  return unusual.flatMap(({text}) => item(text, width));
}

/** Command and reason beside each other if they fit, else below. */
function stepLines({next}: Story, width: number | undefined): string[] {
  const widest = Math.max(...next.map(({command}) => cells(safe(command))));
  const fits = next.every(({why}) => 2 + widest + 2 + cells(why) <= proseWidth(width));
  if (!fits) return next.flatMap(({command, why}) => [...item(command, width), ...indented(why, width)]);
  return next.map(({command, why}) => `  ${safe(command)}${' '.repeat(widest - cells(safe(command)))}  ${why}`);
}
