import type {Family} from '../model/family.ts';
import {familyOfSample} from '../model/kin/kin.ts';
import {Snapshot, type Rejected} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import type {Recording} from '../recording/recording.ts';
import {recorderOf} from '../shell/lock.ts';
import {momentNamed} from './moment.ts';

/**
 * One moment of a recording, with what is wrong with the whole.
 *
 * @param name of the file, or `-`
 * @param moment `#12`, `@+30s`, …; the last one if undefined
 * @throws Trouble `input`, `usage`
 */
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

/** The family at one moment, as `show --children` has it. @throws Trouble `usage` if it was not recorded */
export function familyOf(recording: Recording, name: string, moment: string | undefined): Family {
  const {index, at} = momentNamed(recording, name, moment);
  const sample = recording.family(index);
  if (!sample) throw noFamily(name, 'it was recorded without its family.');
  return familyOfSample(sample, at);
}

/** Only a live process, or a recording with its family, has one. */
export const noFamily = (name: string, why: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `--children can't be used with ${name === '-' ? 'standard input' : name}.`,
    why,
    next: 'Give a PID, or a recording that was made with: memmap record PID --children',
  });

export interface Faults {
  readonly notes: readonly string[];
  readonly rejected: readonly Rejected[];
}

/**
 * What is wrong with the recording, which makes each of its moments incomplete; nothing while it is still being made.
 */
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

/** For a large process, most samples read maps alone. */
function withoutUsage(recording: Recording, name: string, index: number): string[] {
  if (recording.moment(index).hasUsage) return [];
  for (let before = index - 1; before >= 0; before--) {
    if (recording.moment(before).hasUsage)
      return [`Resident memory was not read at this moment; it was last read at ${name}#${before}.`];
  }
  return ['Resident memory was not read at this moment, nor at any earlier one.'];
}
