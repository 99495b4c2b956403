import {rangeText, sizeOf, type Region} from '../model/region.ts';
import {totalsByKind, type Snapshot} from '../model/snapshot.ts';
import {sizeText} from '../model/size.ts';
import {safe} from './safe.ts';
import {renderTable, type Cell, type Column} from './table.ts';
import {paint, type Role} from './theme.ts';

export interface Look {
  /** Columns of the terminal; undefined: nothing is shortened. */
  readonly width?: number | undefined;
}

/** A process's address space: who, how much, each region, and what kinds it is made of. */
export function renderSnapshot(snapshot: Snapshot, look: Look = {}): string {
  return [
    ...renderHead(snapshot),
    '',
    ...renderRegions(snapshot.regions, look),
    '',
    ...renderKinds(snapshot, look),
    '',
  ].join('\n');
}

/** Whose memory, from where, and how much of it. */
export function renderHead(snapshot: Snapshot): string[] {
  return [paint('title', who(snapshot)), howMuch(snapshot)];
}

/** `python3 (pid 4242), /usr/bin/python3.11`, or the file that a listing came from. */
export function who(snapshot: Snapshot): string {
  const {pid, comm, exe, state, threads} = snapshot.process;
  const {from, format, name} = snapshot.source;
  const process = comm === undefined ? (pid === undefined ? '' : `process ${pid}`) : `${safe(comm)} (pid ${pid})`;
  const details = [
    exe && safe(exe),
    state && STATES[state],
    threads !== undefined && threads > 1 && `${threads} threads`,
  ].filter(Boolean);
  const place =
    from === 'process'
      ? ''
      : `${name === '-' || name === undefined ? 'standard input' : safe(name)}: ${WHAT[format] ?? safe(format)}`;
  return [place, [process, ...details].filter(Boolean).join(', ')].filter(Boolean).join(' of ');
}

const WHAT: Readonly<Record<string, string>> = {
  tutorial: 'a maps listing with spaced-out columns',
  maps: 'maps',
  smaps: 'smaps',
  smaps_rollup: 'smaps_rollup',
};

const STATES: Readonly<Record<string, string>> = {
  R: 'running', S: 'sleeping', D: 'waiting for I/O', T: 'stopped', t: 'stopped by a debugger', Z: 'its first thread has ended',
}; // prettier-ignore

export function howMuch(snapshot: Snapshot): string {
  const {regions, size, rss, pss, privateDirty, swap} = snapshot.totals as Record<string, number | undefined>;
  return [
    `${regions} ${regions === 1 ? 'region' : 'regions'}`,
    `${sizeText(size!)} of address space`,
    rss !== undefined && `${sizeText(rss)} resident`,
    pss !== undefined && `PSS ${sizeText(pss)}`,
    privateDirty !== undefined && `private dirty ${sizeText(privateDirty)}`,
    swap && `swapped ${sizeText(swap)}`,
  ].filter(Boolean).join(', '); // prettier-ignore
}

const REGION_COLUMNS: readonly Column[] = [
  {title: 'range'},
  {title: 'size', align: 'right'},
  {title: 'perms'},
  {title: 'resident', align: 'right'},
  {title: 'kind'},
  {title: 'name', gives: true},
];

/** The table of regions. The column of resident memory is left out where the source has none. */
export function renderRegions(regions: readonly Region[], look: Look = {}): string[] {
  const hasUsage = regions.some((region) => region.usage?.rss !== undefined);
  const keep = (_: unknown, index: number): boolean => hasUsage || index !== 3;
  const rows = regions.map((region) => regionCells(region).filter(keep));
  return renderTable(REGION_COLUMNS.filter(keep), rows, look.width);
}

function regionCells(region: Region): Cell[] {
  const role = KIND_ROLES[region.kind];
  const rss = region.usage?.rss;
  return [
    {text: rangeText(region)},
    {text: sizeText(sizeOf(region))},
    {text: safe(region.perms), role: region.perms.includes('wx') ? 'bad' : undefined},
    {text: rss === undefined ? '' : sizeText(rss), role: rss === 0 ? 'quiet' : undefined},
    {text: region.kind, role},
    {text: safe(region.name), role},
  ];
}

const KIND_ROLES: Readonly<Record<string, Role>> = {heap: 'heap', stack: 'heap', guard: 'quiet', reserved: 'quiet'};

function renderKinds(snapshot: Snapshot, look: Look): string[] {
  const hasUsage = snapshot.totals['rss'] !== undefined;
  const columns: Column[] = [
    {title: 'kind'},
    {title: 'regions', align: 'right'},
    {title: 'size', align: 'right'},
    ...(hasUsage ? ([{title: 'resident', align: 'right'}, {title: 'private dirty', align: 'right'}] as const) : []),
  ]; // prettier-ignore
  const row = (kind: string, totals: Readonly<Record<string, number | undefined>>): Cell[] => [
    {text: kind, role: kind === 'total' ? 'title' : KIND_ROLES[kind]},
    {text: String(totals['regions'])},
    {text: sizeText(totals['size'] ?? 0)},
    ...(hasUsage ? [{text: sizeText(totals['rss'] ?? 0)}, {text: sizeText(totals['privateDirty'] ?? 0)}] : []),
  ];
  const rows = [...totalsByKind(snapshot.regions)].map(([kind, totals]) => row(kind, totals));
  return renderTable(columns, [...rows, row('total', snapshot.totals)], look.width);
}
