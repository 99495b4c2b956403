import {classify} from '../classify/classify.ts';
import type {Region} from '../model/region.ts';
import {pageSizeOf} from '../model/clues.ts';
import {isSameImage} from '../model/same.ts';
import {Snapshot} from '../model/snapshot.ts';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {parseBeside, type Beside} from '../parse/beside.ts';
import {parseListing} from '../parse/listing.ts';
import type {Status} from '../parse/proc/status.ts';
import {DEFAULT_MAX_STALL, DutyBudget, predictStall} from './budget.ts';
import {captureFrom, folderOf} from './capture.ts';
import {observerOf} from './observer/observer.ts';
import {oddsOf} from './odds.ts';
import {renewClues} from './clues.ts';
import type {ProcFile} from './file.ts';
import {ProcessHandle} from './handle.ts';
import {processTrouble} from './trouble.ts';

export interface SessionOptions {
  readonly root?: string | undefined;
  /** ms that one read of smaps may stall the process: 50 by default. */
  readonly maxStall?: number | undefined;
  /** The part of the time that may be spent reading smaps: 0.02 by default, 0 for never. */
  readonly maxDuty?: number | undefined;
  /** As in CaptureOptions. */
  readonly onListing?: ((bytes: Buffer) => void) | undefined;
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
  readonly #onListing: ((bytes: Buffer) => void) | undefined;
  readonly #cost = {looks: 0, ms: 0, usageReads: 0, usageMs: 0, usageSkipped: 0};
  #maps: ProcFile;
  /** The last listing did not add up to the size of the process, however often it was read. */
  #isAtOdds = false;
  /** Absent where there is none, as in a copy of /proc. */
  readonly #statm: ProcFile | undefined;
  /** Another program began after the last look, and before its maps was opened: the descriptor doesn't show that. */
  #isOverrun = false;
  /** The listing that #last was made of; undefined if it was made of another walk. */
  #bytes: Buffer | undefined;
  #last: Snapshot;
  /** What was seen last with VmFlags: a look without them is classified with those, so that kinds don't come and go. */
  #flagged: readonly Region[] = [];

