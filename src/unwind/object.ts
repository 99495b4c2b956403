import {buildIdOf, debugLinkOf, hasXzNames, isDebugFile, type DebugClaim} from '../parse/elf/debug.ts';
import {readFunctions, type FunctionIndex, type NamedFunction} from '../parse/elf/functions.ts';
import {goSection, readGoFunctions, type GoFunctions} from '../parse/elf/go.ts';
import type {ReadAt} from '../parse/elf/headers.ts';
import {readElfImage, sectionAt, type ElfImage} from '../parse/elf/image.ts';
import {ownAddress} from '../parse/elf/place.ts';
import {sectionBytes, type Inflate} from '../parse/elf/section.ts';
import {machineOf, X64, type Machine} from './machine.ts';
import {rowAt, type Row, type Rule} from './program.ts';
import {frameAddress, FrameTable} from './table.ts';

/** A file with code, and what there is to read it. */
export interface ObjectFile {
  readonly read: ReadAt;
  /** Its separate debug information, where there is some: see `debugPaths()` in parse/elf/debug.ts. */
  readonly debug?: ReadAt | undefined;
  /** For compressed sections; without it they count as missing. */
  readonly inflate?: Inflate | undefined;
}

/** Rows that are kept. A program has some thousand call sites that change memory. */
const MOST_ROWS = 65_536;
/** Bytes of the code at e_entry, at most: the loader has about 70. */
const LONGEST_START = 256;
/** Bytes of code before a place in a function that are looked through. */
const LONGEST_FUNCTION = 64 * 1024;
/** Bytes of .eh_frame of a file without section headers: as far as its segment goes, but no more than this. */
const LONGEST_FRAMES = 64 * 1024 * 1024;

/**
 * A file that is mapped with code: its rules for unwinding, and the names of its functions. All addresses are the
 * file's own, as readelf prints them. Sections are read when they are first asked for, and kept.
 */
export class CodeObject {
  readonly machine: Machine;
  /** For looking for separate debug information. */
  readonly claim: DebugClaim;
  /** It has names that only xz could read: what to say where its functions have none. */
  readonly hasXzNames: boolean;
  /** A Go program: it has a table of functions of its own. */
  readonly isGo: boolean;
  readonly #file: ObjectFile;
  readonly #image: ElfImage;
  readonly #rows = new Map<number, Row | undefined>();
  #tables: FrameTable[] | undefined;
  #functions: FunctionIndex[] | undefined;
  #go: GoFunctions | null | undefined;

  private constructor(file: ObjectFile, image: ElfImage, machine: Machine) {
    this.#file = file;
    this.#image = image;
    this.machine = machine;
    this.claim = {buildId: buildIdOf(file.read, image), link: debugLinkOf(file.read, image)};
    this.hasXzNames = hasXzNames(image);
    this.isGo = goSection(image) !== undefined;
  }

  /** @returns undefined for what is not a 64-bit ELF file of a machine whose registers are known */
  static open(file: ObjectFile): CodeObject | undefined {
    const image = readElfImage(file.read);
    const machine = image?.is64 && image.isLittle ? machineOf(image.machine) : undefined;
    return image && machine && new CodeObject(file, image, machine);
  }

