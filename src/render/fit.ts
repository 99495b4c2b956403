import type {Region} from '../model/region.ts';
import {COLUMNS, type ColumnName, type RegionColumn} from './columns.ts';
import {cells} from './safe.ts';

/** Into a pipe or a file: always these, so that a script finds them where they were. */
const PIPED: readonly ColumnName[] = ['range', 'size', 'perms', 'resident', 'pss', 'dirty', 'swap', 'locked', 'huge', 'kind', 'name']; // prettier-ignore

/** What goes first where a terminal is too narrow for all. */
const FIRST_TO_GO: readonly ColumnName[] = ['pss', 'dirty', 'huge', 'locked', 'swap', 'perms', 'kind', 'resident'];

/** A name of fewer columns says little. */
const LEAST_NAME = 18;

/**
 * Which columns a table of these regions has, unless somebody chose: what the source says; on a terminal what isn't zero
 * throughout, and as many as leave room for names.
 *
 * @param width columns of the terminal; undefined: not a terminal
 */
export function fittingColumns(regions: readonly Region[], width: number | undefined): ColumnName[] {
  const known = PIPED.filter((name) => says(regions, name));
  if (width === undefined) return known;
  let names = known.filter((name) => !ONLY_IF_ANY.has(name) || regions.some((region) => measure(name, region) !== 0));
  const widths = new Map(known.map((name) => [name, widthOf(regions, COLUMNS[name])]));
  const needed = (): number =>
    names.reduce((sum, name) => sum + 2 + (name === 'name' ? Math.min(LEAST_NAME, widths.get(name)!) : widths.get(name)!), -2); // prettier-ignore
  for (const name of FIRST_TO_GO) if (needed() > width) names = names.filter((each) => each !== name);
  if (needed() > width) names = names.map((name) => (name === 'range' ? 'start' : name));
  return names;
}

const ONLY_IF_ANY: ReadonlySet<ColumnName> = new Set<ColumnName>(['swap', 'locked', 'huge']);

const measure = (name: ColumnName, region: Region): number | undefined =>
  (COLUMNS[name] as RegionColumn).measure?.(region) ?? 0;

const says = (regions: readonly Region[], name: ColumnName): boolean => {
  const {measure: of} = COLUMNS[name] as RegionColumn;
  return of === undefined || regions.some((region) => of(region) !== undefined);
};

const widthOf = (regions: readonly Region[], column: RegionColumn): number =>
  regions.reduce((most, region) => Math.max(most, cells(column.cell(region).text)), cells(column.title));
