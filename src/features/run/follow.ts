import type {Change, Delta} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import type {Target, TargetEnd} from './gate.ts';
import {Session, type SessionOptions} from '../../procfs/session.ts';
import type {Status} from '../../parse/proc/status.ts';
import {watch, type Reporter, type WatchCost, type WatchEnd} from '../watch/watch.ts';

export interface FollowOptions extends SessionOptions {
  /** ms between two looks, once the program has been running for a moment. */
  readonly interval: number;
  readonly withoutAslr: boolean;
}

/** What a run tells, as it happens. The target is the gate until `exec`; `look` comes at each look after that. */
export interface RunReporter {
  start(snapshot: Snapshot, isGate: boolean): void;
  exec(tick: number, snapshot: Snapshot): void;
  look(snapshot: Snapshot, status: Status | undefined): void;
  change(tick: number, changes: readonly Change[], delta: Delta): void;
  /** `ms` after its start. */
  exit(tick: number, end: TargetEnd, ms: number): void;
  end(ticks: number, cost: WatchCost, notes: readonly string[]): void;
}

/** Many programs are short. So the looks come 1, 2, 4, 8, … ms after the start of one, until the interval is reached. */
const FIRST_PAUSE = 1;

/** For so many ms we wait for the exec with hardly a pause: it takes less than one, and a short program no longer. */
const BUSY = 10;
/** The pauses, in ms. Without any we could keep the processor from the target. */
const HARDLY = 0.05;

/** So many looks make the code fast enough. */
const WARM_UP = 3;

const NEVER = new Int32Array(new SharedArrayBuffer(4));

const NOTHING_SPENT = {looks: 0, ms: 0, usageReads: 0, usageMs: 0, usageSkipped: 0};

/** Lets a target begin, and watches it to its end. What fails in watching is told, and is no harm to the target. */
export async function follow(target: Target, options: FollowOptions, reporter: RunReporter): Promise<TargetEnd> {
  const begin = performance.now();
  const notes = target.isGated ? [] : ['It was not seen from its first instruction: the gate could not be used.'];
  const session = open(target, options, notes);
  const over = new AbortController();
  const ended = target.ended.finally(() => over.abort());
  if (session) reporter.start(session.snapshot, target.isGated);
  const looks = session && new Looks(session, reporter);
  if (target.isGated) looks?.warmUp();
  const released = performance.now();
  target.release(options.withoutAslr);
  if (looks) await lookOn(looks);
  const end = await ended;
  const cost = session?.cost ?? NOTHING_SPENT;
  session?.close();
  const ticks = (looks?.ticks ?? 0) + 1;
  reporter.exit(ticks, end, performance.now() - released);
  reporter.end(ticks, {...cost, duty: cost.ms / Math.max(1, performance.now() - begin)}, notes);
  return end;

  async function lookOn(looks: Looks): Promise<void> {
    try {
      if (target.isGated && !looks.untilExec()) return;
      while ((await looks.next(options.interval, over.signal)) === 'count');
    } catch (error) {
      await ended;
      if (!(error instanceof Trouble)) throw error;
      notes.push(`It could not be watched any longer: ${error.why}`);
    }
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

/** Makes one watch of several, whose pauses grow: each goes on counting where the one before it ended. */
class Looks {
  ticks = 0;
  readonly #session: Session;
  readonly #to: RunReporter;
  #begin = performance.now();

  constructor(session: Session, to: RunReporter) {
    this.#session = session;
    this.#to = to;
  }

  /** The first time all this runs it takes longer than a short program lives. So it looks at the gate before it opens. */
  warmUp(): void {
    try {
      for (let i = 0; i < WARM_UP; i++) this.#session.look();
    } catch (error) {
      // Should it fail again later, that is told; the target shall run in any case.
      if (!(error instanceof Trouble)) throw error;
    }
  }

  /** @returns false if the target has ended */
  untilExec(): boolean {
    this.#begin = performance.now();
    while (performance.now() < this.#begin + BUSY) {
      const look = this.#session.look();
      if (look.saw === 'exit') return false;
      if (look.saw === 'exec') {
        this.#exec(++this.ticks, look.snapshot);
        return true;
      }
      Atomics.wait(NEVER, 0, 0, HARDLY);
    }
    return true;
  }

  /** One more look, after a pause as long as the program has been running, but no longer than the interval. */
  next(interval: number, signal: AbortSignal): Promise<WatchEnd> {
    const pause = Math.max(FIRST_PAUSE, performance.now() - this.#begin);
    return watch(this.#session, {interval: Math.min(pause, interval), count: 1, signal}, this.#reporter());
  }

  #reporter(): Reporter {
    const before = this.ticks;
    return {
      start: async () => {},
      exec: async (tick, snapshot) => this.#exec((this.ticks = before + tick), snapshot),
      change: async (tick, changes, delta) => this.#to.change(before + tick, changes, delta),
      tick: async (tick, snapshot) => {
        this.ticks = before + tick;
        this.#to.look(snapshot, this.#session.status());
      },
      exit: async () => {},
      end: async () => {},
    };
  }

  /** Another program: its looks begin anew, close together. */
  #exec(tick: number, snapshot: Snapshot): void {
    this.#begin = performance.now();
    this.#to.exec(tick, snapshot);
    this.#to.look(snapshot, this.#session.status());
  }
}
