import {isMangled} from '../parse/elf/symbols.ts';
import {fromText, utf8} from '../parse/scan.ts';
import {Cursor} from './cursor.ts';

/** Bytes of the library's memory: a name that refers to itself again and again would double without end. */
const MOST_PAGES = 256; // of 64 KiB
/** After this many names that needed more, the file's names are hostile, and no more are asked for. */
const MOST_FAILURES = 3;
/** Characters. The longest of node's 86,000 names is a tenth of this. */
const LONGEST = 65_536;

/**
 * What makes names of C++ (Itanium C++ ABI) and Rust (both manglings) readable: gecko-profiler-demangle, which is the
 * crates cpp_demangle and rustc-demangle in WebAssembly, with bounds of ours around it.
 *
 * @param program the library's index_bg.wasm
 * @returns a function that gives a name as people write it, or as it is where it isn't mangled, or can't be read
 */
export function demangler(program: Uint8Array): (name: string) => string {
  const module = new WebAssembly.Module(bounded(program, MOST_PAGES));
  let failures = 0;
  let library: Library | undefined;
  return (name) => {
    if (!isMangled(name) || name.length > LONGEST || failures >= MOST_FAILURES) return name;
    try {
      library ??= start(module);
      const found = call(library, name);
      // The library also tries manglings of other systems, one of which only takes an underscore off.
      return found === name.slice(1) || found.length > LONGEST ? name : found;
    } catch {
      library = undefined; // It ran out of memory; after that it can't be used any more.
      failures++;
      return name;
    }
  };
}

/** What the library's program exports: the conventions of wasm-bindgen, as in its index_bg.js. */
interface Library {
  readonly memory: {readonly buffer: ArrayBuffer};
  /** Where some bytes are free; `align` is 1 for text. */
  __wbindgen_malloc(size: number, align: number): number;
  __wbindgen_free(at: number, size: number, align: number): void;
  __wbindgen_start(): void;
  /** Takes the text over. @returns where the answer is, and how long */
  demangle_any(at: number, size: number): readonly [at: number, size: number];
}

function start(module: WebAssembly.Module): Library {
  // It would set up a table for objects of JavaScript, of which it has none.
  const imports = {'./index_bg.js': {__wbindgen_init_externref_table: () => undefined}};
  const library = new WebAssembly.Instance(module, imports).exports as unknown as Library;
  library.__wbindgen_start();
  return library;
}

function call(library: Library, name: string): string {
  const text = fromText(name);
  const at = library.__wbindgen_malloc(text.length, 1) >>> 0;
  new Uint8Array(library.memory.buffer).set(text, at);
  const [found, size] = library.demangle_any(at, text.length);
  const answer = utf8(new Uint8Array(library.memory.buffer).slice(found >>> 0, (found >>> 0) + (size >>> 0)));
  library.__wbindgen_free(found, size, 1);
  return answer;
}

const MEMORY_SECTION = 5;

/**
 * A WebAssembly program whose one memory may grow to this many pages: WebAssembly Core Specification, section 5.5.8.
 * Where its memory is not as expected, the program is left as it is.
 */
function bounded(program: Uint8Array, pages: number): Uint8Array {
  const cursor = new Cursor(program, 8);
  while (!cursor.isAtEnd) {
    const begin = cursor.at;
    const section = cursor.u8();
    const size = cursor.uleb();
    const content = cursor.skip(size);
    if (content < 0) return program;
    if (section !== MEMORY_SECTION) continue;
    const limits = new Cursor(program, content, content + size);
    const [count, flags, least] = [limits.uleb(), limits.u8(), limits.uleb()];
    if (count !== 1 || flags !== 0 || limits.isBroken || !limits.isAtEnd) return program;
    const memory = [1, 1, ...uleb(least), ...uleb(Math.max(least, pages))];
    const made = [MEMORY_SECTION, ...uleb(memory.length), ...memory];
    return Uint8Array.from([...program.subarray(0, begin), ...made, ...program.subarray(content + size)]);
  }
  return program;
}

const uleb = (value: number): number[] => (value < 128 ? [value] : [(value & 0x7f) | 0x80, ...uleb(value >>> 7)]);