  /** @throws Trouble `gone` or `denied`, as capture does */
  constructor(pid: number, options: SessionOptions = {}) {
    this.#maxStall = options.maxStall ?? DEFAULT_MAX_STALL;
    this.#budget = new DutyBudget(options.maxDuty);
    this.#onListing = options.onListing;
    const begin = performance.now();
    this.#handle = new ProcessHandle(pid, options.root);
    try {
      // Asked before the reading asks it: the time that this takes is not a stall of the process.
      this.#handle.lock.ask(this.#handle.stat());
      this.#last = this.#capture(this.#budget.maxDuty > 0);
      this.#maps = this.#openMaps();
      this.#statm = this.#openStatm();
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

  /**
   * Waits until the map can be read without a long wait for its lock. Ends early with `signal`.
   *
   * @throws Trouble `deadline`
   */
  readable(signal: AbortSignal | undefined): Promise<void> {
    return this.#handle.lock.wait(signal);
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
    this.#statm?.close();
    this.#maps.close();
    this.#handle.close();
  }

  #look(): Look {
    const bytes = this.#orEnded(() => this.#readMaps());
    if (bytes) this.#onListing?.(bytes);
    const isAlive = bytes && bytes.length > 0 ? this.#orEnded(() => this.#maps.isAlive()) : false;
    if (!bytes || isAlive === undefined) return this.#ended();
    // A descriptor that was kept open gives nothing after exec, for a zombie, and when the first thread ended before
    // others.
    if (!isAlive || this.#isOverrun) return this.#anotherImage();
    if (this.#mayReadUsage()) return this.#adopt(this.#capture(true));
    const isSame = this.#bytes?.equals(bytes) === true;
    const parsed = isSame ? undefined : this.#parse(bytes);
    // The next reading but one goes into the older of two buffers, so it is the newer one that is kept to compare with.
    this.#bytes = bytes;
    if (isSame) return {saw: 'process', snapshot: this.#last};
    if (!parsed || this.#isAtOdds) return this.#adopt(this.#capture(false));
    const {regions, fresh} = parsed;
    const {process, status} = this.#last;
    const takenAt = new Date().toISOString();
    const source = {from: 'process', format: 'maps'} as const;
    const clues = renewClues(this.#handle, fresh, this.#last.clues);
    classify(regions, clues, this.#flagged);
    return this.#adopt(new Snapshot({source, regions, process, status, takenAt, clues}));
  }

  /** Unchanged lines are those of the last look. @returns undefined if the listing is torn */
  #parse(bytes: Buffer): Beside | undefined {
    const known = this.#bytes && parseBeside(bytes, {bytes: this.#bytes, regions: this.#last.regions});
    if (known) return known;
    const listing = parseListing(bytes, 'proc', 'later');
    const isWhole = listing.torn === 0 && listing.rejected.length === 0 && listing.empty === 0;
    return isWhole ? {regions: listing.regions, fresh: listing.regions} : undefined;
  }

  /**
   * Reads maps, and once or twice more where its sum shows that memory moved while it was listed. A long listing is
   * taken as it is: a process that keeps mapping and unmapping does so during each, and reading again takes as long.
   */
  #readMaps(): Buffer {
    this.#isAtOdds = false;
    for (let tries = 1; ; tries++) {
      const size = this.#size();
      const bytes = this.#maps.read();
      if (size === undefined || bytes.length > LONG || this.#bytes?.equals(bytes) || this.#size() !== size)
        return bytes;
      if (bytes.length === 0 || oddsOf(parseListing(bytes, 'proc', 'later').regions, size) === 0) return bytes;
      // The next reading goes into its buffer.
      this.#bytes = undefined;
      this.#isAtOdds = tries === TRIES;
      if (this.#isAtOdds) return bytes;
    }
  }

  /** Bytes of address space: the first number of statm, in pages (proc_pid_statm(5)). It costs a few µs, status 50. */
  #size(): number | undefined {
    try {
      const pages = Number.parseInt(this.#statm!.read().toString('latin1', 0, 20), 10);
      return Number.isNaN(pages) ? undefined : pages * pageSizeOf(this.#last);
    } catch {
      return undefined;
    }
  }

  #adopt(snapshot: Snapshot): Look {
    const isNewImage = !isSameImage(this.#last.process, snapshot.process);
    this.#last = snapshot;
    if (isNewImage) this.#reopen();
    if (isNewImage && snapshot.source.format !== 'smaps') this.#flagged = [];
    return {saw: isNewImage ? 'exec' : 'process', snapshot};
  }

  #anotherImage(): Look {
    const stat = this.#handle.stat();
    if (stat.state === 'Z' && stat.threads <= 1) return this.#ended();
    const look = this.#adopt(this.#capture(false));
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
    const onListing = (bytes: Buffer): void => {
      this.#bytes = bytes;
      this.#onListing?.(bytes);
    };
    const about = {known: this.#last?.clues, earlier: this.#flagged, onListing};
    const patience = Math.max(PATIENCE, 4 * this.#maxStall);
    const options = usage ? {maxStall: this.#maxStall, patience, ...about} : {usage: false, ...about};
    let snapshot = captureFrom(this.#handle, options);
    // For a moment during exec the new program has memory, and stat has no addresses for it yet.
    for (let tries = 0; tries < 10 && snapshot.process.startCode === '0'; tries++)
      snapshot = captureFrom(this.#handle, options);
    const aside = snapshot.source.format === 'smaps' ? observerOf(this.#handle).aside : 0;
    const ms = performance.now() - begin - aside;
    // Where there is no smaps to read, trying takes time as well.
    if (usage) this.#budget.spend(begin, ms);
    if (snapshot.source.format === 'smaps') {
      this.#cost.usageReads++;
      this.#cost.usageMs += ms;
      this.#flagged = snapshot.regions;
    }
    // What the next look is compared with: one line a region.
    if (snapshot.source.format !== 'maps' || !snapshot.isWhole) this.#bytes = undefined;
    return snapshot;
  }

  #mayReadUsage(): boolean {
    const stall = predictStall(Number(this.#last.status['vmRss'] ?? 0), this.#last.regions.length);
    const may = stall <= this.#maxStall && this.#budget.allows(performance.now());
    if (!may) this.#cost.usageSkipped++;
    return may;
  }

  #openStatm(): ProcFile | undefined {
    try {
      return this.#handle.open('statm');
    } catch {
      return undefined;
    }
  }

  #openMaps(): ProcFile {
    const maps = this.#handle.open(`${folderOf(this.#handle, this.#handle.stat())}maps`);
    this.#isOverrun = !isSameImage(this.#handle.stat(), this.#last.process);
    return maps;
  }

  #reopen(): void {
    // The old one is closed once there is a new one: should that fail, close() must not close it twice.
    const maps = this.#openMaps();
    this.#maps.close();
    this.#maps = maps;
  }
}

/** ms for which a look may hold up the keyboard to get resident memory from a process that keeps its lock busy. */
const PATIENCE = 1000;

/** A listing is read at most this often, where memory moved meanwhile. */
const TRIES = 3;

/** Bytes: a listing of some 10,000 regions. */
const LONG = 2 ** 20;
