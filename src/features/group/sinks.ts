import {groupSampleJSON, type GroupSample, isOtherSample} from '../../model/group/sample.ts';
import {wrapped} from '../../text/lines.ts';
import {writeOut, writePieces} from '../../shell/output.ts';
import {jsonLinePieces} from '../../text/json.ts';
import type {GroupWatch} from '../../procfs/host/group-watch.ts';
import {GroupLog, groupNotes, GroupSummary, sampleOf, startLine} from './text.ts';
import type {GroupEnd, GroupEvent, GroupOptions} from './watch.ts';

/** Who receives what following a group reports. */
export type GroupSink = (event: GroupEvent) => Promise<void> | void;

/** Passes all events to a sink. @returns the last */
export async function tellGroup(events: AsyncIterable<GroupEvent>, sink: GroupSink): Promise<GroupEnd> {
  let end: GroupEnd | undefined;
  for await (const event of events) {
    await sink(event);
    if (event.event === 'end') end = event;
  }
  return end!;
}

/** Below what is said, after the time of day and the sign. */
const INDENT = ' '.repeat(29);

/** The lines of a watch for people, and its summary at the end. */
export function groupLines({group, hasUs}: GroupWatch, {interval}: GroupOptions, width: number | undefined): GroupSink {
  const [log, summary] = [new GroupLog(), new GroupSummary()];
  return async (event) => {
    const sample = sampleOf(event);
    if (sample) summary.add(sample);
    const about = event.event === 'start' ? [startLine(group, event.sample, interval), ...groupNotes(hasUs)] : [];
    const lines = [
      ...about.flatMap((line) => wrapped(line, width)),
      ...(event.event === 'end'
        ? summary.lines(event, width)
        : log.lines(event.sample, event.at).flatMap((line) => wrapped(line, width, INDENT))),
    ];
    if (lines.length > 0) await writeOut(`${lines.join('\n')}\n`);
  };
}

/** The same as NDJSON: `start`, a `sample` where anything moved, `end`. */
export function groupJSONSink({group: {kind, id, path, version}, hasUs}: GroupWatch): GroupSink {
  let before: GroupSample | undefined;
  return async (event) => {
    const {at, tick} = event;
    if (event.event === 'end')
      return writePieces(jsonLinePieces({event: 'end', at, ticks: tick, reason: event.reason, cost: costJSON(event)}));
    if (!isOtherSample(before, event.sample)) return;
    before = event.sample;
    const head =
      event.event === 'start'
        ? {schema: 'memmap.group-watch/1', group: {kind, id, path, version}, notes: groupNotes(hasUs)}
        : {tick};
    await writePieces(
      jsonLinePieces({
        event: event.event,
        at,
        ...head,
        t: Math.round(event.sample.t),
        ...groupSampleJSON(event.sample),
      }),
    );
  };
}

/** Times in ms. */
export const costJSON = ({cost: {samples, ms, reads, stallMs}}: Pick<GroupEnd, 'cost'>): object => ({
  samples,
  ms: Math.round(ms * 10) / 10,
  reads,
  stallMs: Math.round(stallMs * 10) / 10,
});
