import type {ElfClue, ElfSegment} from '../model/clues.ts';

/** What of an ELF file is read for its program headers: they stand right after the file header in what linkers make. */
export const ELF_HEAD_BYTES = 4096;

const PT_LOAD = 1;
const PT_GNU_RELRO = 0x6474e552;

/**
 * The program headers of an ELF file: elf(5), Elf32_Phdr and Elf64_Phdr, either byte order.
 *
 * @param head the file's first bytes
 * @returns undefined if it is no ELF file, or its program headers lie further on
 */
export function parseElfHead(head: Uint8Array): ElfClue | undefined {
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return undefined;
  const is64 = head[4] === 2;
  const little = head[5] !== 2;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const word = (at: number): number => (is64 ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  if (is64 && head.length < 64) return undefined;
  const table = is64 ? word(32) : word(28);
  const size = view.getUint16(is64 ? 54 : 42, little);
  const count = view.getUint16(is64 ? 56 : 44, little);
  if (size < (is64 ? 56 : 32) || table + size * count > head.length) return undefined;
  const segments: ElfSegment[] = [];
  let relro: {start: number; end: number} | undefined;
  for (let at = table; at < table + size * count; at += size) {
    const type = view.getUint32(at, little);
    const segment = is64
      ? {offset: word(at + 8), address: word(at + 16), fileSize: word(at + 32), memorySize: word(at + 40), flags: view.getUint32(at + 4, little)}
      : {offset: word(at + 4), address: word(at + 8), fileSize: word(at + 16), memorySize: word(at + 20), flags: view.getUint32(at + 24, little)}; // prettier-ignore
    if (type === PT_LOAD) segments.push(segment);
    if (type === PT_GNU_RELRO) relro = {start: segment.address, end: segment.address + segment.memorySize};
  }
  return {segments, relro};
}
