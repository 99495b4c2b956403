import type {BooksReading} from '../model/heap/books.ts';
import type {FamilySample} from '../model/kin/kin.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {booksJSON} from './books.ts';
import {Encoder} from './encode/encoder.ts';
import {familyAfter, type FamilyFrame, FamilyLines} from './frames/family.ts';
import {headerJSON, type RecordingHeader} from './header.ts';
import {headOf, NO_SEED, type RecordEvent, sealMembers} from './lines.ts';
import type {Packer} from './file.ts';
import {joined} from './encode/places.ts';

/** Both in ms: one that never goes back, from wherever it began, and one since 1970, that may be set. */
export interface Clock {
  now(): number;
  wall(): number;
}

/** Where a recording that is appended to had ended. */
export interface Before {
  readonly t: number;
  readonly look: number;
}

/**
 * A new key frame is written after this many times the size of the last one: the more, the longer it takes to reach a
 * moment.
 */
const DELTAS_PER_KEY = 4;

/**
 * ms. For a process that does nothing, a line says that it was looked at after 2 s, then 4 s later, and so on, up to
 * once a minute.
 */
const FIRST_REST = 2000;
const LONGEST_REST = 60_000;

/** What one look saw. */
interface Sight {
  readonly snapshot: Snapshot;
  readonly status: Snapshot['status'];
  readonly listing: number;
  readonly family: FamilySample | undefined;
}

/** Writes a recording: of each look what differs from the one before, and nothing where nothing does. */
export class RecordingWriter {
  /** Looks so far, moments written, and the bytes of the listings that the looks gave. */
  looks = 0;
  moments = 0;
  listings = 0;
  readonly #packer: Packer;
  readonly #clock: Clock;
  readonly #encoder: Encoder;
  readonly #begin: number;
  #base: number;
  /** The wall clock at #t. */
  #wall: number;
  #t: number;
  #hasKey = false;
  /** As a reader knows it. */
  #family: FamilyFrame | undefined;
  #seed = NO_SEED;
  #keyBytes = 0;
  #sinceKey = 0;
  /** t of the last look of which nothing was written. */
  #idle: number | undefined;
  #written = 0;
  #rest = FIRST_REST;
  #last: Promise<void> = Promise.resolve();
  readonly #kin = new FamilyLines();

  /** Begins a new recording, or appends to one that ended at `before`. */
  constructor(packer: Packer, header: RecordingHeader, clock: Clock, before?: Before) {
    this.#packer = packer;
    this.#clock = clock;
    this.#encoder = new Encoder(header.pageSize);
    const startedAt = Date.parse(header.startedAt);
    this.#t = before ? Math.max(before.t + 1, clock.wall() - startedAt) : 0;
    this.#begin = clock.now() - this.#t;
    this.#base = this.#wall = startedAt;
    this.looks = before?.look ?? 0;
    if (!before) void this.#put(membersOf(headerJSON(header)), NO_SEED, false);
  }

  /**
   * A look: the process as it is now. Snapshots that are the same object are the same to the byte.
   *
   * @param status /proc/PID/status at this look
   * @param listing bytes that the kernel printed for it
   * @param family as the same sample saw it, where it did
   * @throws (later) the system's error, if it could not be written
   */
  look(snapshot: Snapshot, status: Snapshot['status'], listing: number, family?: FamilySample): Promise<void> {
    return this.#look('delta', {snapshot, status, listing, family});
  }

  /** The same, and it is another program now. */
  exec(snapshot: Snapshot, status: Snapshot['status'], listing: number, family?: FamilySample): Promise<void> {
    return this.#look('exec', {snapshot, status, listing, family});
  }

  /** A mark at the last look. */
  mark(name: string): Promise<void> {
    this.#restNow();
    return this.#write('mark', membersOf({name}), this.#t);
  }

  exit(state: 'zombie' | 'gone'): Promise<void> {
    this.looks++;
    this.moments++;
    return this.#write('exit', membersOf({state}), this.#advance());
  }

