import type {BooksReading} from '../../model/heap/books.ts';
import {HeapWatch, pauseFor} from '../heap/watch.ts';
import {type HeapGrowth, heapGrowthOf} from './heap.ts';
import {FamilySeries, type FamilyGrowth} from './family.ts';
import {type Growth, type GrowthMeasure, growthOf} from './growth.ts';
import {booksOf, EXEC_NOTE, execNote, recordedLooks, seriesOf} from './recorded.ts';
import {lossNotes, type StackGrowth, stackGrowthOf, type LookTime} from './stacks.ts';
import type {Frames} from '../cause/fold.ts';
import {hasCalls} from '../cause/recorded/recorded.ts';
import type {Series} from '../../history/series.ts';
import type {Rejected, Snapshot} from '../../model/snapshot.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import {Trouble} from '../../model/trouble.ts';
import type {Recording} from '../../recording/recording.ts';
import {poll} from '../../procfs/sampling/poll.ts';
import {KinWatch} from '../../procfs/kin/kin.ts';
import {Session, type SessionOptions} from '../../procfs/sampling/session.ts';
import type {Input} from '../../input/input.ts';
import {open} from '../../input/open.ts';
import {faultsOf, noFamily} from '../../input/recorded.ts';
import {interruption} from '../../shell/signals.ts';
import {clip} from '../../text/safe.ts';

export interface GrowthOptions extends SessionOptions {
  /** ms to look at a live process; undefined for a recording. */
  readonly duration: number;
  /** ms between two looks; by default 600 looks in total, but at most 20 a second and at least one a minute. */
  readonly interval: number | undefined;
  readonly measure: GrowthMeasure;
  readonly least: number;
  /** Judge its family too. */
  readonly children: boolean;
  /** Judge what each call stack keeps too; undefined: no. */
  readonly stacks?: Frames | undefined;
  /** Read malloc's books too. */
  readonly heap: boolean;
}

/**
 * A tooth of a few seconds needs several looks, or its low points are missed: with fewer, looks as regular as the teeth
 * see the same part of each.
 */
const DEFAULT_LOOKS = 600;

/** What was looked at, and what it did. */
export interface Watched {
  readonly growth: Growth;
  readonly last: Snapshot;
  /** Undefined if it was not asked for. */
  readonly family?: FamilyGrowth | undefined;
  /** Undefined if it was not asked for. */
  readonly stacks?: StackGrowth | undefined;
  /** Undefined if they were not read. */
  readonly heap?: HeapGrowth | undefined;
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
  /** What of a recording could not be used. */
  readonly rejected: readonly Rejected[];
  /** Saved listings: is each of them whole? */
  readonly isWhole?: boolean | undefined;
  /** A recording: was it made with --cause? */
  readonly hasCalls?: boolean | undefined;
  /** It ended early, by this signal. */
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * @throws Trouble `input` for a file, or standard input, that is not a recording; `usage` for one without the family,
 * or malloc's books, that were asked for
 */
export async function growthOfTarget(target: Input, options: GrowthOptions): Promise<Watched> {
  const opened = await open(target);
  if (opened.is !== 'recording' && options.stacks) throw needsRecording(opened.is === 'process' ? opened.pid : 'PID');
  if (opened.is === 'process') return watchGrowth(opened.pid, options);
  if (opened.is === 'listing' && target.is === 'stdin') throw opened.noRecording();
  if (opened.is !== 'recording') throw onlyOneMoment(opened.name);
  return growthOfRecording(opened.recording, opened.name, options);
}

/**
 * Judges a recording by its own time, and closes it.
 *
 * @param name the file, or `-`
 * @throws Trouble `usage` for one without the family, or malloc's books, that were asked for
 */
export function growthOfRecording(
  recording: Recording,
  name: string,
  options: Pick<GrowthOptions, 'measure' | 'least' | 'children' | 'stacks' | 'heap'>,
): Watched {
  try {
    const {notes, rejected} = faultsOf(recording, name);
    const {measure, least, children, stacks: frames} = options;
    const looks: LookTime[] = [];
    const readings = booksOf(recording);
    if (options.heap && readings.length === 0) throw noBooks(name);
    const [series, family] = [seriesOf(measure), new FamilySeries()];
    for (const seen of recordedLooks(recording)) {
      series.add(seen);
      if (frames) looks.push({look: seen.look, t: seen.t});
      if (children && seen.family) family.add(seen.t, seen.family);
    }
    if (children && family.isEmpty) throw noFamily(name, 'it was recorded without its family.');
    const hasEnded = recording.end?.reason === 'exit';
    const stacks = frames && stackGrowthOf(recording, name, looks, {least, frames});
    const growth = growthOf(series, measure, least, hasEnded);
    return {
      growth,
      last: series.last!.withSource({from: 'snapshot', format: 'recording', name}),
      stacks,
      notes: [...notes, ...execNote(recording), ...(stacks ? lossNotes(stacks) : [])],
      rejected,
      hasCalls: hasCalls(recording),
      family: children ? family.growth(measure, least, hasEnded) : undefined,
      heap: readings.length > 0 ? heapGrowthOf(readings, growth, hasEnded) : undefined,
    };
  } finally {
    recording.close();
  }
}

/** @param pid of a process that runs; or `PID` */
export const needsRecording = (pid: number | string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: 'Cannot see growth by stack there.',
    why: 'the call stacks are in a recording that was made with --cause.',
    next: `Record it first: memmap record ${pid} --cause -o FILE; then: memmap growth FILE --by stack`,
  });

