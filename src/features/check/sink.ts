import type {Sink, WatchEvent} from '../watch/events.ts';
import type {Checker} from './checker.ts';

/** Checks each look against the rules, and keeps what a report says of the whole. Times in ms since the first look. */
export class CheckSink implements Sink {
  ms = 0;
  /** How long before the end of the process the last look was; undefined if that wasn't seen, or nothing before it. */
  beforeEnd: number | undefined;
  hasEnded = false;
  /** How many programs the process was, one after another. */
  programs = 0;
  notes: readonly string[] = [];
  readonly #checker: Checker;
  #first = 0;
  #last = 0;

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  tell(event: WatchEvent): void {
    if (event.event === 'start') this.#first = event.t;
    if (event.event === 'exec') this.#checker.restart();
    if (event.event === 'start' || event.event === 'exec') this.programs++;
    if ('snapshot' in event) {
      const {snapshot, status, family} = event;
      this.#last = event.t;
      this.#checker.add({t: event.t - this.#first, snapshot, status}, family);
    } else if (event.event === 'exit') {
      this.hasEnded = true;
      this.#checker.end(event);
      if (this.#checker.looks > 0) this.beforeEnd = event.t - this.#last;
    } else if (event.event === 'end') {
      this.ms = event.t;
      this.notes = event.notes ?? [];
    }
  }
}
