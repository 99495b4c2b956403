import {HeaderFields, type ReadAt} from './headers.ts';
import type {ElfImage, ElfSection} from './image.ts';

/** How the bytes of a section were compressed: ELFCOMPRESS_*, elf(5). */
export type Compression = 'zlib' | 'zstd';

/**
 * Decompresses. The pure rooms have no such library, so it is handed in.
 *
 * @param size bytes that come out; no more may
 * @returns undefined where it can't, such as zstd before Node 22.15
 */
export type Inflate = (bytes: Uint8Array, size: number, how: Compression) => Uint8Array | undefined;

const SHT_NOBITS = 8;
const SHF_COMPRESSED = 0x800;
const FORMS: Readonly<Record<number, Compression>> = {1: 'zlib', 2: 'zstd'};

/** Bytes. A debug build of a browser has tables of about 200 MiB. */
const LARGEST = 256 * 1024 * 1024;

/**
 * The bytes of a section, decompressed: elf(5), Elf64_Chdr.
 *
 * @returns undefined where the file doesn't have them all, they are too many, or can't be decompressed
 */
export function sectionBytes(
  read: ReadAt,
  image: ElfImage,
  section: ElfSection,
  inflate?: Inflate,
): Uint8Array | undefined {
  if (section.type === SHT_NOBITS || section.size > LARGEST) return undefined;
  const bytes = read(section.offset, section.size);
  if (bytes.length < section.size) return undefined;
  if ((section.flags & SHF_COMPRESSED) === 0) return bytes;
  const head = image.is64 ? 24 : 12;
  if (bytes.length < head) return undefined;
  const fields = new HeaderFields(bytes, image.is64, image.isLittle);
  const how = FORMS[fields.long(0)];
  const size = fields.word(image.is64 ? 8 : 4);
  if (!how || size > LARGEST) return undefined;
  const whole = inflate?.(bytes.subarray(head), size, how);
  return whole?.length === size ? whole : undefined;
}
