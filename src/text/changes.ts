import type {Diff} from '../diff/diff.ts';
import {bytesOf, type Change, CHANGE_KINDS, type ChangeKind, signedHex} from '../model/change.ts';
import type {Kind} from '../model/kind.ts';
import {type MeasureKey, MEASURES} from '../model/measures.ts';
import {hasRollup} from '../model/columns/regions.ts';
import {isRollup, rangeText} from '../model/region.ts';
import {totalsByKind} from '../model/totals.ts';
import {counted, deltaText, sizeText} from '../model/amounts.ts';
import {who, type TextOptions} from './process/who.ts';
import {type Cell, type Column, renderRows} from './table.ts';
import {paint, type Role} from './theme.ts';
import {wrapped} from './lines.ts';
import {safe} from './safe.ts';

export interface DiffLook extends TextOptions {
  /** Rows at most; undefined: all. */
  readonly rows?: number | undefined;
  /** Only changes of these kinds, or to regions of these kinds. */
  readonly kinds?: ReadonlySet<string> | undefined;
  /** Only changes of at least this many bytes. */
  readonly minSize?: number | undefined;
  /** Of two runs nearly everything moved, since ASLR placed it: many such lines become one. */
  readonly folds?: boolean | undefined;
  /** What is said of a change below its row, where something is. */
  readonly below?: ((change: Change) => string | undefined) | undefined;
  /** Only the totals. */
  readonly summary?: boolean | undefined;
}

/** That two snapshots are equal. @param unchanged how many regions they have */
export const noChange = (unchanged: number): string =>
  `No change: ${counted(unchanged, 'region')} ${unchanged === 1 ? 'is' : 'are'} the same on both sides.\n`;

/** What happened between two snapshots, for people: new and grown first, then what went, then the rest. */
export function renderDiff(diff: Diff, look: DiffLook = {}): string {
  const {before, after, changes, unchanged, match, why} = diff;
  const isSum = hasRollup(after.table);
  if (changes.length === 0) return isSum ? 'No change: the sums are the same on both sides.\n' : noChange(unchanged);
  const wanted = changes.filter((change) => isWanted(change, look));
  const left = changes.length - wanted.length;
  return [
    ...headLines('before', who(before), look.width, 'title'),
    ...headLines('after', who(after), look.width, 'title'),
    ...headLines('match', `${match}: ${safe(why)}`, look.width),
    '',
    ...(look.summary
      ? []
      : [
          ...renderChanges(wanted, {...look, folds: match === 'layout'}),
          ...(left > 0 ? [`${counted(left, 'other change')} ${left === 1 ? 'is' : 'are'} not shown.`] : []),
          '',
        ]),
    ...renderKinds(diff, look),
    '',
    ...(isSum ? [] : [`${counted(unchanged, 'region')} unchanged.`, '']),
  ].join('\n');
}

/** `before  python3 (pid 4242), …`; further lines are set in. */
const headLines = (label: string, text: string, width: number | undefined, role?: Role): string[] =>
  wrapped(text, width && width - LABEL).map(
    (line, index) => (index > 0 ? '' : label).padEnd(LABEL) + paint(role, line),
  );

const LABEL = 8;

/** The table of changes, the most important first. Columns that would be empty are left out. */
export function renderChanges(changes: readonly Change[], look: DiffLook = {}): string[] {
  const each = byImportance(news(changes));
  const all = look.folds && look.rows !== undefined ? folded(each) : each;
  const rows = all
    .slice(0, look.rows)
    .flatMap((row) => [newsCells(row), ...belowRow(look.below?.(row.change), look.width)]);
  const isUsed = CHANGE_COLUMNS.map(
    (column, index) => column.gives !== undefined || rows.some((row) => row.length > 1 && row[index]!.text !== ''),
  );
  const keep = (_: unknown, index: number): boolean => isUsed[index]!;
  const table = renderRows(
    CHANGE_COLUMNS.filter(keep),
    rows.map((row) => (row.length > 1 ? row.filter(keep) : row)),
    look.width,
  );
  const more = all.length - rows.length;
  return more > 0 ? [...table, paint('quiet', `… ${more} more, use --all`)] : table;
}

/** How far what is below a change is set in. */
const BELOW = '   ';

/** What is said of a change below its row. */
const belowRow = (text: string | undefined, width: number | undefined): Cell[][] =>
  text === undefined
    ? []
    : wrapped(safe(text), width && width - BELOW.length).map((line) => [
        {text: paint('quiet', BELOW + line), length: 0},
      ]);

