/*
 * The events that a hand holds, and the rings that they write into: on each processor one for what is small, and one
 * for samples with stacks.
 */
import type {Event} from '../plan.ts';
import {type Call, type Hand, send} from '../hand/hand.ts';
import {BUFFER_SIZE, MOST_CALLS} from '../hand/layout.ts';
import {IOC_DISABLE} from '../hand/seccomp.ts';
import type {Step} from '../why-not.ts';
import {ATTR_SIZE, attrBytes} from './attr.ts';
import {
  IOC_ENABLE,
  IOC_ID,
  IOC_SET_OUTPUT,
  MAP_SHARED,
  PERF_FD_CLOEXEC,
  PERF_PID_CGROUP,
  PROT_READ_WRITE,
  type Ring,
} from './ring.ts';

/** An event that is open. */
export interface Open {
  readonly event: Event;
  readonly fd: number;
  /** The thread for which it was opened; others may have inherited it. */
  readonly tid: number;
}

/** A call that the kernel refused. */
export class Refused extends Error {
  readonly step: Step;
  /** Positive. */
  readonly errno: number;

  constructor(step: Step, errno: number) {
    super(`refused: ${step}, errno ${errno}`);
    this.step = step;
    this.errno = errno;
  }
}

const ESRCH = 3;
const EPERM = 1;
const ENOMEM = 12;
const ENODEV = 19;

/** Pages of records of a ring, at least. */
const FEWEST_PAGES = 8;

export class OpenEvents {
  readonly rings: Ring[] = [];
  readonly #hand: Hand;
  readonly #events: readonly Event[];
  readonly #byId = new Map<number, Open>();
  readonly #pageSize: number;
  #pages: {light: number; bulky: number};

  /** @param ringBytes of a ring, at most; where a user may not have that much, it is less */
  constructor(
    hand: Hand,
    events: readonly Event[],
    {pageSize, light, bulky}: {pageSize: number; light: number; bulky: number},
  ) {
    this.#hand = hand;
    this.#events = events;
    this.#pageSize = pageSize;
    this.#pages = {light: light / pageSize, bulky: bulky / pageSize};
  }

  /** The event of an id that a record has. */
  of(id: number): Open | undefined {
    return this.#byId.get(id);
  }

  /** Are calls reported only together with their stacks? */
  get isBare(): boolean {
    return !this.#events.some(({purpose}) => purpose === 'light');
  }

  /** How many descriptors there are. */
  get count(): number {
    return this.#byId.size;
  }

