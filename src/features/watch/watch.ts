import {diffInPlace} from '../../diff/diff.ts';
import {Compare} from '../../history/compare.ts';
import type {FamilySample} from '../../model/kin/kin.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {lastLook, poll, type EndReason, type PollOptions} from '../../procfs/sampling/poll.ts';
import type {KinWatch} from '../../procfs/kin/kin.ts';
import type {Look, Session} from '../../procfs/sampling/session.ts';
import type {EndEvent, ExitEvent, LookEvent, ProcessEnd, Stamp, StartEvent, WatchEvent} from './events.ts';
import type {Condition} from './until.ts';

/** Why a watch ended: besides the limits, `until` (the condition became true), `quit`, or a signal's name. */
type WatchEnd = Exclude<EndReason, 'stopped'> | 'until' | 'quit' | NodeJS.Signals;

interface WatchOptions extends PollOptions {
  /** Follows the process's family too. */
  readonly kin?: KinWatch | undefined;
  readonly until?: Condition | undefined;
  /** Called when polling was stopped: the signal that did it, if it was one. */
  readonly stoppedBy?: () => NodeJS.Signals | undefined;
}

/** Watches a process until it ends or a limit is reached, and yields the events, with each change as it is seen. */
export const watch = (session: Session, options: WatchOptions): AsyncGenerator<WatchEvent> =>
  compared(watchLooks(session, options));

/** The same without comparing samples: there is no `change`. */
export async function* watchLooks(
  session: Session,
  options: WatchOptions,
  timeline = new Timeline(session, options.kin),
): AsyncGenerator<WatchEvent, void> {
  yield timeline.start(session.snapshot);
  const reason = yield* looksUntil(session, options, timeline);
  const last = reason === 'exit' ? undefined : await lastLook(session);
  if (last && last.saw !== 'exit') yield timeline.look(last);
  yield timeline.end(reason);
}

async function* looksUntil(
  session: Session,
  options: WatchOptions,
  timeline: Timeline,
): AsyncGenerator<WatchEvent, WatchEnd> {
  const {until, stoppedBy} = options;
  if (until?.(session.snapshot)) return 'until';
  const looks = poll(session, options);
  for (;;) {
    const next = await looks.next();
    if (next.done) return next.value === 'stopped' ? (stoppedBy?.() ?? 'quit') : next.value;
    const look = next.value;
    yield timeline.look(look);
    if (look.saw !== 'exit' && until?.(look.snapshot)) return 'until';
  }
}

/** Compares each sample with the one before: a `look` in which something changed becomes a `change`. */
export async function* compared(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent, void> {
  let compare: Compare | undefined;
  for await (const event of events) {
    if (event.event === 'start') compare = new Compare(event, diffInPlace);
    yield compare ? comparedWith(compare, event) : event;
  }
}

/** The same for one event. */
export function comparedWith(compare: Compare, event: WatchEvent): WatchEvent {
  if (event.event === 'exec') compare.restart(event);
  if (event.event !== 'look') return event;
  const {changes, delta} = compare.next(event);
  return changes.length === 0 ? event : {...event, event: 'change', changes, delta};
}

const NOTHING_SPENT = {looks: 0, ms: 0, usageReads: 0, usageMs: 0, usageSkipped: 0};

/** Makes events of what one session sees: each gets its time and the number of its sample. */
export class Timeline {
  readonly #session: Session | undefined;
  #kin: KinWatch | undefined;
  readonly #troubles: string[] = [];
  readonly #begin = performance.now();
  #zero = this.#begin;
  #tick = 0;

  /** @param session undefined where the process can't be read; @param kin of the same process */
  constructor(session: Session | undefined, kin?: KinWatch) {
    this.#session = session;
    this.#kin = kin;
  }

  /** Starts the clock again at 0. */
  restart(): void {
    this.#zero = performance.now();
  }

  start(snapshot: Snapshot, isGate = false): StartEvent {
    return {event: 'start', ...this.#seen(snapshot), isGate};
  }

  look(look: Look): WatchEvent {
    if (look.saw === 'exit') return this.exit({state: look.state});
    this.#tick++;
    return {event: look.saw === 'exec' ? 'exec' : 'look', ...this.#seen(look.snapshot)};
  }

  /** A mark at the latest sample. */
  mark(name: string): WatchEvent {
    return {event: 'mark', ...this.#stamp(), name};
  }

  exit(how: Pick<ExitEvent, 'state'> & ProcessEnd): ExitEvent {
    this.#tick++;
    return {event: 'exit', ...this.#stamp(), ...how};
  }

  end(reason: string, notes?: readonly string[]): EndEvent {
    const spent = this.#session?.cost ?? NOTHING_SPENT;
    const familyCost = this.#kin?.cost;
    const ms = spent.ms + (familyCost?.ms ?? 0);
    const cost = {...spent, ms, duty: ms / Math.max(1, performance.now() - this.#begin)};
    const all = [...(notes ?? []), ...this.#troubles];
    const said = all.length > 0 ? all : undefined;
    return {event: 'end', ...this.#stamp(), reason, cost, ...(familyCost && {familyCost}), notes: said};
  }

  #family(t: number, snapshot: Snapshot): FamilySample | undefined {
    try {
      return this.#kin?.look(t, snapshot);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this.#troubles.push(`The family could no longer be followed: ${error.why}`);
      this.#kin = undefined;
      return undefined;
    }
  }

  #stamp(): Stamp {
    return {at: new Date().toISOString(), t: performance.now() - this.#zero, tick: this.#tick};
  }

  #seen(snapshot: Snapshot): Omit<LookEvent, 'event'> {
    const now = this.#session?.status();
    // A process that ended since the sample has a status without memory, or none: then the snapshot's says more.
    const hasMemory = now?.['vmRss'] !== undefined || snapshot.status['vmRss'] === undefined;
    const stamp = this.#stamp();
    const lookedAt = this.#session?.lookedAt;
    const family = this.#family(stamp.t, snapshot);
    return {...stamp, snapshot, status: now && hasMemory ? now : snapshot.status, lookedAt, ...(family && {family})};
  }
}
