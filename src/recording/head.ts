import {constants, gunzipSync} from 'node:zlib';

/** Does a member of gzip (RFC 1952) begin at this place? */
export const isGzip = (bytes: Uint8Array, at = 0): boolean =>
  bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 0x08;

/** Is this the beginning of a recording, of whatever version, plain or compressed? Half a KiB is enough. */
export const isRecording = (head: Uint8Array): boolean =>
  /^(\xef\xbb\xbf)?\s*\{\s*"schema"\s*:\s*"memmap\.recording\//.test(textOf(head, 512));

/** The schema of a group's recording. */
export const GROUP_SCHEMA = 'memmap.group-recording/1';

/** Is this the beginning of a group's recording, plain or compressed? Half a KiB is enough. */
export const isGroupRecording = (head: Uint8Array): boolean =>
  textOf(head, 64).startsWith(`{"schema":"${GROUP_SCHEMA}"`);

/** The first characters of what is in a file, one a byte. */
function textOf(head: Uint8Array, length: number): string {
  const bytes = isGzip(head) ? unzippedHead(head) : head;
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, length)).toString('latin1');
}

/** The beginning of what a compressed file holds; nothing if that can't be found out. */
function unzippedHead(head: Uint8Array): Uint8Array {
  try {
    // No file of 512 bytes becomes larger than this.
    return gunzipSync(head.subarray(0, 512), {finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1024 * 1024});
  } catch {
    return new Uint8Array(0);
  }
}
