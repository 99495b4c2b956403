import {readSync} from 'node:fs';
import type {FileFacts} from './address.ts';
import type {Region} from '../../model/region.ts';
import type {ReadAt} from '../../parse/elf/headers.ts';
import {readElfImage, sectionAt, type ElfImage} from '../../parse/elf/image.ts';
import {ownAddress} from '../../parse/elf/place.ts';
import {findSymbol, isMangled} from '../../parse/elf/symbols.ts';
import {openMapped, openIfPlain, type MappedFile} from '../../procfs/image/mapped.ts';
import type {Looked} from './target.ts';

/** What the file behind a region says about one byte of it; undefined where there is no file. */
export function fileFacts(looked: Looked, region: Region, address: bigint): FileFacts | undefined {
  const {regions} = looked.snapshot;
  const owner = ownerOf(regions, region);
  if (!owner) return region.kind === 'vdso' ? {name: region.name, offset: undefined, notes: [NO_VDSO]} : undefined;
  const at = Number(address);
  const offset = owner === region && region.offset !== undefined ? at - region.start + region.offset : undefined;
  const opened = openOwner(looked, owner);
  if (typeof opened === 'string') return {name: owner.name, offset, notes: [opened]};
  try {
    const read = reader(opened);
    const image = readElfImage(read);
    const how = looked.handle ? [] : [`Read from the file that now has this path: it has the same inode number.`];
    if (!image)
      return {name: owner.name, offset, notes: [...how, 'It is not an ELF file: it has no sections and no symbols.']};
    return {name: owner.name, offset, ...elfFacts(read, image, placeOf(regions, owner, region), at, how)};
  } finally {
    opened.close();
  }
}

/** The sections of an ELF file that a region shows, by name; none where the file can't be read. */
export function sectionsIn(looked: Looked, region: Region): string[] {
  const owner = ownerOf(looked.snapshot.regions, region);
  const opened = owner ? openOwner(looked, owner) : '';
  if (typeof opened === 'string' || !owner) return [];
  try {
    const image = readElfImage(reader(opened));
    const start = image && ownAddress(image, placeOf(looked.snapshot.regions, owner, region), region.start);
    if (!image || start === undefined) return [];
    const end = start + (region.end - region.start);
    return image.sections
      .filter(
        ({flags, address, size, name}) =>
          (flags & 2) !== 0 && size > 0 && name !== '' && address < end && start < address + size,
      )
      .map(({name}) => name);
  } finally {
    opened.close();
  }
}

const NO_VDSO =
  'The function is not known: the vdso is in no file, only in the memory of the process, which memmap does ' +
  'not read for that. gdb -p PID can tell: info symbol ADDRESS.';

type ElfFacts = Pick<FileFacts, 'ownAddress' | 'section' | 'symbol' | 'notes'>;

function elfFacts(read: ReadAt, image: ElfImage, place: Place, address: number, how: readonly string[]): ElfFacts {
  const own = ownAddress(image, place, address);
  if (own === undefined)
    return {notes: [...how, 'No program header of the file covers this address: the file was mapped as data.']};
  const {symbol, tables, isCut} = findSymbol(read, image, own);
  const section = sectionAt(image, own)?.name;
  const notes = [
    ...how,
    image.sections.length === 0 && 'The file has no section headers, and so no names.',
    image.sections.length > 0 && tables.length === 0 && 'The file has no symbols (it is stripped).',
    tables.length === 1 &&
      tables[0] === '.dynsym' &&
      symbol &&
      !symbol.isInside &&
      'The file is stripped: only names that other files use are left, so this may be another function.',
    tables.length === 1 &&
      tables[0] === '.dynsym' &&
      !symbol &&
      'The file is stripped: only names that other files use are left, and none is near.',
    isCut && 'The symbol table is larger than 256 MiB: only its beginning was searched.',
    symbol &&
      isMangled(symbol.name) &&
      'The name is as the compiler wrote it: c++filt (C++) or rustfilt (Rust) make it readable.',
  ].filter((note) => typeof note === 'string');
  return {ownAddress: own, section, symbol, notes};
}

/** The region with the file that a region belongs to: itself, or for bss and the like the one before it. */
function ownerOf(regions: readonly Region[], region: Region): Region | undefined {
  if (region.name.startsWith('/')) return region;
  if (region.name !== '' || region.kind !== 'bss') return undefined;
  const before = regions[regions.indexOf(region) - 1];
  return before?.end === region.start && before.name.startsWith('/') ? before : undefined;
}

interface Place {
  readonly start: number;
  readonly offset: number;
  readonly perms: string;
  readonly base: number | undefined;
}

function placeOf(regions: readonly Region[], owner: Region, region: Region): Place {
  const base = regions.findLast(
    ({name, inode, offset, start}) =>
      name === owner.name && inode === owner.inode && offset === 0 && start <= owner.start,
  );
  const offset = owner === region ? region.offset : undefined;
  return {start: region.start, offset: offset ?? NaN, perms: region.perms, base: base?.start};
}

/** The open file; or why it could not be opened. */
function openOwner({handle, snapshot}: Looked, owner: Region): MappedFile | string {
  if (handle)
    return (
      openMapped(handle, owner) ??
      'The file could not be opened: it is gone, is not a regular file, or you may not read it.'
    );
  if (owner.inode === '' || owner.inode === '0')
    return 'The listing has no inode number, so memmap cannot tell whether a file of this name is the same.';
  const opened = owner.nameBase64 === undefined ? openIfPlain(owner.name, owner.inode) : undefined;
  const where = snapshot.source.from === 'capture' ? 'The listing' : 'The snapshot';
  return (
    opened ??
    `${where} may be from another machine: there is no file here with this name and inode number that you may read.`
  );
}

/** Reads only what is asked for: a debug build can be 1 GiB large. */
const reader =
  ({fd, size}: MappedFile): ReadAt =>
  (offset, length) => {
    if (!(offset >= 0 && offset < size && length > 0)) return new Uint8Array();
    const bytes = Buffer.alloc(Math.min(length, size - offset));
    let have = 0;
    while (have < bytes.length) {
      const count = readSync(fd, bytes, have, bytes.length - have, offset + have);
      if (count === 0) break;
      have += count;
    }
    return bytes.subarray(0, have);
  };
