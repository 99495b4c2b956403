import {sleptIn} from '../parse/proc/status.ts';
import {readIfThere} from './open.ts';

/** ms that reading may be ahead of the rate: what is small is read at once. */
const AHEAD = 100;

/** ms of a rest for the rate's sake, at least. */
const REST = 2;

/** Pages after which the clock and the lock are looked at; a read of a few bytes counts as a page. */
const BATCH = 16;

/**
 * ms that the process loses where one of its threads and we want the lock of its memory map at the same time: whoever
 * comes second sleeps, gets the lock before it has woken up, and the other one waits for that. Measured on two virtual
 * processors: 22,000 of these a second took 83 % of the rounds of a program that maps and unmaps without pause; with
 * rests between them each costs more.
 */
const MEETING = 0.06;

/** The part of its time that the process may lose so at first. */
const LOSS = 0.025;

/**
 * How fast the memory of a process is read: at most so many bytes a second, and slower where the process wants the lock
 * of its memory map at the same time. The kernel takes that lock for each page (mem_rw in fs/proc/base.c), for less
 * than a µs, and page faults do without it (since 6.4): a program that seldom maps, unmaps or moves its program break
 * is hardly disturbed. How often we had to wait for the lock is told by how often our thread slept.
 */
export class Pace {
  /** ms of rests for the sake of the lock. */
  rested = 0;
  /** Bytes a ms. */
  readonly #rate: number;
  /** ms of rests after which the process may lose twice as much, and so on: reading comes to an end. */
  readonly #patience: number;
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  /** When what was read so far may have been read, by the rate. */
  #due = performance.now() - AHEAD;
  /** Bytes and pages that were read and are not in it. */
  #bytes = 0;
  #pages = 0;
  /** How often our process and our thread had slept. */
  #process = switches();
  #thread = slept();

  /** @param rate bytes a second that are read at most @param patience ms */
  constructor(rate: number, patience: number) {
    this.#rate = rate / 1000;
    this.#patience = patience;
  }

  /** Rests, if it is time to. @param pages that were read just now */
  after(bytes: number, pages: number): void {
    this.#bytes += bytes;
    this.#pages += pages;
    if (this.#pages < BATCH) return;
    this.#pages = 0;
    const meetings = this.#meetings();
    const now = performance.now();
    this.#due = Math.max(this.#due, now - AHEAD) + this.#bytes / this.#rate;
    this.#bytes = 0;
    const lost = (meetings * MEETING) / (LOSS * 2 ** Math.floor(this.rested / this.#patience));
    this.rested += lost;
    const rest = Math.max(this.#due - now >= REST ? this.#due - now : 0, lost);
    if (rest === 0) return;
    Atomics.wait(this.#sleeper, 0, 0, rest);
    // That was a sleep as well.
    this.#process++;
    this.#thread++;
  }

  /** What we slept so far was not for the lock. */
  restart(): void {
    this.#process = switches();
    this.#thread = slept();
  }

  /** How often we slept since. The number of the process is quick to get; its other threads sleep as well. */
  #meetings(): number {
    const all = switches();
    if (all === this.#process) return 0;
    this.#process = all;
    const before = this.#thread;
    this.#thread = slept();
    return Math.max(0, this.#thread - before);
  }
}

/** ru_nvcsw of getrusage(2). */
const switches = (): number => process.resourceUsage().voluntaryContextSwitches;

/** Of this thread; 0 where /proc doesn't say it. */
function slept(): number {
  const status = readIfThere('/proc/thread-self/status');
  return (status && sleptIn(status)) ?? 0;
}
