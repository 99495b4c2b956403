import {Trouble} from '../../model/trouble.ts';
import {poll} from '../../procfs/sampling/poll.ts';
import {foreign} from '../../procfs/mount.ts';
import {KinWatch} from '../../procfs/kin/kin.ts';
import {Session, type Look, type SessionOptions} from '../../procfs/sampling/session.ts';
import type {Sink, WatchEvent} from '../watch/events.ts';
import {Timeline} from '../watch/watch.ts';
import type {Target} from './gate.ts';

export interface FollowOptions extends SessionOptions {
  /** ms between two samples, once the program has been running for a moment. */
  readonly interval: number;
  readonly withoutAslr: boolean;
  /** Follow the processes that it starts too. */
  readonly children: boolean;
}

/** For this many ms we wait for the exec almost without pauses: it takes less than 1 ms, and so may a whole program. */
const BUSY = 10;
/** The pauses, in ms. Without them we could keep the target off the processor. */
const HARDLY = 0.05;

/** After this many samples the code is fast enough. */
const WARM_UP = 3;

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * Lets a target start, and watches it to its end. If watching fails, that is reported at the end and doesn't harm the
 * target. If the target `isGated`, what is seen until the first `exec` is the gate. Samples are not compared.
 */
export async function* follow(target: Target, options: FollowOptions): AsyncGenerator<WatchEvent, void> {
  const notes = notesOf(target);
  const session = open(target, options, notes);
  const timeline = new Timeline(session, session && options.children ? kinOf(target, options, notes) : undefined);
  try {
    if (session) yield timeline.start(session.snapshot, target.isGated);
    if (session && target.isGated) warmUp(session);
    timeline.restart();
    target.release(options.withoutAslr);
    if (session)
      for await (const look of untilEnd(target, looksAt(target, session, options.interval), notes))
        yield timeline.look(look);
    const end = await target.ended;
    if (end.code === undefined && end.signal === undefined) notes.push(LOST);
    yield timeline.exit({state: 'gone', ...end});
    yield timeline.end('exit', notes.length > 0 ? notes : undefined);
  } finally {
    session?.close();
  }
}

function notesOf({isGated, warden}: Target): string[] {
  if (!isGated) return [`It was not watched from its first instruction: the gate could not be used. ${UNTOLD}`];
  return warden === undefined ? [`No process could be started to wait for it. ${UNTOLD}`] : [];
}

const UNTOLD = 'Its peak after the last sample is not known.';
const LOST = `The process that waited for it was killed: how it ended is not known. ${UNTOLD}`;

function open(target: Target, options: SessionOptions, notes: string[]): Session | undefined {
  try {
    if (target.isUnseen) throw foreign('', options.root);
    return new Session(target.pid, options);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    notes.push(`It could not be watched: ${error.why}`);
    return undefined;
  }
}

function kinOf(target: Target, options: FollowOptions, notes: string[]): KinWatch | undefined {
  try {
    const {warden} = target;
    return new KinWatch(target.pid, {...options, adopters: warden === undefined ? [] : [warden]});
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    notes.push(`The processes that it started could not be followed: ${error.why}`);
    return undefined;
  }
}

/** The first run of this code takes longer than a short program. So it samples the gate before releasing it. */
function warmUp(session: Session): void {
  try {
    for (let i = 0; i < WARM_UP; i++) session.look();
  } catch (error) {
    // If it fails again later, that is reported; the target must run in any case.
    if (!(error instanceof Trouble)) throw error;
  }
}

/** The samples, while they can be taken. Whatever happens, this ends with the target, whose end is not a sample. */
async function* untilEnd(target: Target, looks: AsyncIterable<Look>, notes: string[]): AsyncGenerator<Look, void> {
  try {
    for await (const look of looks) if (look.saw !== 'exit') yield look;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    notes.push(`It could no longer be watched: ${error.why}`);
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

/** @returns the sample that saw the exec or the target's end; undefined if neither comes within BUSY ms */
function untilExec(session: Session): Look | undefined {
  const begin = performance.now();
  while (performance.now() < begin + BUSY) {
    const look = session.look();
    if (look.saw !== 'process') return look;
    Atomics.wait(NEVER, 0, 0, HARDLY);
  }
  return undefined;
}

/** Passes on the command's events only: the gate is left out, and the `exec` that ends it becomes the `start`. */
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
