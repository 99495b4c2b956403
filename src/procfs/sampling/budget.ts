/**
 * What sampling may cost the process. status takes no lock that it needs. smaps walks every resident page while it
 * holds the lock that mmap, munmap and brk need: measured, a poll at 10 Hz took 96 % of a busy process's mmap
 * throughput, and `nice` didn't help; spending little time on it did. maps: see kernel.ts.
 */

const GIB = 1024 ** 3;
const MS_PER_GIB = 16;
const MS_PER_REGION = 0.005;

/** The longest that one read may stall the process, in ms, unless the user allows more. */
export const DEFAULT_MAX_STALL = 50;

/** The part of the time that may be spent in costly reads. */
export const DEFAULT_MAX_DUTY = 0.02;

/** The longest pause between two reads, in ms, so that nobody goes without a figure for longer. */
export const LONGEST_PAUSE = 5000;

/** The part of the time beyond which the longest pause is not kept: reads of more than 500 ms rest for longer. */
export const UTMOST_DUTY = 0.1;

/**
 * How long one read of smaps will hold the lock, in ms, from what status and maps say.
 *
 * @param rss resident bytes
 */
export const predictStall = (rss: number, regions: number): number =>
  (rss / GIB) * MS_PER_GIB + regions * MS_PER_REGION;

/**
 * Keeps what costly reads take under a part of the time that passes, with pauses of LONGEST_PAUSE
 * at most. Times in ms, by the caller's clock.
 */
export class DutyBudget {
  readonly maxDuty: number;
  #freeAt = -Infinity;

  /** @param maxDuty 0 to 1; 0 allows nothing */
  constructor(maxDuty: number = DEFAULT_MAX_DUTY) {
    this.maxDuty = maxDuty;
  }

  allows(now: number): boolean {
    return this.rest(now) === 0;
  }

  /** ms until the next read is allowed; Infinity if none ever is. */
  rest(now: number): number {
    return this.maxDuty > 0 ? Math.max(0, this.#freeAt - now) : Infinity;
  }

  /** A read that began at `now` costs `ms`. Reads that were not allowed are paid for as well. */
  spend(now: number, ms: number): void {
    const pause = Math.max(0, this.#freeAt - now) + ms / this.maxDuty;
    const longest = Math.max(LONGEST_PAUSE, ms / UTMOST_DUTY);
    this.#freeAt = Math.max(this.#freeAt, now + Math.min(pause, longest));
  }

  /** Nothing was spent yet: another program has another map, with a lock of its own. */
  restart(): void {
    this.#freeAt = -Infinity;
  }
}
