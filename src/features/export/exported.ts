import type {ProcessInfo} from '../../model/snapshot.ts';
import {eventsOf, type ReportEvent} from '../report/events.ts';
import type {Seen} from '../report/seen.ts';
import {SeriesKeeper, type Series} from '../report/series.ts';

/** What is exported: totals by kind over time, of one process. */
export interface Exported {
  readonly process: ProcessInfo;
  /** ISO 8601: when the recording began. */
  readonly startedAt: string;
  readonly series: Series;
  readonly events: readonly ReportEvent[];
}

/** For each look the index of its reading of smaps; -1 where there was none. */
export function readingsOf({times, usageAt}: Series): number[] {
  const readings = Array.from({length: times.length}, () => -1);
  for (const [reading, look] of usageAt.entries()) readings[look] = reading;
  return readings;
}

/** The wall clock at a look, in ms since 1970. */
export const wallClock = ({startedAt, series}: Exported, look: number): number =>
  Date.parse(startedAt) + series.times[look]!;

/** Reads a recording once, from its first look to its last. @param seen at least one look */
export function exportedOf(startedAt: string, seen: Iterable<Seen>): Exported {
  const series = new SeriesKeeper();
  const events: ReportEvent[] = [];
  let process: ProcessInfo = {};
  for (const look of seen) {
    series.take(look);
    events.push(...eventsOf(look));
    process = {...process, ...look.snapshot.process};
  }
  return {process, startedAt, series, events};
}
