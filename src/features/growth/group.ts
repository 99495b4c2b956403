import {counted, countText, deltaText, sizeText, spanText} from '../../model/amounts.ts';
import {
  GROUP_MEASURES,
  GROUP_WORDS,
  type GroupMeasure,
  type GroupSample,
  isGroupCount,
} from '../../model/group/sample.ts';
import type {Points} from '../../history/series.ts';
import {wrapped} from '../../text/lines.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {riseOf} from './growth.ts';
import {judge, type Judgement} from './verdict/judge.ts';
import {forecast, slopeText, whyNot} from './words.ts';

/** What one amount of a group did. */
export interface GroupLine extends Judgement {
  readonly measure: GroupMeasure;
  readonly points: Points;
  readonly first: number;
  readonly last: number;
}

/** What a group's memory did over a time. */
export interface GroupGrowth {
  readonly samples: number;
  /** ms from the first to the last sample. */
  readonly span: number;
  readonly least: number;
  readonly total: GroupLine;
  /** All others of which anything is known. */
  readonly lines: readonly GroupLine[];
}

/** Collects what samples of a group say over time. Give them in order. */
export class GroupSeries {
  readonly #points = new Map<GroupMeasure, {t: number[]; v: number[]}>();
  readonly #times: number[] = [];

  add({t, amounts}: GroupSample): void {
    this.#times.push(t);
    for (const measure of GROUP_MEASURES) {
      const amount = amounts[measure];
      if (amount === undefined) continue;
      const points = this.#points.get(measure) ?? {t: [], v: []};
      this.#points.set(measure, points);
      points.t.push(t);
      points.v.push(amount);
    }
  }

  get samples(): number {
    return this.#times.length;
  }

  /** @param least a movement of fewer bytes doesn't matter; of things, of none */
  line(measure: GroupMeasure, least: number): GroupLine {
    const points = this.#points.get(measure) ?? {t: [], v: []};
    const watched = {from: this.#times[0] ?? 0, to: this.#times.at(-1) ?? 0};
    return {
      measure,
      points,
      first: points.v[0] ?? 0,
      last: points.v.at(-1) ?? 0,
      ...judge(points, isGroupCount(measure) ? 1 : least, watched),
    };
  }

  /** @param asked what the answer is about */
  growth(asked: GroupMeasure, least: number): GroupGrowth {
    const others = GROUP_MEASURES.filter((measure) => measure !== asked && this.#points.has(measure));
    const lines = others.map((measure) => this.line(measure, least));
    const span = (this.#times.at(-1) ?? 0) - (this.#times[0] ?? 0);
    return {samples: this.samples, span, least, total: this.line(asked, least), lines};
  }
}

const COLUMNS: readonly Column[] = [
  {title: 'what', gives: 'cut'},
  {title: 'first', align: 'right', least: 90},
  {title: 'last', align: 'right'},
  {title: 'rise', align: 'right'},
  {title: 'verdict'},
  {title: 'slope', align: 'right'},
];

interface GroupGrowthLook extends TextOptions {
  /** What the group is. */
  readonly title: string;
  /** Says when steady growth reaches it: bytes. */
  readonly limit: number | undefined;
}

/** The group for people: the answer, then each part. */
export function renderGroupGrowth(growth: GroupGrowth, {title, limit, width}: GroupGrowthLook): string {
  const {total, lines, samples, span} = growth;
  const isForetold = total.verdict === 'steady growth' && !isGroupCount(total.measure);
  return [
    ...wrapped(title, width).map((line) => paint('title', line)),
    ...wrapped(`${counted(samples, 'sample')} in ${spanText(span)}.`, width),
    '',
    ...[answer(growth), ...(isForetold ? forecast({total, span, limit}) : [])].flatMap((each) => wrapped(each, width)),
    '',
    ...renderTable(
      COLUMNS,
      [...lines.map(cellsOf), cellsOf(total).map((cell): Cell => ({...cell, role: cell.role ?? 'title'}))],
      width,
    ),
    '',
  ].join('\n');
}

function answer({total, samples}: GroupGrowth): string {
  const what = GROUP_WORDS[total.measure];
  const name = what.charAt(0).toUpperCase() + what.slice(1);
  const rise = `from ${amountText(total, total.first)} to ${amountText(total, total.last)}`;
  switch (total.verdict) {
    case 'steady growth':
      return `${name}: grows steadily, by ${slopeText(total.slope!, isGroupCount(total.measure))}, ${rise}.`;
    case 'not enough data':
      return `Not enough data to say whether it grows (${what}, ${counted(samples, 'sample')}): ${whyNot(total)}.`;
    case 'flat':
      return `${name}: does not grow, ${rise}.`;
    default: {
      const since = total.since === undefined ? '' : `, since ${spanText(total.since)} after the first sample`;
      return `${name}: ${total.verdict}, ${rise}${since}; no steady growth.`;
    }
  }
}

const amountText = ({measure}: GroupLine, amount: number): string =>
  isGroupCount(measure) ? countText(amount) : sizeText(amount);

/** Names of rows, where those of sentences are too long for a table on a terminal of 80 columns. */
const ROW_WORDS: Readonly<Partial<Record<GroupMeasure, string>>> = {
  anon: 'anonymous',
  unmappedCache: 'unmapped cache',
  shmem: 'shared memory',
  slab: 'slab',
  other: 'other kernel',
  pss: 'PSS',
  rss: 'resident',
  privateDirty: 'private dirty',
  size: 'address space',
  regions: 'regions',
  threads: 'threads',
};

function cellsOf(line: GroupLine): Cell[] {
  const {measure, first, last, verdict, slope, points} = line;
  const hasSlope = slope !== undefined && (verdict === 'steady growth' || (verdict === 'shrinks' && slope.high < 0));
  const rise = riseOf(line);
  const isKnown = points.t.length > 0;
  return [
    {text: ROW_WORDS[measure] ?? GROUP_WORDS[measure]},
    {text: isKnown ? amountText(line, first) : '?'},
    {text: isKnown ? amountText(line, last) : '?'},
    {text: !isKnown ? '' : isGroupCount(measure) ? String(rise) : deltaText(rise)},
    {text: verdict, role: verdict === 'steady growth' ? 'bad' : undefined},
    {text: hasSlope ? slopeText(slope, isGroupCount(measure)) : ''},
  ];
}

/** The document `memmap.group-growth/1`: bytes (or things), ms since the first sample, slopes a second. */
export const groupGrowthJSON = (
  {samples, span, least, total, lines}: GroupGrowth,
  group: object,
  notes: readonly string[],
): object => ({
  schema: 'memmap.group-growth/1',
  group,
  samples,
  span: Math.round(span),
  least,
  total: lineJSON(total),
  lines: lines.map(lineJSON),
  notes,
});

const lineJSON = (line: GroupLine): object => ({
  measure: line.measure,
  verdict: line.verdict,
  first: line.points.t.length > 0 ? line.first : null,
  last: line.points.t.length > 0 ? line.last : null,
  rise: line.points.t.length > 0 ? riseOf(line) : null,
  slope: line.slope && {
    perSecond: line.slope.slope * 1000,
    low: line.slope.low * 1000,
    high: line.slope.high * 1000,
  },
  since: line.since === undefined ? undefined : Math.round(line.since),
  looks: line.points.t.length,
});
