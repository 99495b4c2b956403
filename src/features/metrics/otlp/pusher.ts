import {counted} from '../../../model/amounts.ts';
import {Trouble} from '../../../model/trouble.ts';
import {LONGEST_TIMER} from '../../../procfs/open.ts';
import {pause} from '../../../procfs/sampling/poll.ts';
import {say} from '../../../shell/output.ts';
import {safe} from '../../../text/safe.ts';
import type {Answer} from './push.ts';
import type {Spool} from './spool.ts';

/** ms before the first time that a request is sent again; then twice as long each time. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** A receiver that asks for more patience than that gets this much: ms. */
const LONGEST_AFTER = 3_600_000;

export type Push = (body: Uint8Array, signal: AbortSignal) => Promise<Answer>;

/** What became of the requests. */
export interface PushCounts {
  readonly sent: number;
  /** Requests that the receiver refused for good, and points of others that it did not want. */
  readonly refused: number;
  readonly rejectedPoints: number;
}

/** Sends what waits in a spool, the oldest first, and again what could not be sent. */
export class Pusher {
  counts: PushCounts = {sent: 0, refused: 0, rejectedPoints: 0};
  readonly #spool: Spool;
  readonly #push: Push;
  #failures = 0;
  /** performance.now() before which the receiver is left alone. */
  #notBefore = 0;
  #told: string | undefined;
  #running: Promise<void> | undefined;
  readonly #halt = new AbortController();
  readonly #giveUp = new AbortController();

  constructor(spool: Spool, push: Push) {
    this.#spool = spool;
    this.#push = push;
  }

  /** Sends what waits, until nothing waits. It may be called again at any time. */
  start(): void {
    this.#running ??= this.#run(Infinity, this.#halt.signal).finally(() => (this.#running = undefined));
  }

  /** Ends the sending: tries for this many ms to send what still waits. */
  async end(patience: number): Promise<void> {
    const until = performance.now() + patience;
    const timer = setTimeout(() => this.#giveUp.abort(), Math.min(patience, LONGEST_TIMER));
    this.#halt.abort();
    await this.#running;
    await this.#run(until, this.#giveUp.signal);
    clearTimeout(timer);
  }

  /** @param until no pause goes beyond it: performance.now(); @param halt no request begins after it */
  async #run(until: number, halt: AbortSignal): Promise<void> {
    for (let next = this.#spool.first(); next && !halt.aborted; next = this.#spool.first()) {
      const wait = this.#notBefore - performance.now();
      if (wait > 0 && (this.#notBefore > until || !(await pause(wait, halt)))) return;
      const answer = await this.#push(next.bytes, this.#giveUp.signal);
      if (answer.is === 'later') {
        // Who gave up knows already why it waits.
        if (!this.#giveUp.signal.aborted || this.#told === undefined) this.#later(answer);
      } else {
        this.#count(answer);
        this.#remove(next.id);
      }
    }
  }

  #remove(id: number): void {
    try {
      this.#spool.remove(id);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this.#tell(`what the receiver has stays in the spool, and the next run sends it again: ${error.why}`);
    }
  }

  #later({after, why}: Answer & {readonly is: 'later'}): void {
    // A random part keeps a thousand hosts from coming back at the same moment.
    const backOff = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
    this.#notBefore = performance.now() + Math.min(after ?? backOff, LONGEST_AFTER);
    this.#tell(`the receiver does not take metrics now: ${why}. They wait, and are sent again.`);
  }

  #count(answer: Exclude<Answer, {readonly is: 'later'}>): void {
    const {sent, refused, rejectedPoints} = this.counts;
    this.#failures = 0;
    this.#notBefore = 0;
    if (answer.is === 'refused') {
      this.counts = {...this.counts, refused: refused + 1};
      this.#tell(`the receiver refused metrics, and they are lost: ${answer.why}.`);
      return;
    }
    this.counts = {...this.counts, sent: sent + 1, rejectedPoints: rejectedPoints + answer.rejected};
    if (answer.rejected > 0 || answer.why !== '')
      this.#tell(`the receiver did not take ${counted(answer.rejected, 'sample')}${answer.why && ': '}${answer.why}.`);
    else {
      if (this.#told !== undefined) say('memmap: the receiver takes metrics again.');
      this.#told = undefined;
    }
  }

  /** What is said is not said again as long as it stays so. */
  #tell(text: string): void {
    if (this.#told !== text) say(`memmap: ${safe(text)}`);
    this.#told = text;
  }
}
