import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs';
import {ownProcess} from '../child.ts';
import {retried} from '../file.ts';
import type {ReadAt} from '../../parse/elf/headers.ts';
import type {Region} from '../../model/region.ts';
import {mountsOf} from '../machine/mounts.ts';

/** A mapped file, open for reading. */
export interface MappedFile {
  readonly fd: number;
  /** Bytes. */
  readonly size: number;
  close(): void;
}

/** Where the files of a process are: a ProcessHandle. */
interface Place {
  /** A descriptor of its directory, for a child of ours. */
  readonly directory: number;
  path(file: string): string;
}

/**
 * Opens the file behind a region: the very file where the reader may (/proc/PID/map_files needs CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE), else what now has its name in the process's own root directory, if it has the same inode
 * number. dev is not compared: on btrfs and overlayfs maps prints another one than stat(2).
 *
 * @returns undefined if it can't be opened, or isn't a regular file (opening a FIFO or a device could block or do
 * something)
 */
export function openMapped(
  handle: Pick<Place, 'path'> & {readonly files: MappedFiles},
  region: Region,
): MappedFile | undefined {
  if (!region.name.startsWith('/') || region.nameBase64 !== undefined) return undefined;
  if (!handle.files.answers(region)) return undefined;
  const range = `${region.start.toString(16)}-${region.end.toString(16)}`;
  return openIfPlain(handle.path(`map_files/${range}`)) ?? openIfPlain(handle.path(`root${region.name}`), region.inode);
}

/**
 * open(2): a descriptor that only names the file. Really opening a FIFO, a terminal or a tape would do something to it.
 */
const O_PATH = 0o10000000;

/** Opens a regular file for reading; with `inode`, only if it is that one. */
export function openIfPlain(path: string, inode?: string): MappedFile | undefined {
  let name: number | undefined;
  try {
    name = openSync(path, O_PATH);
    const stat = fstatSync(name, {bigint: inode !== undefined});
    if (!stat.isFile() || (inode !== undefined && stat.ino.toString() !== inode)) return undefined;
    const fd = openSync(`/proc/self/fd/${name}`, constants.O_RDONLY | constants.O_NONBLOCK);
    return {fd, size: Number(stat.size), close: () => closeSync(fd)};
  } catch {
    return undefined; // Not there, or not permitted: the caller does without.
  } finally {
    if (name !== undefined) closeSync(name);
  }
}

/** Reads of a mapped file wherever it is asked to. */
export const readerOf =
  ({fd, size}: MappedFile): ReadAt =>
  (offset, length) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    let have = 0;
    while (have < bytes.length) {
      const count = retried(() => readSync(fd, bytes, have, bytes.length - have, offset + have));
      if (count === 0) break;
      have += count;
    }
    return bytes.subarray(0, have);
  };

/**
 * File systems that another machine serves, or a program on this one. Opening a file on one that is dead waits for as
 * long as it stays dead, and not even SIGKILL ends that (fuse: request_wait_answer in fs/fuse/dev.c).
 */
const SERVED =
  /^(fuse|fuseblk|nfs4?|cifs|smb3|9p|virtiofs|ceph|afs|coda|lustre|beegfs|orangefs|pvfs2|ocfs2|gfs2)(\.|$)/;

/** ms that such a file system has for its first answer. */
const PATIENCE = 1000;

/**
 * The files that a process maps, and whether it is safe to open them. One file of each served file system is opened by
 * a child of a child first; if that doesn't come back it is left behind, and files of that file system are not opened.
 * It ends when the file system does.
 */
export class MappedFiles {
  readonly #process: Place;
  #types: ReadonlyMap<string, string> | undefined;
  readonly #answers = new Map<string, boolean>();

  constructor(process: Place) {
    this.#process = process;
  }

  /** May the file behind a region be opened? What is asked once is remembered. */
  answers({dev, start, end, name}: Region): boolean {
    if (dev === undefined) return true;
    this.#types ??= new Map(mountsOf(this.#process.path('.')).map((mount) => [mount.dev, mount.type]));
    if (!SERVED.test(this.#types.get(dev) ?? '')) return true;
    const known = this.#answers.get(dev);
    if (known !== undefined) return known;
    const answer = opens(this.#process.directory, [
      `map_files/${start.toString(16)}-${end.toString(16)}`,
      `root${name}`,
    ]);
    this.#answers.set(dev, answer);
    return answer;
  }

  /** What a reader of a snapshot should know. */
  get notes(): string[] {
    const silent = [...this.#answers].filter(([, answer]) => !answer).map(([dev]) => this.#types?.get(dev) ?? dev);
    return silent.length === 0
      ? []
      : [
          `Mapped files on a file system that does not answer (${silent.join(', ')}) were not opened: ` +
            `their regions are recognised by their shape.`,
        ];
  }
}

/** Opens the first of the files that there is. Descriptor 3 is the directory that their paths are relative to. */
const OPEN = `
const fs = require('node:fs');
for (const path of process.argv.slice(1)) {
  try {
    const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
    fs.readSync(fs.openSync('/proc/self/fd/3/' + path, flags), Buffer.alloc(64));
    break;
  } catch {}
}`;

/**
 * Exits with 1 when its child has not ended in time, and leaves it behind: waiting for one that can't be killed takes
 * as long as it does. It prints nothing that process.exit() could cut off.
 */
const LEAVE = `
const options = {stdio: ['ignore', 'ignore', 'ignore', 3], detached: true};
const child = require('node:child_process').spawn(process.execPath, ['-e', ...process.argv.slice(2)], options);
child.once('exit', () => process.exit(0));
setTimeout(() => { child.kill('SIGKILL'); process.exit(1); }, Number(process.argv[1]));`;

function opens(folder: number, paths: readonly string[]): boolean {
  const {spawnSync} = process.getBuiltinModule('node:child_process');
  const {command, words, env} = ownProcess(LEAVE, [String(PATIENCE), OPEN, ...paths]);
  const {status} = spawnSync(command, words, {
    env,
    stdio: ['ignore', 'ignore', 'ignore', folder],
    timeout: 5 * PATIENCE,
    killSignal: 'SIGKILL',
  });
  return status === 0;
}
