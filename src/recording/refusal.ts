import {Trouble} from '../model/trouble.ts';

/** A recording that can't be used, or what was taken for one. Its file is named where it is opened: `named`. */
export const noRecording = (why: string, next = 'Make one with: memmap record PID -o FILE'): Trouble =>
  new Trouble({kind: 'input', what: 'This recording cannot be used.', why: `${why}.`, next});

/**
 * A line that is intact, since its checksum is right, and yet not in the format of this version.
 *
 * @param why which part of it, and what is wrong with that
 * @param memmap the version that wrote it
 */
export const unknownForm = (line: number, why: string, memmap: string): Trouble =>
  noRecording(
    `line ${line}: ${why.replace(/\.$/, '')}; another build of memmap (${memmap}) wrote it in a format ` +
      `that this one does not read`,
    'Read it with the memmap that wrote it, or record again: memmap record PID -o FILE',
  );

/** The same error, with the name of the file. Other errors are left as they are. */
export function named(name: string, error: unknown): unknown {
  if (!(error instanceof Trouble) || error.kind !== 'input') return error;
  return new Trouble({kind: 'input', what: `Cannot use ${name}.`, why: error.why, next: error.next});
}
