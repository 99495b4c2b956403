import {HeaderFields, readHeader, type ReadAt} from './headers.ts';
import {latin1} from '../scan.ts';

const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;
/** A build ID has 20 bytes, the notes of a file a few hundred. */
const LONGEST = 64 * 1024;

/**
 * The number that identifies a build of a program or a library: .note.gnu.build-id, ld(1), --build-id.
 *
 * @param read gives bytes of the file, or of memory in which its first segment lies
 * @returns in hex; undefined where there is none, or it can't be read
 */
export function buildIdOf(read: ReadAt): string | undefined {
  const header = readHeader(read);
  if (!header) return undefined;
  const {is64, isLittle, programs} = header;
  const entry = is64 ? 56 : 32;
  if (programs.entrySize < entry || programs.count > 1024) return undefined;
  const table = read(programs.offset, programs.entrySize * programs.count);
  for (let at = 0; at + entry <= table.length; at += programs.entrySize) {
    const fields = new HeaderFields(table.subarray(at, at + entry), is64, isLittle);
    if (fields.long(0) !== PT_NOTE) continue;
    const notes = read(fields.word(is64 ? 8 : 4), Math.min(fields.word(is64 ? 32 : 16), LONGEST));
    const found = buildIdIn(notes, isLittle);
    if (found !== undefined) return found;
  }
  return undefined;
}

function buildIdIn(bytes: Uint8Array, isLittle: boolean): string | undefined {
  const fields = new HeaderFields(bytes, true, isLittle);
  for (let at = 0; at + 16 <= bytes.length;) {
    const [nameSize, size, type] = [fields.long(at), fields.long(at + 4), fields.long(at + 8)];
    const contents = at + 12 + Math.ceil(nameSize / 4) * 4;
    if (type === NT_GNU_BUILD_ID && nameSize === 4 && latin1(bytes, at + 12, at + 15) === 'GNU')
      return contents + size <= bytes.length ? hexOf(bytes.subarray(contents, contents + size)) : undefined;
    at = contents + Math.ceil(size / 4) * 4;
  }
  return undefined;
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
