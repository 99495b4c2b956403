import {classify} from '../classify/classify.ts';
import type {Region} from '../model/region.ts';
import {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {parseListing} from '../parse/listing.ts';
import type {Status} from '../parse/status.ts';
import {DEFAULT_MAX_STALL, DutyBudget, predictStall} from './budget.ts';
import {captureFrom, folderOf} from './capture.ts';
import {renewClues} from './clues.ts';
import type {ProcFile} from './file.ts';
import {ProcessHandle} from './handle.ts';
import {errnoOf, processTrouble} from './trouble.ts';

export interface SessionOptions {
  readonly root?: string | undefined;
  /** ms that one read of smaps may stall the process: 50 by default. */
  readonly maxStall?: number | undefined;
  /** The part of the time that may be spent reading smaps: 0.02 by default, 0 for never. */
  readonly maxDuty?: number | undefined;
}

/** What one look at a process gave. */
export type Look =
  /** The same program image. The snapshot is the very same object if nothing changed. */
  | {readonly saw: 'process'; readonly snapshot: Snapshot}
  /** It began another program: nothing of what was there before is left. */
  | {readonly saw: 'exec'; readonly snapshot: Snapshot}
  /** It ended; a zombie still waits for its parent. */
  | {readonly saw: 'exit'; readonly state: 'zombie' | 'gone'};

/** What looking cost so far; times in ms. The first look, when it was opened, is in the times and not in `looks`. */
export interface Cost {
  readonly looks: number;
  readonly ms: number;
  /** Reads of smaps, which stall the process, and how often they were left out to spare it. */
  readonly usageReads: number;
  readonly usageMs: number;
  readonly usageSkipped: number;
}

/**
 * A process that is looked at again and again through descriptors that are kept open. Every look reads maps, which is
 * harmless; if its bytes are those of the last look, so is the snapshot. smaps is read as often as the budget allows.
 */
export class Session {
  readonly #handle: ProcessHandle;
  readonly #maxStall: number;
  readonly #budget: DutyBudget;
  readonly #cost = {looks: 0, ms: 0, usageReads: 0, usageMs: 0, usageSkipped: 0};
  #maps: ProcFile;
  /** The listing that #last was made of; undefined if it was made of another walk. */
  #bytes: Buffer | undefined;
  #last: Snapshot;
  /** What was seen last with VmFlags: a look without them is classified with those, so that kinds don't come and go. */
  #flagged: readonly Region[] = [];

  /** @throws Trouble `gone` or `denied`, as capture does */
  constructor(pid: number, options: SessionOptions = {}) {
    this.#maxStall = options.maxStall ?? DEFAULT_MAX_STALL;
    this.#budget = new DutyBudget(options.maxDuty);
    const begin = performance.now();
    this.#handle = new ProcessHandle(pid, options.root);
    try {
      this.#last = this.#capture(this.#budget.maxDuty > 0);
      this.#maps = this.#openMaps();
    } catch (error) {
      this.#handle.close();
      throw error;
    }
    this.#cost.ms += performance.now() - begin;
  }

  /** What was seen last. */
  get snapshot(): Snapshot {
    return this.#last;
  }

  get cost(): Cost {
    return {...this.#cost};
  }

  /** The present /proc/PID/status; undefined after the end. */
  status(): Status | undefined {
    try {
      return this.#handle.status();
    } catch {
      return undefined;
    }
  }

  look(): Look {
    const begin = performance.now();
    try {
      return this.#look();
    } catch (error) {
      if (error instanceof Trouble && error.kind === 'gone') return this.#ended();
      throw error;
    } finally {
      this.#cost.looks++;
      this.#cost.ms += performance.now() - begin;
    }
  }

  close(): void {
    this.#maps.close();
    this.#handle.close();
  }

  #look(): Look {
    const bytes = this.#orEnded(() => this.#maps.read());
    const isAlive = bytes && bytes.length > 0 ? this.#orEnded(() => this.#maps.isAlive()) : false;
    if (!bytes || isAlive === undefined) return this.#ended();
    // A kept descriptor gives nothing any more after exec, for a zombie, and when the first thread ended before others.
    if (!isAlive) return this.#anotherImage();
    if (this.#mayReadUsage()) return this.#adopt(this.#capture(true), undefined);
    const isSame = this.#bytes?.equals(bytes) === true;
    // The next reading but one goes into the older of two buffers, so it is the newer one that is kept to compare with.
    this.#bytes = bytes;
    if (isSame) return {saw: 'process', snapshot: this.#last};
    const listing = parseListing(bytes, 'proc', 'later');
    if (listing.torn > 0 || listing.rejected.length > 0) return this.#adopt(this.#capture(false), undefined);
    const {process, status} = this.#last;
    const takenAt = new Date().toISOString();
    const source = {from: 'process', format: 'maps'} as const;
    const clues = renewClues(this.#handle, listing.regions, this.#last.clues);
    classify(listing.regions, clues, this.#flagged);
    return this.#adopt(new Snapshot({source, regions: listing.regions, process, status, takenAt, clues}), bytes);
  }

  #adopt(snapshot: Snapshot, bytes: Buffer | undefined): Look {
    const isNewImage = !isOneImage(this.#last, snapshot);
    this.#last = snapshot;
    this.#bytes = bytes;
    if (isNewImage) this.#reopen();
    if (isNewImage && snapshot.source.format !== 'smaps') this.#flagged = [];
    return {saw: isNewImage ? 'exec' : 'process', snapshot};
  }

  #anotherImage(): Look {
    const stat = this.#handle.stat();
    if (stat.state === 'Z' && stat.threads <= 1) return this.#ended();
    const look = this.#adopt(this.#capture(false), undefined);
    if (look.saw === 'process') this.#reopen();
    // Where stat hides the addresses, only the silent descriptor says that this is another program.
    const isExec = stat.state !== 'Z';
    return {...look, saw: isExec ? 'exec' : 'process'} as Look;
  }

  #ended(): Look {
    try {
      return {saw: 'exit', state: this.#handle.stat().state === 'Z' ? 'zombie' : 'gone'};
    } catch {
      return {saw: 'exit', state: 'gone'};
    }
  }

  /** @returns undefined if the process has ended */
  #orEnded<Result>(read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (errnoOf(error) === 'ESRCH') return undefined;
      throw processTrouble(this.#handle.pid, error, this.#handle.root);
    }
  }

  #capture(usage: boolean): Snapshot {
    const begin = performance.now();
    const about = {known: this.#last?.clues, earlier: this.#flagged};
    const options = usage ? {maxStall: this.#maxStall, ...about} : {usage: false, ...about};
    let snapshot = captureFrom(this.#handle, options);
    // For a moment during exec the new program has memory, and stat has no addresses for it yet.
    for (let tries = 0; tries < 10 && snapshot.process.startCode === '0'; tries++)
      snapshot = captureFrom(this.#handle, options);
    if (snapshot.source.format === 'smaps') {
      const ms = performance.now() - begin;
      this.#budget.spend(begin, ms);
      this.#cost.usageReads++;
      this.#cost.usageMs += ms;
      this.#flagged = snapshot.regions;
    }
    return snapshot;
  }

  #mayReadUsage(): boolean {
    const stall = predictStall(Number(this.#last.status['vmRss'] ?? 0), this.#last.regions.length);
    const may = stall <= this.#maxStall && this.#budget.allows(performance.now());
    if (!may) this.#cost.usageSkipped++;
    return may;
  }

  #openMaps(): ProcFile {
    return this.#handle.open(`${folderOf(this.#handle, this.#handle.stat())}maps`);
  }

  #reopen(): void {
    // The old one is closed once there is a new one: should that fail, close() must not close it twice.
    const maps = this.#openMaps();
    this.#maps.close();
    this.#maps = maps;
  }
}

/** exec gives code and stack new places. */
const isOneImage = (a: Snapshot, b: Snapshot): boolean =>
  a.process.startCode === b.process.startCode && a.process.startStack === b.process.startStack;
