/*
 * Empties the rings. What is small is always read. Copies of stacks are many times larger than all else: they are read
 * up to a rate, so that a storm of calls costs the machine a bounded share, and no call is lost for their sake.
 */
import {type Call, type Hand, send} from '../hand/hand.ts';
import {SOCKET} from '../hand/layout.ts';
import {parseRecords, type Format, type Record} from './records.ts';
import {type Reading, readingOf, release, type Ring, RING_HEAD} from './ring.ts';

/** Bytes of stacks a second, and at once. */
const RATE = 128 * 2 ** 20;
const BURST = 64 * 2 ** 20;

/** Bytes: the size of a record has 16 bits. */
const LARGEST_RECORD = 0xffff;

/** What a drain brought. */
interface Drained {
  readonly records: Record[];
  /** How full the fullest ring was: 0 to 1. */
  readonly fullest: number;
  /** A ring for what is small had no room for another record: since then some may have been lost. */
  readonly isFull: boolean;
  /** Bytes that are not records: never, from a kernel. */
  readonly bad: number;
  /** Records that the kernel says it had no room for among the small ones, at least. */
  readonly lost: number;
}

export class Drain {
  readonly #hand: Hand;
  readonly #rings: readonly Ring[];
  readonly #formatOf: (id: number) => Format | undefined;
  /** Bytes of stacks that may be read now, as of a time in ms. */
  #allowance = BURST;
  #asOf: number;
  #isPaused = false;

  constructor(hand: Hand, rings: readonly Ring[], formatOf: (id: number) => Format | undefined, now: number) {
    this.#hand = hand;
    this.#rings = rings;
    this.#formatOf = formatOf;
    this.#asOf = now;
  }

  /**
   * @param now in ms
   * @param isLast reads stacks too, whatever they cost
   */
  async next(now: number, isLast = false): Promise<Drained> {
    const readsStacks = isLast ? (this.#isPaused ? 'afresh' : true) : this.#mayReadStacks(now);
    const {results: heads} = await this.#hand.batch(this.#rings.map(({base}): Call => ['load', base + RING_HEAD]));
    const stale: Call[] = [];
    const readings: Array<{ring: Ring; reading: Reading}> = [];
    let fullest = 0;
    for (const [i, ring] of this.#rings.entries()) {
      const head = heads[i]!;
      const reading = readingOf(ring, head);
      if (!reading || (ring.isBulky && readsStacks === false)) continue;
      ring.tail = head;
      if (ring.isBulky && readsStacks === 'afresh') stale.push(release(ring.base, head));
      else {
        readings.push({ring, reading});
        fullest = Math.max(fullest, reading.size / ring.size);
      }
    }
    if (readings.length + stale.length === 0) return {records: [], fullest: 0, isFull: false, bad: 0, lost: 0};
    const isFull = readings.some(({ring, reading}) => !ring.isBulky && reading.size + LARGEST_RECORD > ring.size);
    const size = readings.reduce((sum, {reading}) => sum + reading.size, 0);
    const calls = [...stale, ...readings.flatMap(({reading}) => [...reading.sends, reading.release])];
    const {data} = await this.#hand.batch(calls, undefined, size);
    return {...this.#parse(readings, data), fullest, isFull};
  }

  /**
   * Waits until there is something to read: a part of a ring, or another message to the hand. While stacks are
   * not read, their rings are not waited for.
   *
   * @param most ms
   * @returns false if it can't be waited for: the threads that own the rings have ended
   */
  async wait(most: number): Promise<boolean> {
    const fds = this.#rings.filter(({isBulky}) => !isBulky || !this.#isPaused).map(({fd}) => fd);
    const {buffer} = this.#hand;
    const input = pollInput([SOCKET, ...fds], most);
    const timeout = buffer + input.length - TIMESPEC;
    const size = input.length;
    const calls: Call[] = [['ppoll', buffer, fds.length + 1, timeout, 0, 8], send(buffer, size)];
    const {results, data} = await this.#hand.batch(calls, input, size);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const isReadable = (i: number): boolean => (view.getUint16(i * POLLFD + 6, true) & POLLIN) !== 0;
    return results[0]! <= 0 || [SOCKET, ...fds].some((_, i) => isReadable(i));
  }

  /** Ends a `wait`. */
  async nudge(): Promise<void> {
    await this.#hand.batch([]);
  }

  #parse(
    readings: ReadonlyArray<{ring: Ring; reading: Reading}>,
    data: Uint8Array,
  ): Omit<Drained, 'fullest' | 'isFull'> {
    const records: Record[] = [];
    let [at, bad, lost] = [0, 0, 0];
    for (const {ring, reading} of readings) {
      const parsed = parseRecords(data.subarray(at, at + reading.size), this.#formatOf);
      for (const record of parsed.records) {
        records.push(record);
        if (record.type === 'lost' && !ring.isBulky) lost += record.count;
      }
      bad += parsed.bad;
      at += reading.size;
      if (ring.isBulky) this.#allowance -= reading.size;
    }
    return {records, bad, lost};
  }

  /**
   * Once the allowance is used up, the rings stay full, and the kernel makes no copies: until half of it is there
   * again. What they hold by then is old, and is dropped.
   */
  #mayReadStacks(now: number): boolean | 'afresh' {
    this.#allowance = Math.min(BURST, this.#allowance + ((now - this.#asOf) / 1000) * RATE);
    this.#asOf = now;
    if (!this.#isPaused) {
      this.#isPaused = this.#allowance <= 0;
      return !this.#isPaused;
    }
    if (this.#allowance < BURST / 2) return false;
    this.#isPaused = false;
    return 'afresh';
  }
}

/** struct pollfd and struct timespec, in bytes. */
const POLLFD = 8;
const TIMESPEC = 16;
const POLLIN = 1;

/** What ppoll(2) waits for, and how long in ms. */
function pollInput(fds: readonly number[], most: number): Uint8Array {
  const bytes = new Uint8Array(fds.length * POLLFD + TIMESPEC);
  const view = new DataView(bytes.buffer);
  for (const [i, fd] of fds.entries()) {
    view.setInt32(i * POLLFD, fd, true);
    view.setInt16(i * POLLFD + 4, POLLIN, true);
  }
  const at = fds.length * POLLFD;
  view.setBigInt64(at, BigInt(Math.floor(most / 1000)), true);
  view.setBigInt64(at + 8, BigInt(Math.round((most % 1000) * 1e6)), true);
  return bytes;
}
