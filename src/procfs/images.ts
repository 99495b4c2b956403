import {fstatSync, lstatSync, openSync, closeSync, readSync} from 'node:fs';
import type {Clues, ElfClue} from '../model/clues.ts';
import type {Region} from '../model/region.ts';
import {isExact} from '../model/address.ts';
import {ELF_HEAD_BYTES, parseElfHead} from '../parse/elf/image.ts';
import type {ProcessHandle} from './handle.ts';
import {openMapped} from './mapped.ts';

/** A large program has a few hundred libraries. */
const MOST_FILES = 500;
/** A file costs some 60 µs, unless its file system is slow to answer: what is left then is told by shape. */
const MOST_MS = 200;

/**
 * The program headers of each mapped file that may be executed, once a file.
 *
 * @param known headers that were read before, by name; what was in a file doesn't change while it is mapped
 */
export function readProgramHeaders(handle: ProcessHandle, regions: readonly Region[], known: Clues['files'] = {}): Pick<Clues, 'files'> {
  const files: Record<string, ElfClue> = {};
  const asked = new Set<string>();
  const until = performance.now() + MOST_MS;
  for (const region of regions) {
    const {name} = region;
    if (name === '' || region.perms[2] !== 'x' || !name.startsWith('/') || name in Object.prototype || asked.has(name)) continue;
    asked.add(name);
    const isLate = asked.size > MOST_FILES || performance.now() > until;
    const clue = Object.hasOwn(known, name) ? known[name] : isLate ? undefined : readHead(handle, region);
    if (clue) files[name] = clue;
  }
  return Object.keys(files).length > 0 ? {files} : {};
} // prettier-ignore

function readHead(handle: ProcessHandle, region: Region): ElfClue | undefined {
  const file = openMapped(handle, region);
  if (!file) return undefined;
  try {
    const head = Buffer.alloc(ELF_HEAD_BYTES);
    const clue = parseElfHead(head.subarray(0, readSync(file.fd, head, 0, head.length, 0)));
    return clue && isSane(clue) ? clue : undefined;
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}

/** A header may claim anything; what isn't exact could not be saved, and isn't mapped so. */
const isSane = ({segments, relro}: ElfClue): boolean =>
  segments.every((segment) => Object.values(segment).every(isExact)) && Object.values(relro ?? {}).every(isExact);

/**
 * Whether files whose names end in " (deleted)" are deleted or called so: their link count tells (map_files needs
 * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE), or else whether the folder has the same inode under that name.
 */
export function tellDeleted(handle: ProcessHandle, regions: readonly Region[], known: Clues['deleted'] = {}): Pick<Clues, 'deleted'> {
  const deleted: Record<string, boolean> = {};
  for (const region of regions) {
    const {name} = region;
    if (name === '' || !name.startsWith('/') || !name.endsWith(' (deleted)') || Object.hasOwn(deleted, name)) continue;
    if (region.dev === '00:01' || Object.keys(deleted).length >= MOST_FILES) continue; // The kernel's own files have no folder.
    const answer = Object.hasOwn(known, name) ? known[name] : isDeleted(handle, region);
    if (answer !== undefined) deleted[name] = answer;
  }
  return Object.keys(deleted).length > 0 ? {deleted} : {};
} // prettier-ignore

const O_PATH = 0o10000000;

function isDeleted(handle: ProcessHandle, region: Region): boolean | undefined {
  if (!handle.files.answers(region)) return undefined;
  try {
    const name = openSync(handle.path(`map_files/${region.start.toString(16)}-${region.end.toString(16)}`), O_PATH);
    const {nlink} = fstatSync(name);
    closeSync(name);
    if (nlink === 0) return true;
  } catch {
    // Not permitted: the folder is asked.
  }
  try {
    const {ino} = lstatSync(handle.path(`root${region.name}`), {bigint: true});
    return ino.toString() !== region.inode;
  } catch {
    return true;
  }
}
