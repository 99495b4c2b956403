import {diff} from '../../diff/diff.ts';
import type {Change} from '../../model/change.ts';
import type {Kind} from '../../model/kind.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {totalsByKind} from '../../model/totals.ts';
import {deltaText, sizeText} from '../../model/amounts.ts';
import {renderChanges} from '../../text/changes.ts';
import {safe} from '../../text/safe.ts';
import {howMuch, type Look} from '../../text/who.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';

/** A run from its start to its end. Times in ms. */
interface RunFacts {
  readonly command: readonly string[];
  /** How it ended: one of both is there. */
  readonly end: {readonly code?: number | undefined; readonly signal?: string | undefined};
  readonly ms: number;
  /** Undefined if it ended before it could be looked at. */
  readonly seen: RunSeen | undefined;
  readonly cost: {readonly ms: number; readonly duty: number; readonly usageReads: number};
  readonly notes: readonly string[];
}

/** What was seen of the program; of its last one, if it became others on the way (`images`). */
export interface RunSeen {
  readonly first: Snapshot;
  readonly last: Snapshot;
  /** When it had most: address space and resident memory together. */
  readonly largest: Snapshot;
  /** Of the snapshots with resident memory per region the one that has most of it. */
  readonly withUsage: Snapshot | undefined;
  /** How long before the end the last look was. */
  readonly beforeEnd: number;
  readonly looks: number;
  /** Peak of resident memory, in bytes; 0 if unknown. */
  readonly peak: number;
  /** How many regions were made and went, from look to look. */
  readonly came: number;
  readonly went: number;
  readonly images: readonly string[];
}

/** So many of the new regions are listed. */
const MOST = 5;

/** The report of a run, for people. */
export function renderRun({command, end, ms, seen, cost, notes}: RunFacts, look: Look = {}): string {
  const how = end.signal === undefined ? `with exit code ${end.code}` : `by signal ${end.signal}`;
  return [
    paint('title', `memmap run: ${command.map(quoted).join(' ')}`),
    `ended    ${how}, after ${time(ms)}`,
    ...(seen
      ? renderSeen(seen, look)
      : [`seen     nothing${notes.length > 0 ? '' : ': it ended before the first look at it'}`]),
    ...notes.map((note) => `note     ${safe(note)}`),
    `cost     looking took ${time(cost.ms)}, ${(cost.duty * 100).toFixed(1)} % of the time; smaps was ${timesRead(cost.usageReads)}`,
    '',
  ].join('\n');
}

function renderSeen(seen: RunSeen, look: Look): string[] {
  const {first, largest, last, images} = seen;
  const counts = `${first.regions.length} at the first look, ${largest.regions.length} at its largest, ${last.regions.length} at the last`;
  return [
    `program  ${images.map(safe).join(', then ')}`,
    ...(seen.peak > 0 ? [`peak     ${sizeText(seen.peak)} resident`] : []),
    `looks    ${seen.looks}, the last one ${time(seen.beforeEnd)} before the end`,
    `regions  ${counts}; ${seen.came} were made, ${seen.went} went`,
    `left     ${howMuch(last)}`,
    '',
    ...(seen.looks === 1
      ? ['It ended before a second look, so what changed was not seen.']
      : [...renderGrowth(seen, look), '', ...renderNew(first, largest, look)]),
    '',
  ];
}

/** The kinds of memory that differ between the first look and when it was largest, the totals, and what was left. */
function renderGrowth({first, largest, last, withUsage}: RunSeen, look: Look): string[] {
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
    {title: 'address space, first and largest'},
    {title: '', align: 'right'},
    {title: 'left', align: 'right'},
    ...(usage ? [{title: 'resident, most seen', align: 'right'} as const] : []),
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

/** What one kind had, or all together: absent where there was none of it; `rss` where it was measured. */
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
    {text: fromTo(sizeText(a.size), sizeText(b.size))},
    {text: a.size === b.size ? '' : deltaText(b.size - a.size), role},
    {text: sizeText(left.size)},
    ...(rss === undefined ? [] : [{text: sizeText(rss)}]),
  ];
}

/** What came, and was there when it was largest: the most of it. */
function renderNew(first: Snapshot, largest: Snapshot, look: Look): string[] {
  const came = diff(first, largest, {match: 'address'}).changes.filter(({kind}) => kind === 'new' || kind === 'grown');
  const size = ({delta}: Change): number => delta.size;
  const most = came.sort((a, b) => size(b) - size(a)).slice(0, MOST);
  if (most.length === 0) return ['No region came, and none grew.'];
  const more = came.length - most.length;
  const rest = more > 0 ? [paint('quiet', `… and ${more} smaller ones.`)] : [];
  return ['What came, the largest:', ...renderChanges(most, look), ...rest];
}

const fromTo = (before: string, after: string): string => (before === after ? before : `${before} → ${after}`);

/** A word of the command, as one would type it into a shell; what can't be typed is escaped as bash has it. */
export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (safe(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${safe(word.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`;
}

const time = (ms: number): string =>
  ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;

const timesRead = (count: number): string =>
  count === 0 ? 'not read' : `read ${count === 1 ? 'once' : `${count} times`}`;
