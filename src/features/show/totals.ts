import {hasRollup, type Regions} from '../../model/columns/regions.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {countText, sizeText} from '../../model/amounts.ts';
import type {Measure} from '../../model/measure.ts';
import {type MeasureKey, MEASURES} from '../../model/measures.ts';
import {totalsByFile, totalsByKind, totalsByLabel, totalsOf, type Totals} from '../../model/totals.ts';
import {KIND_ROLES} from '../../text/columns.ts';
import {ONLY_IF_ANY} from '../../text/regions.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {renderRows, type Cell, type Column} from '../../text/table.ts';

interface TotalsLook extends TextOptions {
  /** Groups at most; undefined: all. What is left over is one row, so that the rows add up. */
  readonly rows?: number | undefined;
}

/** What kinds of memory an address space, or a chosen part of it, is made of. */
export const renderKinds = (shown: Regions, snapshot: Snapshot, look: TotalsLook = {}): string[] =>
  renderGroups('kind', [...totalsByKind(shown)], shown, snapshot, look);

/** What its files cost, and what has no file. */
export const renderFiles = (shown: Regions, snapshot: Snapshot, look: TotalsLook = {}): string[] =>
  renderGroups('file', [...totalsByFile(shown)], shown, snapshot, look);

/** Whose memory it is: of an allocator, of a runtime, of threads. */
export const renderLabels = (shown: Regions, snapshot: Snapshot, look: TotalsLook = {}): string[] =>
  renderGroups('label', [...totalsByLabel(shown)], shown, snapshot, look);

/** The columns of sums. */
const AMOUNTS = ['size', 'rss', 'pss', 'privateDirty', 'swap', 'locked', 'huge'] as const;

type Group = readonly [string, Totals];

function renderGroups(
  title: string,
  groups: Group[],
  shown: Regions,
  {table, totals: total}: Snapshot,
  look: TotalsLook,
): string[] {
  const rest = groups.slice(look.rows ?? Infinity);
  const rows: Group[] = [
    ...groups.slice(0, look.rows ?? Infinity),
    ...(rest.length > 0 ? [[`… ${countText(rest.length)} more (--all)`, sumOf(rest)] as const] : []),
    ...(shown === table ? [] : [['shown', totalsOf(shown)] as const]),
    ['total', total],
  ];
  const amounts = fitting(
    AMOUNTS.filter((key) => isShown(key, total) && !(key === 'size' && hasRollup(table))).map((key) => MEASURES[key]),
    look,
  );
  const columns: Column[] = [
    {title, gives: 'cut'},
    {title: 'regions', align: 'right'},
    ...amounts.map((measure): Column => ({title: measure.title, align: 'right'})),
  ];
  return renderRows(
    columns,
    rows.map(([name, totals]) => [
      {
        text: safe(name),
        role: name === 'total' || name === 'shown' ? 'title' : title === 'kind' ? KIND_ROLES[name] : undefined,
        is: name.startsWith('/') ? 'path' : undefined,
      },
      {text: countText(totals.regions)},
      ...amounts.map((measure): Cell => ({text: sizeText(measure.ofTotals(totals) ?? 0)})),
    ]),
    look.width,
  );
}

/** Does any region have it? A rare measure is left out where it is 0 throughout. */
function isShown(key: MeasureKey, total: Totals): boolean {
  const bytes = MEASURES[key].ofTotals(total);
  return ONLY_IF_ANY.has(key) ? bytes !== undefined && bytes > 0 : bytes !== undefined;
}

/** On a narrow terminal PSS goes first, and private dirty last. */
function fitting(measures: ReadonlyArray<Measure<MeasureKey>>, {width = Infinity}: TextOptions): typeof measures {
  const isTooWide = (): boolean =>
    12 + 9 + measures.reduce((sum, {title}) => sum + 2 + Math.max(9, title.length), 0) > width;
  for (const first of FIRST_TO_GO) {
    if (isTooWide()) measures = measures.filter(({key}) => key !== first);
  }
  return measures;
}

const FIRST_TO_GO: readonly MeasureKey[] = ['pss', 'locked', 'huge', 'swap', 'privateDirty'];

function sumOf(groups: readonly Group[]): Totals {
  const sum: Record<string, number> = {};
  for (const [, totals] of groups)
    for (const [counter, bytes] of Object.entries(totals)) sum[counter] = (sum[counter] ?? 0) + bytes;
  return sum as Totals;
}
