import type {ChangeKind} from '../../model/change.ts';
import type {Kind} from '../../model/kind.ts';
import {safe} from '../../text/safe.ts';
import type {ReportStacks} from './stacks.ts';
import type {ReportFamily} from './family.ts';
import type {ReportEvent} from './events.ts';
import type {Report} from './report.ts';
import {knownUntil, type Counter} from '../../history/curves.ts';
import type {Strip} from './strips.ts';
import type {Stay} from '../../history/tracks.ts';

/** Values in few bytes: each value, then how often it comes in a row: 5, 3, 6, 1 is 5 5 5 6. */
type Runs = readonly number[];

/**
 * A region for some time: start, end, the places of its kind, its permissions and its name in the lists, from, to,
 * resident.
 */
export type PackedStay = readonly [number, number, number, number, number, number, number, readonly number[]];

/** Look, change, place of the kind of memory, start, end, bytes of address space, resident bytes, sentence. */
export type PackedChange = readonly [number, ChangeKind, number, number, number, number, number | null, string];

export interface PackedStrip extends Omit<Strip, 'parts' | 'names'> {
  /** The first few, and how many there are. */
  readonly names: readonly string[];
  readonly count: number;
  readonly parts: ReadonlyArray<readonly [start: number, end: number, stays: readonly PackedStay[]]>;
}

export interface PackedGrower {
  readonly what: 'total' | 'kind' | 'group' | 'region';
  readonly kind: string;
  readonly name: string;
  readonly count?: number | undefined;
  readonly range: string;
  readonly first: number;
  readonly peak: number;
  readonly last: number;
  readonly from: number;
  readonly slope: number | null;
  readonly verdict: string;
  readonly points: readonly number[];
}

/** Who mapped and touched how much: functions by their places in the list, from the outermost inwards, and bytes. */
export interface PackedCauses {
  readonly names: readonly string[];
  readonly stacks: ReadonlyArray<
    readonly [path: readonly number[], kept: number, peak: number, mapped: number, touched: number]
  >;
  readonly every: number | null;
}

/** The report as the page has it: small, and fit to be shown. All names have passed `safe`. */
export interface PageData {
  readonly title: string;
  readonly details: readonly string[];
  readonly startedAt: string;
  readonly duration: number;
  readonly times: readonly number[];
  readonly usageAt: readonly number[];
  readonly resident: ReadonlyArray<number | null>;
  /** ms until which the last counters hold. */
  readonly knownUntil: number;
  /** From and to, in ms: when the counters are unknown, since smaps was not read. */
  readonly unread: ReadonlyArray<readonly [from: number, to: number]>;
  readonly series: ReadonlyArray<
    {readonly kind: Kind; readonly regions: Runs; readonly size: Runs} & Readonly<Record<Counter, Runs>>
  >;
  readonly events: readonly ReportEvent[];
  /** What stays and changes refer to. */
  readonly lists: {
    readonly kinds: readonly string[];
    readonly perms: readonly string[];
    readonly names: readonly string[];
  };
  readonly strips: readonly PackedStrip[];
  readonly measure: 'rss' | 'size';
  readonly growers: readonly PackedGrower[];
  readonly changes: readonly PackedChange[];
  readonly family: ReportFamily | null;
  readonly causes: PackedCauses | null;
  readonly summary: readonly string[];
  readonly notes: readonly string[];
}

/** At most this many names of a strip are listed. */
const MOST_NAMES = 30;

