import {counted, countText, sizeText} from '../../model/amounts.ts';
import type {Change} from '../../model/change.ts';
import {wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import {type Column, renderRows} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import {type Frames, pathOf} from './fold.ts';
import type {Owner} from './ledger/books.ts';
import type {Range, Span} from './ledger/spans.ts';
import type {CauseCall, CauseEnd, CauseNews, Explained, Share, WhyNot} from './news.ts';

/** Functions that a line has at most; `--frames all` has them all. */
const MOST_FRAMES = 8;
/** Rows that a table has at most. */
const MOST_ROWS = 10;

/** Whose a change is, as a phrase; undefined where nobody asked. */
export function causeText(news: CauseNews | undefined, change: Change): string | undefined {
  const explained = news?.of?.get(change);
  return explained && explainedText(explained, news!.frames);
}

/**
 * Whose the memory of a range is, as a phrase: the calls that mapped what is there.
 *
 * @param held who mapped what is mapped
 * @returns undefined where nothing of it is mapped
 */
export function heldText(held: readonly Span<Owner<CauseCall>>[], range: Range, frames: Frames): string | undefined {
  const bytes = new Map<CauseCall, number>();
  let [unexplained, why]: [number, WhyNot] = [0, 'unknown'];
  for (const {start, end, value} of held) {
    const own = Math.min(end, range.end) - Math.max(start, range.start);
    if (own <= 0) continue;
    if (value.cause) bytes.set(value.cause, (bytes.get(value.cause) ?? 0) + own);
    else [unexplained, why] = [unexplained + own, WHY_HELD[value.by] ?? 'unknown'];
  }
  const causes = [...bytes].map(([call, own]) => ({call, bytes: own}));
  return causes.length === 0 && unexplained === 0 ? undefined : explainedText({causes, unexplained, why}, frames);
}

/** The line under a change. None where nobody asked. */
export function causeLine(news: CauseNews | undefined, change: Change): string[] {
  const text = causeText(news, change);
  return text ? [paint('quiet', `${' '.repeat(14)}${safe(text)}`)] : [];
}

/**
 * `by 24 calls of brk, thread 9437: malloc ← parse_string ← json_parse`: those with the most bytes, and how many others
 * there are.
 */
function explainedText({causes, unexplained, why}: Explained, frames: Frames): string {
  const groups = new Map<string, {calls: CauseCall[]; bytes: number; path: readonly string[]}>();
  for (const {call, bytes} of causes) {
    const path = call.stack ? pathOf(call.stack, call.name, frames) : [];
    const key = [call.name, ...path].join('\0');
    const group = groups.get(key) ?? {calls: [], bytes: 0, path};
    group.calls.push(call);
    group.bytes += bytes;
    groups.set(key, group);
  }
  const unknown = unexplained > 0 ? `no call is known for ${sizeText(unexplained)}: ${WHY[why ?? 'unknown']}` : '';
  const [first, ...others] = [...groups.values()].sort((a, b) => b.bytes - a.bytes);
  if (!first) return unknown;
  const rest = others.reduce((sum, {calls}) => sum + calls.length, 0);
  const more = rest > 0 ? `; and ${counted(rest, 'other call')}` : '';
  return `by ${who(first.calls)}${pathText(first.path, frames)}${more}${unknown && `; ${unknown}`}`;
}

const WHY_HELD: Readonly<Partial<Record<Owner<CauseCall>['by'], WhyNot>>> = {before: 'before-attach', kernel: 'driver'};

const WHY: Readonly<Record<WhyNot, string>> = {
  'lost-events': 'calls were lost, as there were too many at once',
  'before-attach': 'it was made before memmap watched',
  driver: 'a driver made it',
  'other-process': 'a process that shares its memory may have made it',
  unknown: 'the kernel told of none',
};

function who(calls: readonly CauseCall[]): string {
  const {name} = calls[0]!;
  const tids = [...new Set(calls.map(({tid}) => tid))];
  const threads = tids.length === 1 ? `thread ${tids[0]}` : `${tids.length} threads`;
  if (name === 'stack growth') return `page faults at which its stack grew, ${threads}`;
  if (name === 'execve') return `execve, ${threads}`;
  if (name === 'exit') return 'its end';
  const inferred = calls.some(({inferred: isInferred}) => isInferred) ? ' (by a stack of the same place)' : '';
  return `${counted(calls.length, 'call')} of ${name}, ${threads}${inferred}`;
}

function pathText(path: readonly string[], frames: Frames): string {
  if (path.length === 0) return '';
  const shown = frames === 'all' ? path : path.slice(0, MOST_FRAMES);
  const more = path.length - shown.length;
  return `: ${shown.join(' ← ')}${more > 0 ? ` ← ${more} more` : ''}`;
}

/** How well it was seen, and who mapped it, who touched it, and what is still there. */
export function causeEndLines(end: CauseEnd, frames: Frames, width: number | undefined): string[] {
  const all = grouped(end.shares, frames);
  const mappers = all.filter(({mapped, kept, atPeak}) => mapped > 0 || kept > 0 || atPeak > 0);
  const touchers = all.filter(({touched}) => touched > 0);
  return [
    ...seenText(end).flatMap((line) => wrapped(line, width, ' '.repeat(9))),
    '',
    ...mapLines(mappers, end, width),
    ...(end.touched ? ['', ...touchLines(touchers, end.touched, width)] : []),
  ];
}

/** `counted = seen + lost`, and how much of what changed has a call. */
function seenText({calls, lost, stacks, changed, explained, notes}: CauseEnd): string[] {
  const seen = Object.values(calls).reduce((sum, each) => sum + each.seen, 0);
  const counts = Object.values(calls).map(({counted: count}) => count);
  const known = lost === null || counts.includes(null);
  const total = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const saw = known
    ? `${counted(seen, 'memory call')} ${seen === 1 ? 'was' : 'were'} seen; how many there were is not known, ` +
      "since memmap's helper was killed"
    : `${countText(seen)} of ${counted(total, 'memory call')} ${total === 1 ? 'was' : 'were'} seen, ` +
      `${lost === 0 ? 'none' : countText(lost)} lost`;
  const share = changed === 0 ? '' : `; the call is known for ${percent(explained, changed)} of the bytes that changed`;
  const parts = [
    [stacks.whole, 'to the root'],
    [stacks.cut, 'in part'],
    [stacks.jit, 'with code that has no names'],
    [stacks.none, 'without a stack'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, how]) => `${countText(count)} ${how}`);
  return [
    `cause    ${saw}${share}.`,
    ...(told.length > 0 ? [`stacks   ${told.join(', ')}`] : []),
    ...notes.map((note) => `note     ${safe(note)}`),
  ];
}

