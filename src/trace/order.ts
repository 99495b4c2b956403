/*
 * Puts the records of all rings into the order of their times, and makes one call of the two records that it left: the
 * small one, which is hardly ever lost, and the one with its stack.
 */
import type {Event} from './plan.ts';
import type {Record, Sample} from './perf/records.ts';

/** A record, and the event that it is of. */
export interface Item {
  readonly record: Record;
  /** Of a sample. */
  readonly event: Event | undefined;
  /** The thread for which the event was opened. */
  readonly owner: number;
  /** The sample with the stack of the same call. */
  partner?: Sample;
  /** It is reported with its partner. */
  isTaken?: boolean;
}

/** The two records of a call are written one right after the other; ns, for a processor that is taken away between. */
export const APART = 2_000_000;

/** Records that may not be reported yet, as earlier ones may come from another ring. */
export class Order {
  #held: Item[] = [];

  add(items: Item[]): void {
    // Not push(...items): a storm brings more at once than a function may have arguments.
    this.#held = this.#held.concat(items);
    // Each ring is in order, so this merges a few ascending runs.
    this.#held.sort((a, b) => a.record.time - b.record.time);
  }

  /** @returns what happened before `time`, in order, each call once */
  take(time: number): Item[] {
    const end = this.#held.findIndex(({record}) => record.time >= time);
    const count = end < 0 ? this.#held.length : end;
    for (let i = 0; i < count; i++) this.#pair(i);
    const ready = this.#held.slice(0, count).filter(({isTaken}) => isTaken !== true);
    this.#held = this.#held.slice(count);
    return ready;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** Finds the other record of a call: the next one of the thread, of the other kind, and equal in all. */
  #pair(i: number): void {
    const item = this.#held[i]!;
    if (item.isTaken || !isCall(item)) return;
    for (let j = i + 1; j < this.#held.length; j++) {
      const other = this.#held[j]!;
      if (other.record.time - item.record.time > APART) return;
      if (other.record.tid !== item.record.tid || other.isTaken || !isCall(other) || other.owner !== item.owner)
        continue;
      if (other.event!.purpose === item.event!.purpose || !isSameCall(item, other)) return;
      other.isTaken = true;
      item.partner = other.record as Sample;
      return;
    }
  }
}

const isCall = ({event}: Item): boolean => event?.purpose === 'light' || event?.purpose === 'full';

function isSameCall(a: Item, b: Item): boolean {
  const [x, y] = [a.record as Sample, b.record as Sample];
  return (
    a.event!.name === b.event!.name && isEqual(x.raw, y.raw) && isEqual(bytesOf(x.registers), bytesOf(y.registers))
  );
}

const bytesOf = (registers: BigUint64Array | undefined): Uint8Array | undefined =>
  registers && new Uint8Array(registers.buffer);

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
