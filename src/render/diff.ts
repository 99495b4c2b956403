import type {Diff} from '../diff/diff.ts';
import {CHANGE_KINDS, type Change, type ChangeKind} from '../model/change.ts';
import type {Kind} from '../model/kind.ts';
import {sizeOf} from '../model/region.ts';
import {totalsByKind} from '../model/totals.ts';
import {deltaText, sizeText} from '../model/amounts.ts';
import {CHANGE_COLUMNS, newsCells} from './change.ts';
import {news, type News} from './moves.ts';
import {who, type Look} from './snapshot.ts';
import {renderTable, type Cell, type Column} from './table.ts';
import {paint} from './theme.ts';

export interface DiffLook extends Look {
  /** Rows at most; undefined: all. */
  readonly rows?: number | undefined;
  /** Only changes of these kinds, or to regions of these kinds. */
  readonly kinds?: ReadonlySet<string> | undefined;
  /** Only changes of at least so many bytes. */
  readonly minSize?: number | undefined;
  /** Only the totals. */
  readonly summary?: boolean | undefined;
}

/** What happened between two snapshots, for people: new and grown first, then what went, then the rest. */
export function renderDiff(diff: Diff, look: DiffLook = {}): string {
  const {before, after, changes, unchanged, match, why} = diff;
  if (changes.length === 0) return `No change: ${unchanged} regions are the same on both sides.\n`;
  const wanted = changes.filter((change) => isWanted(change, look));
  const left = changes.length - wanted.length;
  return [
    `before  ${paint('title', who(before))}`,
    `after   ${paint('title', who(after))}`,
    `match   ${match}: ${why}`,
    '',
    ...(look.summary
      ? []
      : [...renderChanges(wanted, look), ...(left > 0 ? [`${left} other changes were not asked for.`] : []), '']),
    ...renderKinds(diff, look),
    '',
    `${unchanged} ${unchanged === 1 ? 'region' : 'regions'} unchanged.`,
    '',
  ].join('\n');
}

/** The table of changes, the most important first. Columns that would be empty are left out. */
export function renderChanges(changes: readonly Change[], look: DiffLook = {}): string[] {
  const all = byImportance(news(changes));
  const rows = all.slice(0, look.rows).map(newsCells);
  const isUsed = CHANGE_COLUMNS.map(
    (column, index) => column.gives === true || rows.some((row) => row[index]!.text !== ''),
  );
  const keep = (_: unknown, index: number): boolean => isUsed[index]!;
  const table = renderTable(CHANGE_COLUMNS.filter(keep), rows.map((row) => row.filter(keep)), look.width); // prettier-ignore
  const more = all.length - rows.length;
  return more > 0 ? [...table, paint('quiet', `… ${more} more, use --all`)] : table;
}

/** By kind, and within a kind the largest first. */
function byImportance(rows: readonly News[]): News[] {
  const rank = new Map<ChangeKind, number>(CHANGE_KINDS.map((kind, index) => [kind, index]));
  return [...rows].sort(
    (a, b) =>
      rank.get(a.change.kind)! - rank.get(b.change.kind)! ||
      amount(b.change) - amount(a.change) ||
      a.change.range.start - b.change.range.start,
  );
}

/** How much a change is about: what came or went, what became resident, or else the bytes that it happened to. */
const amount = ({delta, kind, range}: Change): number =>
  kind === 'touched' ? Math.abs(delta['rss'] ?? 0) : Math.abs(delta.size) || sizeOf(range);

function isWanted(change: Change, {kinds, minSize}: DiffLook): boolean {
  if (minSize !== undefined && amount(change) < minSize) return false;
  if (!kinds || kinds.has(change.kind)) return true;
  return [...change.before, ...change.after].some((region) => kinds.has(region.kind));
}

/** Which kind of memory grew by how much: the kinds that differ, and the totals. */
function renderKinds({before, after, delta}: Diff, look: Look): string[] {
  const [a, b] = [totalsByKind(before.regions), totalsByKind(after.regions)];
  // A counter that one side never counted has no difference.
  const counters = (['size', 'rss', 'privateDirty'] as const).filter((counter) => delta[counter] !== undefined);
  const differs = [...new Set([...a.keys(), ...b.keys()])].filter((kind) =>
    ['regions', ...counters].some((counter) => (a.get(kind)?.[counter] ?? 0) !== (b.get(kind)?.[counter] ?? 0)),
  );
  const growth = (kind: Kind): number =>
    Math.max(...counters.map((counter) => (b.get(kind)?.[counter] ?? 0) - (a.get(kind)?.[counter] ?? 0)));
  const rows = differs
    .sort((x, y) => growth(y) - growth(x))
    .map((kind) => kindCells(kind, a.get(kind) ?? {}, b.get(kind) ?? {}, counters));
  return renderTable(
    kindColumns(counters),
    [...rows, kindCells('total', before.totals, after.totals, counters)],
    look.width,
  );
}

type Amounts = Readonly<Record<string, number>>;

const TITLES: Readonly<Record<string, string>> = {
  size: 'address space',
  rss: 'resident',
  privateDirty: 'private dirty',
};

const kindColumns = (counters: readonly string[]): Column[] => [
  {title: 'kind'},
  {title: 'regions'},
  ...counters.flatMap((counter): Column[] => [{title: TITLES[counter]!}, {title: '', align: 'right'}]),
];

function kindCells(kind: string, before: Amounts, after: Amounts, counters: readonly string[]): Cell[] {
  return [
    {text: kind, role: kind === 'total' ? 'title' : undefined},
    {text: fromTo(String(before['regions'] ?? 0), String(after['regions'] ?? 0))},
    ...counters.flatMap((counter): Cell[] => {
      const [a, b] = [before[counter] ?? 0, after[counter] ?? 0];
      const role = b > a ? 'come' : b < a ? 'go' : undefined;
      return [{text: fromTo(sizeText(a), sizeText(b))}, {text: a === b ? '' : deltaText(b - a), role}];
    }),
  ];
}

const fromTo = (before: string, after: string): string => (before === after ? before : `${before} → ${after}`);
