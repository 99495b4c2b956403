/*
 * Watches the memory calls of a process by perf events: which call, with what arguments and result, which thread, when,
 * and from where. It never stops the process, and changes nothing in it; if memmap or its helper is killed, the process
 * runs on as before.
 */
import {setTimeout as pause} from 'node:timers/promises';
import {pageSizeHere} from '../procfs/pages/pagemap.ts';
import {noSuchProcess} from '../procfs/trouble.ts';
import {Delivery} from './delivery.ts';
import type {TraceEnd, TraceOptions, Watching} from './events.ts';
import {Hand, HandGone} from './hand/hand.ts';
import {Drain} from './perf/drain.ts';
import {type OpenEvents, Refused} from './perf/opened.ts';
import {openFor} from './start.ts';
import {handEnded, refusal, standing} from './why-not.ts';

/** ms after which the rings are read, though little is in them. */
const CALM = 30;

/** ms in which what happened has settled. */
const SOON = 1;

/** Share of a ring: from here on it is read again at once. */
const AT_ONCE = 1 / 16;

/** CLOCK_MONOTONIC in ns. Node's process.hrtime is the same clock. */
const monotonic = (): number => Number(process.hrtime.bigint());

const NS_PER_MS = 1_000_000;

export class Trace implements Watching {
  /** What a reader of the events should know, a sentence each. */
  readonly notes: readonly string[];
  /** How many descriptors of events it has. */
  readonly descriptors: number;
  readonly #hand: Hand;
  readonly #helper: Hand | undefined;
  readonly #events: OpenEvents;
  readonly #drain: Drain;
  readonly #delivery: Delivery;
  readonly #pumped: Promise<void>;
  readonly #stopping = new AbortController();
  /** One drain after another. */
  #turn: Promise<unknown> = Promise.resolve();
  #end: Promise<TraceEnd> | undefined;
  /** When a ring was last found full, ns. */
  #fullAt = 0;
  /** Records that the kernel says it had no room for. */
  #lostRecords = 0;
  #lost = 0;

  private constructor(hand: Hand, opened: Awaited<ReturnType<typeof openFor>>) {
    this.#hand = hand;
    this.#helper = opened.helper;
    this.#events = opened.events;
    this.#drain = opened.drain;
    this.#delivery = opened.delivery;
    this.notes = opened.notes;
    this.descriptors = opened.events.count;
    this.#pumped = this.#pump();
  }

  /**
   * Begins to watch a process: one that runs, with all its threads, or one that waits to execute another program. What
   * threads it makes from now on are watched too.
   *
   * @returns once everything that happens from now on is reported
   * @throws Trouble `gone` if there is no such process; `denied` with the reason where perf events can't be had
   */
  static async start(pid: number, options: TraceOptions): Promise<Trace> {
    const hand = await Hand.start(options.hand);
    try {
      const opened = await openFor(hand, pid, options, {monotonic, pageSize: pageSizeHere()});
      return new Trace(hand, opened);
    } catch (error) {
      hand.close();
      if (error instanceof HandGone) throw handEnded(pid);
      if (error instanceof Refused)
        throw error.errno === ESRCH ? noSuchProcess(pid) : refusal(pid, error.step, error.errno, standing());
      throw error;
    }
  }

  /** Tells all that has happened up to now. @returns false if the helper has ended */
  async sync(): Promise<boolean> {
    const now = monotonic();
    try {
      while (this.#delivery.horizon < now) {
        await pause(SOON);
        await this.#next();
      }
    } catch (error) {
      if (!(error instanceof HandGone)) throw error;
      this.#delivery.flush();
      return false;
    }
    this.#delivery.deliverAll();
    return true;
  }

  /**
   * How many calls were certainly counted and not reported up to now: it may be more, as more were reported meanwhile.
   * Reading the counts takes as long as opening a few descriptors.
   *
   * @returns null if that can't be known
   */
  async lostSoFar(): Promise<number | null> {
    try {
      const counts = await this.#events.counts();
      return (await this.sync()) ? this.#delivery.end(counts).lost : null;
    } catch (error) {
      if (!(error instanceof HandGone)) throw error;
      return null;
    }
  }

  /**
   * Up to when calls were lost, ns: a ring was full until then, and some are missing. 0: none were. Where calls have no
   * record but the one with a stack, these may be dropped at any time.
   */
  async lostUntil(): Promise<number> {
    if (this.#fullAt === 0 && !this.#events.isBare) return 0;
    const lost = (await this.lostSoFar()) ?? 0;
    if (lost > this.#lost && this.#events.isBare) this.#fullAt = monotonic();
    this.#lost = Math.max(this.#lost, lost);
    return this.#lost + this.#lostRecords > 0 ? this.#fullAt : 0;
  }

  /** Ends it: the rest is reported, and what there was. The process runs on. It may be called twice. */
  stop(): Promise<TraceEnd> {
    this.#end ??= this.#stop();
    return this.#end;
  }

  async #stop(): Promise<TraceEnd> {
    this.#stopping.abort();
    try {
      await this.#drain.nudge();
      await this.#pumped;
      await this.#events.stop();
      while ((await this.#next(true)) > 0);
      const counts = await this.#events.counts();
      // A thread that was just being made may have inherited events that still run.
      await this.#next(true);
      this.#delivery.flush();
      return this.#delivery.end(counts);
    } catch (error) {
      if (!(error instanceof HandGone)) throw error;
      this.#delivery.flush();
      return this.#delivery.end(undefined);
    } finally {
      this.#hand.close();
      this.#helper?.close();
    }
  }

  async #pump(): Promise<void> {
    const {signal} = this.#stopping;
    try {
      while (!signal.aborted) {
        const fullest = await this.#next();
        if (signal.aborted || fullest >= AT_ONCE) continue;
        if (!(await this.#drain.wait(CALM))) await pause(CALM, undefined, {signal}).catch(() => {});
      }
    } catch (error) {
      if (!(error instanceof HandGone)) throw error;
    }
  }

  /** @returns how full the fullest ring was */
  #next(isLast = false): Promise<number> {
    const turn = this.#turn.then(async () => {
      const begin = monotonic();
      const drained = await this.#drain.next(begin / NS_PER_MS, isLast);
      if (drained.isFull || drained.lost > 0) this.#fullAt = monotonic();
      this.#lostRecords += drained.lost;
      this.#delivery.add(drained.records, begin);
      return drained.fullest;
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

const ESRCH = 3;
