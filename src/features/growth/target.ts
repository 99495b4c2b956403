import {FamilySeries, type FamilyGrowth} from './family.ts';
import {type Growth, type GrowthMeasure, growthOf} from './growth.ts';
import type {Seen} from '../../history/seen.ts';
import {Series} from '../../history/series.ts';
import type {Rejected, Snapshot} from '../../model/snapshot.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import {Trouble} from '../../model/trouble.ts';
import {poll} from '../../procfs/sampling/poll.ts';
import {KinWatch} from '../../procfs/kin/kin.ts';
import {Session, type SessionOptions} from '../../procfs/sampling/session.ts';
import type {Input} from '../../input/input.ts';
import {open} from '../../input/open.ts';
import {faultsOf, noFamily} from '../../input/recorded.ts';
import {interruption} from '../../shell/signals.ts';
import type {Recording} from '../../recording/recording.ts';
import {withProgress} from '../../shell/output.ts';

export interface GrowthOptions extends SessionOptions {
  /** ms to look at a live process; undefined for a recording. */
  readonly duration: number;
  /** ms between two looks; by default 600 looks in total, but at most 20 a second and at least one a minute. */
  readonly interval: number | undefined;
  readonly measure: GrowthMeasure;
  readonly least: number;
  /** Judge its family too. */
  readonly children: boolean;
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
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
  /** What of a recording could not be used. */
  readonly rejected: readonly Rejected[];
  /** Saved listings: is each of them whole? */
  readonly isWhole?: boolean | undefined;
  /** It ended early, by this signal. */
  readonly signal?: NodeJS.Signals | undefined;
}

/** @throws Trouble `input` for a file, or standard input, that is not a recording */
export async function growthOfTarget(target: Input, options: GrowthOptions): Promise<Watched> {
  const opened = await open(target);
  if (opened.is === 'process') return watchGrowth(opened.pid, options);
  if (opened.is === 'listing' && target.is === 'stdin') throw opened.noRecording();
  if (opened.is !== 'recording') throw onlyOneMoment(opened.name);
  const {recording, name} = opened;
  try {
    const {notes, rejected} = faultsOf(recording, name);
    const {growth, last: seen} = growthOfRecording(recording, options.measure, options.least);
    const family = options.children ? familyOfRecording(recording, name, options) : undefined;
    const last = seen.withSource({from: 'snapshot', format: 'recording', name});
    return {growth, last, notes: [...notes, ...execNote(recording)], rejected, family};
  } finally {
    recording.close();
  }
}

/** @throws Trouble `usage` if it was recorded without its family */
function familyOfRecording(recording: Recording, name: string, {measure, least}: GrowthOptions): FamilyGrowth {
  const series = new FamilySeries();
  for (const {t, family} of recordedLooks(recording)) if (family) series.add(t, family);
  if (series.isEmpty) throw noFamily(name, 'it was recorded without its family.');
  return series.growth(measure, least, recording.end?.reason === 'exit');
}

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
  const interrupted = interruption();
  const notes: string[] = [];
  let series = seriesOf(options.measure);
  const first = performance.now();
  let begin = first;
  let hasEnded = false;
  const add = (snapshot: Snapshot): void => {
    const t = performance.now() - begin;
    series.add({t, snapshot, status: session.status() ?? snapshot.status});
    // The family goes on where the process executes another program.
    const sample = kin?.look(performance.now() - first, snapshot);
    if (sample) family.add(sample.t, sample);
  };
  try {
    add(session.snapshot);
    for await (const look of poll(session, {interval, duration, signal: interrupted.signal})) {
      if (look.saw === 'exec') {
        notes.push(EXEC_NOTE);
        series = seriesOf(options.measure);
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
  return {
    growth: growthOf(series, options.measure, options.least, hasEnded),
    last: series.last!,
    notes,
    rejected: [],
    family: kin && family.growth(options.measure, options.least, hasEnded),
    signal,
  };
}

const seriesOf = (measure: GrowthMeasure): Series => new Series([measure], measure);

function showProgress(ms: number, duration: number, series: Series): void {
  if (!process.stderr.isTTY) return;
  const rss = series.resident.at(-1) ?? null;
  const resident = rss === null ? '' : `, ${sizeText(rss)} resident`;
  const left = Math.max(0, Math.round((duration - ms) / 1000));
  process.stderr.write(
    `\r\x1b[K${counted(series.times.length, 'sample')}${resident}; ${left} s to go (Ctrl-C: the result so far)`,
  );
}

const clearProgress = (): void => void (process.stderr.isTTY && process.stderr.write('\r\x1b[K'));

const EXEC_NOTE = 'It executed another program; what came before that is left out.';

/** What a reader of `recordedLooks` should know: they are of the last program alone. */
export const execNote = ({moments}: Recording): string[] =>
  moments.findLastIndex(({event}) => event === 'exec') > 0 ? [EXEC_NOTE] : [];

/** Of the looks at which nothing had changed, at most about this many are used. */
const MOST_IDLE = 5000;

/**
 * The looks of a recording, from the start of its last program on. Looks at which nothing had changed are not recorded:
 * they are added again, evenly spaced, or a process at rest would seem to have been looked at only while it changed.
 */
export function* recordedLooks(recording: Recording): Generator<Seen> {
  const {moments} = recording;
  const begin = moments.findLastIndex(({event}) => event === 'exec');
  const every = Math.max(1, Math.ceil(recording.looks / MOST_IDLE));
  const start = moments[Math.max(0, begin)]!.t;
  for (const {moment, snapshot} of withProgress(
    'Reading',
    recording.snapshots(Math.max(0, begin)),
    recording.count - Math.max(0, begin),
  )) {
    if (moment.event === 'exit') return;
    const status = recording.status(moment.index);
    const family = recording.family(moment.index);
    yield {t: moment.t - start, snapshot, status, family};
    const next = moments[moment.index + 1];
    const idle = next === undefined ? 0 : next.look - moment.look - 1;
    for (let look = every; look <= idle; look += every) {
      // `since` is the last of them; where it is absent, they are spread over the time up to the next moment.
      const part = next!.since === undefined ? look / (idle + 1) : look / idle;
      const t = moment.t + ((next!.since ?? next!.t) - moment.t) * part;
      yield {t: t - start, snapshot, status, family: family && {...family, t, came: [], went: []}};
    }
  }
}

/**
 * Judges what the last program of a recording did.
 *
 * @param least a movement of fewer bytes doesn't matter
 */
export function growthOfRecording(
  recording: Recording,
  measure: GrowthMeasure,
  least: number,
): {growth: Growth; last: Snapshot} {
  const series = seriesOf(measure);
  for (const seen of recordedLooks(recording)) series.add(seen);
  return {growth: growthOf(series, measure, least, recording.end?.reason === 'exit'), last: series.last!};
}
