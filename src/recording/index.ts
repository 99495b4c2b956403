import {firstWhere} from '../model/search.ts';
import type {Rejected} from '../model/snapshot.ts';
import {isBooksLine} from './books.ts';
import {type RecordLine, NO_SEED, openLine, readHead, type RecordHead} from './lines.ts';
import type {Moment} from '../model/moment.ts';

/** A list of numbers that grows: a million take 8 MB. */
class Column {
  #values = new Float64Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  /** Of ascending numbers: the place of the last that is not larger than `value`; -1 if all are. */
  lastUpTo(value: number): number {
    return firstWhere((place) => this.#values[place]! > value, this.length) - 1;
  }
}

const KEY = 1;
const CHANGES = 2;
const USAGE = 4;
const EXEC = 8;
const EXIT = 16;

/**
 * Where the moments of a recording are, and when they were: what is known of a recording without reading what they
 * hold.
 */
export class MomentIndex {
  readonly rejected: Rejected[] = [];
  /** Lines that are intact, and of no use, since what they build on isn't there. */
  unusable = 0;
  /** Places of the lines that say how the recorder ended; the last one counts. */
  endAt: {readonly offset: number; readonly length: number} | undefined;
  /** Places of the lines with malloc's books. */
  readonly books: Array<{readonly line: number; readonly offset: number; readonly length: number}> = [];
  /** Looks so far, including those of which nothing was written. */
  looks = 0;
  /** The line at which another recording begins: nothing of it is used, since it may be of another process. */
  followedAt: number | undefined;
  /** How the process ended, where that was seen. */
  exitState: 'zombie' | 'gone' | undefined;
  /** Lines of the file. */
  lines = 1;
  /** t of the last line. */
  duration = 0;
  readonly #t = new Column();
  readonly #wall = new Column();
  readonly #since = new Column();
  readonly #offset = new Column();
  readonly #length = new Column();
  readonly #line = new Column();
  readonly #look = new Column();
  readonly #is = new Column();
  readonly #key = new Column();
  readonly #marks = new Map<number, string[]>();
  /** Lines that are no moments: where they are, and after which moment. */
  readonly #beside = {offset: new Column(), length: new Column(), moment: new Column()};
  #seed: number;
  #isBroken = true;
  #hasUsage = false;
  #wallAtStart: number;

  /** @param seed the checksum of the header @param startedAt ms since 1970 */
  constructor(seed: number, startedAt: number) {
    this.#seed = seed;
    this.#wallAtStart = startedAt;
  }

  get count(): number {
    return this.#t.length;
  }

  /** Could the last line not be used? */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  add(line: RecordLine): void {
    this.lines = line.number;
    if (this.followedAt !== undefined) return;
    if (isHeader(line.bytes)) return this.#stopBefore(line);
    const head = readHead(line.bytes);
    const isKey = head?.event === 'key' || head?.event === 'exec';
    const opened = openLine(line.bytes, isKey ? NO_SEED : this.#seed);
    if (!opened) return this.#reject(line);
    this.#seed = opened.crc;
    this.#isBroken = false;
    if (!head) {
      const {number, offset, bytes} = line;
      if (isBooksLine(bytes)) this.books.push({line: number, offset, length: bytes.length});
      else this.#put(line); // Memory calls; or of a later version, which may say more.
      return;
    }
    this.duration = Math.max(this.duration, head.t);
    this.looks = Math.max(this.looks, head.look);
    this.endAt = undefined;
    if (head.event === 'end') {
      this.endAt = {offset: line.offset, length: line.bytes.length};
      this.#put(line);
    } else if (head.event === 'mark') this.#mark(head, line);
    else this.#moment(head, line);
    if (head.event === 'exit') this.exitState = member(line, 'state') === 'zombie' ? 'zombie' : 'gone';
  }

  #put({offset, bytes}: RecordLine): void {
    this.#beside.offset.push(offset);
    this.#beside.length.push(bytes.length);
    this.#beside.moment.push(this.count - 1);
  }

  #stopBefore({number, bytes}: RecordLine): void {
    this.followedAt = number;
    this.rejected.push({
      line: number,
      text: bytes.toString('utf8', 0, 60),
      why: 'another recording begins here; neither it nor what follows was used',
    });
  }

  /** The first of several in a row is reported, since the others may fail only for lack of it. */
  #reject(line: RecordLine): void {
    this.endAt = undefined;
    if (this.#isBroken && this.count > 0) this.unusable++;
    else this.rejected.push({line: line.number, text: line.bytes.toString('utf8', 0, 60), why: whyNot(line)});
    this.#isBroken = true;
  }

