import {sleptIn} from '../../parse/proc/status.ts';
import {readIfThere} from '../open.ts';

/** ms that reading may be ahead of the rate: what is small is read at once. */
const AHEAD = 100;

/** ms of a rest for the rate's sake, at least. */
const REST = 2;

/** Pages after which the clock and the lock are looked at; a read of a few bytes counts as a page. */
const BATCH = 16;

/**
 * ms that the process loses for each time that we had to wait for the lock of its memory map. Whoever comes second
 * sleeps, gets the lock before it has woken up, and the other one waits for that; and where the process came second, we
 * don't notice. Measured on two virtual processors with a program that maps and unmaps without pause: 0.05 to 0.25 ms.
 */
const MEETING = 0.15;

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
    const forLock = (meetings * MEETING) / (LOSS * 2 ** Math.floor(this.rested / this.#patience));
    this.rested += forLock;
    const forRate = this.#due - now >= REST ? this.#due - now : 0;
    const rest = Math.max(forRate, forLock);
    if (rest === 0) return;
    Atomics.wait(this.#sleeper, 0, 0, rest);
    // That was a sleep as well.
    this.#process++;
    if (this.#thread !== undefined) this.#thread++;
  }

  /** What we slept so far was not for the lock. */
  restart(): void {
    this.#process = switches();
    this.#thread = slept();
  }

  /**
   * How often we slept since, at most once for a page. The number of the process is quick to get; its other threads
   * sleep as well.
   */
  #meetings(): number {
    const all = switches();
    if (all === this.#process) return 0;
    this.#process = all;
    const before = this.#thread;
    this.#thread = slept();
    if (before === undefined || this.#thread === undefined) return 0;
    return Math.min(BATCH, Math.max(0, this.#thread - before));
  }
}

/** ru_nvcsw of getrusage(2). */
const switches = (): number => process.resourceUsage().voluntaryContextSwitches;

/** Of this thread; undefined where /proc doesn't say it. */
function slept(): number | undefined {
  const status = readIfThere('/proc/thread-self/status');
  return status && sleptIn(status);
}