/** @param why there are none, a sentence */
export const noBooks = (name: string, why = "it was recorded without malloc's books."): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `--heap can't be used with ${name === '-' ? 'standard input' : name}.`,
    why,
    next: 'Give a PID, or a recording that was made with: memmap record PID --heap',
  });

const onlyOneMoment = (path: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot see growth in ${path}.`,
    why: 'it is not a recording, or only one moment of one, which does not show what grows.',
    next:
      'Give a recording (memmap record PID -o FILE), a PID, or several listings that were taken one after another. ' +
      'To compare two moments: memmap diff BEFORE AFTER',
  });

async function watchGrowth(pid: number, options: GrowthOptions): Promise<Watched> {
  const {duration} = options;
  const interval = options.interval ?? Math.min(60_000, Math.max(50, duration / DEFAULT_LOOKS));
  const session = new Session(pid, options);
  const kin = options.children ? new KinWatch(pid, options) : undefined;
  const family = new FamilySeries();
  const heap = options.heap ? new HeapWatch(session.handle, pauseFor(duration)) : undefined;
  let readings: BooksReading[] = [];
  const interrupted = interruption();
  const notes: string[] = [];
  let series = seriesOf(options.measure);
  const first = performance.now();
  let begin = first;
  let hasEnded = false;
  const add = (snapshot: Snapshot): void => {
    const t = performance.now() - begin;
    series.add({t, snapshot, status: session.status() ?? snapshot.status});
    // The family continues where the process executes another program.
    const sample = kin?.look(performance.now() - first, snapshot);
    if (sample) family.add(sample.t, sample);
    const reading = heap?.look();
    if (reading) readings.push({t: performance.now() - begin, ...reading});
  };
  try {
    add(session.snapshot);
    for await (const look of poll(session, {interval, duration, signal: interrupted.signal})) {
      if (look.saw === 'exec') {
        notes.push(EXEC_NOTE);
        series = seriesOf(options.measure);
        readings = [];
        begin = performance.now();
      }
      hasEnded = look.saw === 'exit';
      if (look.saw === 'exit') notes.push('It ended before the time was up.');
      else add(look.snapshot);
      showProgress(performance.now() - begin, duration, series);
    }
  } finally {
    clearProgress();
    interrupted.dispose();
    session.close();
  }
  const signal = interrupted.received();
  if (signal) notes.push('It was interrupted; this is what was seen until then.');
  const {measure, least} = options;
  const growth = growthOf(series, measure, least, hasEnded);
  return {
    growth,
    last: series.last!,
    notes,
    rejected: [],
    family: kin && family.growth(measure, least, hasEnded),
    heap: heap && heapGrowthOf(readings, growth, hasEnded),
    signal,
  };
}

function showProgress(ms: number, duration: number, series: Series): void {
  if (!process.stderr.isTTY) return;
  const rss = series.resident.at(-1) ?? null;
  const resident = rss === null ? '' : `, ${sizeText(rss)} resident`;
  const left = Math.max(0, Math.round((duration - ms) / 1000));
  const line = `${counted(series.times.length, 'sample')}${resident}; ${left} s to go (Ctrl-C: the result so far)`;
  process.stderr.write(`\r\x1b[K${clip(line, Math.max(1, (process.stderr.columns || 80) - 1))}`);
}

const clearProgress = (): void => void (process.stderr.isTTY && process.stderr.write('\r\x1b[K'));