  /** An address of the process → the file's own; undefined where no segment belongs there. */
  ownAddress(mapping: {readonly start: number; readonly offset: number}, address: number): number | undefined {
    return ownAddress(this.#image, {...mapping, perms: 'r-xp'}, address);
  }

  /** The rules at an address; undefined where the file has none. */
  rowAt(address: number): Row | undefined {
    const known = this.#rows.get(address);
    if (known || this.#rows.has(address)) return known;
    const row = this.#findRow(address);
    if (this.#rows.size >= MOST_ROWS) this.#rows.clear();
    this.#rows.set(address, row);
    return row;
  }

  #findRow(address: number): Row | undefined {
    for (const table of this.#frameTables()) {
      const description = table.find(address);
      const row = description && rowAt(table.section, description, address);
      if (row) return row;
    }
    if (sectionAt(this.#image, address)?.name.startsWith('.plt')) return stubRow(this.machine);
    const distance = this.machine === X64 ? this.#goFunctions()?.distanceAt(address) : undefined;
    return distance === undefined || distance < 0 ? undefined : goRow(distance);
  }

  /**
   * Is this the loader's first code, which nobody called? Programs have rules that say so; glibc's loader for x86-64
   * has none there, so it reaches from e_entry to the next function that has some. A library may have any e_entry.
   */
  isStart(address: number): boolean {
    const {entry, segments} = this.#image;
    const {firstCode} = this.machine;
    if (!firstCode || address < entry || address >= entry + LONGEST_START || this.#range(entry)) return false;
    const segment = segments.find((each) => entry >= each.address && entry < each.address + each.fileSize);
    const bytes = segment && this.#file.read(entry - segment.address + segment.offset, firstCode.length);
    return firstCode.every((byte, index) => bytes?.[index] === byte) && address < this.#nextStart(entry);
  }

  #nextStart(address: number): number {
    return Math.min(Infinity, ...this.#frameTables().map((table) => table.nextStart(address)));
  }

  #range(address: number): {readonly start: number; readonly end: number} | undefined {
    for (const table of this.#frameTables()) {
      const found = table.find(address);
      if (found) return found;
    }
    return undefined;
  }

  /**
   * The function that contains an address, by .symtab, the separate file's .symtab, .dynsym, Go's table of functions or
   * else the range of its description, whose name is `function at 0x…`. Never the nearest one that doesn't contain it.
   */
  functionAt(address: number): NamedFunction | undefined {
    const range = this.#range(address);
    const isIn = (start: number): boolean => range !== undefined && start >= range.start && start < range.end;
    for (const index of this.#functionIndexes()) {
      const found = index.find(address, isIn);
      if (found) return found;
    }
    const found = this.#goFunctions()?.find(address);
    if (found || !range) return found;
    return {name: `function at 0x${range.start.toString(16)}`, start: range.start, size: range.end - range.start};
  }

  /** Is there a call before a place? @param offset of the file's contents */
  isAfterCall(offset: number): boolean {
    const from = Math.max(0, offset - 8);
    return this.machine.isCall(this.#file.read(from, offset - from));
  }

  /**
   * Has the function at an address made its frame pointer before? Code without rules may be such, or a leaf that leaves
   * the caller's frame pointer where it is.
   *
   * @param offset of the file's contents, of the same byte
   */
  hasFrame(address: number, offset: number): boolean {
    const found = this.functionAt(address);
    const before = found ? address - found.start : 0;
    if (before <= 0 || before > LONGEST_FUNCTION || before > offset) return false;
    const bytes = this.#file.read(offset - before, before);
    return bytes.length === before && this.machine.hasFrame(bytes);
  }

  #goFunctions(): GoFunctions | null {
    return (this.#go ??= readGoFunctions(this.#file.read, this.#image, this.#file.inflate) ?? null);
  }

  #functionIndexes(): readonly FunctionIndex[] {
    if (this.#functions) return this.#functions;
    const {read, inflate} = this.#file;
    const debug = this.#debugFile();
    const indexes = [
      readFunctions(read, this.#image, '.symtab', inflate) ??
        (debug && readFunctions(debug.read, debug.image, '.symtab', inflate)),
      readFunctions(read, this.#image, '.dynsym', inflate),
    ];
    return (this.#functions = indexes.filter((index) => index !== undefined));
  }

  #debugFile(): {readonly read: ReadAt; readonly image: ElfImage} | undefined {
    const read = this.#file.debug;
    const image = read && readElfImage(read);
    return read && image?.is64 && isDebugFile(this.claim, read, image) ? {read, image} : undefined;
  }

  #frameTables(): readonly FrameTable[] {
    if (this.#tables) return this.#tables;
    const {read} = this.#file;
    const debug = this.#debugFile();
    const tables = [
      this.#ehFrame(),
      this.#debugFrame(read, this.#image),
      debug && this.#debugFrame(debug.read, debug.image),
    ];
    return (this.#tables = tables.filter((table) => table !== undefined));
  }

  #debugFrame(read: ReadAt, image: ElfImage): FrameTable | undefined {
    const section = image.sections.find(({name}) => name === '.debug_frame');
    const bytes = section && sectionBytes(read, image, section, this.#file.inflate);
    return bytes && new FrameTable({bytes, address: 0, isEh: false});
  }

  #ehFrame(): FrameTable | undefined {
    const {read} = this.#file;
    const header = this.#image.frameHeader;
    const headerBytes = header && read(header.offset, Math.min(header.fileSize, LONGEST_FRAMES));
    const section = this.#image.sections.find(({name}) => name === '.eh_frame');
    const sorted = headerBytes && {bytes: headerBytes, address: header.address};
    if (section) {
      const bytes = sectionBytes(read, this.#image, section, this.#file.inflate);
      return bytes && new FrameTable({bytes, address: section.address, isEh: true}, sorted);
    }
    const address = sorted && frameAddress(sorted);
    const segment = this.#image.segments.find(
      (each) => address !== undefined && address >= each.address && address < each.address + each.fileSize,
    );
    if (!sorted || address === undefined || !segment) return undefined;
    const within = address - segment.address;
    const bytes = read(segment.offset + within, Math.min(segment.fileSize - within, LONGEST_FRAMES));
    return new FrameTable({bytes, address, isEh: true}, sorted);
  }
}

/** Stubs that only jump on, without a description where ld made them for a static program: nothing was saved yet. */
function stubRow({stackPointer, link, programCounter}: Machine): Row | undefined {
  if (link !== undefined)
    return {cfa: {register: stackPointer, offset: 0}, rules: new Map(), returnColumn: link, isSignal: false};
  if (programCounter === undefined) return undefined;
  const rules = new Map([[programCounter, {kind: 'offset', value: -8} as const]]);
  return {cfa: {register: stackPointer, offset: 8}, rules, returnColumn: programCounter, isSignal: false};
}

/** rip: Go's own rules count it as the return address too. */
const GO_RETURN = 16;

/** Go's table of distances, as rules: the caller's sp is above the return address. rbp's old value isn't looked for. */
function goRow(distance: number): Row {
  const rules = new Map<number, Rule>([
    [GO_RETURN, {kind: 'offset', value: -8}],
    [X64.framePointer, {kind: 'undefined'}],
  ]);
  return {cfa: {register: X64.stackPointer, offset: distance + 8}, rules, returnColumn: GO_RETURN, isSignal: false};
}
