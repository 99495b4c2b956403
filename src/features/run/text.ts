import type {ProcessEnd, WatchCost} from '../watch/events.ts';
import {dutyText, usageText} from '../watch/text.ts';
import type {Frames} from '../cause/fold.ts';
import type {CauseNews} from '../cause/news.ts';
import {causeEndLines, heldText} from '../cause/text.ts';
import {diff} from '../../diff/diff.ts';
import type {Change} from '../../model/change.ts';
import type {KinPeaks} from '../../model/kin/peaks.ts';
import type {Kind} from '../../model/kind.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {totalsByKind} from '../../model/totals.ts';
import {counted, countText, deltaText, sizeText} from '../../model/amounts.ts';
import {familyGaps, familySize, howAdded, renderLives} from '../../text/process/kin.ts';
import {type DiffLook, renderChanges} from '../../text/changes.ts';
import {hanging, wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import {howMuch, type TextOptions} from '../../text/process/who.ts';
import type {PeakRss} from './peak.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';

/** A run from its start to its end. Times in ms. */
interface RunFacts {
  readonly command: readonly string[];
  readonly end: ProcessEnd;
  readonly ms: number;
  /** Undefined if nothing is known of it. */
  readonly peak: PeakRss | undefined;
  /** Undefined if it ended before the first sample. */
  readonly seen: RunSeen | undefined;
  readonly cost: WatchCost;
  readonly notes: readonly string[];
  readonly cause?: CauseNews | undefined;
}

/** What was seen of the program; of the last one, if execve(2) replaced it on the way (`images` has all). */
export interface RunSeen {
  readonly first: Snapshot;
  readonly last: Snapshot;
  /** The largest, by the sum of address space and resident memory. */
  readonly largest: Snapshot;
  /** Who mapped what it has, where memory calls were watched. */
  readonly held: ReturnType<NonNullable<CauseNews['held']>> | undefined;
  /** Of the snapshots with resident memory per region, the one with the most. */
  readonly withUsage: Snapshot | undefined;
  /** How long before the end the last sample was. */
  readonly beforeEnd: number;
  readonly looks: number;
  /** How many regions were made and went away, from sample to sample. */
  readonly came: number;
  readonly went: number;
  readonly images: readonly string[];
  /** The process and those that it started; without samples if they were not followed. */
  readonly family: KinPeaks;
}

/** At most this many of the new regions are listed. */
const MOST = 5;

/** At most this many of the processes that still run are named. */
const MOST_PIDS = 10;

/** The report of a run, for people. */
export function renderRun(
  {command, end, ms, peak, seen, cost, notes, cause}: RunFacts,
  look: TextOptions = {},
): string {
  const none = `samples  none${notes.length > 0 ? '' : ': it ended before the first one'}`;
  return [
    ...wrapped(`memmap run: ${command.map(quoted).join(' ')}`, look.width).map((line) => paint('title', line)),
    `ended    ${endWords(end)}, after ${time(ms)}`,
    `peak     ${peakWords(peak)}`,
    ...(seen ? renderSeen(seen, look, cause?.frames) : [none]),
    ...[...notes, ...familyWords(end)].map((note) => `note     ${safe(note)}`),
    costLine(cost),
    '',
  ]
    .flatMap((line) => (/^(?:in )?\w+ {2,}/.test(line) ? hanging(line, look.width) : [line]))
    .concat(cause?.end ? [...causeEndLines(cause.end, cause.frames, look.width), ''] : [])
    .join('\n');
}

/** `with exit code 3`, `by signal SIGKILL`. */
export function endWords({code, signal}: ProcessEnd): string {
  if (signal !== undefined) return `by signal ${signal}`;
  return code === undefined ? 'in a way that is not known' : `with exit code ${code}`;
}

function peakWords(peak: PeakRss | undefined): string {
  if (!peak) return 'not known';
  const {value, isExact, isTold} = peak;
  if (isExact) return `${sizeText(value)} resident`;
  return `at least ${sizeText(value)} resident${isTold ? ': the most that one process of its family had' : ''}`;
}

/** What became of its descendants that it did not wait for, one sentence each. */
export function familyWords({orphans = [], running = []}: ProcessEnd): string[] {
  const most = Math.max(...orphans.map(({maxRss}) => maxRss));
  const ended = `${counted(orphans.length, 'orphaned descendant')} ended; the largest had ${sizeText(most)} resident.`;
  const more = running.length > MOST_PIDS ? ` and ${running.length - MOST_PIDS} more` : '';
  const still =
    running.length === 1
      ? `Process ${running[0]}, which it started, still runs.`
      : `Processes ${running.slice(0, MOST_PIDS).join(', ')}${more}, which it started, still run.`;
  return [...(orphans.length > 0 ? [ended] : []), ...(running.length > 0 ? [still] : [])];
}

function renderSeen(seen: RunSeen, look: TextOptions, frames: Frames = 'own'): string[] {
  const {first, largest, last, images, held} = seen;
  const below = held && ((change: Change) => heldText(held, change.range, frames));
  const [atFirst, atLargest, atLast] = [first, largest, last].map(({regions}) => countText(regions.length));
  return [
    `program  ${images.map(safe).join(', then ')}`,
    ...familyLines(seen.family, look),
    `samples  ${countText(seen.looks)}, the last one ${time(seen.beforeEnd)} before the end`,
    `regions  ${atFirst} in the first sample, ${atLargest} in the largest, ${atLast} in the last; ${cameAndWent(seen)}`,
    `left     ${howMuch(last)}`,
    '',
    ...(seen.looks === 1
      ? ['It ended before a second sample, so no change was seen.']
      : [...renderGrowth(seen, look), '', ...renderNew(first, largest, {...look, below})]),
    '',
  ];
}

/** How much all processes had together, and which were the largest. */
function familyLines(family: KinPeaks, look: TextOptions): string[] {
  if (!family.isFamily) return familyGaps(family).map((sentence) => `note     ${sentence}`);
  const [rss, pss] = [family.peak('rss')!, family.peak('pss')!];
  const least = pss.most === pss.value ? '' : 'at least ';
  const lines = [
    `family   ${familySize(family)}`,
    `in all   ${sizeText(rss.value)} resident at most, with ${counted(rss.processes, 'process', 'processes')}: ` +
      `${howAdded('rss')}; PSS ${least}${sizeText(pss.value)}`,
  ];
  const gaps = familyGaps(family).map((sentence) => `note     ${sentence}`);
  return [...lines, ...gaps, '', ...renderLives(family, look.width), ''];
}

/** The kinds of memory that differ between the first sample and the largest, the totals, and what was left. */
function renderGrowth({first, largest, last, withUsage}: RunSeen, look: TextOptions): string[] {
  const [a, b, c] = [first, largest, last].map(({regions}) => totalsByKind(regions)) as [Kinds, Kinds, Kinds];
  const usage = withUsage && totalsByKind(withUsage.regions);
  const growth = (kind: Kind): number => (b.get(kind)?.size ?? 0) - (a.get(kind)?.size ?? 0);
  const differs = [...new Set([...a.keys(), ...b.keys()])]
    .filter((kind) => growth(kind) !== 0 || a.get(kind)?.regions !== b.get(kind)?.regions)
    .sort((x, y) => growth(y) - growth(x));
  if (differs.length === 0) return ['No kind of memory grew or shrank.'];
  const columns: Column[] = [
    {title: 'kind'},
    {title: 'regions'},
    {title: 'size at first', align: 'right', least: 90},
    {title: 'largest', align: 'right'},
    {title: '', align: 'right'},
    {title: 'at the end', align: 'right'},
    ...(usage ? [{title: 'resident', align: 'right'} as const] : []),
  ];
  const rows = differs.map((kind) =>
    growthCells({
      name: kind,
      first: a.get(kind),
      largest: b.get(kind),
      left: c.get(kind),
      rss: usage && (usage.get(kind)?.['rss'] ?? 0),
    }),
  );
  const total = growthCells({
    name: 'total',
    first: first.totals,
    largest: largest.totals,
    left: last.totals,
    rss: withUsage?.totals['rss'],
  });
  return renderTable(columns, [...rows, total], look.width);
}

type Kinds = ReturnType<typeof totalsByKind>;

interface Amounts {
  readonly regions: number;
  readonly size: number;
}

const NONE: Amounts = {regions: 0, size: 0};

/** What one kind had, or all of them: absent where there was none; `rss` where it was measured. */
interface GrowthRow {
  readonly name: string;
  readonly first: Amounts | undefined;
  readonly largest: Amounts | undefined;
  readonly left: Amounts | undefined;
  readonly rss: number | undefined;
}

function growthCells({name, first: a = NONE, largest: b = NONE, left = NONE, rss}: GrowthRow): Cell[] {
  const role = b.size > a.size ? 'come' : b.size < a.size ? 'go' : undefined;
  return [
    {text: name, role: name === 'total' ? 'title' : undefined},
    {text: fromTo(String(a.regions), String(b.regions))},
    {text: sizeText(a.size)},
    {text: sizeText(b.size)},
    {text: a.size === b.size ? '' : deltaText(b.size - a.size), role},
    {text: sizeText(left.size)},
    ...(rss === undefined ? [] : [{text: sizeText(rss)}]),
  ];
}

/** The largest of the regions that were new or had grown in the largest sample. */
function renderNew(first: Snapshot, largest: Snapshot, look: DiffLook): string[] {
  const came = diff(first, largest, {match: 'address'}).changes.filter(({kind}) => kind === 'new' || kind === 'grown');
  const size = ({delta}: Change): number => delta.size;
  const most = came.sort((a, b) => size(b) - size(a)).slice(0, MOST);
  if (most.length === 0) return ['No region was new, and none grew.'];
  const more = came.length - most.length;
  const rest = more > 0 ? [paint('quiet', `… and ${more} smaller ${more === 1 ? 'one' : 'ones'}.`)] : [];
  return ['The largest of the new and grown regions:', ...renderChanges(most, look), ...rest];
}

const fromTo = (before: string, after: string): string => (before === after ? before : `${before} → ${after}`);

/** A word of the command, as one would type it in a shell; what can't be typed is escaped as in bash ($'…'). */
export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (safe(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${safe(word.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`;
}

const time = (ms: number): string =>
  ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;

const costLine = (cost: RunFacts['cost']): string =>
  `cost     sampling took ${time(cost.ms)}${dutyText(cost)}; ${usageText(cost)}`;

const cameAndWent = ({came, went}: RunSeen): string => `${countText(came)} came, ${countText(went)} went`;
