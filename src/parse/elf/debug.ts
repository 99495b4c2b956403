import {HeaderFields, type ReadAt} from './headers.ts';
import {textAt, type ElfImage} from './image.ts';

/** A file with the names of another: GDB's manual, "Debugging Information in Separate Files". */
export interface DebugLink {
  readonly name: string;
  /** CRC-32 of the whole file. */
  readonly crc: number;
}

const NT_GNU_BUILD_ID = 3;
const SHT_NOTE = 7;
const LONGEST_NOTES = 64 * 1024;
const LONGEST_BUILD_ID = 64;

/** The build-id of a file, in hex, from its notes: elf(5), Elf64_Nhdr. undefined without. */
export function buildIdOf(read: ReadAt, image: ElfImage): string | undefined {
  const places = [
    ...image.notes.map(({offset, fileSize}) => ({offset, size: fileSize})),
    ...image.sections.filter(({type}) => type === SHT_NOTE),
  ];
  for (const {offset, size} of places) {
    const found = buildIdIn(read(offset, Math.min(size, LONGEST_NOTES)), image);
    if (found) return found;
  }
  return undefined;
}

function buildIdIn(bytes: Uint8Array, {is64, isLittle}: ElfImage): string | undefined {
  const fields = new HeaderFields(bytes, is64, isLittle);
  const padded = (size: number): number => Math.ceil(size / 4) * 4;
  for (let at = 0; at + 12 <= bytes.length;) {
    const [nameSize, size, type] = [fields.long(at), fields.long(at + 4), fields.long(at + 8)];
    const content = at + 12 + padded(nameSize);
    if (type === NT_GNU_BUILD_ID && nameSize === 4 && textAt(bytes, at + 12) === 'GNU') {
      if (size < 1 || size > LONGEST_BUILD_ID || content + size > bytes.length) return undefined;
      return Array.from(bytes.subarray(content, content + size), (byte) => byte.toString(16).padStart(2, '0')).join('');
    }
    at = content + padded(size);
  }
  return undefined;
}

/** What .gnu_debuglink says; undefined without. */
export function debugLinkOf(read: ReadAt, image: ElfImage): DebugLink | undefined {
  const section = image.sections.find(({name}) => name === '.gnu_debuglink');
  if (!section || section.size > 4096 || section.size < 8) return undefined;
  const bytes = read(section.offset, section.size);
  if (bytes.length < section.size) return undefined;
  const name = textAt(bytes, 0);
  if (name === '' || name.includes('/')) return undefined;
  const crc = new HeaderFields(bytes, image.is64, image.isLittle).long(bytes.length - 4);
  return {name, crc};
}

/**
 * Has the file names that can't be read here? .gnu_debugdata is a file of symbols that xz compressed (Fedora's
 * MiniDebugInfo): Node has no xz.
 */
export const hasXzNames = (image: ElfImage): boolean => image.sections.some(({name}) => name === '.gnu_debugdata');

const DEBUG_ROOT = '/usr/lib/debug';

/**
 * Where a separate file of debug information may be, the likeliest first: GDB's manual, "Debugging Information in
 * Separate Files". Paths are those of the process's own mount namespace.
 *
 * @param path of the file itself
 */
export function debugPaths(path: string, buildId: string | undefined, link: DebugLink | undefined): string[] {
  const byId = buildId ? [`${DEBUG_ROOT}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`] : [];
  if (!link || !path.startsWith('/')) return byId;
  const folder = path.slice(0, path.lastIndexOf('/'));
  const byLink = [`${folder}/${link.name}`, `${folder}/.debug/${link.name}`, `${DEBUG_ROOT}${folder}/${link.name}`];
  return [...byId, ...byLink.filter((place) => place !== path)];
}

/** What a file with separate debug information says of it. */
export interface DebugClaim {
  readonly buildId: string | undefined;
  readonly link: DebugLink | undefined;
}

/** Does a file belong to another, by the build-id of both, or else by the CRC-32 of .gnu_debuglink? */
export function isDebugFile(claim: DebugClaim, read: ReadAt, debug: ElfImage): boolean {
  const id = buildIdOf(read, debug);
  if (claim.buildId !== undefined && id !== undefined) return claim.buildId === id;
  return claim.link !== undefined && crc32(read) === claim.link.crc;
}

const CRC_TABLE = Uint32Array.from({length: 256}, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const CHUNK = 1024 * 1024;

/** CRC-32 of a whole file, as zlib and gdb count it. */
function crc32(read: ReadAt): number {
  let crc = 0xffffffff;
  for (let at = 0; ; at += CHUNK) {
    const bytes = read(at, CHUNK);
    for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
    if (bytes.length < CHUNK) return ~crc >>> 0;
  }
}
