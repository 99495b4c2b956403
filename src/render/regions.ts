import {largestRegions, sortRegions, type SortKey} from '../model/choose.ts';
import type {Region} from '../model/region.ts';
import {counted} from '../model/amounts.ts';
import {COLUMNS, type ColumnName, type RegionColumn} from './columns.ts';
import {fittingColumns} from './fit.ts';
import type {Look} from './snapshot.ts';
import {renderTable} from './table.ts';
import {paint} from './theme.ts';
import {wrapped} from './wrap.ts';

export interface RegionsLook extends Look {
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
  const table = renderTable(columns, rows, look.width);
  const more = regions.length - shown.length;
  const guesses = shown.some(({confidence}) => confidence) && columns.some(({title}) => title === 'kind');
  const remarks = [
    ...(more > 0 ? [`… ${counted(more, 'more region')}, the smaller ones (--all)`] : []),
    ...(guesses ? ['? a guess, from shape and neighbours (--columns range,kind,evidence says why)'] : []),
  ];
  return [...table, ...remarks.flatMap((remark) => wrapped(remark, look.width)).map((line) => paint('quiet', line))];
}
