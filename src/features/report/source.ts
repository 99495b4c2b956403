import {builtFile} from '../../shell/built.ts';
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import type {Recording} from '../../recording/recording.ts';
import type {Sample} from '../../recording/frames/sample.ts';
import type {Seen} from '../../history/seen.ts';
import {reportOf, type Report} from './report.ts';
import type {About} from './summary.ts';
import {hasCalls} from '../cause/recorded/recorded.ts';
import {recordedEnd} from '../cause/recorded/replayed.ts';
import {causesOf} from './causes.ts';
import {RecordedGrowth, RecordedLook} from '../growth/recorded.ts';
import {openRecording} from '../../input/open.ts';
import {faultsOf, type Faults} from '../../input/recorded.ts';
import {remarkOn, withProgress} from '../../shell/output.ts';

/** The page without its data, which scripts/page.js made when memmap was built. */
export const pageTemplate = (): string => readFileSync(builtFile('page.html'), 'utf8');

/** What was made of a recording. */
interface Made<Result> {
  readonly made: Result;
  /** Could all of the recording be used? */
  readonly isWhole: boolean;
}

/** Reads a recording and makes the report of it. @throws Trouble `input` */
export const readReport = (path: string): Promise<Made<Report>> =>
  withRecording(path, (recording, about) => {
    const growth = new RecordedGrowth(recording, 'rss', LEAST);
    const looks = looksOf(recording, 'Making the page', (sample) => growth.add(sample));
    const end = recordedEnd(recording, path);
    const breaksOff = !recording.end && hasCalls(recording);
    return reportOf(about, looks, () => growth.judge(), causesOf(end, breaksOff));
  });

/**
 * The looks of a recording from its first to its last.
 *
 * @param doing what the progress line says
 * @param also gets each of them too, so that the recording is read once for both
 */
export function* looksOf(recording: Recording, doing: string, also?: (sample: Sample) => void): Generator<Seen> {
  for (const sample of withProgress(doing, recording.samples(), recording.count)) {
    also?.(sample);
    yield new RecordedLook(sample, sample.moment.t, sample.family);
  }
}

/** Bytes: smaller movements don't matter. It is the default of `memmap growth`. */
const LEAST = 64 * 1024;

/**
 * Opens a recording while `use` runs. What can't be trusted in it is reported on standard error.
 *
 * @param path a file, or `-` for standard input
 * @throws Trouble `input`
 */
export async function withRecording<Result>(
  path: string,
  use: (recording: Recording, about: About) => Result,
): Promise<Made<Result>> {
  const recording = await openRecording(path);
  try {
    const faults = faultsOf(recording, path);
    const made = use(recording, aboutOf(recording, path, faults));
    remarkOn({source: {name: path}, ...faults});
    return {made, isWhole: faults.rejected.length === 0};
  } finally {
    recording.close();
  }
}

function aboutOf({header, looks, duration}: Recording, path: string, {notes, rejected}: Faults): About {
  const {host, kernel, startedAt} = header;
  const lines = rejected.map(({line, why}) => `Line ${line} of the recording was not used: ${why}.`);
  const isWhole = rejected.length === 0;
  return {
    file: basename(path),
    host,
    kernel,
    startedAt,
    looks,
    duration,
    isWhole,
    notes: [...lines.slice(0, 20), ...notes],
  };
}
