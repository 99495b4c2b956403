import {
  closeSync,
  createReadStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createGunzip} from 'node:zlib';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {CORE_HEAD, isCore, isMinidump} from '../parse/core/head.ts';
import {refusePacked} from '../parse/parse.ts';
import {retried} from '../procfs/file.ts';
import {say} from '../shell/output.ts';
import {safe} from '../text/safe.ts';
import {unusable} from './input.ts';
import {named} from './listing.ts';

/** A core file or a minidump that is open, and read by ranges: it may be larger than memory. */
export interface CoreInput {
  /** Bytes. */
  readonly size: number;
  /** @returns fewer bytes than asked for where the file ends */
  readonly read: (offset: number, length: number) => Uint8Array;
  readonly close: () => void;
}

/**
 * Opens a file if it holds a core or a minidump, by its content; also one that is packed as systemd-coredump leaves it,
 * as far as Node can unpack that. It is then unpacked into a file in $TMPDIR that has no name any more.
 *
 * @returns undefined for anything else, and for what can't be opened or read here: others report that
 * @throws Trouble `input` if it is packed and Node can't unpack it
 */
export async function openCore(path: string): Promise<CoreInput | undefined> {
  const fd = openRegular(path);
  if (fd === undefined) return undefined;
  let kept: CoreInput | undefined;
  try {
    const file = ofFile(fd);
    const head = file.read(0, CORE_HEAD);
    if (isDump(head)) return (kept = file);
    const unpacker = unpackerOf(head);
    if (unpacker) return await unpacked(path, unpacker);
    // However large it is: to read it as a listing would be of no use.
    named(path, () => refusePacked(file.read(0, 512)));
    return undefined;
  } finally {
    if (!kept) closeSync(fd);
  }
}

/** The same of a word of a command line, which may be a PID or a name instead. */
export const openIfCore = async (text: string): Promise<CoreInput | undefined> =>
  /^\d+$/.test(text) || text === '-' ? undefined : openCore(text);

const isDump = (head: Uint8Array): boolean => isCore(head) || isMinidump(head);

/** A pipe can't be read by ranges, and must not be opened twice. */
function openRegular(path: string): number | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size > CORE_HEAD ? openSync(path, 'r') : undefined;
  } catch {
    return undefined; // What is wrong with it is reported by who reads it as a listing.
  }
}

function ofFile(fd: number): CoreInput {
  const {size} = fstatSync(fd);
  const read = (offset: number, length: number): Uint8Array => {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
    let have = 0;
    while (have < bytes.length) {
      const count = retried(() => readSync(fd, bytes, have, bytes.length - have, offset + have));
      if (count === 0) break;
      have += count;
    }
    return bytes.subarray(0, have);
  };
  return {size, read, close: () => closeSync(fd)};
}

type Unpacker = () => NodeJS.ReadWriteStream & {destroy(): void};

/** RFC 1952 and RFC 8878 say how such files begin. zstd is in Node from 22.15 on. */
function unpackerOf(head: Uint8Array): Unpacker | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip;
  if (head[0] !== 0x28 || head[1] !== 0xb5 || head[2] !== 0x2f || head[3] !== 0xfd) return undefined;
  const {createZstdDecompress} = process.getBuiltinModule('node:zlib') as {readonly createZstdDecompress?: Unpacker};
  return createZstdDecompress;
}

/** @returns undefined if it holds something else */
async function unpacked(path: string, unpacker: Unpacker): Promise<CoreInput | undefined> {
  const packed = createReadStream(path);
  const stream = unpacker();
  packed.on('error', (error) => stream.emit('error', error));
  packed.pipe(stream);
  let room: Room | undefined;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      if (!room && !isDump(part)) return undefined;
      room ??= new Room(path);
      room.add(part);
    }
    return room?.finish();
  } catch (error) {
    // What was unpacked before the fault is used: a core that is cut off is reported as that.
    if (!room || error instanceof Trouble) throw error instanceof Trouble ? error : unusable(path, 'it is damaged.');
    return room.finish();
  } finally {
    packed.destroy();
    stream.destroy();
  }
}

/** Bytes of a block that is not written if it has zeros alone: then it takes no room on the disk. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/** A file without a name, which ends with memmap. */
class Room {
  readonly #fd: number;
  readonly #path: string;
  #size = 0;

  constructor(path: string) {
    const name = join(tmpdir(), `memmap-core-${process.pid}-${Date.now()}`);
    this.#path = path;
    try {
      this.#fd = openSync(name, 'wx+', 0o600);
      unlinkSync(name);
    } catch (error) {
      throw noRoom(path, error);
    }
    say(`memmap: ${safe(path)} is packed: it is unpacked into ${tmpdir()} first, for as long as memmap runs.`);
  }

  add(part: Buffer): void {
    for (let at = 0; at < part.length; at += BLOCK) {
      const block = part.subarray(at, at + BLOCK);
      if (!block.equals(ZEROS.subarray(0, block.length))) this.#write(block, this.#size + at);
    }
    this.#size += part.length;
  }

  finish(): CoreInput {
    ftruncateSync(this.#fd, this.#size);
    return ofFile(this.#fd);
  }

  #write(block: Buffer, position: number): void {
    try {
      for (let done = 0; done < block.length;)
        done += retried(() => writeSync(this.#fd, block, done, block.length - done, position + done));
    } catch (error) {
      closeSync(this.#fd);
      throw noRoom(this.#path, error);
    }
  }
}

const noRoom = (path: string, error: unknown): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot unpack ${path}.`,
    why: `${tmpdir()} can't take it (${errnoOf(error)}).`,
    next: 'Set TMPDIR to a directory with more room, or unpack it yourself and give the unpacked file.',
  });
