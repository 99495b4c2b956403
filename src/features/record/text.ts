import {counted, countText, sizeText, spanText, timeText} from '../../model/amounts.ts';
import type {KinCost} from '../../procfs/kin/kin.ts';
import {wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import type {CauseNews} from '../cause/news.ts';
import {causeEndLines} from '../cause/text.ts';
import type {WatchCost} from '../watch/events.ts';
import {endLine} from '../watch/text.ts';
import type {Saved} from './ring.ts';

/** How far a recording has got. */
export interface RecordProgress {
  readonly file: string;
  /** ms since it began. */
  readonly ms: number;
  readonly looks: number;
  readonly moments: number;
  readonly marks: number;
  /** Bytes added to the file. */
  readonly size: number;
  /** Resident bytes of the process. */
  readonly rss: number | undefined;
}

/** One line during a recording: `0:12  25 samples, 3 moments, 8 KiB, 9.3 MiB resident   m mark  q end`. */
export function recordProgress(progress: RecordProgress, keys: boolean, width: number): string {
  const {ms, looks, moments, marks, size, rss} = progress;
  const parts = [
    counted(looks, 'sample'),
    counted(moments, 'moment'),
    marks > 0 && counted(marks, 'mark'),
    sizeText(size),
    rss !== undefined && `${sizeText(rss)} resident`,
  ].filter(Boolean);
  return `${timeText(ms)}  ${parts.join(', ')}${keys ? '   m mark  q end' : ''}`.slice(0, width);
}

/** A finished recording. */
export interface RecordSummary extends RecordProgress {
  readonly reason: string;
  /** Bytes of the listings that it represents. */
  readonly listings: number;
  readonly cost: WatchCost;
  /** Where the family was recorded too. */
  readonly familyCost?: KinCost | undefined;
  /** Where malloc's books were noted: how often they were read, and how often that could not be used. */
  readonly books?: {readonly readings: number; readonly unused: number} | undefined;
  /** Where its memory calls were watched. */
  readonly cause?: CauseNews | undefined;
  /** Where only the last minutes were kept: what was saved of them. */
  readonly saved?: readonly Saved[] | undefined;
}

/** What was recorded, how large it is compared with the listings, and what it cost the process. */
export function renderRecorded(summary: RecordSummary, width?: number): string {
  if (summary.saved) return renderRing(summary, summary.saved, width);
  const {file, ms, looks, moments, marks, size, listings, reason, cost, familyCost, books, cause} = summary;
  const marked = marks > 0 ? `, ${counted(marks, 'mark')}` : '';
  return [
    `Recorded ${timeText(ms)} to ${safe(file)}: ${counted(looks, 'sample')}, ${counted(moments, 'moment')}${marked}.`,
    `${sizeText(size)}, ${percentText(size, listings)} of the ${sizeText(listings)} of listings that it represents.`,
    endLine(looks, reason, cost, familyCost),
    ...(books ? [booksText(books)] : []),
    `Look at it with: memmap show ${safe(file)}  ·  memmap replay ${safe(file)}`,
    '',
  ]
    .flatMap((line) => wrapped(line, width))
    .concat(cause?.end ? [...causeEndLines(cause.end, cause.frames, width), ''] : [])
    .join('\n');
}

/** What was saved of a ring, and why. */
function renderRing(summary: RecordSummary, saved: readonly Saved[], width: number | undefined): string {
  const {ms, looks, reason, cost, familyCost} = summary;
  return [
    `Watched for ${timeText(ms)}: ${counted(looks, 'sample')}. What was kept was saved ` +
      `${counted(saved.length, 'time')}:`,
    ...saved.map(({file, ms: kept, size, why}) => `${safe(file)}  ${spanText(kept)}, ${sizeText(size)}, ${safe(why)}`),
    endLine(looks, reason, cost, familyCost),
    `Look at it with: memmap replay ${safe(saved.at(-1)!.file)}`,
    '',
  ]
    .flatMap((line) => wrapped(line, width))
    .join('\n');
}

const booksText = ({readings, unused}: NonNullable<RecordSummary['books']>): string =>
  readings === 0
    ? "malloc's books were not read: the process ended first."
    : `malloc's books were read ${counted(readings, 'time')}${
        unused === 0 ? '' : `, and could not be used ${counted(unused, 'time')}`
      }.`;

/** `0.4 %`; `12 %`. */
export function percentText(part: number, whole: number): string {
  const percent = (100 * part) / Math.max(1, whole);
  if (percent >= 10) return `${countText(Math.round(percent))} %`;
  return percent >= 0.01 ? `${Number(percent.toPrecision(2))} %` : 'less than 0.01 %';
}

/** The document `memmap.recorded/1`: times in ms, sizes in bytes. */
export function recordedJSON(summary: RecordSummary): object {
  const {file, ms, looks, moments, marks, size, listings, reason, cost, books: heap, saved} = summary;
  const recorded = {file, ms: Math.round(ms), looks, moments, marks, size, listings, reason, cost, heap};
  return {
    schema: 'memmap.recorded/1',
    ...recorded,
    ...(saved && {saved: saved.map(({ms: kept, ...rest}) => ({...rest, ms: Math.round(kept)}))}),
  };
}