  #mark(head: RecordHead, line: RecordLine): void {
    const last = this.count - 1;
    if (last < 0) return;
    if (this.#look.at(last) !== head.look) this.#moment({...head, event: 'same'}, line);
    const marks = this.#marks.get(this.count - 1) ?? [];
    this.#marks.set(this.count - 1, [...marks, member(line, 'name')]);
  }

  #moment(head: RecordHead, line: RecordLine): void {
    const {event, look, since, wall, listing} = head;
    const t = this.duration;
    if (wall !== undefined) this.#wallAtStart = wall - t;
    if (listing !== undefined) this.#hasUsage = listing === 'smaps';
    const isKey = event === 'key' || event === 'exec';
    if (this.count === 0 && !isKey) return;
    this.#key.push(isKey ? this.count : this.#key.at(this.count - 1));
    this.#t.push(t);
    this.#wall.push(this.#wallAtStart);
    this.#since.push(since ?? NaN);
    this.#offset.push(line.offset);
    this.#length.push(line.bytes.length);
    this.#line.push(line.number);
    this.#look.push(look);
    const changes = isKey || event === 'delta' ? CHANGES : 0;
    this.#is.push(
      (isKey ? KEY : 0) |
        changes |
        (this.#hasUsage ? USAGE : 0) |
        (event === 'exec' ? EXEC : event === 'exit' ? EXIT : 0),
    );
  }

  moment(index: number): RecordedMoment {
    const is = this.#is.at(index);
    const event = is & EXEC ? 'exec' : is & EXIT ? 'exit' : undefined;
    const since = this.#since.at(index);
    return new RecordedMoment(
      {index, t: this.#t.at(index), since: Number.isNaN(since) ? undefined : since, look: this.#look.at(index)},
      {marks: this.#marks.get(index) ?? NONE, event, hasUsage: (is & USAGE) !== 0},
      this.#wall.at(index) + this.#t.at(index),
    );
  }

  /** The line of a moment, if it changes what was before; else undefined. */
  changeAt(index: number): {readonly line: number; readonly offset: number; readonly length: number} | undefined {
    if ((this.#is.at(index) & CHANGES) === 0) return undefined;
    return {line: this.#line.at(index), offset: this.#offset.at(index), length: this.#length.at(index)};
  }

  /** The lines that are no moments, in order, and the numbers of the moments that they follow. */
  *beside(): Iterable<{readonly moment: number; readonly offset: number; readonly length: number}> {
    const {offset, length, moment} = this.#beside;
    for (let place = 0; place < offset.length; place++)
      yield {moment: moment.at(place), offset: offset.at(place), length: length.at(place)};
  }

  /** The line that a moment is of. */
  lineOf(index: number): number {
    return this.#line.at(index);
  }

  /** The key frame that a moment is built on. */
  keyOf(index: number): number {
    return this.#key.at(index);
  }

  /** The moment at a time, in ms since the beginning, or the last before it; -1 if there is none. */
  at(t: number): number {
    return this.#t.lastUpTo(t);
  }

  marks(): ReadonlyMap<number, readonly string[]> {
    return this.#marks;
  }
}

const HEADER = Buffer.from('{"schema":"memmap.recording/');

const isHeader = (bytes: Buffer): boolean => bytes.subarray(0, HEADER.length).equals(HEADER);

const NONE: readonly string[] = [];

/** One member of a line, as text. */
function member(line: RecordLine, name: string): string {
  try {
    const value = (JSON.parse(line.bytes.toString()) as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}

/** Of a last line without its newline. */
export const CUT = 'it is cut off';

function whyNot({isEnded, bytes}: RecordLine): string {
  if (!isEnded) return CUT;
  return bytes.at(-1) === 0x7d && bytes[0] === 0x7b
    ? 'it is not as it was written, or a line before it is missing'
    : 'it is not a line of a recording';
}

/** A moment, of which there may be a million: the time of day is written out when it is asked for. */
class RecordedMoment implements Moment {
  readonly index: number;
  readonly t: number;
  readonly since: number | undefined;
  readonly look: number;
  readonly marks: readonly string[];
  readonly event: 'exec' | 'exit' | undefined;
  readonly hasUsage: boolean;
  readonly #wall: number;

  /** @param wall ms since 1970 */
  constructor(
    when: Pick<RecordedMoment, 'index' | 't' | 'since' | 'look'>,
    what: Pick<RecordedMoment, 'marks' | 'event' | 'hasUsage'>,
    wall: number,
  ) {
    this.index = when.index;
    this.t = when.t;
    this.since = when.since;
    this.look = when.look;
    this.marks = what.marks;
    this.event = what.event;
    this.hasUsage = what.hasUsage;
    this.#wall = wall;
  }

  get at(): string {
    return new Date(this.#wall).toISOString();
  }
}
