import {changeJSON} from '../../model/change.ts';
import {writeOut, writePieces} from '../../shell/output.ts';
import {jsonLinePieces} from '../../text/json.ts';
import type {EndEvent, ProcessEnd, Sink, StartEvent, WatchEvent} from './events.ts';
import {endLine, eventLines, startLine} from './text.ts';

/**
 * Events as NDJSON: one object per line, written as it happens. `end` is always the last.
 *
 * @param write is given the pieces of one line at a time
 */
export const jsonSink = (write: (line: Iterable<string>) => Promise<void> | void = writePieces): Sink => ({
  async tell(event) {
    const document = documentOf(event);
    if (document) await write(jsonLinePieces(document));
  },
});

/** The JSON document of an event; undefined for a sample in which nothing changed. */
function documentOf(event: WatchEvent): object | undefined {
  const {at, tick} = event;
  const head = {event: event.event, at};
  switch (event.event) {
    case 'start':
      return {...head, ...event.snapshot.document()};
    case 'look':
      return undefined;
    case 'change':
      return {...head, tick, changes: event.changes.map(changeJSON), delta: event.delta};
    case 'mark':
      return {...head, tick, name: event.name};
    case 'exec':
      return {...head, tick, ...event.snapshot.document()};
    case 'exit':
      return {...head, tick, state: event.state, ...endJSON(event)};
    case 'end':
      return {...head, ticks: tick, reason: event.reason, cost: event.cost, notes: event.notes};
  }
}

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
export const lineSink = ({start, end}: Sentences): Sink => ({
  async tell(event) {
    const lines = event.event === 'start' ? [start(event)] : event.event === 'end' ? [end(event)] : eventLines(event);
    if (lines.length > 0) await writeOut(`${lines.join('\n')}\n`);
  },
});

/** @param interval ms between two samples */
export const watchLines = (interval: number): Sink =>
  lineSink({
    start: ({snapshot}) => startLine(snapshot, interval),
    end: ({tick, reason, cost}) => endLine(tick, reason, cost),
  });
