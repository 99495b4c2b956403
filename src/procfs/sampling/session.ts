import {classify} from '../../classify/classify.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {pageSizeOf} from '../../model/clues/clues.ts';
import {isSameImage} from '../../model/same.ts';
import {Snapshot} from '../../model/snapshot.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {parseBeside, type Beside} from '../../parse/beside.ts';
import {parseListing} from '../../parse/reader.ts';
import type {Status} from '../../parse/proc/status.ts';
import {predictStall} from './budget.ts';
import {captureFrom, folderOf} from '../capture.ts';
import {oddsOf} from '../odds.ts';
import {renewClues} from '../image/clues.ts';
import type {ProcFile} from '../file.ts';
import {Rereader} from './again.ts';
import {ProcessHandle} from '../handle.ts';
import {kernelRelease} from '../machine/kernel.ts';
import {Ledger, type Cost, type Limits} from './ledger.ts';
import {Statm} from '../statm.ts';
import {StatusFile} from './status.ts';
import {processTrouble} from '../trouble.ts';

export interface SessionOptions extends Limits {
  readonly root?: string | undefined;
  /** The kernel's release, as uname(2) has it; by default that of this machine. It says whether maps takes a lock. */
  readonly kernel?: string | undefined;
  /**
   * Whoever looks keeps of the looks but the last one. A snapshot without counters is then good until the look after
   * the next one, which takes its columns: where many regions change at each look, that is half of the memory.
   */
  readonly keepsLast?: boolean | undefined;
  /** As in CaptureOptions. */
  readonly onListing?: ((bytes: Buffer) => void) | undefined;
}

/** ms, as performance.now() has them: what a look says was so at some moment between. */
export interface LookedAt {
  readonly began: number;
  readonly ended: number;
}

/** What one look at a process gave. */
export type Look =
  /** The same program image. The snapshot is the very same object if nothing changed. */
  | {readonly saw: 'process'; readonly snapshot: Snapshot}
  /** It began another program: nothing of what was there before is left. */
  | {readonly saw: 'exec'; readonly snapshot: Snapshot}
  /** It ended; a zombie still waits for its parent. */
  | {readonly saw: 'exit'; readonly state: 'zombie' | 'gone'};

/**
 * A process that is looked at again and again through descriptors that are kept open. Every look reads maps; if its
 * bytes are those of the last look, so is the snapshot. smaps is read as often as the budget allows, and at each look
 * that asks for it. Where the kernel takes the process's lock for maps too, there is a budget for looks: `rest`.
 */
export class Session {
  readonly #handle: ProcessHandle;
  readonly #ledger: Ledger;
  readonly #onListing: ((bytes: Buffer) => void) | undefined;
  #maps: ProcFile;
  #listing: Rereader;
  /** The last listing did not add up to the size of the process, however often it was read. */
  #isAtOdds = false;
  readonly #statm: Statm;
  readonly #status: StatusFile;
  readonly #keepsLast: boolean;
  /** Columns that nobody uses any longer. */
  #spare: Regions | undefined;
  /** Another program began after the last look, and before its maps was opened: the descriptor doesn't show that. */
  #isOverrun = false;
  #lookedAt: LookedAt;
  /** The listing that #last was made of; undefined if it was made of another walk. */
  #bytes: Buffer | undefined;
  #last: Snapshot;
  /** What was seen last with VmFlags: a look without them is classified with those, so that kinds don't come and go. */
  #flagged: Regions | undefined;

  /** @throws Trouble `gone` or `denied`, as capture does */
  constructor(pid: number, options: SessionOptions = {}) {
    this.#ledger = new Ledger(options, options.kernel ?? kernelRelease(options.root ?? '/proc'));
    this.#onListing = options.onListing;
    this.#keepsLast = options.keepsLast ?? false;
    const begin = performance.now();
    this.#handle = new ProcessHandle(pid, options.root);
    try {
      // Asked before the reading asks it: the time that this takes is not a stall of the process.
      this.#handle.lock.ask(this.#handle.stat());
      this.#last = this.#capture(this.#ledger.maxDuty > 0);
      this.#maps = this.#openMaps();
      this.#listing = new Rereader(this.#maps);
      this.#statm = new Statm(this.#handle);
      this.#status = new StatusFile(this.#handle);
    } catch (error) {
      this.#handle.close();
      throw error;
    }
    this.#ledger.opened(begin);
    this.#lookedAt = {began: begin, ended: performance.now()};
  }