interface Row extends Omit<Share, 'stack'> {
  readonly by: string;
}

/** `brk: malloc ← parse_string`, or what mapped memory without a call; '' for a page fault whose stack is not known. */
export function shareText({name, stack}: Pick<Share, 'name' | 'stack'>, frames: Frames): string {
  const path = stack ? pathText(pathOf(stack, name, frames), frames) : '';
  return OTHERS[name] ?? (name === 'fault' ? path.slice(2) : `${name}${path}`);
}

/** Stacks that look the same, as they are shown, are one. */
function grouped(shares: readonly Share[], frames: Frames): Row[] {
  const rows = new Map<string, Row>();
  for (const {stack, ...share} of shares) {
    const by = shareText({...share, stack}, frames);
    const row = rows.get(by);
    rows.set(by, {
      by,
      name: share.name,
      calls: (row?.calls ?? 0) + share.calls,
      mapped: (row?.mapped ?? 0) + share.mapped,
      atPeak: (row?.atPeak ?? 0) + share.atPeak,
      kept: (row?.kept ?? 0) + share.kept,
      touched: (row?.touched ?? 0) + share.touched,
    });
  }
  return [...rows.values()];
}

/** What mapped memory and is not a call. */
const OTHERS: Readonly<Record<string, string>> = {
  'stack growth': 'stacks that grew',
  execve: 'the program itself (execve)',
  driver: 'a driver, or a call whose size is not known',
  unknown: 'no call is known',
  before: 'it was there before memmap watched',
};

const MAP_COLUMNS: readonly Column[] = [
  {title: 'still there', align: 'right'},
  {title: 'at peak', align: 'right'},
  {title: 'share', align: 'right', least: 60},
  {title: 'mapped', align: 'right'},
  {title: 'calls', align: 'right', least: 70},
  {title: 'by', gives: 'wrap'},
];

function mapLines(rows: readonly Row[], {peak}: CauseEnd, width: number | undefined): string[] {
  if (rows.length === 0) return ['Nothing was mapped.'];
  const sorted = rows.toSorted((a, b) => b.kept - a.kept || b.atPeak - a.atPeak || b.mapped - a.mapped);
  const kept = rows.reduce((sum, row) => sum + row.kept, 0);
  const cells = sorted
    .slice(0, MOST_ROWS)
    .map((row) => [
      {text: sizeText(row.kept)},
      {text: sizeText(row.atPeak)},
      {text: percent(row.atPeak, peak)},
      {text: row.calls === 0 ? '' : sizeText(row.mapped)},
      {text: row.calls === 0 ? '' : countText(row.calls)},
      {text: safe(row.by)},
    ]);
  const head = `Who mapped it: ${sizeText(kept)} still there, ${sizeText(peak)} at the peak (share: of that)`;
  return [paint('title', head), ...renderRows(MAP_COLUMNS, cells, width), ...moreText(rows.length)];
}

const TOUCH_COLUMNS: readonly Column[] = [
  {title: 'touched', align: 'right'},
  {title: 'share', align: 'right'},
  {title: 'by', gives: 'wrap'},
];

function touchLines(rows: readonly Row[], {every}: NonNullable<CauseEnd['touched']>, width?: number): string[] {
  const total = rows.reduce((sum, row) => sum + row.touched, 0);
  if (total === 0) return [`Who touched it: fewer than ${every} page faults were seen.`];
  const sorted = rows.toSorted((a, b) => b.touched - a.touched);
  const cells = sorted
    .slice(0, MOST_ROWS)
    .map((row) => [
      {text: `~${sizeText(row.touched)}`},
      {text: percent(row.touched, total)},
      {text: safe(row.by || 'code that is not known')},
    ]);
  const head = `Who touched it: about ${sizeText(total)} became resident (1 of ${every} page faults was sampled)`;
  return [paint('title', head), ...renderRows(TOUCH_COLUMNS, cells, width), ...moreText(rows.length)];
}

const moreText = (rows: number): string[] =>
  rows > MOST_ROWS ? [paint('quiet', `… and ${countText(rows - MOST_ROWS)} more.`)] : [];

/** It is 100 % only where nothing is missing. */
function percent(part: number, whole: number): string {
  if (whole === 0) return '';
  if (part === whole) return '100 %';
  return `${Math.min(99.9, (part / whole) * 100).toFixed(1)} %`;
}
