import {counted, countText, sizeText, spanText} from '../../model/amounts.ts';
import {MEASURES} from '../../model/measures.ts';
import {
  type Amounts,
  type GroupRow,
  heldByAll,
  type ProcessRow,
  sumOf,
  type Unread,
} from '../../model/host/processes.ts';
import type {Trouble} from '../../model/trouble.ts';
import {safe} from '../safe.ts';
import {type Cell, type Column, renderRows} from '../table.ts';

/** What stands in place of a PSS that was not read. */
export const UNREAD_WORDS: Readonly<Record<Unread, string>> = {
  denied: 'denied',
  stall: 'spared',
  budget: 'over budget',
  blocked: 'blocked',
  deadline: 'too slow',
};

/** Columns that are left out where the terminal has fewer columns than this; regions only beside what is held. */
const LEAST = {threads: 110, where: 96, regions: 92} as const;

const SIZES = ['pss', 'rss', 'privateDirty', 'swap'] as const;

type Row = ProcessRow | GroupRow;

interface ProcessesLook {
  /** What the groups have in common, the title of their column; undefined: the rows are processes. */
  readonly group?: string | undefined;
  /** Columns of the terminal; undefined: nothing is shortened. */
  readonly width?: number | undefined;
  /** ms, by the clock of readAt: rows with counters of an earlier reading get its age. */
  readonly now?: number | undefined;
  /** Rows of their own: the others are one. undefined: all have one. */
  readonly most?: number | undefined;
}

/** Processes, or groups of them, as a table, with the total of all of them. */
export function renderProcesses(
  rows: readonly Row[],
  {group, width, now, most = rows.length}: ProcessesLook,
): string[] {
  const hasLate = now !== undefined && rows.some((row) => lateOf(row).length > 0);
  const isSwapped = rows.some(({swap}) => (swap ?? 0) > 0);
  const hasWhere = rows.some((row) => row.unit !== undefined || row.container !== undefined);
  const sizes = SIZES.filter((key) => key !== 'swap' || isSwapped);
  const heldKeys = HELD.filter((key) => rows.some((row) => (row[key] ?? 0) > 0 || (key === 'held' && isAsked(row))));
  const columns: Column[] = [
    group === undefined ? {title: 'pid', align: 'right'} : {title: 'processes', align: 'right'},
    ...(hasLate ? [{title: 'age', align: 'right'} as const] : []),
    ...sizes.map((key): Column => ({title: MEASURES[key].title, align: 'right'})),
    ...heldKeys.map((key): Column => ({title: key === 'gpu' ? 'GPU' : key, align: 'right'})),
    {title: 'regions', align: 'right', ...(heldKeys.length > 0 && {least: LEAST.regions})},
    {title: 'threads', align: 'right', least: LEAST.threads},
    ...(group === undefined ? [{title: 'user'}, {title: hasWhere ? 'unit or container' : '', least: LEAST.where}] : []),
    {title: group ?? 'process', gives: 'cut'},
  ];
  const measures = (row: Amounts, whole = isHeldWhole([row as Row])): Cell[] => [
    ...sizes.map((key): Cell => sizeCell(row, key)),
    ...heldKeys.map((key): Cell => heldCell(row[key], whole)),
    {text: row.regions === undefined ? '' : countText(row.regions)},
    {text: countText(row.threads)},
  ];
  const cells = rows.slice(0, most).map((row): Cell[] => {
    const isGroup = 'members' in row;
    return [
      {text: isGroup ? countText(row.members.length) : String(row.pid)},
      ...(hasLate ? [{text: ageText(row, now), role: 'quiet'} as const] : []),
      ...measures(row),
      ...(isGroup ? [] : [{text: safe(row.user)}, {text: whereOf(row)}]),
      {text: isGroup ? nameOfGroup(row, group!) : shortTitle(row, width), is: 'phrase'},
    ];
  });
  const sum = (some: readonly Row[], words: string, role: Cell['role']): Cell[] => {
    const all = some.flatMap((row) => ('members' in row ? row.members : [row]));
    const isLow = all.some(({unread}) => unread);
    const amounts = measures(sumOf(some), isHeldWhole(some)).map((cell, place) =>
      isLow && cell.text !== '' && ['pss', 'privateDirty'].includes(sizes[place] ?? '') ? atLeast(cell) : cell,
    );
    const blank = group === undefined ? [{text: ''}, {text: ''}] : [];
    const first = {text: group === undefined ? '' : countText(all.length)};
    return [first, ...(hasLate ? [{text: ''}] : []), ...amounts, ...blank, {text: words}].map((cell) => ({
      ...cell,
      role,
    }));
  };
  const rest = rows.slice(most);
  return renderRows(
    columns,
    [
      ...cells,
      ...(rest.length > 0 ? [sum(rest, `${countText(rest.length)} more (--all)`, 'quiet')] : []),
      ...(rows.length > 1 ? [sum(rows, 'total', 'title')] : []),
    ],
    width,
  );
}

