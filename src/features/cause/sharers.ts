import {parseStat} from '../../parse/proc/stat.ts';
import {readIfThere} from '../../procfs/open.ts';
import type {Shared} from '../../trace/events.ts';

interface Sharer {
  readonly pid: number;
  /** ns */
  readonly from: number;
  /** ns: it was seen to have memory of its own by then, or none. */
  until: number;
}

/** Processes that have the same memory as the watched one: what they do to it is not seen. */
export class Sharers {
  /** How many there were that didn't only share it until they executed a program. */
  count = 0;
  readonly #root: string;
  #sharers: Sharer[] = [];

  /** @param root where procfs is mounted */
  constructor(root: string) {
    this.#root = root;
  }

  add({child, time, briefly}: Shared): void {
    this.#sharers.push({pid: child, from: time, until: Infinity});
    if (!briefly) this.count++;
  }

  /** The memory is another one: that of a program that was executed. */
  clear(): void {
    this.#sharers = [];
  }

  /**
   * Was there one since a time?
   *
   * @param since ns; earlier times are not asked for any longer
   * @param now ns
   */
  since(since: number, now: number): boolean {
    this.#sharers = this.#sharers.filter(({until}) => until >= since);
    for (const sharer of this.#sharers) if (sharer.until === Infinity && !this.#shares(sharer.pid)) sharer.until = now;
    return this.#sharers.length > 0;
  }

  /** Until it executes a program, or ends. */
  #shares(pid: number): boolean {
    const stat = parseStat(readIfThere(`${this.#root}/${pid}/stat`) ?? new Uint8Array());
    return stat?.isForked === true && !/[ZX]/.test(stat.state);
  }
}
