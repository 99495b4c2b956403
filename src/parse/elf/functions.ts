import {firstWhere} from '../../model/search.ts';
import {HeaderFields, type ReadAt} from './headers.ts';
import {textAt, type ElfImage} from './image.ts';
import {sectionBytes, type Inflate} from './section.ts';
import {isCodeMark, plainness} from './symbols.ts';

/** A function of a file: addresses of its own. */
export interface NamedFunction {
  /** As the file has it: C++ and Rust names are mangled. */
  readonly name: string;
  readonly start: number;
  /** Bytes; 0 where the file doesn't say. */
  readonly size: number;
}

const SHF_EXECINSTR = 4;
const SHN_LORESERVE = 0xff00;
const SHN_XINDEX = 0xffff;
const [NOTYPE, FUNC, GNU_IFUNC] = [0, 2, 10];
/** How many symbols before an address are asked whether they reach this far: some have many names, some are nested. */
const MOST_NESTED = 64;

/**
 * All functions of a table of symbols, to be found by address many times: elf(5), Elf64_Sym. It takes about 20 bytes a
 * function, and the bytes of their names.
 */
export class FunctionIndex {
  readonly #starts: Float64Array;
  readonly #sizes: Float64Array;
  readonly #names: Uint32Array;
  readonly #text: Uint8Array;

  /** @param table `.symtab` or `.dynsym`, of 64 bits; @param text their names */
  constructor(image: ElfImage, table: Uint8Array, text: Uint8Array) {
    const fields = new HeaderFields(table, true, image.isLittle);
    const count = Math.floor(table.length / 24);
    const places = new Uint32Array(count);
    const values = new Float64Array(count);
    let found = 0;
    for (let entry = 0; entry < count; entry++) {
      if (!isFunction(fields, entry * 24, image)) continue;
      values[found] = fields.word(entry * 24 + 8);
      places[found++] = entry * 24;
    }
    const size = (index: number): number => fields.word(places[index]! + 16);
    const order = Uint32Array.from({length: found}, (_, index) => index).sort(
      (a, b) => values[a]! - values[b]! || size(b) - size(a),
    );
    this.#starts = Float64Array.from(order, (index) => values[index]!);
    this.#sizes = Float64Array.from(order, size);
    this.#names = Uint32Array.from(order, (index) => fields.long(places[index]!));
    this.#text = text;
  }

  /** How many there are; a function with two names counts twice. */
  get size(): number {
    return this.#starts.length;
  }

  /**
   * The function that contains an address: never one that only lies before it. One of size 0, whose end the file
   * doesn't say, counts where no other contains the address, and `isIn` says that it reaches so far.
   */
  find(address: number, isIn: (start: number) => boolean): NamedFunction | undefined {
    let sized: NamedFunction | undefined;
    let label: NamedFunction | undefined;
    const last = firstWhere((place) => this.#starts[place]! > address, this.size) - 1;
    for (let at = last; at >= 0 && at > last - MOST_NESTED; at--) {
      const start = this.#starts[at]!;
      if (sized && start < sized.start) break;
      const size = this.#sizes[at]!;
      if (size > 0 ? address >= start + size : label !== undefined && start < label.start) continue;
      if (size === 0 && address !== start && !isIn(start)) continue;
      const name = textAt(this.#text, this.#names[at]!);
      const best = size > 0 ? sized : label;
      if (name === '' || (best && plainness(name) >= plainness(best.name))) continue;
      if (size > 0) sized = {name, start, size};
      else label = {name, start, size};
    }
    return sized ?? label;
  }
}

/** Functions that the file defines, and what hand-written code has instead: a label without a type. */
function isFunction(fields: HeaderFields, at: number, image: ElfImage): boolean {
  const info = fields.byte(at + 4);
  const type = info & 0xf;
  if (type !== FUNC && type !== GNU_IFUNC && type !== NOTYPE) return false;
  const section = fields.half(at + 6);
  if (section === 0 || (section >= SHN_LORESERVE && section !== SHN_XINDEX) || fields.long(at) === 0) return false;
  if (type !== NOTYPE) return true;
  const home = image.sections[section];
  return home !== undefined && (home.flags & SHF_EXECINSTR) !== 0 && !isCodeMark(info, fields.word(at + 16), image);
}

/**
 * The functions of a file, by one of its tables.
 *
 * @returns undefined where the file doesn't have the table, or not of 64 bits
 */
export function readFunctions(
  read: ReadAt,
  image: ElfImage,
  table: '.symtab' | '.dynsym',
  inflate?: Inflate,
): FunctionIndex | undefined {
  const type = table === '.symtab' ? 2 : 11;
  const section = image.sections.find((each) => each.type === type && each.entrySize === 24);
  const strings = section && image.sections[section.link];
  if (!image.is64 || !section || !strings) return undefined;
  const bytes = sectionBytes(read, image, section, inflate);
  const text = sectionBytes(read, image, strings, inflate);
  return bytes && text && new FunctionIndex(image, bytes, text);
}
