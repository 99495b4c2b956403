import {Trouble} from '../../model/trouble.ts';
import {poll} from '../../procfs/poll.ts';
import {Session, type Look, type SessionOptions} from '../../procfs/session.ts';
import type {Sink, WatchEvent} from '../watch/events.ts';
import {Timeline} from '../watch/watch.ts';
import type {Target} from './gate.ts';

export interface FollowOptions extends SessionOptions {
  /** ms between two looks, once the program has been running for a moment. */
  readonly interval: number;
  readonly withoutAslr: boolean;
}

/** For so many ms we wait for the exec with hardly a pause: it takes less than one, and a short program no longer. */
const BUSY = 10;
/** The pauses, in ms. Without any we could keep the processor from the target. */
const HARDLY = 0.05;

/** So many looks make the code fast enough. */
const WARM_UP = 3;

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * Lets a target begin, and watches it to its end. What fails in watching is told at the end, and is no harm to the
 * target. Until the first `exec` it is the gate that is seen, if the target `isGated`. No look is compared with another.
 */
export async function* follow(target: Target, options: FollowOptions): AsyncGenerator<WatchEvent, void> {
  const notes = target.isGated ? [] : ['It was not seen from its first instruction: the gate could not be used.'];
  const session = open(target, options, notes);
  const timeline = new Timeline(session);
  try {
    if (session) yield timeline.start(session.snapshot, target.isGated);
    if (session && target.isGated) warmUp(session);
    timeline.restart();
    target.release(options.withoutAslr);
    if (session)
      for await (const look of untilEnd(target, looksAt(target, session, options.interval), notes))
        yield timeline.look(look);
    yield timeline.exit({state: 'gone', ...(await target.ended)});
    yield timeline.end('exit', notes.length > 0 ? notes : undefined);
  } finally {
    session?.close();
  }
}

function open(target: Target, options: SessionOptions, notes: string[]): Session | undefined {
  try {
    return new Session(target.pid, options);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    notes.push(`It could not be watched: ${error.why}`);
    return undefined;
  }
}

/** The first time all this runs it takes longer than a short program lives. So it looks at the gate before it opens. */
function warmUp(session: Session): void {
  try {
    for (let i = 0; i < WARM_UP; i++) session.look();
  } catch (error) {
    // Should it fail again later, that is told; the target shall run in any case.
    if (!(error instanceof Trouble)) throw error;
  }
}

/** The looks, as long as they can be had. Whatever happens to them, this ends with the target, whose end is no look. */
async function* untilEnd(target: Target, looks: AsyncIterable<Look>, notes: string[]): AsyncGenerator<Look, void> {
  try {
    for await (const look of looks) if (look.saw !== 'exit') yield look;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    notes.push(`It could not be watched any longer: ${error.why}`);
  } finally {
    await target.ended;
  }
}

async function* looksAt(target: Target, session: Session, interval: number): AsyncGenerator<Look, void> {
  const over = new AbortController();
  void target.ended.then(() => over.abort());
  const first = target.isGated ? untilExec(session) : undefined;
  if (first) yield first;
  if (first?.saw !== 'exit') yield* poll(session, {interval, signal: over.signal, isEager: true});
}

/** @returns the look that saw it, or saw that the target has ended; undefined if it takes long */
function untilExec(session: Session): Look | undefined {
  const begin = performance.now();
  while (performance.now() < begin + BUSY) {
    const look = session.look();
    if (look.saw !== 'process') return look;
    Atomics.wait(NEVER, 0, 0, HARDLY);
  }
  return undefined;
}

/** Tells a sink of the command alone: the gate is left out, and the `exec` that ends it is told as the `start`. */
export function withoutGate(sink: Sink): Sink {
  let isGate = false;
  return {
    tell(event) {
      if (event.event === 'start') isGate = event.isGate === true;
      if (!isGate || !('snapshot' in event)) return sink.tell(event);
      if (event.event !== 'exec') return;
      isGate = false;
      return sink.tell({...event, event: 'start'});
    },
    abandon: () => sink.abandon?.(),
  };
}
