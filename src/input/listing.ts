import {Trouble} from '../model/trouble.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Tables} from '../model/columns/tables.ts';
import {isCore} from '../parse/core/head.ts';
import type {ReadAt} from '../parse/elf/headers.ts';
import {looksLikeJson, parseBytes, parseDump, parsePatch} from '../parse/parse.ts';
import {isRecording} from '../recording/head.ts';
import {unusable} from './input.ts';

/**
 * Parses a listing or a snapshot.
 *
 * @param name of the file, or `-`
 * @param tables of what it will be compared with
 * @throws Trouble `input`, with the name
 */
export function parseNamed(bytes: Uint8Array, name: string, tables?: Tables): Snapshot {
  const snapshot = named(name, () => parseBytes(bytes, tables));
  return snapshot.withSource({...snapshot.source, name});
}

/** What `read` gives; what it refuses is refused with the name of the file. */
export function named<Result>(name: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'input')
      throw unusable(name, `${error.message.replace(/\.$/, ':')} ${error.why}`, error.next);
    throw error;
  }
}

/** The same of a core file or a minidump. @param name of the file */
export function parseNamedDump(read: ReadAt, size: number, name: string): Snapshot {
  try {
    const snapshot = parseDump(read, size)!;
    return snapshot.withSource({...snapshot.source, name});
  } catch (error) {
    throw error instanceof Trouble && error.kind === 'input' ? unusable(name, error.why, error.next) : error;
  }
}

/**
 * Both sides of what diff(1) printed of two listings.
 *
 * @param name of the file, or `-`
 * @returns undefined if it is something else
 */
export function parseSides(bytes: Uint8Array, name: string): [Snapshot, Snapshot] | undefined {
  const sides = parsePatch(bytes);
  const named = (side: Snapshot): Snapshot => side.withSource({...side.source, name});
  return sides && [named(sides.before), named(sides.after)];
}

/**
 * An endless input (/dev/zero, yes(1)) is known by its beginning: no need to fill memory first. JSON and core files
 * can't be judged before their end.
 *
 * @throws Trouble `input` if no reader will accept what begins like this
 */
export function refuseNonsense(beginning: Buffer, name: string): void {
  if (!looksLikeJson(beginning) && !isRecording(beginning) && !isCore(beginning)) parseNamed(beginning, name);
}
