import {gunzipSync, inflateRawSync, constants} from 'node:zlib';
import {noRecording} from './refusal.ts';

/**
 * A compressed recording is a row of gzip members (RFC 1952), one from each key frame to the next. The last one may be cut
 * off anywhere: what a recorder has flushed can be read.
 */

/** The longest that one member may become: what is larger is no recording, but made to fill our memory. */
const LARGEST_MEMBER = 2 ** 30;

export interface Member {
  /** Where the next one begins; the end of the file for the last. */
  readonly next: number;
  readonly bytes: Buffer;
  /** Is the member there whole, and undamaged? */
  readonly isWhole: boolean;
}

export const isGzip = (bytes: Uint8Array, at = 0): boolean =>
  bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 0x08;

/** The beginning of what a compressed file holds; nothing if it can't be told. */
export function unzippedHead(head: Uint8Array): Uint8Array {
  try {
    // No file of 512 bytes becomes larger than this.
    return gunzipSync(head.subarray(0, 512), {finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1024 * 1024});
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * Decompresses the member that begins at `at`.
 *
 * @throws Trouble `input` if there is none, or it is too large
 */
export function readMember(file: Buffer, at: number): Member {
  const body = file.subarray(Math.min(file.length, at + headerLength(file, at)));
  const whole = inflated(body);
  if (whole) {
    const end = at + (body.byteOffset - file.byteOffset - at) + whole.consumed + TRAILER;
    return {next: nextMember(file, end), bytes: whole.bytes, isWhole: end <= file.length && isAtMember(file, end)};
  }
  // Damaged: as much of it as can still be decompressed.
  let [good, bad] = [0, body.length];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (inflated(body.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  const bytes = inflated(body.subarray(0, good))?.bytes ?? Buffer.alloc(0);
  return {next: nextMember(file, at + TRAILER + good), bytes, isWhole: false};
}

/** CRC-32 and length. The lines have checksums of their own. */
const TRAILER = 8;

const isAtMember = (file: Buffer, at: number): boolean => at === file.length || isGzip(file, at);

/** After a damaged member the next one is looked for. */
function nextMember(file: Buffer, at: number): number {
  if (at >= file.length) return file.length;
  if (isGzip(file, at)) return at;
  const found = file.indexOf(MAGIC, at);
  return found < 0 ? file.length : found;
}

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);

/** @returns undefined if it is damaged. That it ends early is no damage. */
function inflated(body: Buffer): {readonly bytes: Buffer; readonly consumed: number} | undefined {
  const options = {finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_MEMBER, chunkSize: 256 * 1024, info: true};
  try {
    const {buffer, engine} = inflateRawSync(body, options) as unknown as Inflated;
    return {bytes: buffer, consumed: engine.bytesWritten};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw noRecording('decompressed, a part of it is larger than 1 GiB');
    return undefined;
  }
} // prettier-ignore

/** What `info: true` gives. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: {readonly bytesWritten: number};
}

/** RFC 1952 section 2.3: 10 bytes, and what the flags say follows. gzip(1) writes the file's name there. */
function headerLength(file: Buffer, at: number): number {
  const flags = file[at + 3] ?? 0;
  let length = 10;
  if (flags & 4) length += 2 + (file[at + length] ?? 0) + 256 * (file[at + length + 1] ?? 0);
  for (const flag of [8, 16]) {
    if (flags & flag) length = Math.max(length, file.indexOf(0, at + length) + 1 - at);
  }
  return flags & 2 ? length + 2 : length;
}