  /** When the last look began and ended. */
  get lookedAt(): LookedAt {
    return this.#lookedAt;
  }

  /** The process, for other questions to it; open until the session is closed. */
  get handle(): ProcessHandle {
    return this.#handle;
  }

  /** What was seen last. */
  get snapshot(): Snapshot {
    return this.#last;
  }

  get cost(): Cost {
    return this.#ledger.cost;
  }

  /** Did the last look have no smaps, or is it some time ago, though smaps may be read? */
  get owesUsage(): boolean {
    const isFresh = this.#last.source.format === 'smaps' && (this.cost.usageAge ?? Infinity) <= MOMENT;
    return !isFresh && this.#ledger.allows(this.#stall());
  }

  /** ms until the next look may be: 0 unless reading maps holds up the process. */
  get rest(): number {
    return this.#ledger.rest;
  }

  /** Looks that were due, and left out since `rest` was not over. */
  passOver(looks: number): void {
    this.#ledger.passOver(looks);
  }

  /** The present /proc/PID/status; undefined after the end. */
  status(): Status | undefined {
    return this.#status.read();
  }

  /**
   * Waits until the map can be read without a long wait for its lock. Ends early with `signal`.
   *
   * @throws Trouble `deadline`
   */
  readable(signal: AbortSignal | undefined): Promise<void> {
    return this.#handle.lock.wait(signal);
  }

  /** @param isDue smaps must be read, unless one read may stall the process for too long */
  look(isDue = false): Look {
    const begin = performance.now();
    try {
      return this.#look(isDue);
    } catch (error) {
      if (error instanceof Trouble && error.kind === 'gone') return this.#ended();
      throw error;
    } finally {
      this.#ledger.looked(begin);
      this.#lookedAt = {began: begin, ended: performance.now()};
    }
  }

  close(): void {
    this.#statm.close();
    this.#status.close();
    this.#maps.close();
    this.#handle.close();
  }

