/*
 * Opens the events for all threads of a process that runs, without stopping it. Threads that it makes from then on
 * inherit them.
 */
import type {Record, Task} from './perf/records.ts';
import type {OpenEvents} from './perf/opened.ts';

/** ns: longer than a clone(2) takes. A thread born later than this after its parent was watched has inherited all. */
const BIRTH = 50_000_000;

/** Of a process that makes threads faster than they can be opened, the rest has inherited them by then. */
const MOST_ROUNDS = 20;

interface CoverOptions {
  readonly events: OpenEvents;
  readonly cpus: readonly number[];
  /** Thread ids now. */
  readonly list: () => readonly number[];
  /** What the rings hold. */
  readonly drain: () => Promise<readonly Record[]>;
  /** CLOCK_MONOTONIC in ns. */
  readonly now: () => number;
}

/**
 * Lists the threads again until there is no new one. One that appears meanwhile may have inherited events from its
 * parent: the event beside samples reports births, and what was born long enough after all events of its parent were
 * opened has inherited them. What is not known to have is opened too, and may then be reported twice (Doubles).
 *
 * @returns whether there may be such a thread, and whether any thread was found
 */
export async function coverThreads({events, cpus, list, drain, now}: CoverOptions): Promise<{
  mayDouble: boolean;
  threads: number;
}> {
  /** When the last event of each thread was opened. */
  const since = new Map<number, number>();
  const births = new Map<number, Task>();
  let mayDouble = false;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fresh = list().filter((tid) => !since.has(tid));
    for (const record of await drain()) if (record.type === 'fork') births.set(record.tid, record);
    if (fresh.length === 0) break;
    for (const tid of fresh) {
      const birth = births.get(tid);
      const parent = birth && since.get(birth.parent.tid);
      if (birth && parent !== undefined && birth.time > parent + BIRTH) {
        since.set(tid, birth.time - BIRTH);
        continue;
      }
      mayDouble ||= round > 0;
      if (await events.open(tid, cpus)) since.set(tid, now());
    }
  }
  return {mayDouble, threads: since.size};
}

/** Drops what is reported twice: of a thread for which events were opened, and that has inherited them as well. */
export class Doubles {
  readonly #owners = new Map<number, number>();

  /**
   * The inherited events have seen a thread from its birth, so they are kept.
   *
   * @param owner the thread for which the event was opened
   */
  isDouble(tid: number, owner: number): boolean {
    const known = this.#owners.get(tid);
    if (known === undefined || known === tid) this.#owners.set(tid, owner);
    return known !== undefined && known !== owner;
  }
}
