import {counted, deltaText, sizeText, spanText} from '../../model/amounts.ts';
import {kinAmount, kinKey, kinSum, type FamilySample, type Kin, type KinMeasure} from '../../model/kin/kin.ts';
import {MEASURES} from '../../model/measures.ts';
import type {Points} from '../../history/series.ts';
import {safe} from '../../text/safe.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import {wrapped} from '../../text/lines.ts';
import {riseOf, withoutFinalFall, type GrowthMeasure} from './growth.ts';
import {holesOf} from './verdict/holes.ts';
import {FEWEST_LOOKS, judge, type Judgement} from './verdict/judge.ts';
import {slopeText, whyNot} from './words.ts';

/** What the family as a whole, or one of its members, did. */
interface FamilyLine extends Judgement {
  /** Undefined for the whole. */
  readonly kin?: Kin | undefined;
  readonly points: Points;
  readonly first: number;
  readonly last: number;
  readonly isThere: boolean;
}

/** What the memory of a family did over a time. */
export interface FamilyGrowth {
  /** What it was judged by: PSS where that was read often enough, else RSS, added up; or what was asked for. */
  readonly measure: KinMeasure;
  readonly samples: number;
  /** The most processes in one sample, and how many there were in all. */
  readonly most: number;
  readonly seen: number;
  readonly total: FamilyLine;
  /** Those that were seen often enough, the largest rise first. */
  readonly members: readonly FamilyLine[];
}

interface Values {
  readonly t: number[];
  readonly v: number[];
}

interface Track {
  kin: Kin;
  readonly byMeasure: Map<KinMeasure, Values>;
  isThere: boolean;
}

/** Measures that each sample has; the others were read now and then. */
const ALWAYS: readonly KinMeasure[] = ['rss', 'swap', 'size'];

/** Readings of all members that lie further apart than this part of the whole time are not of one moment. */
const SAME_TIME = 1 / 20;

/** Collects what samples of a family say over time. Give them in order. */
export class FamilySeries {
  readonly #tracks = new Map<string, Track>();
  readonly #total = new Map<KinMeasure, Array<{readonly t: number; readonly v: number; readonly age: number}>>();
  readonly #times: number[] = [];
  readonly #readAt = new Map<KinMeasure, number>();
  #most = 0;
  #seen = 0;

