import type {ProcessInfo} from '../../model/snapshot.ts';
import {eventsOf, type ReportEvent} from '../report/events.ts';
import {COUNTERS, curvesOf, type Curves} from '../../history/curves.ts';
import {processOf, type Seen} from '../../history/seen.ts';
import {Series} from '../../history/series.ts';

/** What is exported: totals by kind over time, of one process. */
export interface Exported {
  readonly process: ProcessInfo;
  /** ISO 8601: when the recording began. */
  readonly startedAt: string;
  readonly curves: Curves;
  readonly events: readonly ReportEvent[];
}

/** For each look the index of its reading of smaps; -1 where there was none. */
export function readingsOf({times, usageAt}: Curves): number[] {
  const readings = Array.from({length: times.length}, () => -1);
  for (const [reading, look] of usageAt.entries()) readings[look] = reading;
  return readings;
}

/** The wall clock at a look, in ms since 1970. */
export const wallClock = ({startedAt, curves}: Exported, look: number): number =>
  Date.parse(startedAt) + curves.times[look]!;

/** Reads a recording once, from its first look to its last. @param seen at least one look */
export function exportedOf(startedAt: string, seen: Iterable<Seen>): Exported {
  const series = new Series(COUNTERS);
  const events: ReportEvent[] = [];
  let process: ProcessInfo = {};
  for (const look of seen) {
    events.push(...eventsOf(look, series.times.length));
    series.add(look);
    process = {...process, ...processOf(look)};
  }
  return {process, startedAt, curves: curvesOf(series), events};
}
