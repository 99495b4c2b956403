import {largestRows, sortedRows, type SortKey} from '../model/choose.ts';
import type {ByteKey} from '../model/measures.ts';
import {copyOf} from '../model/region.ts';
import {ABSENT} from '../model/columns/columns.ts';
import type {Regions} from '../model/columns/regions.ts';
import type {End, Stencil} from '../model/columns/stencil.ts';
import {firstWhere} from '../model/search.ts';
import {counted} from '../model/amounts.ts';
import {type ColumnName, COLUMNS, type RegionColumn} from './columns.ts';
import type {TextOptions} from './process/who.ts';
import {renderRows, type Cell} from './table.ts';
import {stencilled} from './stencil.ts';
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

/**
 * The table of regions. Columns of which the source says nothing are left out, unless somebody asked for them.
 *
 * @returns lines, in blocks: those of a block have newlines between them
 */
export function* renderRegions(regions: Regions, look: RegionsLook = {}): Generator<string> {
  const shown = largestRows(regions, look.rows ?? Infinity);
  const columns = (look.columns ?? fittingColumns(shown, look.width)).map((name): RegionColumn => COLUMNS[name]);
  yield* rowsOf(shown, columns, look);
  const more = regions.length - shown.length;
  const guesses = columns.some(({title}) => title === 'kind') && hasGuesses(shown);
  const remarks = [
    ...(more > 0 ? [`… ${counted(more, 'more region')}, the smaller ones (--all)`] : []),
    ...(guesses ? ['? a guess, from shape and neighbours (--columns range,kind,evidence says why)'] : []),
  ];
  yield* remarks.flatMap((remark) => wrapped(remark, look.width)).map((line) => paint('quiet', line));
}

const hasGuesses = (regions: Regions): boolean =>
  regions.alike.firsts.some((row) => regions.verdictAt(row).confidence !== undefined);

/** From this many regions on, this share may differ from all others: then nothing is gained by what follows. */
const MOST_DIFFERENT = 0.5;

/** A table of regions, in whichever way is quicker. */
function* rowsOf(regions: Regions, columns: readonly RegionColumn[], look: RegionsLook): Generator<string> {
  const rows = sortedRows(regions, look.sort ?? 'address');
  const {firsts} = regions.alike;
  if (firsts.length <= regions.length * MOST_DIFFERENT) return yield* byPattern(regions, rows, columns, look.width);
  const table: Cell[][] = [];
  for (const row of rows) table.push(cellsOf(regions, row, columns));
  yield* renderRows(columns, table, look.width);
}

/** Counters are put together once. */
function cellsOf(regions: Regions, row: number, columns: readonly RegionColumn[]): Cell[] {
  const region = regions.counters.length > 0 ? copyOf(regions.at(row)) : regions.at(row);
  return columns.map(({cell}) => cell(region));
}

/** Stands for the place of a region in the text that it shares with others. No safe text has it. */
const HOLE = '\0';

/**
 * Most regions differ from another one in their place alone. What else their rows say is laid out once for all that are
 * alike, with holes for the places.
 */
function* byPattern(
  regions: Regions,
  rows: Uint32Array,
  columns: readonly RegionColumn[],
  width: number | undefined,
): Generator<string> {
  const {start, end, alike} = regions;
  const widths = columns.map(({place}) => (place ? widestPlace(regions, place) : 0));
  const withHoles = (cells: readonly Cell[]): Cell[] =>
    cells.map((cell, index) => (columns[index]!.place ? {text: HOLE, length: widths[index]!} : cell));
  const rowsOfAlike = alike.firsts.map((row) => withHoles(cellsOf(regions, row, columns)));
  const lines = renderRows(columns, rowsOfAlike, width).flatMap((block) => block.split('\n'));
  const [title, ...patterns] = lines.map((line) => line.split(HOLE));
  const holes = columns.flatMap(({place, addresses = []}, index): Hole[] =>
    place ? [{place, addresses, width: widths[index]!}] : [],
  );
  yield title!.join('');
  const lineOf = (row: number): string => {
    const around = patterns[alike.of[row]!]!;
    let line = around[0]!;
    for (let index = 0; index < holes.length; index++) {
      const text = holes[index]!.place(start[row]!, end[row]!);
      const after = around[index + 1]!;
      line += after === '' ? text : text.padEnd(holes[index]!.width) + after;
    }
    return line;
  };
  const stencilOf = (number: number): Stencil => stencil(patterns[number]!, holes);
  yield* stencilled({regions, rows, stencilOf, textOf: lineOf, separator: '\n'});
}

/** Where the place of a region goes. */
interface Hole {
  readonly place: (start: number, end: number) => string;
  readonly addresses: readonly End[];
  readonly width: number;
}

/** A line with holes, for places that are addresses of twelve digits. */
function stencil(line: readonly string[], holes: readonly Hole[]): Stencil {
  const around = [line[0]!];
  for (const [index, {addresses, width}] of holes.entries()) {
    const after = line[index + 1]!;
    const blanks = ' '.repeat(after === '' ? 0 : Math.max(0, width + 1 - 13 * addresses.length));
    around.push(...addresses.slice(1).map(() => '-'), blanks + after);
  }
  return {around, addresses: holes.flatMap(({addresses}) => addresses)};
}

/**
 * Characters of the widest place. Addresses ascend, so that it is that of the last region; or the last one of twelve
 * digits, since longer ones may be written in short.
 */
function widestPlace({start, end, length}: Regions, place: (start: number, end: number) => string): number {
  const above = firstWhere((row) => end[row]! > 16 ** 12, length);
  const widthAt = (row: number): number => (row < 0 ? 0 : place(start[row]!, end[row]!).length);
  return Math.max(widthAt(above - 1), widthAt(length - 1));
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
export function fittingColumns(regions: Regions, width: number | undefined): ColumnName[] {
  const known = PIPED.filter((name) => says(regions, name));
  if (width === undefined) return known;
  const names = known.filter((name) => !ONLY_IF_ANY.has(name) || hasAny(regions, name));
  return fitted(
    names.map((name) => (name === 'range' ? 'shortRange' : name)),
    regions,
    width,
  );
}

function fitted(names: ColumnName[], regions: Regions, width: number): ColumnName[] {
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

/** Of regions that differ: what a column of bytes says of them. */
function valuesOf(regions: Regions, name: ColumnName): number[] {
  const values = (COLUMNS[name] as RegionColumn).measure?.(regions);
  return values ? regions.alike.firsts.map((row) => values[row]!) : [];
}

const hasAny = (regions: Regions, name: ColumnName): boolean => valuesOf(regions, name).some((bytes) => bytes > 0);

const says = (regions: Regions, name: ColumnName): boolean =>
  name === 'size' ||
  (COLUMNS[name] as RegionColumn).measure === undefined ||
  valuesOf(regions, name).some((bytes) => bytes !== ABSENT);

function widthOf(regions: Regions, {title, place, cell}: RegionColumn): number {
  if (place) return Math.max(title.length, widestPlace(regions, place));
  return regions.alike.firsts.reduce((most, row) => Math.max(most, cells(cell(regions.at(row)).text)), cells(title));
}
