import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import {gzipSync} from 'node:zlib';
import {isGzip, readMember} from './gzip.ts';

const NEWLINE = 0x0a;

/**
 * Takes the torn end off a recording, so that more can be added: a last line without its newline, or a gzip member that was
 * never finished, which becomes one of the whole lines that it has.
 *
 * @param path a plain file that is a recording
 * @returns how many bytes of a line were taken off; 0 if there was nothing to heal
 * @throws the system's error
 */
export function healTail(path: string): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const head = Buffer.alloc(3);
    readSync(fd, head, 0, 3, 0);
    return isGzip(head) ? healCompressed(fd, path) : healPlain(fd);
  } finally {
    closeSync(fd);
  }
}

function healPlain(fd: number): number {
  const {size} = fstatSync(fd);
  const end = endOfLastLine(fd, size);
  if (end < size) ftruncateSync(fd, end);
  return size - end;
}

/** Where the last line with a newline ends. */
function endOfLastLine(fd: number, size: number): number {
  const block = Buffer.alloc(64 * 1024);
  for (let to = size; to > 0;) {
    const from = Math.max(0, to - block.length);
    const count = readSync(fd, block, 0, to - from, from);
    const newline = block.subarray(0, count).lastIndexOf(NEWLINE);
    if (newline >= 0) return from + newline + 1;
    to = from;
  }
  return 0;
}

/** The healed copy takes the place of the file in one step: who is killed before that has lost nothing. */
function healCompressed(fd: number, path: string): number {
  const file = readFileSync(fd);
  for (let at = 0; at < file.length;) {
    const {bytes, next, isWhole} = readMember(file, at);
    if (!isWhole && next >= file.length) {
      const lines = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
      replace(path, Buffer.concat([file.subarray(0, at), gzipSync(lines)]));
      return Math.max(1, bytes.length - lines.length);
    }
    at = next;
  }
  return 0;
}

function replace(path: string, bytes: Buffer): void {
  const temporary = `${path}.healed`;
  const {O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW} = constants;
  const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
