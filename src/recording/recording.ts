import type {BooksReading} from '../model/heap/books.ts';
import type {FamilySample} from '../model/kin/kin.ts';
import type {Rejected, Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {object, type Json} from '../model/json.ts';
import {readingIn} from './books.ts';
import {applyRecord} from './frames/codec.ts';
import {familyAt} from './frames/family.ts';
import {checkRecord, Developer, NOTHING, type Frame} from './frames/frame.ts';
import {openSource, type RecordingSource, sourceOf} from './source.ts';
import {readHeader, type RecordingHeader} from './header.ts';
import {MomentIndex} from './index.ts';
import {linesOf} from './lines.ts';
import type {Moment} from '../model/moment.ts';
import {named, noRecording, unknownForm} from './refusal.ts';
import {endOf, notesOn, type RecordingEnd} from './remarks.ts';
import {Sample} from './frames/sample.ts';

export type {RecordingHeader} from './header.ts';
export type {RecordingEnd} from './remarks.ts';

/**
 * Opens a recording: finds its moments, and checks that each line is intact. What the moments hold is read on demand.
 * The file stays open until close(), or the end of the process.
 *
 * @throws Trouble `input` if nothing of it can be used: it is not a recording, is of a newer version, or has no whole
 * moment
 */
export const readRecording = (path: string): Recording => recordingOf(() => openSource(path), path);

/** The same for a recording that came from elsewhere, all at once. */
export const recordingFrom = (bytes: Buffer, name = 'standard input'): Recording =>
  recordingOf(() => sourceOf(bytes), name);

function recordingOf(open: () => RecordingSource, name: string): Recording {
  let source: RecordingSource | undefined;
  try {
    return new Recording((source = open()), name);
  } catch (error) {
    source?.close();
    throw named(name, error);
  }
}

/** What one process's memory was over a time: each moment can be had as a snapshot, exactly as it was seen. */
export class Recording {
  readonly header: RecordingHeader;
  /** What a reader should know about the whole, a sentence each: that it is cut off, damaged, or has a gap. */
  readonly notes: readonly string[];
  /** Lines that could not be used. */
  readonly rejected: readonly Rejected[];
  /** How it ended; undefined if it is cut off, or still being made. */
  readonly end: RecordingEnd | undefined;
  /** Bytes of the file. */
  readonly size: number;
  readonly #source: RecordingSource;
  /** What messages call it. */
  readonly #name: string;
  readonly #index: MomentIndex;
  #moments: readonly Moment[] | undefined;
  /** Where the last call was: the next one mostly continues from there. */
  #cursor: {readonly index: number; readonly frame: Frame} = {index: -1, frame: NOTHING};
  readonly #developer = new Developer();

  /** Use readRecording. @throws Trouble `input` */
  constructor(source: RecordingSource, name: string) {
    const lines = linesOf(source)[Symbol.iterator]();
    const first = lines.next();
    if (first.done) throw noRecording('it is empty');
    const {header, opened} = readHeader(first.value.bytes);
    this.#source = source;
    this.#name = name;
    this.header = header;
    this.#index = new MomentIndex(opened.crc, Date.parse(header.startedAt));
    for (let next = lines.next(); !next.done; next = lines.next()) this.#index.add(next.value);
    const {count, rejected} = this.#index;
    if (count === 0)
      throw noRecording(
        `${source.damage ? `${source.damage}; ` : ''}${
          rejected[0]
            ? `line ${rejected[0].line}: ${rejected[0].why}, and there is no moment before it`
            : 'it ends after its first line, before the first moment'
        }`,
      );
    this.rejected = rejected;
    this.end = endOf(this.#index, source);
    this.size = source.size;
    this.notes = notesOn(this.#index, this.end, source.damage);
  }

  /** All moments in order of time; there is at least one. */
  get moments(): readonly Moment[] {
    return (this.#moments ??= Array.from({length: this.count}, (_, index) => this.#index.moment(index)));
  }

  /** How many moments there are. */
  get count(): number {
    return this.#index.count;
  }

  /** How often the process was looked at; looks at which nothing had changed are not all moments. */
  get looks(): number {
    return this.#index.looks;
  }

  /** Lines of the file, including those that could not be used. */
  get lines(): number {
    return this.#index.lines;
  }

  /** ms from the first to the last line. */
  get duration(): number {
    return this.#index.duration;
  }

  /** What was left of the process where its end was seen: a zombie, or nothing. */
  get exitState(): 'zombie' | 'gone' | undefined {
    return this.#index.exitState;
  }

  /**
   * Does it stop without an end, though all that is there could be used? That is so while it is being made, and if its
   * recorder was killed.
   */
  get breaksOff(): boolean {
    return this.end === undefined && !this.#index.isBroken;
  }

  /** The line at which another recording begins, of which nothing was used. */
  get followedAt(): number | undefined {
    return this.#index.followedAt;
  }

  /** Is it intact, from the beginning to a proper end? */
  get isWhole(): boolean {
    return this.end !== undefined && this.rejected.length === 0;
  }

  moment(index: number): Moment {
    return this.#moments?.[index] ?? this.#index.moment(this.#checked(index));
  }

  /**
   * ISO 8601: when the recording began, plus a time in ms. All that is said of a recording has this time; the wall
   * clock, which a moment keeps as `at`, may have been set in between.
   */
  timeAt(t: number): string {
    return new Date(Date.parse(this.header.startedAt) + t).toISOString();
  }

  /** The moment at a time, in ms since the beginning, or the last one before it; the first one if there is none. */
  momentAt(t: number): Moment {
    return this.moment(Math.max(0, this.#index.at(t)));
  }

  /** The moments that have marks, in order. */
  marked(): readonly Moment[] {
    return [...this.#index.marks().keys()].map((index) => this.moment(index));
  }

  /**
   * Any moment, exactly as it was seen. Going forward from the last one that was asked for is quick.
   *
   * @throws RangeError if there is no such moment; Trouble `input` if its line, though intact, makes no sense
   */
  snapshot(index: number): Snapshot {
    return this.#developed(this.#frame(this.#checked(index)), index);
  }

  /**
   * The process and its descendants at a moment; undefined if they were not recorded.
   *
   * @throws Trouble `input` if its line, though intact, makes no sense
   */
  family(index: number): FamilySample | undefined {
    return this.#familyOf(this.#frame(this.#checked(index)), index);
  }

  /**
   * malloc's books, where they were noted, in order; `t` is ms since the beginning.
   *
   * @throws Trouble `input` if a line, though intact, makes no sense
   */
  books(): BooksReading[] {
    return this.#index.books.flatMap(({line, offset, length}) => {
      try {
        return readingIn(this.#source.read(offset, length)) ?? [];
      } catch (error) {
        throw this.#refused(line, error);
      }
    });
  }

  /** /proc/PID/status at a moment: `vmRss`, `vmSize`, `vmHwm`, `vmSwap`, `vmPte`, … in bytes, `threads`, `state`. */
  status(index: number): Snapshot['status'] {
    return this.#frame(this.#checked(index)).status as Snapshot['status'];
  }

  /**
   * All moments in order, or a part of them, cheaply: a region that did not change is the same object as in the moment
   * before, and where none did, so is the whole `regions`.
   */
  *snapshots(from = 0, to = this.count - 1): Iterable<{readonly moment: Moment; readonly snapshot: Snapshot}> {
    for (let index = from; index <= Math.min(to, this.count - 1); index++)
      yield {moment: this.moment(index), snapshot: this.snapshot(index)};
  }

  /**
   * The same for whoever follows what changes, from moment to moment: a sample costs what its line says, however many
   * regions there are, unless its snapshot is asked for.
   */
  *samples(from = 0): Iterable<Sample> {
    let before: Frame | undefined;
    for (let index = from; index < this.count; index++) {
      const frame = this.#frame(index);
      yield new Sample(this.moment(index), frame, before, this.#familyOf(frame, index), {
        snapshot: (developed) => this.#developed(developed, index),
        process: (of) => this.#developer.process(of),
      });
      before = frame;
    }
  }

  /**
   * The intact lines that are no moments, as the writer put them beside those (RecordingWriter.beside), and those that
   * say how the recorder ended: each with the number of the moment that it follows.
   */
  *beside(): Iterable<{readonly moment: number; readonly bytes: Buffer}> {
    for (const {moment, offset, length} of this.#index.beside())
      yield {moment, bytes: this.#source.read(offset, length)};
  }

  close(): void {
    this.#source.close();
  }

  #developed(frame: Frame, index: number): Snapshot {
    try {
      return this.#developer.snapshot(frame, this.#index.moment(index).at);
    } catch (error) {
      throw this.#refused(this.#index.lineOf(index), error);
    }
  }

  #familyOf({family}: Frame, index: number): FamilySample | undefined {
    try {
      return family && familyAt(family, this.#index.moment(index).t);
    } catch (error) {
      throw this.#refused(this.#index.lineOf(index), error);
    }
  }

  #checked(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.count) return index;
    throw new RangeError(`There is no moment ${index} in a recording of ${this.count}.`);
  }

  #frame(index: number): Frame {
    const key = this.#index.keyOf(index);
    let {index: at, frame} = this.#cursor;
    if (at > index || at < key) at = key - 1;
    while (at < index) frame = this.#next(++at, frame);
    this.#cursor = {index, frame};
    return frame;
  }

  #next(index: number, frame: Frame): Frame {
    const change = this.#index.changeAt(index);
    if (!change) return frame;
    const record = this.#read(change);
    try {
      const next = applyRecord(frame, record, this.header.pageSize);
      checkRecord(record);
      return next;
    } catch (error) {
      throw this.#refused(change.line, error);
    }
  }

  #refused(line: number, error: unknown): unknown {
    if (!(error instanceof Trouble) || error.kind !== 'input') return error;
    return named(this.#name, unknownForm(line, error.why, this.header.memmap));
  }

  #read({line, offset, length}: {readonly line: number; readonly offset: number; readonly length: number}): Json {
    try {
      return object(JSON.parse(this.#source.read(offset, length).toString('utf8')), 'it');
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof Trouble)) throw error;
      throw named(
        this.#name,
        noRecording(`line ${line}: it is not a JSON object, or the file was changed since it was opened`),
      );
    }
  }
}
