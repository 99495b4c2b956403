import type {WatchEvent} from '../watch/events.ts';

/**
 * Samples that are taken between those of a watch, as for a mark. They join the others, in the order of their numbers.
 */
export class Between {
  #events: WatchEvent[] = [];
  #wake: () => void = () => {};

  /** @param events at least one, in order, and later than those that were added before */
  add(events: readonly WatchEvent[]): void {
    this.#events.push(...events);
    this.#wake();
  }

  /** The events of a watch, and those that are added meanwhile. It ends as the watch does. */
  async *among(events: AsyncGenerator<WatchEvent, void>): AsyncGenerator<WatchEvent, void> {
    let next = events.next();
    try {
      for (;;) {
        const added = new Promise<undefined>((resolve) => (this.#wake = () => resolve(undefined)));
        if (this.#events.length > 0) this.#wake();
        const first = await Promise.race([next, added]);
        const until = first?.value?.tick ?? Infinity;
        const [own] = this.#events;
        if (own && own.tick <= until) yield this.#events.shift()!;
        else if (first?.done) return;
        else if (first) {
          yield first.value;
          next = events.next();
        }
      }
    } finally {
      // Nobody reads on, and what it still does is nobody's.
      next.catch(() => {});
      void events.return();
    }
  }
}