/** At most this many lines of what moved are worth reading one by one. */
const FEW_MOVES = 5;

/** What moved with its object, all as one line. */
function folded(rows: readonly News[]): News[] {
  const isMove = ({change}: News): boolean => change.kind === 'moved' && change.slide !== undefined;
  const moves = rows.filter(isMove);
  if (moves.length <= FEW_MOVES) return [...rows];
  const count = moves.reduce((sum, row) => sum + row.count, 0);
  const first = moves.reduce((low, row) => (row.change.range.start < low.change.range.start ? row : low));
  const end = moves.reduce((most, row) => Math.max(most, row.end), 0);
  const one = {...first, count, end, text: `${count} regions moved with their objects; --all lists them.`};
  return [...rows.filter((row) => !isMove(row)), one];
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
const amount = (change: Change): number =>
  change.kind === 'touched' ? Math.abs(change.delta['rss'] ?? 0) : Math.abs(change.delta.size) || bytesOf(change);

function isWanted(change: Change, {kinds, minSize}: DiffLook): boolean {
  if (minSize !== undefined && amount(change) < minSize) return false;
  if (!kinds || kinds.has(change.kind)) return true;
  return [...change.before, ...change.after].some((region) => kinds.has(region.kind));
}

/** Which kind of memory grew by how much: the kinds that differ, and the totals. */
function renderKinds({before, after, delta, match}: Diff, look: TextOptions): string[] {
  const [a, b] = [before, after].map(({table}) => {
    const totals = totalsByKind(table);
    return match === 'layout' ? withoutChance(totals) : totals;
  }) as [Map<Label, Amounts>, Map<Label, Amounts>];
  // A counter that one side never counted has no difference.
  const counters = (['size', 'rss', 'privateDirty'] as const).filter(
    (counter) => delta[counter] !== undefined && !(counter === 'size' && hasRollup(after.table)),
  );
  const differs = [...new Set([...a.keys(), ...b.keys()])].filter((kind) =>
    ['regions', ...counters].some((counter) => (a.get(kind)?.[counter] ?? 0) !== (b.get(kind)?.[counter] ?? 0)),
  );
  const growth = (kind: Label): number =>
    Math.max(...counters.map((counter) => (b.get(kind)?.[counter] ?? 0) - (a.get(kind)?.[counter] ?? 0)));
  const isWide = (look.width ?? WIDE) >= WIDE;
  const rows = differs
    .sort((x, y) => growth(y) - growth(x))
    .map((kind) => kindCells(kind, a.get(kind) ?? {}, b.get(kind) ?? {}, {counters, isWide}));
  return renderRows(
    kindColumns(counters, isWide),
    [...rows, kindCells('total', before.totals, after.totals, {counters, isWide})],
    look.width,
  );
}

type Amounts = Readonly<Record<string, number>>;
type Label = Kind | typeof EITHER;

/**
 * Of two runs, ASLR alone decides which unnamed memory the kernel merges with a file's bss: the two are reported as
 * one.
 */
const EITHER = 'anon, bss';

function withoutChance(totals: ReadonlyMap<Kind, Amounts>): Map<Label, Amounts> {
  const sum: Record<string, number> = {};
  const rest = new Map<Label, Amounts>();
  for (const [kind, amounts] of totals) {
    if (kind !== 'anon' && kind !== 'bss') rest.set(kind, amounts);
    else for (const counter in amounts) sum[counter] = (sum[counter] ?? 0) + amounts[counter]!;
  }
  // How many regions it is cut into is chance as well.
  return rest.set(EITHER, {...sum, regions: 0});
}

/** Columns of a terminal that are enough for what was there before, beside what is there after. */
const WIDE = 108;

/** With less room, what was there before is left out; then of each counter but the size only the difference is told. */
const kindColumns = (counters: readonly MeasureKey[], isWide: boolean): Column[] => [
  {title: 'kind'},
  {title: 'regions', align: isWide ? 'left' : 'right'},
  ...counters.flatMap((counter, index): Column[] => {
    const {title, words} = MEASURES[counter];
    if (isWide) return [{title: words}, {title: '', align: 'right'}];
    const isFirst = index === 0;
    return [
      {title, align: 'right', least: isFirst ? 0 : WIDE},
      {title: isFirst ? '' : title, align: 'right', least: 50 + 12 * index},
    ];
  }),
];

function kindCells(
  kind: string,
  before: Amounts,
  after: Amounts,
  {counters, isWide}: {readonly counters: readonly MeasureKey[]; readonly isWide: boolean},
): Cell[] {
  const fromTo = (a: string, b: string): string => (a === b || !isWide ? b : `${a} → ${b}`);
  return [
    {text: kind, role: kind === 'total' ? 'title' : undefined},
    {text: kind === EITHER ? '' : fromTo(String(before['regions'] ?? 0), String(after['regions'] ?? 0))},
    ...counters.flatMap((counter): Cell[] => {
      const [a, b] = [before[counter] ?? 0, after[counter] ?? 0];
      const role = b > a ? 'come' : b < a ? 'go' : undefined;
      return [{text: fromTo(sizeText(a), sizeText(b))}, {text: a === b ? '' : deltaText(b - a), role}];
    }),
  ];
}

/** A sign and a colour for each kind of change; the sign says it too where there is no colour. */
const SIGNS: Readonly<Record<ChangeKind, {readonly sign: string; readonly role: Role}>> = {
  new: {sign: '+', role: 'comeNew'},
  grown: {sign: '↑', role: 'come'},
  gone: {sign: '-', role: 'go'},
  shrunk: {sign: '↓', role: 'go'},
  replaced: {sign: '!', role: 'change'},
  reprotected: {sign: '~', role: 'change'},
  renamed: {sign: '~', role: 'change'},
  moved: {sign: '→', role: 'move'},
  split: {sign: '÷', role: 'move'},
  merged: {sign: '=', role: 'move'},
  flagged: {sign: '*', role: 'change'},
  touched: {sign: '·', role: 'quiet'},
};

export const signOf = (kind: ChangeKind): string => SIGNS[kind].sign;

export const roleOf = (kind: ChangeKind): Role => SIGNS[kind].role;

const CHANGE_COLUMNS: readonly Column[] = [
  {title: ''},
  {title: 'change'},
  {title: 'range'},
  {title: 'size', align: 'right'},
  {title: MEASURES.rss.title, align: 'right'},
  {title: 'what happened', gives: 'wrap'},
];

/** One row of the table of changes. */
function newsCells({change, end, text}: News): Cell[] {
  const {kind, range, delta} = change;
  const {sign, role} = SIGNS[kind];
  const rss = delta['rss'];
  return [
    {text: sign, role},
    {text: kind, role},
    {text: change.after.some(isRollup) ? '' : rangeText({start: range.start, end})},
    {text: delta.size === 0 ? '' : deltaText(delta.size), role},
    {text: rss ? deltaText(rss) : ''},
    {text: safe(text)},
  ];
}

/** One line for a log: when, which sign, where, what. */
export function changeLine(change: Change, time: string): string {
  const {sign, role} = SIGNS[change.kind];
  const what = paint(role, `${sign} ${change.kind.padEnd(11)}`);
  return `${time}  ${what}  ${rangeText(change.range)}  ${safe(change.text)}`;
}

/** What one row of the table says: a change, or several that are one piece of news. */
interface News {
  readonly change: Change;
  /** How many changes it stands for. */
  readonly count: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Joins what moved as a whole: the regions of a library that lie elsewhere, all by the same distance, are one line for
 * people.
 *
 * @param changes in address order
 */
function news(changes: readonly Change[]): News[] {
  const rows: News[] = [];
  for (const change of changes) {
    const last = rows.at(-1);
    if (last && movedTogether(last, change)) rows[rows.length - 1] = joined(last, change);
    else rows.push({change, count: 1, end: change.range.end, text: change.text});
  }
  return rows;
}

/** Did it move by the same distance, and is it of the same file, or unnamed memory right after it? */
function movedTogether({change: first, end}: News, next: Change): boolean {
  if (first.kind !== 'moved' || next.kind !== 'moved' || first.slide !== next.slide) return false;
  if (first.pieces || next.pieces) return false;
  const name = next.after.at(-1)!.name;
  return name === first.after[0]!.name || (name === '' && next.range.start === end);
}

function joined({change, count}: News, next: Change): News {
  const regions = count + 1;
  const name = change.after[0]!.name || 'anonymous memory';
  const text = `${name}: ${regions} regions, moved by ${signedHex(change.slide!)}.`;
  return {change, count: regions, end: next.range.end, text};
}
