import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {readRecording, type Recording} from '../record/recording.ts';
import {reportOf, type About, type Report} from '../report/report.ts';
import {safe} from '../render/safe.ts';
import {EXIT} from './exit.ts';
import {say} from './output.ts';

/** The page without its data, which scripts/page.js made when memmap was built. */
export const pageTemplate = (): string => readFileSync(new URL('../report/page.html', import.meta.url), 'utf8');

/** Reads a recording and makes the report of it. @throws Trouble `input` */
export const readReport = (path: string): Report =>
  withRecording(path, (recording, about) => reportOf(about, recording.snapshots()));

/**
 * Opens a recording for as long as it is used. What of it can't be trusted is told on standard error, and ends memmap with 5.
 *
 * @throws Trouble `input`
 */
export function withRecording<Result>(path: string, use: (recording: Recording, about: About) => Result): Result {
  const recording = readRecording(path);
  try {
    const result = use(recording, aboutOf(recording, path));
    for (const {line, text, why} of recording.rejected.slice(0, 5)) say(`memmap: ${safe(path)}: line ${line} was not used (${why}): ${safe(text)}`);
    for (const note of recording.notes) say(`memmap: ${safe(path)}: ${note}`);
    process.exitCode = recording.isWhole ? EXIT.done : EXIT.incomplete;
    return result;
  } finally {
    recording.close();
  }
} // prettier-ignore

function aboutOf(recording: Recording, path: string): About {
  const {header, looks, duration, isWhole, rejected, notes} = recording;
  const {host, kernel, startedAt} = header;
  const lines = rejected.map(({line, why}) => `Line ${line} of the recording was not used: ${why}.`);
  return {file: basename(path), host, kernel, startedAt, looks, duration, isWhole, notes: [...lines.slice(0, 20), ...notes]};
} // prettier-ignore
