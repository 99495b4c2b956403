/*
 * From the records of the rings to whoever is told: in order, each once, and in slices, so that who takes long does not
 * keep the rings from being emptied.
 */
import {Doubles} from './cover.ts';
import type {Decoder} from './decode.ts';
import type {TraceEnd, TraceEvent} from './events.ts';
import {APART, type Item, Order} from './order.ts';
import type {Open, OpenEvents} from './perf/opened.ts';
import type {Record} from './perf/records.ts';
import type {Event} from './plan.ts';

/** ns: a record is in its ring this long after its time at the latest, and the other one of its call beside it. */
const SETTLED = APART + 1_000_000;

/** ms for which events are reported before the rings come first again. */
const SLICE = 5;

/** Bytes of stacks that wait to be reported. Above it, calls are reported without. */
const MOST_WAITING = 256 * 2 ** 20;

/** Is it a call or a fault? Of the two events of a call only one is left here. */
const isCounted = (event: Event | undefined): event is Event =>
  event?.purpose === 'light' || event?.purpose === 'full' || event?.purpose === 'fault';

interface DeliveryOptions {
  readonly onEvent: (event: TraceEvent) => void;
  readonly events: OpenEvents;
  readonly decoder: Decoder;
  /** A thread may be watched twice. */
  readonly mayDouble: boolean;
  /** Watched is a cgroup, of which only this process and what it makes is reported. */
  readonly onlyFamilyOf: number | undefined;
  readonly faultsEvery: number;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #order = new Order();
  readonly #doubles: Doubles | undefined;
  readonly #family: Set<number> | undefined;
  readonly #seen = new Map<string, number>();
  /** What was counted, and belongs to no event that is reported: a double, or another process's. */
  readonly #foreign = new Map<string, number>();
  #waiting: TraceEvent[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  #stackless = 0;
  /** Up to which time everything was put into order. */
  horizon = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    if (options.mayDouble) this.#doubles = new Doubles();
    if (options.onlyFamilyOf !== undefined) this.#family = new Set([options.onlyFamilyOf]);
  }

  /** @param begin when the rings began to be read, in ns: all that happened before is among the records by now */
  add(records: readonly Record[], begin: number): void {
    const {events} = this.#options;
    const items = records.map((record): Item => {
      const open = events.of(record.id);
      return {record, event: record.type === 'sample' ? open?.event : undefined, owner: open?.tid ?? 0};
    });
    if (items.length > 0) this.#order.add(items);
    this.#queue(this.#order.take(begin - SETTLED));
    this.horizon = begin - SETTLED;
  }

  /** Tells what waits, and what is not in order yet. */
  flush(): void {
    this.#queue(this.#order.take(Infinity));
    this.deliverAll();
  }

  /** Tells what waits. */
  deliverAll(): void {
    while (this.#waiting.length > 0) this.#deliver(Infinity);
  }

  /** @param counts undefined if they could not be read */
  end(counts: ReadonlyMap<Open, number> | undefined): TraceEnd {
    const totals = new Map<string, number>();
    for (const [{event}, count] of counts ?? [])
      if (event.isCounting) totals.set(event.name, (totals.get(event.name) ?? 0) + count);
    const names = [...new Set([...totals.keys(), ...this.#seen.keys()])].filter((name) => name !== 'fault');
    const seenOf = (name: string): number => this.#seen.get(name) ?? 0;
    const countOf = (name: string): number =>
      Math.max(seenOf(name), (totals.get(name) ?? 0) - (this.#foreign.get(name) ?? 0));
    const calls = names
      .map((name) => [name, {counted: counts ? countOf(name) : null, seen: seenOf(name)}] as const)
      .filter(([, {counted, seen}]) => counted !== 0 || seen !== 0);
    const every = this.#options.faultsEvery;
    return {
      calls: Object.fromEntries(calls),
      lost: counts ? calls.reduce((sum, [, {counted, seen}]) => sum + Math.max(0, counted! - seen), 0) : null,
      stackless: this.#stackless,
      ...(every > 0 && {faults: {counted: counts ? countOf('fault') : null, seen: seenOf('fault'), every}}),
    };
  }

  #queue(items: readonly Item[]): void {
    for (const item of items) {
      if (!this.#isOurs(item)) continue;
      const event = this.#options.decoder.decode(item);
      this.#count(item, event);
      if (event) this.#wait(event);
    }
    if (this.#waiting.length > 0) this.#schedule();
  }

  #wait(event: TraceEvent): void {
    const bytes = 'stack' in event ? (event.stack?.length ?? 0) : 0;
    const isTooMuch = bytes > 0 && this.#waitingBytes + bytes > MOST_WAITING;
    if (isTooMuch && event.kind === 'call') this.#stackless++;
    else this.#waitingBytes += bytes;
    this.#waiting.push(isTooMuch ? ({...event, stack: undefined} as TraceEvent) : event);
  }

  /** prctl(2) is counted by the kernel for whatever it is called, so it is here. */
  #count({event}: Item, told: TraceEvent | undefined): void {
    if (!isCounted(event)) return;
    this.#seen.set(event.name, (this.#seen.get(event.name) ?? 0) + 1);
    if (told?.kind === 'call' && told.stack === undefined) this.#stackless++;
  }

  #isOurs({record, event, owner}: Item): boolean {
    const isDouble = this.#doubles?.isDouble(record.tid, owner) === true;
    if (record.type === 'fork' && this.#family?.has(record.parent.pid)) this.#family.add(record.pid);
    if (!isDouble && this.#family?.has(record.pid) !== false) return true;
    if (isCounted(event)) this.#foreign.set(event.name, (this.#foreign.get(event.name) ?? 0) + 1);
    return false;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#deliver(SLICE);
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  /** @param most ms */
  #deliver(most: number): void {
    const end = performance.now() + most;
    let i = 0;
    const waiting = this.#waiting;
    while (i < waiting.length && (i % 16 !== 0 || performance.now() < end)) {
      const event = waiting[i++]!;
      this.#waitingBytes -= 'stack' in event ? (event.stack?.length ?? 0) : 0;
      this.#options.onEvent(event);
    }
    this.#waiting = waiting.slice(i);
  }
}
