import {pageWords, type ProcessPages, type RegionPages} from '../../model/pages/pages.ts';
import {rangeText, address, sizeOf} from '../../model/region.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import {renderPageTotals} from './totals.ts';
import {cells, safe, shorten} from '../../text/safe.ts';
import {who, type TextOptions} from '../../text/process/who.ts';
import {legend, paintStrip, strip, type StripOf} from './strip.ts';
import {renderRows, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';

interface PagesLook extends TextOptions {
  /** Runs at most, of all regions together; undefined: all. */
  readonly rows?: number | undefined;
  /** Show each region's runs? Else one line a region. */
  readonly runs: boolean;
  /** Only the totals. */
  readonly summary?: boolean | undefined;
}

/** A process's pages for people: strips or runs, and totals. */
export function renderPages(pages: ProcessPages, look: PagesLook): string {
  const body = look.summary ? [] : look.runs ? renderEachRegion(pages, look) : renderStrips(pages, look);
  return [...renderHead(pages, look), '', ...body, ...renderPageTotals(pages, look), ''].join('\n');
}

function renderHead({snapshot, regions, totals, pageSize, dirtySince}: ProcessPages, {width}: TextOptions): string[] {
  const size = totals.pages * pageSize;
  const count = regions.length === 1 ? '1 region' : `${regions.length} regions`;
  const written = dirtySince && `, ${totals.softDirty} written in ${dirtySince.ms / 1000} s`;
  return [
    paint('title', cut(who(snapshot), width)),
    `${count}, ${sizeText(size)} of address space in pages of ${sizeText(pageSize)}: ${totals.present} ` +
      `present${written ?? ''}`,
  ];
}

/** How many signs a strip has where the output has no width of its own. */
const FREE_WIDTH = 64;

/** Below this many columns only the beginning of a range is printed. */
const WIDE = 110;

function renderStrips({regions, pageSize, dirtySince, frames}: ProcessPages, {width}: PagesLook): string[] {
  const of: StripOf = dirtySince ? 'written' : 'pages';
  const isNarrow = width !== undefined && width < WIDE;
  const columns: Column[] = [
    {title: isNarrow ? 'from' : 'range'},
    {title: 'size', align: 'right'},
    {title: of === 'written' ? 'written' : 'present', align: 'right'},
    {title: 'name', gives: 'cut'},
    {title: 'pages'},
  ];
  const rows = regions.map((each): Cell[] => [
    {text: isNarrow ? address(each.start) : rangeText(each)},
    {text: sizeText(each.end - each.start)},
    amountCell(each, pageSize, of),
    {text: nameOf(each)},
  ]);
  if (width !== undefined) shortenNames(rows, width - widthOf(columns, rows) + widest(rows, NAME));
  const room = width === undefined ? FREE_WIDTH : Math.max(8, width - widthOf(columns, rows));
  const strips = regions.map((each) => strip(each.runs, pageSize, room, of));
  const table = renderRows(
    columns,
    rows.map((row, index) => [...row, {text: strips[index]!}]),
    width,
  );
  return [
    ...table.map((line, index) => withColour(line, strips[index - 1] ?? '')),
    '',
    ...legend(strips, {of, frames, width}),
    '',
  ];
}

function amountCell({totals}: RegionPages, pageSize: number, of: StripOf): Cell {
  const pages = of === 'written' ? totals.softDirty : totals.present;
  if (totals.unread === totals.pages) return {text: '?', role: 'quiet'};
  return {text: sizeText(pages * pageSize), role: pages === 0 ? 'quiet' : undefined};
}

const NAME = 3;

const widest = (rows: ReadonlyArray<readonly Cell[]>, column: number): number =>
  rows.reduce((most, row) => Math.max(most, cells(row[column]?.text ?? '')), 0);

/** Of all columns but the last, with the gaps. */
const widthOf = (columns: readonly Column[], rows: ReadonlyArray<readonly Cell[]>): number =>
  columns.slice(0, -1).reduce((sum, {title}, column) => sum + Math.max(title.length, widest(rows, column)) + 2, 0);

/**
 * Names take two fifths of what the other columns leave, but at least 12 columns. Of a path that is too long the last
 * part says most, and of that its beginning. Changes the rows.
 *
 * @param left columns for names and strips
 */
function shortenNames(rows: Cell[][], left: number): void {
  const room = Math.max(12, Math.floor(left * 0.4));
  for (const row of rows) {
    const {text} = row[NAME]!;
    if (cells(text) <= room) continue;
    const last = text.startsWith('/') ? `…${text.slice(text.lastIndexOf('/'))}` : text;
    const isPlain = cells(last) === last.length;
    row[NAME] = {text: cells(last) <= room || !isPlain ? shorten(last, room) : `${last.slice(0, room - 1)}…`};
  }
}

const withColour = (line: string, signs: string): string =>
  line.slice(0, line.length - signs.length) + paintStrip(signs);

const nameOf = ({region}: RegionPages): string => safe(region.name || region.label || region.kind);

const RUN_COLUMNS: readonly Column[] = [
  {title: 'range'},
  {title: 'pages', align: 'right'},
  {title: 'size', align: 'right'},
  {title: 'state', gives: 'cut'},
];

function renderEachRegion(pages: ProcessPages, look: PagesLook): string[] {
  const {regions} = pages;
  const rows = look.rows === undefined ? Infinity : Math.max(5, Math.floor(look.rows / regions.length));
  return regions.flatMap((each) => [...renderRegion(each, pages, rows, look.width), '']);
}

function renderRegion(
  each: RegionPages,
  {pageSize, dirtySince, frames}: ProcessPages,
  rows: number,
  width?: number,
): string[] {
  const of: StripOf = dirtySince ? 'written' : 'pages';
  const {region, runs, totals} = each;
  const signs = strip(runs, pageSize, width ?? FREE_WIDTH, of);
  const isPart = each.end - each.start < sizeOf(region);
  const fields = `${rangeText(each)}  ${sizeText(each.end - each.start)}  ${safe(region.perms)}  ${region.kind}  `;
  const room = width === undefined ? undefined : Math.max(12, width - cells(fields));
  const title = `${fields}${cut(nameOf(each), room)}`;
  const part = isPart ? [`part of ${rangeText(region)}`] : [];
  if (totals.unread === totals.pages) return [paint('title', cut(title, width)), ...part, `not read: ${each.unread}`];
  return [
    paint('title', cut(title, width)),
    ...part,
    paintStrip(signs),
    ...legend([signs], {of, frames, width}),
    '',
    ...renderRuns(each, pageSize, rows, width),
  ];
}

const cut = (text: string, width: number | undefined): string => (width === undefined ? text : shorten(text, width));

function renderRuns({runs}: RegionPages, pageSize: number, rows: number, width?: number): string[] {
  const {starts, states, end} = runs;
  const shown = states.slice(0, rows).map((state, index): Cell[] => {
    const range = {start: starts[index]!, end: starts[index + 1] ?? end};
    const words = pageWords(state);
    const role = words[0] === 'absent' ? 'quiet' : words[0] === 'swapped' ? 'bad' : undefined;
    return [
      {text: rangeText(range), role},
      {text: String(sizeOf(range) / pageSize), role},
      {text: sizeText(sizeOf(range)), role},
      {text: words.join(' '), role},
    ];
  });
  const more = states.length - shown.length;
  const table = renderRows(RUN_COLUMNS, shown, width);
  return more > 0 ? [...table, paint('quiet', `… ${counted(more, 'more run')}, use --all`)] : table;
}
