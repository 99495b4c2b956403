import {firstWhere} from '../../model/search.ts';
import {HeaderFields, type ReadAt} from './headers.ts';
import {textAt, type ElfImage, type ElfSection} from './image.ts';
import {sectionBytes, type Inflate} from './section.ts';
import type {NamedFunction} from './functions.ts';

/**
 * What each Go program has for its own tracebacks, even a stripped one: names of all functions (runtime/symtab.go and
 * debug/gosym/pclntab.go of Go). Its layout changed three times.
 */
interface Layout {
  /** Bytes of an entry of the table of functions: two words, or since 1.18 two numbers of 32 bits. */
  readonly field: 4 | 8;
  /** Where the offsets are, in words after the first 8 bytes. */
  readonly names: number | undefined;
  readonly functions: number | undefined;
  readonly table: number;
  /** How far pc goes with each distance of sp. */
  readonly distances: number | undefined;
  /** Which word has where the code begins. */
  readonly text: number | undefined;
}

const LAYOUTS: Readonly<Record<number, Layout>> = {
  0xfffffffb: {field: 8, names: undefined, functions: undefined, table: 1, distances: undefined, text: undefined}, // 1.2
  0xfffffffa: {field: 8, names: 2, functions: 6, table: 6, distances: 5, text: undefined}, // 1.16
  0xfffffff0: {field: 4, names: 3, functions: 7, table: 7, distances: 6, text: 2}, // 1.18
  0xfffffff1: {field: 4, names: 3, functions: 7, table: 7, distances: 6, text: 2}, // 1.20
};

const MOST_FUNCTIONS = 4_000_000;
/** Changes of sp in one function. */
const MOST_STEPS = 10_000;

/** The functions of a Go program, to be found by address. */
export class GoFunctions {
  readonly #fields: HeaderFields;
  readonly #bytes: Uint8Array;
  readonly #layout: Layout;
  readonly #text: number;
  readonly #count: number;
  readonly #names: number;
  readonly #functions: number;
  readonly #table: number;
  readonly #distances: number;

  private constructor(bytes: Uint8Array, fields: HeaderFields, layout: Layout, text: number) {
    const word = (index: number): number => fields.word(8 + index * 8);
    this.#bytes = bytes;
    this.#fields = fields;
    this.#layout = layout;
    this.#text = text;
    this.#count = word(0);
    this.#names = layout.names === undefined ? 0 : word(layout.names);
    this.#functions = layout.functions === undefined ? 0 : word(layout.functions);
    this.#distances = layout.distances === undefined ? 0 : word(layout.distances);
    this.#table = layout.functions === undefined ? 8 + layout.table * 8 : word(layout.table);
  }

  /**
   * @param text where the code begins, where the table itself doesn't say
   * @returns undefined where the bytes are no such table of a 64-bit machine
   */
  static open(bytes: Uint8Array, isLittle: boolean, text: number): GoFunctions | undefined {
    if (bytes.length < 80) return undefined;
    const fields = new HeaderFields(bytes, true, isLittle);
    const layout = LAYOUTS[fields.long(0)];
    if (!layout || fields.byte(7) !== 8) return undefined;
    const own = layout.text === undefined ? 0 : fields.word(8 + layout.text * 8);
    const found = new GoFunctions(bytes, fields, layout, layout.text === undefined ? 0 : own || text);
    return found.#isWhole() ? found : undefined;
  }

  #isWhole(): boolean {
    const bytes = (this.#count * 2 + 1) * this.#layout.field;
    return this.#count > 0 && this.#count <= MOST_FUNCTIONS && this.#table + bytes <= this.#bytes.length;
  }

  /** Field 0 of an entry is where the function begins, field 1 where it is described. The last entry has the end. */
  #entry(index: number, field: 0 | 1): number {
    const at = this.#table + (index * 2 + field) * this.#layout.field;
    return this.#layout.field === 8 ? this.#fields.word(at) : this.#fields.long(at);
  }

  #start(index: number): number {
    return this.#text + this.#entry(index, 0);
  }

  /** Does the table itself say where the code is? */
  get isPlaced(): boolean {
    const {text} = this.#layout;
    return text === undefined || this.#fields.word(8 + text * 8) > 0;
  }

  /** The function that contains an address of the file's own. */
  find(address: number): NamedFunction | undefined {
    const index = this.#indexOf(address);
    if (index < 0) return undefined;
    const name = this.#name(index);
    const start = this.#start(index);
    return name === '' ? undefined : {name, start, size: this.#start(index + 1) - start};
  }

  /** Which function contains an address; -1 for none. */
  #indexOf(address: number): number {
    const next = firstWhere((index) => this.#start(index) > address, this.#count);
    return address < this.#start(next) ? next - 1 : -1;
  }

  /**
   * How many bytes below its place at the function's entry sp is at an address: runtime/symtab.go, funcspdelta() and
   * step(). Pairs of a difference of the distance and one of pc, in LEB128, count from −1 and from the entry.
   *
   * @returns undefined where the table doesn't say
   */
  distanceAt(address: number): number | undefined {
    const index = this.#indexOf(address);
    if (index < 0) return undefined;
    const from = this.#functions + this.#entry(index, 1) + this.#layout.field + 12;
    if (from + 4 > this.#bytes.length) return undefined;
    const offset = this.#fields.long(from);
    if (offset === 0) return undefined;
    const quantum = this.#fields.byte(6);
    let at = this.#distances + offset;
    let pc = this.#start(index);
    let distance = -1;
    const number = (): number => {
      let value = 0;
      for (let scale = 1; scale < 2 ** 35 && at < this.#bytes.length; scale *= 128) {
        const byte = this.#bytes[at++]!;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
      return NaN;
    };
    for (let step = 0; step < MOST_STEPS; step++) {
      const change = number();
      if (Number.isNaN(change) || (change === 0 && step > 0)) return undefined;
      distance += change % 2 === 0 ? change / 2 : -(change + 1) / 2;
      pc += number() * quantum;
      if (address < pc) return distance;
      if (Number.isNaN(pc)) return undefined;
    }
    return undefined;
  }

  /** A function is described by where it begins, then by where its name is. */
  #name(index: number): string {
    const at = this.#functions + this.#entry(index, 1) + this.#layout.field;
    return at + 4 > this.#bytes.length ? '' : textAt(this.#bytes, this.#names + this.#fields.long(at));
  }
}

/** The section that each Go program has; in one that is moved at its start it has another name. */
export const goSection = (image: ElfImage): ElfSection | undefined =>
  image.sections.find(({name}) => name === '.gopclntab' || name === '.data.rel.ro.gopclntab');

/**
 * Go's table of functions of a file.
 *
 * Since 1.26 the table doesn't say where the code begins, and in a program that is moved at its start it never did.
 * It begins with .text, unless another linker put its own code there: then the program doesn't start in Go's code,
 * and what its functions are is unknown.
 */
export function readGoFunctions(read: ReadAt, image: ElfImage, inflate?: Inflate): GoFunctions | undefined {
  const section = goSection(image);
  const text = image.sections.find(({name}) => name === '.text');
  const bytes = section && image.is64 && sectionBytes(read, image, section, inflate);
  if (!bytes || !text) return undefined;
  const found = GoFunctions.open(bytes, image.isLittle, text.address);
  return found?.isPlaced || found?.find(image.entry)?.name.startsWith('_rt0_') ? found : undefined;
}
