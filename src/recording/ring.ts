import {readdirSync, readFileSync, unlinkSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {object, string, type Json} from '../model/json.ts';
import {type Packer, RecordingFile} from './file.ts';
import {type Ending, joinParts} from './join.ts';
import {NO_SEED, readHead, sealLine} from './lines.ts';

/** How much a ring keeps. */
interface RingBounds {
  /** ms at least, where that many bytes suffice. */
  readonly keep: number;
  /** Bytes at most, but for what a key frame and the lines up to the next one need. */
  readonly most: number;
}

/** One file of a ring: a header, and lines from a key frame on. */
interface Part {
  readonly file: RecordingFile;
  /** t of its first line, in ms. */
  readonly t: number;
  readonly amounts: Amounts;
}

/** Sums since the recording began, of which what was before a part is taken off. */
interface Amounts {
  readonly listings: number;
  readonly cost: Readonly<Record<string, unknown>>;
}

/** A part begins when the last one has this share of the time or of the bytes. */
const PARTS = 8;

/** A part may become this much larger before it ends without a key frame that has counters. */
const PATIENCE = 2;

/**
 * The last minutes of a recording, in files beside its place: `FILE.ring-1`, … Each is a recording of its own, and the
 * oldest is removed when the others hold enough, so that the file system always has what was kept: whoever is killed
 * leaves it behind.
 */
export class Ring implements Packer {
  readonly #path: string;
  readonly #bounds: RingBounds;
  readonly #amounts: () => Amounts;
  #header: Json | undefined;
  /** The wall clock at t = 0, as the lines so far have it: ms since 1970. */
  #base = 0;
  #parts: Part[] = [];
  #number = 0;
  #t = 0;
  #hasFailed = false;

  /**
   * @param path the parts are named after it
   * @param amounts what was seen and spent since the recording began
   */
  constructor(path: string, bounds: RingBounds, amounts: () => Amounts) {
    this.#path = path;
    this.#bounds = bounds;
    this.#amounts = amounts;
  }

  /** Bytes of all parts. */
  get size(): number {
    return this.#parts.reduce((sum, {file}) => sum + file.size, 0);
  }

  /** ms from the first moment that is kept to the last line. */
  get kept(): number {
    return this.#t - (this.#parts[0]?.t ?? this.#t);
  }

  /**
   * Is it time for a key frame, with which a part can begin? One without counters has to wait for some time: the part
   * would begin with what is not known.
   *
   * @param t ms
   * @param hasCounters was smaps read at the look that would become one?
   */
  isDue(t: number, hasCounters: boolean): boolean {
    const last = this.#parts.at(-1);
    return last !== undefined && this.#isFull(last, t, hasCounters ? 1 : PATIENCE);
  }

  /** @throws (later) the system's error */
  async add(line: Buffer, isKey: boolean): Promise<void> {
    if (!this.#header) return this.#begin(line);
    const head = readHead(line.subarray(0, -1));
    if (head) {
      this.#t = head.t;
      if (head.wall !== undefined) this.#base = head.wall - head.t;
    }
    try {
      const last = this.#parts.at(-1);
      if (isKey && (!last || this.#isFull(last, this.#t))) this.#next();
      this.#parts.at(-1)?.file.add(line);
      this.#forget();
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  async finish(): Promise<void> {}

  /** What is kept, as a recording of its own, which ended now for this reason. @throws the system's error */
  joined(reason: string): Buffer[] {
    const [first] = this.#parts;
    const now = this.#amounts();
    const {listings, cost} = first?.amounts ?? {listings: 0, cost: {}};
    const ending: Ending = {
      reason,
      listings: now.listings - listings,
      cost: spentSince(cost, now.cost, this.kept),
    };
    return joinParts(
      this.#parts.map(({file}) => readFileSync(file.path)),
      ending,
    );
  }

  /**
   * Closes the files, and removes them unless somebody still needs them: what could not be saved, and what was written
   * before a write failed, is left for the next recorder.
   */
  async close(isNeeded: boolean): Promise<void> {
    for (const {file} of this.#parts) {
      if ((isNeeded || this.#hasFailed) && file.size > 0) await file.close();
      else file.discard();
    }
    this.#parts = [];
  }

  #begin(line: Buffer): void {
    const {crc: _crc, ...header} = object(JSON.parse(line.toString('utf8')), 'line 1');
    this.#header = header;
    this.#base = Date.parse(string(header['startedAt'], 'startedAt'));
  }

  #isFull({t, file}: Part, now: number, patience = 1): boolean {
    const {keep, most} = this.#bounds;
    return now - t >= (patience * keep) / PARTS || file.size >= (patience * most) / PARTS;
  }

  #next(): void {
    const file = RecordingFile.create(`${this.#path}${PART}${++this.#number}`);
    file.add(sealLine({...this.#header, startedAt: new Date(this.#base).toISOString()}, NO_SEED).bytes);
    this.#parts.push({file, t: this.#t, amounts: this.#amounts()});
  }

  #forget(): void {
    const {keep, most} = this.#bounds;
    while (this.#parts.length > 1 && (this.#t - this.#parts[1]!.t >= keep || this.size > most))
      this.#parts.shift()!.file.discard();
  }
}

const PART = '.ring-';

/**
 * The parts that a recorder left behind that was killed, the oldest first.
 *
 * @param path as the ring had it
 */
export function partsOf(path: string): string[] {
  const name = `${basename(path)}${PART}`;
  return readdirSync(dirname(path), {withFileTypes: true})
    .filter((each) => each.isFile())
    .map((each) => each.name)
    .filter((each) => each.startsWith(name) && /^\d+$/.test(each.slice(name.length)))
    .sort((a, b) => Number(a.slice(name.length)) - Number(b.slice(name.length)))
    .map((each) => join(dirname(path), each));
}

/** What was left behind as one recording, which breaks off. @throws Trouble `input` if there is no moment in it */
export const joinedFrom = (paths: readonly string[]): Buffer[] =>
  joinParts(
    paths.map((path) => readFileSync(path)),
    undefined,
  );

export const removeParts = (paths: readonly string[]): void => paths.forEach((path) => unlinkSync(path));

/** The bytes of a file: with gzip a member for each part, as a compressed recording has them. */
export const packed = (parts: readonly Buffer[], isCompressed: boolean): Buffer =>
  Buffer.concat(isCompressed ? parts.map((part) => gzipSync(part)) : parts);

/** Costs that add up over time; the others (the longest gap, the age of the last reading) are as they are now. */
const ADDED = ['looks', 'ms', 'usageReads', 'usageMs', 'usageSkipped', 'usageTooLong', 'usageHeld', 'usagePassed'];

/** @param time ms */
function spentSince(before: Amounts['cost'], now: Amounts['cost'], time: number): Record<string, unknown> {
  const spent = Object.entries(now).map(([name, value]) => {
    const earlier = before[name];
    const isAdded = ADDED.includes(name) && typeof value === 'number' && typeof earlier === 'number';
    return [name, isAdded ? Math.max(0, value - earlier) : value] as const;
  });
  const cost: Record<string, unknown> = Object.fromEntries(spent);
  return {...cost, duty: Number(cost['ms'] ?? 0) / Math.max(1, time)};
}