  /**
   * Opens all events for a thread, on each processor.
   *
   * @param tid or the descriptor of a cgroup's directory
   * @returns false if the thread is gone
   * @throws Refused
   */
  async open(tid: number, cpus: readonly number[], isGroup = false): Promise<boolean> {
    const most = Math.max(1, Math.floor(MOST_CALLS / 4 / this.#events.length));
    for (let i = 0; i < cpus.length; i += most)
      if (!(await this.#openOn(tid, cpus.slice(i, i + most), isGroup))) return false;
    return true;
  }

  async #openOn(tid: number, cpus: readonly number[], isGroup: boolean): Promise<boolean> {
    const events = this.#events;
    const attrs = Buffer.concat(events.map(({attr}) => attrBytes(attr)));
    const flags = PERF_FD_CLOEXEC + (isGroup ? PERF_PID_CGROUP : 0);
    const calls = cpus.flatMap((cpu) =>
      events.map((_, i): Call => ['perf_event_open', this.#hand.buffer + i * ATTR_SIZE, tid, cpu, -1, flags]),
    );
    const {results} = await this.#hand.batch(calls, attrs);
    const opened: Array<Open & {cpu: number}> = [];
    for (const [i, fd] of results.entries()) {
      const [event, cpu] = [events[i % events.length]!, cpus[Math.floor(i / events.length)]!];
      if (fd >= 0) opened.push({event, fd, tid, cpu});
      else if (fd === -ESRCH) return (await this.#close(results.filter((each) => each >= 0)), false);
      else if (fd !== -ENODEV) throw new Refused(event.purpose === 'side' ? 'process' : 'tracepoint', -fd);
    }
    for (const cpu of cpus) await this.#makeRings(opened.filter((each) => each.cpu === cpu));
    await this.#begin(opened);
    return true;
  }

  async #close(fds: readonly number[]): Promise<void> {
    await this.#hand.batch(fds.map((fd): Call => ['close', fd]));
  }

  /** The events of a processor that were opened first own its rings. */
  async #makeRings(events: ReadonlyArray<Open & {cpu: number}>): Promise<void> {
    for (const isBulky of [false, true]) {
      const owner = events.find(({event}) => event.isBulky === isBulky);
      if (!owner || this.#ringOf(owner)) continue;
      const base = await this.#map(owner.fd, isBulky ? 'bulky' : 'light');
      const size = this.#pages[isBulky ? 'bulky' : 'light'] * this.#pageSize;
      this.rings.push({cpu: owner.cpu, fd: owner.fd, base, size, pageSize: this.#pageSize, isBulky, tail: 0});
    }
  }

  /** A user may lock only a limited amount of memory: then all rings from here on are smaller. @returns the address */
  async #map(fd: number, kind: 'light' | 'bulky'): Promise<number> {
    for (;;) {
      const length = (1 + this.#pages[kind]) * this.#pageSize;
      const {results} = await this.#hand.batch([['mmap', 0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0]]);
      const base = results[0]!;
      if (base >= 0) return base;
      if ((base !== -EPERM && base !== -ENOMEM) || this.#pages[kind] <= FEWEST_PAGES) throw new Refused('ring', -base);
      this.#pages[kind] /= 2;
    }
  }

  #ringOf({event, cpu}: Open & {cpu: number}): Ring | undefined {
    return this.rings.find((ring) => ring.cpu === cpu && ring.isBulky === event.isBulky);
  }

  /** Gives each event its ring, asks for its id, and lets it begin. */
  async #begin(opened: ReadonlyArray<Open & {cpu: number}>): Promise<void> {
    const {buffer} = this.#hand;
    const calls = opened.flatMap((each, i): Call[] => {
      const ring = this.#ringOf(each)!;
      return [
        ...(ring.fd === each.fd ? [] : [['ioctl', each.fd, IOC_SET_OUTPUT, ring.fd] as const]),
        ['ioctl', each.fd, IOC_ID, buffer + 8 * i],
        ['ioctl', each.fd, IOC_ENABLE, 0],
      ];
    });
    const size = opened.length * 8;
    const {results, data} = await this.#hand.batch([...calls, send(buffer, size)], undefined, size);
    const failed = results.find((result) => result < 0);
    if (failed !== undefined) throw new Refused('ring', -failed);
    for (const [i, id] of new BigUint64Array(data.slice().buffer).entries()) this.#byId.set(Number(id), opened[i]!);
  }

  /** Stops all events: what happens from now on is not counted. */
  async stop(): Promise<void> {
    await this.#forAll(MOST_CALLS, (fds) => this.#hand.batch(fds.map((fd): Call => ['ioctl', fd, IOC_DISABLE, 0])));
  }

  /** How often each event has fired, with what threads and processes fired that inherited it. */
  async counts(): Promise<Map<Open, number>> {
    const counts: number[] = [];
    const {buffer} = this.#hand;
    await this.#forAll(Math.min(MOST_CALLS - 1, BUFFER_SIZE / 8), async (fds) => {
      const reads = fds.map((fd, i): Call => ['read', fd, buffer + 8 * i, 8]);
      const size = 8 * fds.length;
      const {data} = await this.#hand.batch([...reads, send(buffer, size)], new Uint8Array(size), size);
      counts.push(...Array.from(new BigUint64Array(data.slice().buffer), Number));
    });
    return new Map([...this.#byId.values()].map((open, i) => [open, counts[i]!]));
  }

  async #forAll(most: number, act: (fds: readonly number[]) => Promise<unknown>): Promise<void> {
    const fds = Array.from(this.#byId.values(), ({fd}) => fd);
    for (let i = 0; i < fds.length; i += most) await act(fds.slice(i, i + most));
  }
}
