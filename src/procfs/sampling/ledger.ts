import {DEFAULT_MAX_DUTY, DEFAULT_MAX_STALL, DutyBudget} from './budget.ts';
import type {CaptureOptions} from '../options.ts';
import {whileHeld} from './held.ts';
import {mapsTakesLock} from '../machine/kernel.ts';

/** What looking cost so far; times in ms. The first look, when it was opened, is in the times and not in `looks`. */
export interface Cost {
  readonly looks: number;
  readonly ms: number;
  /** Reads of smaps, which stall the process, and how often they were left out to spare it. */
  readonly usageReads: number;
  readonly usageMs: number;
  readonly usageSkipped: number;
  /** Of those left out: a single read was predicted to stall the process for longer than `maxStall`. */
  readonly usageTooLong: number;
  /** For how long reading smaps held the process's lock: at least (the processor's time), and at most (what passed). */
  readonly usageHeld: number;
  readonly usagePassed: number;
  /** The longest time without a read of smaps, up to now. */
  readonly usageGap: number;
  /** How long ago smaps was read last; undefined: never. */
  readonly usageAge?: number | undefined;
  /** The budget: a part of the time. */
  readonly maxDuty: number;
  /** Where the kernel takes the same lock for maps: its release, for how long, and how many looks were left out. */
  readonly mapsLock?: {readonly kernel: string; readonly held: number; readonly skipped: number} | undefined;
}

/** What a look may cost a process. */
export interface Limits {
  /** ms that one read of smaps may stall the process: 50 by default. */
  readonly maxStall?: number | undefined;
  /**
   * The part of the time for which the process may be held up by reading smaps, and maps where the kernel takes the
   * lock for it: 0.02 by default; 0 for never reading smaps.
   */
  readonly maxDuty?: number | undefined;
}

/** What the looks at one process have cost it, and so what the next one may read. */
export class Ledger {
  readonly maxStall: number;
  readonly maxDuty: number;
  readonly #smaps: DutyBudget;
  /** Where reading maps takes the lock: half of the duty is for maps then, and half for smaps. */
  readonly #maps: DutyBudget | undefined;
  readonly #kernel: string;
  readonly #counts = {looks: 0, ms: 0, usageReads: 0, usageMs: 0, usageSkipped: 0, usageTooLong: 0};
  readonly #held = {maps: 0, smaps: 0};
  #usagePassed = 0;
  #passedOver = 0;
  readonly #begin = performance.now();
  #usageAt: number | undefined;
  #gap = 0;

  /** @param kernel its release */
  constructor({maxStall = DEFAULT_MAX_STALL, maxDuty = DEFAULT_MAX_DUTY}: Limits, kernel: string) {
    this.maxStall = maxStall;
    this.maxDuty = maxDuty;
    this.#kernel = kernel;
    const isLocking = mapsTakesLock(kernel);
    const share = isLocking ? maxDuty / 2 : maxDuty;
    this.#smaps = new DutyBudget(share);
    // With no duty at all maps is read within the usual one: there is nothing else to see.
    this.#maps = isLocking ? new DutyBudget(share > 0 ? share : DEFAULT_MAX_DUTY / 2) : undefined;
  }

  get cost(): Cost {
    const age = performance.now() - (this.#usageAt ?? this.#begin);
    const {maps, smaps} = this.#held;
    const {maxDuty} = this;
    return {
      ...this.#counts,
      usageHeld: smaps,
      usagePassed: this.#usagePassed,
      usageGap: Math.max(this.#gap, age),
      ...(this.#usageAt !== undefined && {usageAge: age}),
      maxDuty,
      ...(this.#maps && {mapsLock: {kernel: this.#kernel, held: maps, skipped: this.#passedOver}}),
    };
  }

  /** One read of smaps may stall the process for this many ms. */
  allows(stall: number): boolean {
    return this.maxDuty > 0 && stall <= this.maxStall;
  }

  /**
   * May this look read smaps? If not, that is counted.
   *
   * @param stall ms that it is predicted to stall the process
   * @param isDue whatever was spent before
   */
  mayReadUsage(stall: number, isDue: boolean): boolean {
    const may = this.allows(stall) && (isDue || this.#smaps.allows(performance.now()));
    if (!may) this.#counts.usageSkipped++;
    if (stall > this.maxStall) this.#counts.usageTooLong++;
    return may;
  }

  /** ms until maps may be read again: 0 where that doesn't hold up the process. */
  get rest(): number {
    return this.#maps?.rest(performance.now()) ?? 0;
  }

  /** Looks that were due, and left out since maps rests. */
  passOver(looks: number): void {
    this.#passedOver += looks;
  }

  /** A look that began then is over. */
  looked(begin: number): void {
    this.#counts.looks++;
    this.opened(begin);
  }

  opened(begin: number): void {
    this.#counts.ms += performance.now() - begin;
  }

  /** Another program has another map, with a lock of its own. */
  restartMaps(): void {
    this.#maps?.restart();
  }

  /** A read of maps, which is paid for where it takes the lock. */
  readingMaps<Result>(read: () => Result): Result {
    return this.#maps ? this.#paid(read) : read();
  }

  #paid<Result>(read: () => Result): Result {
    const begin = performance.now();
    return whileHeld(read, (ms) => {
      this.#held.maps += ms;
      this.#maps!.spend(begin, ms);
    });
  }

  /**
   * A capture, which reads maps, and smaps if it `wantsUsage`. The budget pays for all of the processor's time that it
   * takes, two to five times that of the read: a busy process loses more by a read than that, since the reader asks for
   * the lock again and again, and keeps it where it loses the processor.
   *
   * @param take is given what to call after each read
   */
  capturing<Result extends {readonly source: {readonly format: string}}>(
    wantsUsage: boolean,
    take: (onHeld: NonNullable<CaptureOptions['onHeld']>) => Result,
  ): Result {
    const begin = performance.now();
    let [maps, own] = [0, 0];
    const onHeld: NonNullable<CaptureOptions['onHeld']> = (file, held, passed) => {
      if (file === 'own') return void (own += held);
      this.#held[file] += held;
      if (file === 'maps') maps += held;
      else this.#usagePassed += passed;
    };
    const onTaken = (spent: number): void => {
      this.#maps?.spend(begin, maps);
      if (wantsUsage) this.#smaps.spend(begin, Math.max(0, spent - own));
    };
    const result = whileHeld(() => take(onHeld), onTaken);
    if (result.source.format === 'smaps') this.#hasUsage(performance.now() - begin);
    return result;
  }

  #hasUsage(ms: number): void {
    const now = performance.now();
    this.#counts.usageReads++;
    this.#counts.usageMs += ms;
    this.#gap = Math.max(this.#gap, now - (this.#usageAt ?? this.#begin));
    this.#usageAt = now;
  }
}
