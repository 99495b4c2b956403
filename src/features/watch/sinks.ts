import {causeDocuments, causeEndJSON, explainedJSON} from '../cause/json.ts';
import {causeEndLines} from '../cause/text.ts';
import type {Choice} from '../../model/choose.ts';
import {type Change, changeJSON} from '../../model/change.ts';
import {sampleJSON, type FamilySample} from '../../model/kin/kin.ts';
import {writeOut, writePieces} from '../../shell/output.ts';
import {jsonLinePieces} from '../../text/json.ts';
import {chosenDocument, chosenText} from './chosen.ts';
import {Summary} from './summary.ts';
import type {EndEvent, ProcessEnd, Sink, StartEvent, WatchEvent} from './events.ts';
import {FamilyLog, isOtherFamily} from './family.ts';
import {clockTime, eventLines, startLine} from './text.ts';

/**
 * Events as NDJSON: one object per line, written as it happens. `end` is always the last.
 *
 * @param write is given the pieces of one line at a time
 * @param choice the regions that snapshots have; their totals are those of all
 */
export function jsonSink(
  write: (line: Iterable<string>) => Promise<void> | void = writePieces,
  choice: Choice = {},
): Sink {
  let family: FamilySample | undefined;
  return {
    async tell(event) {
      const document = documentOf(event, family, choice);
      if ('family' in event) family = event.family ?? family;
      for (const each of [...causeDocuments(event.cause), ...(document ? [document] : [])])
        await write(jsonLinePieces(each));
    },
  };
}

/**
 * The JSON document of an event; undefined for a sample in which nothing changed. Where only the family's memory did,
 * the event is `family`.
 *
 * @param before the family as it was told last
 * @param choice the regions that snapshots have
 */
function documentOf(event: WatchEvent, before: FamilySample | undefined, choice: Choice): object | undefined {
  const {at, tick} = event;
  const sample = 'family' in event ? event.family : undefined;
  const family = sample && {family: sampleJSON(sample)};
  const head = {event: event.event, at};
  switch (event.event) {
    case 'start':
      return {...head, ...chosenDocument(event.snapshot, choice), ...family};
    case 'look':
      return sample && isOtherFamily(before, sample) ? {event: 'family', at, tick, ...family} : undefined;
    case 'change':
      return {
        ...head,
        tick,
        changes: event.changes.map((change) => changeDocument(event, change)),
        delta: event.delta,
        ...family,
      };
    case 'mark':
      return {...head, tick, name: event.name};
    case 'exec':
      return {...head, tick, ...chosenDocument(event.snapshot, choice), ...family};
    case 'exit':
      return {...head, tick, state: event.state, ...endJSON(event)};
    case 'end':
      return {
        ...head,
        ticks: tick,
        reason: event.reason,
        cost: event.cost,
        familyCost: event.familyCost,
        notes: event.notes,
        ...causeEndJSON(event.cause?.end),
      };
  }
}

const changeDocument = ({cause}: WatchEvent, change: Change): object => ({
  ...changeJSON(change),
  ...explainedJSON(cause, change),
});

/** How a process ended, as documents have it: sizes in bytes, times in ms. */
export const endJSON = ({code, signal, usage, orphans = [], running = []}: ProcessEnd): object => ({
  code,
  signal,
  usage: usage && {maxRss: usage.maxRss, user: usage.user, system: usage.system, alone: usage.isAlone},
  orphans: orphans.length > 0 ? orphans : undefined,
  running: running.length > 0 ? running : undefined,
});

/** The sentences that the output begins and ends with. */
interface Sentences {
  readonly start: (event: StartEvent) => string;
  readonly end: (event: EndEvent) => string;
}

/** Events as text, one line per change: for pipes, logs, and terminals that can't move the cursor. */
export function lineSink({start, end}: Sentences): Sink {
  const log = new FamilyLog();
  return {
    async tell(event) {
      const about = event.event === 'start' ? [start(event)] : event.event === 'end' ? [end(event)] : eventLines(event);
      const lines = [...about, ...('family' in event ? log.lines(event, clockTime(event.at)) : [])];
      if (lines.length > 0) await writeOut(`${lines.join('\n')}\n`);
    },
  };
}

/** Below the summary of a watch: who mapped what. */
export const causeEnd = ({cause}: EndEvent, width: number | undefined): string[] =>
  cause?.end ? ['', ...causeEndLines(cause.end, cause.frames, width)] : [];

/**
 * The lines of a watch, and its summary at the end.
 *
 * @param interval ms between two samples
 * @param choice the regions whose changes are told
 * @param width columns of a terminal; undefined: the summary is not wrapped
 */
export function watchLines(interval: number, choice: Choice, width: number | undefined): Sink {
  const summary = new Summary(choice);
  const lines = lineSink({
    start: ({snapshot}) => startLine(snapshot, interval) + chosenText(snapshot, choice),
    end: (event) => [...summary.lines(event, width), ...causeEnd(event, width)].join('\n'),
  });
  return {
    async tell(event) {
      summary.add(event);
      await lines.tell(event);
    },
  };
}