  #look(isDue: boolean): Look {
    const bytes = this.#orEnded(() => this.#readMaps());
    if (bytes) this.#onListing?.(bytes);
    const isAlive = bytes && bytes.length > 0 ? this.#orEnded(() => this.#maps.isAlive()) : false;
    if (!bytes || isAlive === undefined) return this.#ended();
    // A descriptor that was kept open gives nothing after exec, for a zombie, and when the first thread ended before
    // others.
    if (!isAlive || this.#isOverrun) return this.#anotherImage();
    if (this.#ledger.mayReadUsage(this.#stall(), isDue)) return this.#adopt(this.#capture(true));
    const isSame = this.#bytes === bytes;
    const parsed = isSame ? undefined : this.#parse(bytes);
    this.#bytes = bytes;
    if (isSame) return {saw: 'process', snapshot: this.#last};
    if (!parsed || this.#isAtOdds) return this.#adopt(this.#capture(false));
    const {table, fresh} = parsed;
    const {process, status} = this.#last;
    const takenAt = new Date().toISOString();
    const source = {from: 'process', format: 'maps'} as const;
    const clues = renewClues(this.#handle, fresh, this.#last.clues);
    classify(table, clues, this.#flagged);
    return this.#adopt(new Snapshot({source, regions: table, process, status, takenAt, clues}));
  }

  /** Unchanged lines are those of the last look. @returns undefined if the listing is torn */
  #parse(bytes: Buffer): Beside | undefined {
    const earlier = this.#bytes && {bytes: this.#bytes, table: this.#last.table};
    const known = earlier && parseBeside(bytes, earlier, this.#takeSpare());
    if (known) return known;
    const listing = parseListing(bytes, 'proc', 'later');
    const isWhole = listing.torn === 0 && listing.rejected.length === 0 && listing.empty === 0;
    return isWhole ? {table: listing.table, fresh: listing.table.namedOnes()} : undefined;
  }

  #takeSpare(): Regions | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  /**
   * Reads maps, and once or twice more where its sum shows that memory moved while it was listed. A long listing is
   * taken as it is: a process that keeps mapping and unmapping does so during each, and reading again takes as long.
   */
  #readMaps(): Buffer {
    this.#isAtOdds = false;
    for (let tries = 1; ; tries++) {
      const size = this.#size();
      const bytes = this.#ledger.readingMaps(() => this.#listing.read(this.#bytes));
      if (size === undefined || bytes.length > LONG || bytes === this.#bytes || this.#size() !== size) return bytes;
      if (bytes.length === 0 || oddsOf(parseListing(bytes, 'proc', 'later').table, size) === 0) return bytes;
      this.#isAtOdds = tries === TRIES;
      if (this.#isAtOdds) return bytes;
    }
  }

  #size(): number | undefined {
    return this.#statm.read(pageSizeOf(this.#last))?.size;
  }

  /** ms that reading smaps is predicted to stall the process now. A snapshot of maps alone has an older status. */
  #stall(): number {
    const rss = this.#statm.read(pageSizeOf(this.#last))?.rss ?? Number(this.#last.status['vmRss'] ?? 0);
    return predictStall(rss, this.#last.table.length);
  }

  #adopt(snapshot: Snapshot): Look {
    const isNewImage = !isSameImage(this.#last.process, snapshot.process);
    if (this.#keepsLast && this.#last.source.format === 'maps') this.#spare = this.#last.table;
    this.#last = snapshot;
    if (isNewImage) this.#reopen();
    if (isNewImage && snapshot.source.format !== 'smaps') this.#flagged = undefined;
    return {saw: isNewImage ? 'exec' : 'process', snapshot};
  }

  #anotherImage(): Look {
    const stat = this.#handle.stat();
    if (stat.state === 'Z' && stat.threads <= 1) return this.#ended();
    const look = this.#adopt(this.#firstOf());
    if (look.saw === 'process') this.#reopen();
    // Where stat hides the addresses, only the silent descriptor says that this is another program.
    const isExec = stat.state !== 'Z';
    return {...look, saw: isExec ? 'exec' : 'process'} as Look;
  }

  /** Another program at its start: first without smaps, since it may end, or begin another one, at once. */
  #firstOf(): Snapshot {
    this.#ledger.restartMaps();
    const bare = this.#capture(false);
    if (!this.#ledger.allows(predictStall(Number(bare.status['vmRss'] ?? 0), bare.table.length))) return bare;
    try {
      const full = this.#capture(true);
      return full.isWhole ? full : bare;
    } catch (error) {
      if (error instanceof Trouble) return bare; // The next look says what happened.
      throw error;
    }
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
    const onListing = (bytes: Buffer): void => {
      this.#bytes = bytes;
      this.#onListing?.(bytes);
    };
    const {maxStall} = this.#ledger;
    const about = {known: this.#last?.clues, earlier: this.#flagged, onListing};
    const wish = usage ? {maxStall, patience: Math.max(PATIENCE, 4 * maxStall)} : {usage: false};
    const snapshot = this.#ledger.capturing(usage, (onHeld) => {
      const options = {...wish, ...about, onHeld};
      let taken = captureFrom(this.#handle, options);
      // For a moment during exec the new program has memory, and stat has no addresses for it yet.
      for (let tries = 0; tries < 10 && taken.process.startCode === '0'; tries++)
        taken = captureFrom(this.#handle, options);
      return taken;
    });
    if (snapshot.source.format === 'smaps') this.#flagged = snapshot.table;
    // What the next look is compared with: one line a region.
    if (snapshot.source.format !== 'maps' || !snapshot.isWhole) this.#bytes = undefined;
    return snapshot;
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
    this.#listing = new Rereader(maps);
  }
}

/** ms for which a look may hold up the keyboard to get resident memory from a process that keeps its lock busy. */
const PATIENCE = 1000;

/** A listing is read at most this often, where memory moved meanwhile. */
const TRIES = 3;

/** Bytes: a listing of some 10,000 regions. */
const LONG = 2 ** 20;

/** ms. What was read so shortly ago is what is there. */
const MOMENT = 100;
