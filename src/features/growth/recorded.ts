import {type Growth, type GrowthMeasure, growthOf} from './growth.ts';
import {type HeapGrowth, heapGrowthOf} from './heap.ts';
import type {BooksReading} from '../../model/heap/books.ts';
import type {Seen} from '../../history/seen.ts';
import {Series} from '../../history/series.ts';
import type {ProcessInfo, Snapshot} from '../../model/snapshot.ts';
import type {Recording} from '../../recording/recording.ts';
import type {Sample} from '../../recording/frames/sample.ts';
import {withProgress} from '../../shell/output.ts';

export const EXEC_NOTE = 'It executed another program; what came before that is left out.';

/** What a reader of `recordedLooks` should know: they are of the last program alone. */
export const execNote = (recording: Recording): string[] => (beginOf(recording) > 0 ? [EXEC_NOTE] : []);

/** The moment at which the last program began. */
const beginOf = ({moments}: Recording): number =>
  Math.max(
    0,
    moments.findLastIndex(({event}) => event === 'exec'),
  );

/** malloc's books of the last program, where they were noted; `t` is ms since its first look. */
export function booksOf(recording: Recording): BooksReading[] {
  const begin = recording.moment(beginOf(recording)).t;
  return recording
    .books()
    .filter(({t}) => t >= begin)
    .map((reading) => ({...reading, t: reading.t - begin}));
}

/** A moment of a recording as a look. What costs something is made when it is asked for. */
export class RecordedLook implements Seen {
  readonly t: number;
  readonly family: Seen['family'];
  readonly event: Seen['event'];
  readonly marks: readonly string[];
  readonly listed: Seen['listed'];
  /** The number of the look, counted from 1. */
  readonly look: number;
  readonly #sample: Sample;

  /** @param t ms since the first look @param family as the look saw it @param look its number */
  constructor(sample: Sample, t: number, family: Seen['family'], look = sample.moment.look) {
    const {event, marks} = sample.moment;
    this.t = t;
    this.family = family;
    this.event = event;
    this.marks = marks;
    this.listed = sample.listed;
    this.look = look;
    this.#sample = sample;
  }

  get status(): Snapshot['status'] {
    return this.#sample.status;
  }

  get process(): ProcessInfo {
    return this.#sample.process;
  }

  get snapshot(): Snapshot {
    return this.#sample.snapshot;
  }
}

/** Of the looks at which nothing had changed, at most about this many are used. */
const MOST_IDLE = 5000;

/**
 * The looks at the last program of a recording. Looks at which nothing had changed are not recorded: they are added
 * again, evenly spaced, or a process at rest would seem to have been looked at only while it changed.
 */
class LastProgram {
  readonly begin: number;
  readonly #moments: Recording['moments'];
  readonly #every: number;
  #isOver = false;

  constructor(recording: Recording) {
    this.begin = beginOf(recording);
    this.#moments = recording.moments;
    this.#every = Math.max(1, Math.ceil(recording.looks / MOST_IDLE));
  }

  /** The look at a moment, and those until the next one; none where the moment is not of the program. Go in order. */
  *at(sample: Sample): Generator<RecordedLook> {
    const {moment, family} = sample;
    if (moment.index < this.begin) return;
    this.#isOver ||= moment.event === 'exit';
    if (this.#isOver) return;
    const start = this.#moments[this.begin]!.t;
    yield new RecordedLook(sample, moment.t - start, family);
    const next = this.#moments[moment.index + 1];
    const idle = next === undefined ? 0 : next.look - moment.look - 1;
    for (let look = this.#every; look <= idle; look += this.#every) {
      // `since` is the last of them; where it is absent, they are spread over the time up to the next moment.
      const part = next!.since === undefined ? look / (idle + 1) : look / idle;
      const t = moment.t + ((next!.since ?? next!.t) - moment.t) * part;
      yield new RecordedLook(sample, t - start, family && {...family, t, came: [], went: []}, moment.look + look);
    }
  }
}

/** The looks at the last program of a recording, in order. */
export function* recordedLooks(recording: Recording): Generator<RecordedLook> {
  const program = new LastProgram(recording);
  const {begin} = program;
  for (const sample of withProgress('Reading', recording.samples(begin), recording.count - begin))
    yield* program.at(sample);
}

/** Amounts to be judged by a measure. */
export const seriesOf = (measure: GrowthMeasure): Series => new Series([measure], measure);

/** What is said of the last program of a recording. */
interface RecordedVerdict {
  readonly growth: Growth;
  /** Where malloc's books were noted. */
  readonly heap: HeapGrowth | undefined;
}

/** Judges what the last program of a recording did, from its samples, in order. */
export class RecordedGrowth {
  readonly #program: LastProgram;
  readonly #series: Series;
  readonly #judge: () => RecordedVerdict;

  /** @param least a movement of fewer bytes doesn't matter */
  constructor(recording: Recording, measure: GrowthMeasure, least: number) {
    this.#program = new LastProgram(recording);
    this.#series = seriesOf(measure);
    const readings = booksOf(recording);
    this.#judge = () => {
      const hasEnded = recording.end?.reason === 'exit';
      const growth = growthOf(this.#series, measure, least, hasEnded);
      return {growth, heap: readings.length > 0 ? heapGrowthOf(readings, growth, hasEnded) : undefined};
    };
  }

  /** A moment; those of earlier programs are left out. */
  add(sample: Sample): void {
    for (const seen of this.#program.at(sample)) this.#series.add(seen);
  }

  judge(): RecordedVerdict {
    return this.#judge();
  }
}
