import type {Kin, KinUsage} from '../../model/kin/kin.ts';
import {Trouble} from '../../model/trouble.ts';
import type {Stat} from '../../parse/proc/stat.ts';
import {DutyBudget} from '../sampling/budget.ts';
import {countersOf} from './family.ts';
import {isSame, ProcessHandle} from '../handle.ts';
import {whileHeld} from '../sampling/held.ts';

/** What is known of the counters of one member, until another program begins in it. */
export interface UsageState {
  usage: KinUsage | undefined;
  missing: Kin['missing'];
  /** Resident bytes at the last reading. */
  rss: number;
  /** performance.now() until which it is left alone. */
  restUntil: number;
}

export const NOTHING_READ = (): UsageState => ({usage: undefined, missing: undefined, rss: 0, restUntil: 0});

/** A member whose counters may be read in this sample. */
export interface Candidate {
  readonly stat: Stat;
  /** Resident bytes. */
  readonly rss: number;
  readonly state: UsageState;
}

/** ms for which a member is left alone whose counters could not be read. */
const REST = 30_000;

/** ms that the first reading of all may take: what is still unread then is read later. */
const FIRST_BATCH = 250;

/** What reading the counters of the members cost; ms. */
interface UsageCost {
  reads: number;
  ms: number;
}

/**
 * Reads smaps_rollup of the members of a family in turn, so that all of them together are held up for a part of the
 * time that one process may be held up for.
 */
export class KinReader {
  readonly cost: UsageCost = {reads: 0, ms: 0};
  readonly #root: string;
  readonly #maxStall: number;
  readonly #budget: DutyBudget;
  #before: number | undefined;

  /** @param maxStall ms that one reading may stall a member; @param maxDuty the part of the time for all of them */
  constructor(root: string, maxStall: number, maxDuty: number | undefined) {
    this.#root = root;
    this.#maxStall = maxStall;
    this.#budget = new DutyBudget(maxDuty);
  }

  /**
   * Reads as many as the time since the last batch allows, and at least one: those that were never read first, by size,
   * then those of which the most has moved, or may have, for the longest time.
   *
   * @param t when it is, by the clock of the samples
   * @param batch ms that it may take, whatever the budget says
   */
  read(candidates: readonly Candidate[], t: number, batch?: number): void {
    const begin = performance.now();
    if (batch === undefined && !this.#budget.allows(begin)) return;
    const urgency = ({rss, state}: Candidate): number =>
      (Math.abs(rss - state.rss) + rss / 16) * (state.usage ? t - state.usage.readAt : Infinity);
    const ready = candidates
      .filter(({stat, state}) => stat.state !== 'D' && (batch !== undefined || begin >= state.restUntil))
      .sort((a, b) => urgency(b) - urgency(a) || b.rss - a.rss);
    if (ready.length === 0) return;
    const passed = this.#before === undefined ? FIRST_BATCH : (begin - this.#before) * this.#budget.maxDuty;
    const end = begin + (batch ?? passed);
    this.#before = begin;
    let ms = 0;
    const readSome = (): void => {
      for (const [place, candidate] of ready.entries()) {
        if (place > 0 && performance.now() >= end) break;
        this.#readOne(candidate, t);
      }
    };
    whileHeld(readSome, (held) => (ms = held));
    this.cost.ms += ms;
    this.#budget.spend(begin, ms);
  }

  #readOne({stat, rss, state}: Candidate, t: number): void {
    let handle: ProcessHandle | undefined;
    try {
      handle = new ProcessHandle(stat.pid, this.#root);
      const now = handle.stat();
      if (!isSame(stat, now)) return; // The next sample says so.
      const {regions, usage, missing} = countersOf(handle, now, rss, this.#maxStall);
      this.cost.reads++;
      state.rss = rss;
      state.missing = missing === 'spared' ? 'spared' : undefined;
      state.usage = {readAt: t, regions: regions ?? 0, pss: usage?.['pss'], privateDirty: usage?.['privateDirty']};
      if (missing) state.restUntil = performance.now() + REST;
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (error.kind === 'gone') return;
      state.missing = error.kind === 'denied' ? 'denied' : 'spared';
      state.usage = undefined;
      state.restUntil = performance.now() + REST;
    } finally {
      handle?.close();
    }
  }
}
