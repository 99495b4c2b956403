import type {Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {countText, sizeText} from '../../model/amounts.ts';
import {totalsByFile, totalsByKind, totalsOf, type Totals} from '../../model/totals.ts';
import {KIND_ROLES} from '../../text/columns.ts';
import {safe} from '../../text/safe.ts';
import type {Look} from '../../text/who.ts';
import {renderRows, renderTable, type Cell, type Column} from '../../text/table.ts';

interface TotalsLook extends Look {
  /** Groups at most; undefined: all. What is left over is one row, so that the rows add up. */
  readonly rows?: number | undefined;
}

/** What kinds of memory an address space, or a chosen part of it, is made of. */
export const renderKinds = (shown: readonly Region[], snapshot: Snapshot, look: TotalsLook = {}): string[] =>
  renderGroups('kind', [...totalsByKind(shown)], shown, snapshot, look);

/** What its files cost, and what has no file. */
export const renderFiles = (shown: readonly Region[], snapshot: Snapshot, look: TotalsLook = {}): string[] =>
  renderGroups('file', [...totalsByFile(shown)], shown, snapshot, look);

/** A column of sums: its counters in `Totals`. Those of the second group are left out where they are 0 throughout. */
const AMOUNTS: ReadonlyArray<{readonly title: string; readonly counters: readonly string[]; readonly ifAny?: boolean}> =
  [
    {title: 'size', counters: ['size']},
    {title: 'resident', counters: ['rss']},
    {title: 'PSS', counters: ['pss']},
    {title: 'private dirty', counters: ['privateDirty']},
    {title: 'swap', counters: ['swap'], ifAny: true},
    {title: 'locked', counters: ['locked'], ifAny: true},
    {
      title: 'huge',
      counters: ['anonHugePages', 'shmemPmdMapped', 'filePmdMapped', 'sharedHugetlb', 'privateHugetlb'],
      ifAny: true,
    },
  ];

type Group = readonly [string, Totals];

function renderGroups(
  title: string,
  groups: Group[],
  shown: readonly Region[],
  {regions, totals: total}: Snapshot,
  look: TotalsLook,
): string[] {
  const rest = groups.slice(look.rows ?? Infinity);
  const rows: Group[] = [
    ...groups.slice(0, look.rows ?? Infinity),
    ...(rest.length > 0 ? [[`… ${countText(rest.length)} more (--all)`, sumOf(rest)] as const] : []),
    ...(shown === regions ? [] : [['shown', totalsOf(shown)] as const]),
    ['total', total],
  ];
  const amounts = fitting(
    AMOUNTS.filter(({counters, ifAny}) => amountOf(total, counters, ifAny) !== undefined),
    look,
  );
  const columns: Column[] = [
    {title, gives: true},
    {title: 'regions', align: 'right'},
    ...amounts.map((amount): Column => ({title: amount.title, align: 'right'})),
  ];
  // There are some thirty kinds, and any number of files.
  const render = title === 'kind' ? renderTable : renderRows;
  return render(
    columns,
    rows.map(([name, totals]) => [
      {
        text: safe(name),
        role: name === 'total' || name === 'shown' ? 'title' : title === 'kind' ? KIND_ROLES[name] : undefined,
        is: name.startsWith('/') ? 'path' : undefined,
      },
      {text: countText(totals.regions)},
      ...amounts.map(({counters}): Cell => ({text: sizeText(amountOf(totals, counters) ?? 0)})),
    ]),
    look.width,
  );
}

/** Undefined if no region has them, or (`ifAny`) if they are 0 throughout. */
function amountOf(totals: Totals, counters: readonly string[], ifAny = false): number | undefined {
  const known = counters.filter((counter) => totals[counter] !== undefined);
  const sum = known.reduce((bytes, counter) => bytes + totals[counter]!, 0);
  return known.length === 0 || (ifAny && sum === 0) ? undefined : sum;
}

/** On a narrow terminal PSS goes first, and then private dirty. */
function fitting<Amount extends {readonly title: string}>(amounts: Amount[], {width = Infinity}: Look): Amount[] {
  const isTooWide = (): boolean =>
    12 + 9 + amounts.reduce((sum, {title}) => sum + 2 + Math.max(9, title.length), 0) > width;
  for (const title of ['PSS', 'locked', 'huge', 'swap', 'private dirty']) {
    if (isTooWide()) amounts = amounts.filter((amount) => amount.title !== title);
  }
  return amounts;
}

function sumOf(groups: readonly Group[]): Totals {
  const sum: Record<string, number> = {};
  for (const [, totals] of groups)
    for (const [counter, bytes] of Object.entries(totals)) sum[counter] = (sum[counter] ?? 0) + bytes;
  return sum as Totals;
}
