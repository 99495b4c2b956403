import {closeSync, constants, fstatSync, openSync} from 'node:fs';
import type {Region} from '../model/region.ts';
import type {ProcessHandle} from './handle.ts';

/** A mapped file, open for reading. */
export interface MappedFile {
  readonly fd: number;
  /** Bytes. */
  readonly size: number;
  close(): void;
}

/**
 * Opens the file behind a region: the very file where the reader may (/proc/PID/map_files needs CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE), else what now has its name in the process's own root folder, if it has the same inode number.
 * dev is not compared: on btrfs and overlayfs maps prints another one than stat(2).
 *
 * @returns undefined if it can't be opened, or isn't a plain file (opening a FIFO or a device could block or do something)
 */
export function openMapped(handle: ProcessHandle, region: Region): MappedFile | undefined {
  if (!region.name.startsWith('/') || region.nameBase64 !== undefined) return undefined;
  if (!handle.files.answers(region)) return undefined;
  const range = `${region.start.toString(16)}-${region.end.toString(16)}`;
  return openIfPlain(handle.path(`map_files/${range}`)) ?? openIfPlain(handle.path(`root${region.name}`), region.inode);
}

/** open(2): a descriptor that only names the file. Opening a FIFO, a terminal or a tape in earnest would do something to it. */
const O_PATH = 0o10000000;

/** Opens a plain file for reading; with `inode`, only if it is that one. */
export function openIfPlain(path: string, inode?: string): MappedFile | undefined {
  let name: number | undefined;
  try {
    name = openSync(path, O_PATH);
    const stat = fstatSync(name, {bigint: true});
    if (!stat.isFile() || (inode !== undefined && stat.ino.toString() !== inode)) return undefined;
    const fd = openSync(`/proc/self/fd/${name}`, constants.O_RDONLY | constants.O_NONBLOCK);
    return {fd, size: Number(stat.size), close: () => closeSync(fd)};
  } catch {
    return undefined; // Not there, or not permitted: the caller does without.
  } finally {
    if (name !== undefined) closeSync(name);
  }
}
