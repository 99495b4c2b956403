import type {Region} from '../../model/region.ts';
import type {Recording} from '../../recording/recording.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {Moment} from '../../model/moment.ts';
import {counted, countText, sizeText, timeText} from '../../model/amounts.ts';
import {safe} from '../../text/safe.ts';
import {howMuch, who} from '../../text/process/who.ts';
import {renderRows, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';

/**
 * All moments of a part of a recording, with the totals of each. Their time is that of exports: the beginning plus `t`.
 * A wall clock that was set in between would make moments overtake each other.
 */
export function momentRows(recording: Recording, from: number, to: number): MomentRow[] {
  let last: readonly Region[] | undefined;
  let totals = {regions: 0, size: 0, rss: undefined as number | undefined};
  return Array.from(recording.snapshots(from, to), ({moment, snapshot}) => {
    if (snapshot.regions !== last) {
      const {regions, size, rss} = snapshot.totals as {regions: number; size: number; rss?: number};
      [last, totals] = [snapshot.regions, {regions, size, rss}];
    }
    const {vmRss} = snapshot.status;
    const at = recording.timeAt(moment.t);
    return {moment, at, ...totals, rss: totals.rss ?? (typeof vmRss === 'number' ? vmRss : undefined)};
  });
}

/** The document `memmap.moments/1`. */
export const momentsJSON = ({header}: Recording, rows: readonly MomentRow[]): object => ({
  schema: 'memmap.moments/1',
  process: header.process,
  startedAt: header.startedAt,
  moments: rows.map(({moment: {index, t, at: clock, look, since, event, marks, hasUsage}, at, regions, size, rss}) => ({
    index,
    t,
    at,
    clock: isFarFrom(clock, at) ? clock : undefined,
    look,
    since,
    event,
    marks: marks.length > 0 ? marks : undefined,
    hasUsage,
    regions,
    size,
    rss,
  })),
});

/** Was the wall clock set by more than it may drift? */
const isFarFrom = (clock: string, at: string): boolean => Math.abs(Date.parse(clock) - Date.parse(at)) > 1000;

/** What is said about a recording as a whole. */
interface Recorded {
  readonly count: number;
  readonly looks: number;
  readonly duration: number;
}

/** @param moment its number */
export function replayStartLine({count, looks, duration}: Recorded, moment: number, snapshot: Snapshot): string {
  const title = paint('title', `Recording of ${who(snapshot.withSource({from: 'process', format: ''}))}`);
  const place = `moment ${moment} of ${counted(count, 'moment')} in ${timeText(duration)}, ${counted(looks, 'sample')}`;
  return `${title}: ${howMuch(snapshot)}; ${place}.`;
}

/** @param moment the number of the last one that was shown, and its time in ms */
export function replayEndLine(
  {count, duration}: Recorded,
  {index, t}: Pick<Moment, 'index' | 't'>,
  reason: string,
): string {
  const why = REASONS[reason] ?? `The recording was ended by ${reason}`;
  return `${why} at ${timeText(t)} of ${timeText(duration)}, moment #${index} of #0 to #${countText(count - 1)}.`;
}

const REASONS: Readonly<Record<string, string>> = {
  exit: 'The process ended',
  count: 'The count was reached',
  for: 'The time was up',
  quit: 'The recording was stopped',
  to: 'The replay reached --to',
  left: 'The replay was stopped',
  cut: 'The recording breaks off',
};

/** What a list of moments says about each. */
interface MomentRow {
  readonly moment: Moment;
  /** ISO 8601: when the recording began, plus `t`. */
  readonly at: string;
  readonly regions: number;
  readonly size: number;
  readonly rss: number | undefined;
}

/** A list of moments, with what distinguishes them. */
export function renderMoments(rows: readonly MomentRow[], width?: number): string {
  const cells = rows.map(({moment, at, regions, size, rss}) => {
    const words = [moment.event, ...moment.marks.map((name) => `#${safe(name)}`)].filter((word) => word !== undefined);
    return [
      `#${moment.index}`,
      `+${timeText(moment.t)}`,
      at,
      countText(regions),
      sizeText(size),
      rss === undefined ? '' : sizeText(rss),
      words.join(' '),
    ].map((text) => ({text}));
  });
  return `${renderRows(COLUMNS, cells, width).join('\n')}\n`;
}

const COLUMNS: readonly Column[] = [
  {title: 'moment', align: 'right'},
  {title: 'time', align: 'right'},
  {title: 'clock'},
  {title: 'regions', align: 'right'},
  {title: 'size', align: 'right'},
  {title: 'resident', align: 'right'},
  {title: 'what', gives: 'cut'},
];
