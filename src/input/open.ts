import {closeSync, existsSync, fstatSync, openSync, readSync, statSync} from 'node:fs';
import {Snapshot, type Rejected} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {isRecording, readRecording, recordingFrom, type Recording} from '../recording/recording.ts';
import {momentNamed} from './moment.ts';
import {recorderOf} from '../shell/lock.ts';

/**
 * Takes `FILE#12`, `FILE#name`, `FILE@+30s` apart, at the last # or @ before which there is a file.
 *
 * @returns undefined if there is none
 */
export function splitMoment(text: string): {readonly path: string; readonly moment: string} | undefined {
  for (let at = text.length - 1; at > 0; at--) {
    if (text[at] !== '#' && text[at] !== '@') continue;
    const path = text.slice(0, at);
    if (existsSync(path)) return {path, moment: text.slice(at)};
  }
  return undefined;
}

/** Does a file hold a recording? By its content; what can't be read is none. */
export function isRecordingFile(path: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    if (!fstatSync(fd).isFile()) return false;
    const head = Buffer.alloc(512);
    return isRecording(head.subarray(0, readSync(fd, head, 0, head.length, 0)));
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Opens what a command must have a recording of: a file, or `-` for standard input.
 *
 * @throws Trouble `input`: also where it is something else, and what
 */
export async function openRecordingTarget(name: string): Promise<Recording> {
  if (name === '-') return recordingFrom(await readStdin());
  if (existsSync(name) && !isRecordingFile(name)) throw noneIn(name);
  return readRecording(name);
}

function noneIn(path: string): Trouble {
  const stat = statSync(path);
  const why = stat.isDirectory()
    ? 'it is a directory'
    : !stat.isFile()
      ? 'it is no plain file, in which one can go back and forth'
      : stat.size === 0
        ? 'it is empty'
        : 'it is no recording: its first line does not begin with {"schema":"memmap.recording/';
  return new Trouble({
    kind: 'input',
    what: `Cannot use ${path}.`,
    why: `${why}.`,
    next: 'Make one with: memmap record PID -o FILE',
  });
}

/**
 * Reads one moment of a recording.
 *
 * @param moment `#12`, `@+30s`, …; the last one if undefined
 * @throws Trouble `input`
 */
export function readMoment(path: string, moment: string | undefined): Snapshot {
  const recording = readRecording(path);
  try {
    return momentOf(recording, path, moment);
  } finally {
    recording.close();
  }
}

/** The same of a recording that is open. */
export function momentOf(recording: Recording, name: string, moment: string | undefined): Snapshot {
  const {index} = momentNamed(recording, name, moment);
  const snapshot = recording.snapshot(index);
  const {notes, rejected} = faultsOf(recording, name);
  const {regions, takenAt, process, consistency, status, clues} = snapshot;
  return new Snapshot({
    regions,
    takenAt,
    process,
    consistency,
    status,
    clues,
    source: {...snapshot.source, name: `${name}#${index}`},
    notes: [...snapshot.notes, ...notes, ...withoutUsage(recording, name, index)],
    rejected: [...snapshot.rejected, ...rejected],
  });
}

export interface Faults {
  readonly notes: readonly string[];
  readonly rejected: readonly Rejected[];
}

/** What is wrong with the recording, which makes each of its moments incomplete; nothing while it is still being made. */
export function faultsOf(recording: Recording, path: string): Faults {
  const {notes, rejected, isWhole, end} = recording;
  if (isWhole) return {notes, rejected};
  if (!end && recorderOf(path) !== undefined)
    return {notes: ['It is still being recorded.'], rejected: rejected.filter(({why}) => why !== CUT)};
  const isTold = !recording.breaksOff || rejected.some(({why}) => why === CUT);
  return {
    notes,
    rejected: isTold
      ? rejected
      : [
          ...rejected,
          {line: recording.lines + 1, text: '', why: 'it is missing: the recording breaks off before its end'},
        ],
  };
}

const CUT = 'it is cut off';

/** At most looks at a large process maps alone is read. */
function withoutUsage(recording: Recording, name: string, index: number): string[] {
  if (recording.moment(index).hasUsage) return [];
  for (let before = index - 1; before >= 0; before--) {
    if (recording.moment(before).hasUsage)
      return [`Resident memory was not read at this moment; the last time before was ${name}#${before}.`];
  }
  return ['Resident memory was not read at this moment, nor before.'];
}

export const noMoments = (path: string, moment: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot use ${path}${moment}.`,
    why: `${path} is no recording, so it has no moments.`,
    next: `Look at the file itself: memmap show ${path}`,
  });

/** A listing with 1,000,000 regions and all their counters has 0.7 GiB. */
export const LARGEST_INPUT = 2 ** 30;

/**
 * All of standard input.
 *
 * @param look called for each part with all that came so far, and its size before: to refuse what no reader will accept
 * @throws Trouble `input` if there is too much, and what `look` throws
 */
export async function readStdin(
  look: (parts: readonly Buffer[], before: number, after: number) => void = () => {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    look(parts, size, (size += (part as Buffer).length));
    if (size > LARGEST_INPUT) throw tooLarge('standard input');
  }
  return Buffer.concat(parts);
}

export const tooLarge = (name: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot use ${name}.`,
    why: 'it is larger than 1 GiB.',
    next: 'A listing of 1,000,000 regions is smaller than that.',
  });