  /**
   * Lines that are no moments: stacks and memory calls (`event` is `stack` or `call`). A reader that doesn't know them
   * passes over them.
   */
  beside(documents: readonly object[]): void {
    for (const document of documents) void this.#put(membersOf(document), this.#seed, false);
  }

  /** malloc's books as they are now: another such line. */
  books(reading: Omit<BooksReading, 't'>): Promise<void> {
    // The mark that may follow is of the last look, whose time stays as it is.
    const t = Math.max(this.#t, Math.round(this.#clock.now() - this.#begin));
    return this.#put(membersOf(booksJSON({...reading, t})), this.#seed, false);
  }

  /** The last line. @param more what else it has: `cause` */
  async end(reason: string, cost: object, more: object = {}): Promise<void> {
    this.#restNow();
    await this.#write('end', membersOf({reason, listings: this.listings, cost, ...more}), this.#advance());
    await this.#packer.finish();
  }

  /** The next look becomes a key frame, which stands on its own, however little has changed. */
  beginAnew(): void {
    this.#hasKey = false;
  }

  /** Waits until everything so far is written. */
  get written(): Promise<void> {
    return this.#last;
  }

  #look(event: 'delta' | 'exec', sight: Sight): Promise<void> {
    const {snapshot, status, listing, family} = sight;
    this.looks++;
    this.listings += listing;
    const t = this.#advance();
    if (event === 'exec' || !this.#hasKey) return this.#key(event, sight, t);
    const kin = this.#kin.record(this.#family, family, t);
    const members = joined([this.#encoder.next(snapshot, status), membersOf(kin)]);
    if (members === '') return this.#same(t);
    if (this.#sinceKey > DELTAS_PER_KEY * this.#keyBytes) return this.#key('delta', sight, t);
    this.#family = familyAfter(this.#family, kin.family, t);
    this.moments++;
    return this.#write(event, members, t);
  }

  #key(event: 'delta' | 'exec', {snapshot, status, family}: Sight, t: number): Promise<void> {
    const kin = this.#kin.whole(family, t);
    const members = joined([this.#encoder.whole(snapshot, status), membersOf(kin)]);
    this.#family = familyAfter(undefined, kin.family, t);
    this.#hasKey = true;
    this.moments++;
    return this.#write(event === 'exec' ? 'exec' : 'key', members, t);
  }

  #same(t: number): Promise<void> {
    this.#idle = t;
    if (t - this.#written < this.#rest) return this.#last;
    this.#rest = Math.min(this.#rest * 2, LONGEST_REST);
    this.moments++;
    return this.#write('same', '', t);
  }

  /** Nothing had changed until now: that is said before something else is. */
  #restNow(): void {
    if (this.#idle === undefined) return;
    this.moments++;
    void this.#write('same', '', this.#idle);
  }

  #advance(): number {
    this.#wall = this.#clock.wall();
    return (this.#t = Math.max(this.#t, Math.round(this.#clock.now() - this.#begin)));
  }

  #write(event: RecordEvent, members: string, t: number): Promise<void> {
    const isSet = t === this.#t && Math.abs(this.#wall - (this.#base + t)) > 1;
    if (isSet) this.#base = this.#wall - t;
    const since = this.#idle !== undefined && this.#idle < t ? this.#idle : undefined;
    this.#idle = undefined;
    this.#written = t;
    if (event !== 'same') this.#rest = FIRST_REST;
    const isKey = event === 'key' || event === 'exec';
    const head = headOf({event, t, look: this.looks, wall: isSet ? this.#wall : undefined, since});
    return this.#put(joined([membersOf(head), members]), isKey ? NO_SEED : this.#seed, isKey);
  }

  #put(members: string, seed: number, isKey: boolean): Promise<void> {
    const {bytes, crc} = sealMembers(members, seed);
    this.#seed = crc;
    if (isKey) [this.#keyBytes, this.#sinceKey] = [bytes.length, 0];
    else this.#sinceKey += bytes.length;
    this.#last = this.#packer.add(bytes, isKey);
    this.#last.catch(() => {}); // Whoever awaits it gets the error.
    return this.#last;
  }
}

/** The members of an object, as JSON. */
const membersOf = (object: object): string => JSON.stringify(object).slice(1, -1);