  /** @param t ms since the first look */
  add(t: number, sample: FamilySample): void {
    this.#times.push(t);
    this.#most = Math.max(this.#most, sample.members.length);
    this.#seen = Math.max(this.#seen, sample.seen);
    for (const measure of ['rss', 'pss', 'privateDirty', 'swap', 'size'] as const) this.#addTotal(measure, t, sample);
    for (const kin of sample.members) this.#addMember(kin, t, sample.t);
    for (const kin of sample.went) this.#end(kinKey(kin));
  }

  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  /**
   * @param asked the measure to follow
   * @param least a movement of fewer bytes doesn't matter
   * @param hasEnded the first process did
   */
  growth(asked: GrowthMeasure, least: number, hasEnded = false): FamilyGrowth {
    const measure = this.#measureFor(asked);
    const watched = {from: this.#times[0] ?? 0, to: this.#times.at(-1) ?? 0};
    const judged = (points: Points, isThere: boolean, kin?: Kin): FamilyLine => ({
      kin,
      points,
      ...(hasEnded || !isThere
        ? judge(withoutFinalFall(points), least)
        : judge(points, least, kin ? undefined : watched)),
      first: points.v[0] ?? 0,
      last: points.v.at(-1) ?? 0,
      isThere,
    });
    const members = [...this.#tracks.values()]
      .map(({kin, byMeasure, isThere}) => judged(byMeasure.get(measure) ?? {t: [], v: []}, isThere, kin))
      .filter(({points}) => points.t.length >= FEWEST_LOOKS)
      .sort((a, b) => riseOf(b) - riseOf(a));
    const total = judged(this.#pointsOf(measure), true);
    return {measure, samples: this.#times.length, most: this.#most, seen: this.#seen, total, members};
  }

  /** PSS says what a family costs; RSS counts shared pages for each, and each sample has it. */
  #measureFor(asked: GrowthMeasure): KinMeasure {
    if (asked === 'swap' || asked === 'size') return asked;
    const wanted = asked === 'privateDirty' ? asked : 'pss';
    const {t} = this.#pointsOf(wanted);
    const watched = {from: this.#times[0]!, to: this.#times.at(-1)!};
    return t.length >= FEWEST_LOOKS && holesOf(t, watched).length === 0 ? wanted : 'rss';
  }

  #pointsOf(measure: KinMeasure): Points {
    const span = this.#times.at(-1)! - this.#times[0]!;
    const points = (this.#total.get(measure) ?? []).filter(({age}) => age <= SAME_TIME * span);
    return {t: points.map(({t}) => t), v: points.map(({v}) => v)};
  }

  /** A sum of readings is a point where one of them is new; else nothing is known that was not known before. */
  #addTotal(measure: KinMeasure, t: number, sample: FamilySample): void {
    const {total, age} = kinSum(sample, measure);
    const newest = Math.max(...sample.members.map(({usage}) => usage?.readAt ?? -1));
    const isNews = ALWAYS.includes(measure) || newest > (this.#readAt.get(measure) ?? -Infinity);
    if (total === undefined || !isNews) return;
    this.#readAt.set(measure, newest);
    const points = this.#total.get(measure) ?? [];
    points.push({t, v: total, age});
    this.#total.set(measure, points);
  }

  #addMember(kin: Kin, t: number, now: number): void {
    const key = kinKey(kin);
    const track = this.#tracks.get(key) ?? {kin, byMeasure: new Map<KinMeasure, Values>(), isThere: true};
    this.#tracks.set(key, track);
    track.kin = kin;
    for (const measure of ['rss', 'pss', 'privateDirty', 'swap', 'size'] as const) {
      const amount = kinAmount(kin, measure);
      const at = ALWAYS.includes(measure) ? t : t - (now - (kin.usage?.readAt ?? now));
      const column = track.byMeasure.get(measure) ?? {t: [], v: []};
      if (amount === undefined || kin.missing === 'borrowed' || at <= (column.t.at(-1) ?? -Infinity)) continue;
      column.t.push(at);
      column.v.push(amount);
      track.byMeasure.set(measure, column);
    }
  }

  /** Of a member that was there for a moment only, nothing is judged: it need not be kept. */
  #end(key: string): void {
    const track = this.#tracks.get(key);
    if (!track) return;
    track.isThere = false;
    if ((track.byMeasure.get('rss')?.t.length ?? 0) < FEWEST_LOOKS) this.#tracks.delete(key);
  }
}

const COLUMNS: readonly Column[] = [
  {title: 'pid', align: 'right'},
  {title: 'process', gives: 'cut'},
  {title: 'first', align: 'right'},
  {title: 'last', align: 'right'},
  {title: 'rise', align: 'right'},
  {title: 'verdict'},
  {title: 'slope', align: 'right'},
];

/** At most this many members have a line. */
const MOST = 10;

/** The family for people: the answer for the whole, then its members. */
export function renderFamilyGrowth(growth: FamilyGrowth, width: number | undefined): string[] {
  const {members, total, most, seen} = growth;
  const rows = members.slice(0, MOST).map((line) => cellsOf(line, String(line.kin!.pid), nameOf(line)));
  const all = cellsOf(total, '', 'family').map((cell): Cell => ({...cell, role: 'title'}));
  const size = `${counted(most, 'process', 'processes')} at most${seen > most ? `, ${seen} in all` : ''}`;
  const few = seen - members.length;
  return [
    ...wrapped(`The family, ${size}: ${answer(growth)}`, width),
    '',
    ...renderTable(COLUMNS, [...rows, all], width),
    ...(members.length > MOST ? [`… and ${members.length - MOST} more.`] : []),
    ...(few > 0 ? [`${counted(few, 'process was', 'processes were')} seen too rarely to say more.`] : []),
    '',
  ];
}

const nameOf = ({kin, isThere}: FamilyLine): string => `${safe(kin!.comm)}${isThere ? '' : ' (ended)'}`;

/** By what the family was measured: `PSS`, `resident memory, added up`. */
const wordsOf = (measure: KinMeasure): string =>
  measure === 'pss' ? 'PSS' : `${MEASURES[measure].noun}, added up (shared pages count for each)`;

function answer({measure, total, samples}: FamilyGrowth): string {
  const what = wordsOf(measure);
  const rise = `from ${sizeText(total.first)} to ${sizeText(total.last)}`;
  switch (total.verdict) {
    case 'steady growth':
      return `${what} grows steadily, by ${slopeText(total.slope!)}, ${rise}.`;
    case 'not enough data':
      return `not enough data to say whether ${what} grows (${counted(samples, 'sample')}): ${whyNot(total)}.`;
    case 'flat':
      return `${what} does not grow: ${rise}.`;
    default:
      return (
        `${what}: ${total.verdict}, ` +
        `${rise}${total.since === undefined ? '' : `, since ${spanText(total.since)}`}; no steady growth.`
      );
  }
}

function cellsOf(line: FamilyLine, pid: string, name: string): Cell[] {
  const {first, last, verdict, slope} = line;
  const hasSlope = slope !== undefined && (verdict === 'steady growth' || (verdict === 'shrinks' && slope.high < 0));
  return [
    {text: pid},
    {text: name},
    {text: sizeText(first)},
    {text: sizeText(last)},
    {text: deltaText(riseOf(line))},
    {text: verdict, role: verdict === 'steady growth' ? 'bad' : undefined},
    {text: hasSlope ? slopeText(slope) : ''},
  ];
}

/** The family in a document: amounts in bytes, times in ms since the first look, slopes in bytes a second. */
export const familyGrowthJSON = ({measure, samples, most, seen, total, members}: FamilyGrowth): object => ({
  measure,
  samples,
  processes: most,
  seen,
  total: lineJSON(total),
  members: members.map((line) => ({pid: line.kin!.pid, comm: line.kin!.comm, ...lineJSON(line)})),
});

const lineJSON = (line: FamilyLine): object => ({
  verdict: line.verdict,
  first: line.first,
  last: line.last,
  rise: riseOf(line),
  slope: line.slope && {
    perSecond: line.slope.slope * 1000,
    low: line.slope.low * 1000,
    high: line.slope.high * 1000,
  },
  since: line.since === undefined ? undefined : Math.round(line.since),
  isThere: line.isThere,
  looks: line.points.t.length,
});