const lateOf = (row: Row): readonly ProcessRow[] => membersOf(row).filter(({late}) => late !== undefined);

/** How old the counters are, where they are of an earlier reading: of a group the oldest. */
export function ageText(row: Row, now: number): string {
  const late = lateOf(row);
  return late.length === 0 ? '' : spanText(now - Math.min(...late.map(({readAt}) => readAt ?? now)));
}

const HELD = ['held', 'gpu'] as const;

const membersOf = (row: Row): readonly ProcessRow[] => ('members' in row ? row.members : [row]);

/** Were its descriptors asked for? */
const isAsked = (row: Row): boolean => membersOf(row).some(({holds}) => holds !== undefined);

/** Were all descriptors of all of them looked at? */
export const isHeldWhole = (rows: readonly Row[]): boolean => heldByAll(rows.flatMap(membersOf))?.isComplete === true;

function heldCell(bytes: number | undefined, isWhole: boolean): Cell {
  if (bytes === undefined) return {text: '', role: 'quiet'};
  const cell: Cell = {text: sizeText(bytes), role: bytes === 0 ? 'quiet' : undefined};
  return isWhole ? cell : atLeast(cell);
}

const atLeast = (cell: Cell): Cell => ({...cell, text: `≥ ${cell.text}`});

function sizeCell(row: Amounts, key: (typeof SIZES)[number]): Cell {
  const bytes = row[key];
  const unread = 'unread' in row ? (row as ProcessRow).unread : undefined;
  if (key === 'pss' && unread) return {text: UNREAD_WORDS[unread], role: 'quiet'};
  const members = 'members' in row ? (row as GroupRow).members : [];
  const isPart = members.some((each) => each.unread) && (key === 'pss' || key === 'privateDirty');
  if (bytes === undefined) return {text: isPart && key === 'pss' ? 'not read' : '', role: 'quiet'};
  return isPart ? atLeast({text: sizeText(bytes)}) : {text: sizeText(bytes)};
}

/** On a terminal the program without its directory, which would leave no room for the rest. */
export function shortTitle({name, title}: Pick<ProcessRow, 'name' | 'title'>, width: number | undefined): string {
  if (title === undefined) return safe(`[${name}]`);
  return safe(width === undefined ? title : title.replace(/^\/(?:[^\s/]+\/)+(?=[^\s/])/, ''));
}

/** As container engines print IDs. */
const SHORT_ID = 12;

/** The container, by its short ID, or else the unit. */
export function whereOf({container, unit}: ProcessRow): string {
  if (container === undefined) return safe(unit ?? '');
  return safe(/^[0-9a-f]{64}$/.test(container) ? container.slice(0, SHORT_ID) : container);
}

export function nameOfGroup({group, members}: GroupRow, title: string): string {
  if (group === undefined) return `(no ${title})`;
  // The program that most memory is in says more than 64 digits.
  return title === 'container'
    ? `${whereOf({...members[0]!, container: group})} ${safe(members[0]!.name)}`
    : safe(group);
}

/**
 * Sentences on the rows whose counters were not read: how many, why, and what to do.
 *
 * @param unread how many there are, by reason
 * @param limits what was allowed: ms
 * @param denied why the first one may not be read, and what would give access
 */
export function unreadText(
  unread: Partial<Record<Unread, number>>,
  limits: {readonly maxStall: number; readonly budget: number},
  denied: {readonly pid: number; readonly trouble: Trouble} | undefined,
): string[] {
  const why: Readonly<Record<Unread, string>> = {
    denied: denied
      ? `not permitted. Process ${denied.pid}: ${safe(denied.trouble.why)} ${safe(denied.trouble.next)}`
      : 'not permitted.',
    stall: `one reading would hold a process up for more than ${limits.maxStall} ms (--max-stall).`,
    budget: `reading all would hold them up for more than ${limits.budget} ms together (--budget).`,
    blocked: 'a thread sleeps uninterruptibly (state D), and reading may have to wait for it.',
    deadline: 'the reading failed, or took too long (--deadline).',
  };
  return (Object.entries(unread) as Array<[Unread, number]>).map(
    ([reason, count]) =>
      `${UNREAD_WORDS[reason]}: the PSS of ${counted(count, 'process', 'processes')} was not read: ${why[reason]}`,
  );
}

/** A sentence on the rows whose counters are those of an earlier reading. @param now ms, by the clock of readAt */
export function lateText(rows: readonly ProcessRow[], now: number): string[] {
  const late = rows.filter((row) => row.late !== undefined);
  if (late.length === 0) return [];
  const oldest = Math.min(...late.map(({readAt}) => readAt ?? now));
  return [
    `The PSS, private dirty and regions of ${counted(late.length, 'process', 'processes')} are of an earlier ` +
      `reading, up to ${spanText(now - oldest)} ago: reading them again was not possible within the limits.`,
  ];
}