export function packReport(report: Report): PageData {
  const {about, curves, strips, growers, changes} = report;
  const [kinds, perms, names] = [new List(), new List(), new List()];
  return {
    title: titleOf(report),
    details: detailsOf(report),
    startedAt: about.startedAt,
    duration: about.duration,
    times: curves.times,
    usageAt: curves.usageAt,
    resident: curves.resident,
    knownUntil: knownUntil(curves, about.duration),
    unread: report.unread.map(({from, to}) => [from, to] as const),
    series: curves.kinds.map(({kind, regions, size, rss, pss, privateDirty, swap}) => ({
      kind,
      regions: runs(regions),
      size: runs(size),
      rss: runs(rss),
      pss: runs(pss),
      privateDirty: runs(privateDirty),
      swap: runs(swap),
    })),
    events: report.events.map((event) => ({...event, text: safe(event.text)})),
    strips: strips.map((strip) => ({
      start: strip.start,
      end: strip.end,
      word: strip.word,
      names: strip.names.slice(0, MOST_NAMES).map(safe),
      count: strip.parts.length,
      parts: strip.parts.map(
        ({start, end, stays}) =>
          [
            start,
            end,
            carried(stays).map(
              (stay) =>
                [
                  stay.start,
                  stay.end,
                  kinds.at(stay.kind),
                  perms.at(safe(stay.perms)),
                  names.at(safe(stay.name)),
                  stay.from,
                  stay.to,
                  stay.amounts,
                ] as const,
            ),
          ] as const,
      ),
    })),
    measure: report.measure,
    growers: growers.map(({start, end, kind, slope, verdict, ...grower}) => ({
      ...grower,
      kind: kind ?? '',
      name: safe(grower.name),
      range: start === undefined ? '' : `${start.toString(16)}-${end!.toString(16)}`,
      slope: slope ?? null,
      verdict: verdict ?? '',
    })),
    changes: changes.map(
      ({look, kind, of, start, end, size, rss, text}) =>
        [look, kind, kinds.at(of), start, end, size, rss ?? null, safe(text)] as const,
    ),
    lists: {kinds: kinds.entries, perms: perms.entries, names: names.entries},
    family: familyOf(report.family),
    causes: causesOf(report.causes),
    summary: report.summary.map(safe),
    notes: report.notes.map(safe),
  };
}

/**
 * The stays of a part, each with what was resident when the stay before it ended: most looks read maps alone, and a
 * region that grows at each of them would seem to lose its memory until smaps is read again.
 */
function carried(stays: readonly Stay[]): readonly Stay[] {
  const last = new Map<number, number>();
  const after = new Map<Stay, Stay>();
  for (const stay of [...stays].sort((a, b) => a.from - b.from)) {
    const [known, size] = [last.get(stay.track), stay.end - stay.start];
    const {amounts} = stay;
    if (amounts.length > 0) last.set(stay.track, amounts.at(-1)!);
    const isUnread = known !== undefined && (amounts.length === 0 || amounts[0]! > stay.from);
    if (isUnread) after.set(stay, {...stay, amounts: [stay.from, Math.min(known, size), ...amounts]});
  }
  return stays.map((stay) => after.get(stay) ?? stay);
}

const familyOf = (family: ReportFamily | undefined): ReportFamily | null =>
  family ? {...family, members: family.members.map((member) => ({...member, comm: safe(member.comm)}))} : null;

function causesOf(causes: ReportStacks | undefined): PackedCauses | null {
  if (!causes) return null;
  const names = new List();
  const stacks = causes.rows.map(
    ({path, kept, peak, mapped, touched}) =>
      [path.map((name) => names.at(safe(name))), kept, peak, mapped, touched] as const,
  );
  return {names: names.entries, stacks, every: causes.every ?? null};
}

/** `python3 (pid 4242)`. */
function titleOf({process}: Pick<Report, 'process'>): string {
  const {comm, pid} = process;
  const name = comm === undefined ? 'a process' : safe(comm);
  return pid === undefined ? name : `${name} (pid ${pid})`;
}

function detailsOf({about, process}: Report): string[] {
  const place = [about.host && `on ${about.host}`, about.kernel && `Linux ${about.kernel}`].filter(Boolean).join(', ');
  return [process.exe ?? '', place, `recording ${about.file}`].filter((text) => text !== '').map(safe);
}

/** Texts that come often are stored once. */
class List {
  readonly entries: string[] = [];
  readonly #places = new Map<string, number>();

  at(entry: string): number {
    let place = this.#places.get(entry);
    if (place === undefined) {
      this.#places.set(entry, (place = this.entries.length));
      this.entries.push(entry);
    }
    return place;
  }
}

export function runs(values: readonly number[]): Runs {
  const packed: number[] = [];
  for (const value of values) {
    if (packed.length > 0 && packed.at(-2) === value) packed[packed.length - 1]!++;
    else packed.push(value, 1);
  }
  return packed;
}

/** The reverse of `runs`. */
export function values(packed: Runs): number[] {
  const all: number[] = [];
  for (let at = 0; at < packed.length; at += 2) {
    for (let count = packed[at + 1]!; count > 0; count--) all.push(packed[at]!);
  }
  return all;
}
