/**
 * What sampling may cost the process. maps and status are harmless. smaps walks every resident page while it holds the
 * lock that mmap, munmap and brk need: measured, a poll at 10 Hz took 96 % of a busy process's mmap throughput, and
 * `nice` didn't help; spending little time on it did.
 */

const GIB = 1024 ** 3;
const MS_PER_GIB = 16;
const MS_PER_REGION = 0.005;

/** The longest that one read may stall the process, in ms, unless the user allows more. */
export const DEFAULT_MAX_STALL = 50;

/** The part of the time that may be spent reading smaps. */
const DEFAULT_MAX_DUTY = 0.02;

/**
 * How long one read of smaps will hold the lock, in ms, from what status and maps say.
 *
 * @param rss resident bytes
 */
export const predictStall = (rss: number, regions: number): number =>
  (rss / GIB) * MS_PER_GIB + regions * MS_PER_REGION;

/** Keeps the time spent on costly reads under a part of the time that passes. Times in ms, by the caller's clock. */
export class DutyBudget {
  readonly maxDuty: number;
  #freeAt = -Infinity;

  constructor(maxDuty: number = DEFAULT_MAX_DUTY) {
    this.maxDuty = maxDuty;
  }

  allows(now: number): boolean {
    return this.maxDuty > 0 && now >= this.#freeAt;
  }

  /** A read began at `now` and took `ms`: rest until that is a small part of the time that passed. */
  spend(now: number, ms: number): void {
    this.#freeAt = now + ms / this.maxDuty;
  }
}
