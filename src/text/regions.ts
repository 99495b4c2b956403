import {largestRegions, sortRegions, type SortKey} from '../model/choose.ts';
import type {ByteKey} from '../model/measures.ts';
import type {Region} from '../model/region.ts';
import {counted} from '../model/amounts.ts';
import {type ColumnName, COLUMNS, type RegionColumn} from './columns.ts';
import type {TextOptions} from './who.ts';
import {renderRows} from './table.ts';
import {paint} from './theme.ts';
import {wrapped} from './lines.ts';
import {cells} from './safe.ts';

export interface RegionsLook extends TextOptions {
  /** Which columns; undefined: those that fit. */
  readonly columns?: readonly ColumnName[] | undefined;
  readonly sort?: SortKey | undefined;
  /** Rows at most; undefined: all. Of too many the largest are shown. */
  readonly rows?: number | undefined;
}

/** The table of regions. Columns of which the source says nothing are left out, unless somebody asked for them. */
export function renderRegions(regions: readonly Region[], look: RegionsLook = {}): string[] {
  const shown = sortRegions(largestRegions(regions, look.rows ?? Infinity), look.sort ?? 'address');
  const columns = (look.columns ?? fittingColumns(shown, look.width)).map((name): RegionColumn => COLUMNS[name]);
  const rows = shown.map((region) => columns.map((column) => column.cell(region)));
  const table = renderRows(columns, rows, look.width);
  const more = regions.length - shown.length;
  const guesses = shown.some(({confidence}) => confidence) && columns.some(({title}) => title === 'kind');
  const remarks = [
    ...(more > 0 ? [`… ${counted(more, 'more region')}, the smaller ones (--all)`] : []),
    ...(guesses ? ['? a guess, from shape and neighbours (--columns range,kind,evidence says why)'] : []),
  ];
  return [...table, ...remarks.flatMap((remark) => wrapped(remark, look.width)).map((line) => paint('quiet', line))];
}

/** Into a pipe or a file: always these, so that a script finds them where they were. */
const PIPED: readonly ColumnName[] = [
  'range',
  'size',
  'perms',
  'rss',
  'pss',
  'privateDirty',
  'swap',
  'locked',
  'huge',
  'dumped',
  'kind',
  'name',
];

/** What goes first where a terminal is too narrow for all; the range is then given by its start. */
const FIRST_TO_GO: readonly ColumnName[] = [
  'pss',
  'privateDirty',
  'huge',
  'locked',
  'swap',
  'perms',
  'shortRange',
  'kind',
  'rss',
];

/** A name of fewer columns says little; the usual columns may take some of it. */
const LEAST_NAME = 18;
const LEAST_NAME_USUAL = 10;
const USUAL: ReadonlySet<ColumnName> = new Set<ColumnName>(['perms', 'shortRange', 'kind', 'rss']);

/**
 * Which columns a table of these regions has, unless the user chose: what the source says; on a terminal what isn't
 * zero throughout, and as many as leave room for names.
 *
 * @param width columns of the terminal; undefined: not a terminal
 */
export function fittingColumns(regions: readonly Region[], width: number | undefined): ColumnName[] {
  const known = PIPED.filter((name) => says(regions, name));
  if (width === undefined) return known;
  const names = known.filter((name) => !ONLY_IF_ANY.has(name) || regions.some((region) => measure(name, region) !== 0));
  return fitted(
    names.map((name) => (name === 'range' ? 'shortRange' : name)),
    regions,
    width,
  );
}

function fitted(names: ColumnName[], regions: readonly Region[], width: number): ColumnName[] {
  const widths = new Map([...names, 'start' as const].map((name) => [name, widthOf(regions, COLUMNS[name])]));
  for (const name of FIRST_TO_GO) {
    const least = USUAL.has(name) ? LEAST_NAME_USUAL : LEAST_NAME;
    const needed = names.reduce(
      (sum, each) => sum + 2 + (each === 'name' ? Math.min(least, widths.get(each)!) : widths.get(each)!),
      -2,
    );
    if (needed <= width) continue;
    names =
      name === 'shortRange'
        ? names.map((each) => (each === name ? 'start' : each))
        : names.filter((each) => each !== name);
  }
  return names;
}

/** Measures that are 0 in most processes. */
export const ONLY_IF_ANY: ReadonlySet<string> = new Set<ByteKey>(['swap', 'locked', 'huge']);

const measure = (name: ColumnName, region: Region): number | undefined =>
  (COLUMNS[name] as RegionColumn).measure?.(region) ?? 0;

const says = (regions: readonly Region[], name: ColumnName): boolean => {
  const {measure: of} = COLUMNS[name] as RegionColumn;
  return of === undefined || name === 'size' || regions.some((region) => region.usage && of(region) !== undefined);
};

const widthOf = (regions: readonly Region[], column: RegionColumn): number =>
  regions.reduce((most, region) => Math.max(most, cells(column.cell(region).text)), cells(column.title));
