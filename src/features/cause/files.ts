import {closeSync, constants, fstatSync, openSync, readFileSync, readSync} from 'node:fs';
import {inflateSync} from 'node:zlib';
import {debugPaths} from '../../parse/elf/debug.ts';
import type {ReadAt} from '../../parse/elf/headers.ts';
import type {Inflate} from '../../parse/elf/section.ts';
import {PerfMap} from '../../parse/perf-map.ts';
import {openIfPlain} from '../../procfs/image/mapped.ts';
import {textIfThere} from '../../procfs/open.ts';
import {builtFile} from '../../shell/built.ts';
import {demangler} from '../../unwind/demangle.ts';
import {CodeObject} from '../../unwind/object.ts';
import type {Range} from './ledger/spans.ts';

/** A file that is mapped with code. */
interface MappedCode extends Range {
  readonly name: string;
  /** As maps has it. */
  readonly inode: string;
}

/** ms after which a JIT's map is looked at again. */
const MAP_AGE = 100;
/** Bytes of a JIT's map that are read at most: node's grows by a MB or two. */
const LARGEST_MAP = 64 * 2 ** 20;

/**
 * The files that a process has code of: programs, libraries, their separate names, and what a JIT compiler tells of its
 * code. They are found in the process's own root directory, which is kept open, so that it outlives the process.
 */
export class CodeFiles {
  readonly #pid: number;
  readonly #proc: string;
  readonly #root: number | undefined;
  readonly #objects = new Map<string, CodeObject | undefined>();
  readonly #fds: number[] = [];
  readonly #demangle = demangling();
  readonly #jit = new PerfMap();
  #jitRead = 0;
  #jitTime = -Infinity;

  /** @param proc where procfs is mounted */
  constructor(pid: number, proc = '/proc') {
    this.#pid = pid;
    this.#proc = proc;
    this.#root = folderIfThere(`${proc}/${pid}/root`);
  }

  /** @returns undefined where it can't be read, is not the file that was mapped, or no program */
  open(code: MappedCode): CodeObject | undefined {
    const key = `${code.inode} ${code.name}`;
    const known = this.#objects.get(key);
    if (known || this.#objects.has(key)) return known;
    const object = code.name === '[vdso]' ? vdso() : code.name.startsWith('/') ? this.#open(code) : undefined;
    this.#objects.set(key, object);
    return object;
  }

  /** A name as people write it. */
  readable(name: string): string {
    return this.#demangle(name);
  }

  /** The name that a runtime gave to code that it made: PerfMap. */
  nameOfMade(address: number): string | undefined {
    this.#readJit();
    return this.#jit.at(address)?.name;
  }

  close(): void {
    for (const fd of [...this.#fds.splice(0), ...(this.#root === undefined ? [] : [this.#root])]) closeSync(fd);
  }

  #open({start, end, name, inode}: MappedCode): CodeObject | undefined {
    const range = `${start.toString(16)}-${end.toString(16)}`;
    const read = this.#reader(this.#path(name), inode) ?? this.#reader(`${this.#proc}/${this.#pid}/map_files/${range}`);
    const plain = read && CodeObject.open({read, inflate});
    if (!plain) return undefined;
    for (const place of debugPaths(name, plain.claim.buildId, plain.claim.link)) {
      const debug = this.#reader(this.#path(place));
      if (debug) return CodeObject.open({read, debug, inflate});
    }
    return plain;
  }

  #path(name: string): string {
    return this.#root === undefined ? `${this.#proc}/${this.#pid}/root${name}` : `/proc/self/fd/${this.#root}${name}`;
  }

  #reader(path: string, inode?: string): ReadAt | undefined {
    const file = openIfPlain(path, inode);
    if (!file) return undefined;
    const {fd, size} = file;
    this.#fds.push(fd);
    return (offset, length) => {
      if (offset < 0 || offset >= size || length <= 0) return new Uint8Array();
      const bytes = Buffer.allocUnsafe(Math.min(length, size - offset));
      try {
        return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
      } catch {
        return new Uint8Array();
      }
    };
  }

  #readJit(): void {
    const now = performance.now();
    if (now < this.#jitTime + MAP_AGE) return;
    this.#jitTime = now;
    const own = /^NSpid:.*?(\d+)$/m.exec(textIfThere(`${this.#proc}/${this.#pid}/status`))?.[1] ?? String(this.#pid);
    const file = openIfPlain(this.#path(`/tmp/perf-${own}.map`));
    if (!file) return;
    try {
      const {size} = fstatSync(file.fd);
      const bytes = Buffer.alloc(Math.max(0, Math.min(size, LARGEST_MAP) - this.#jitRead));
      const count = bytes.length === 0 ? 0 : readSync(file.fd, bytes, 0, bytes.length, this.#jitRead);
      this.#jitRead += count;
      if (count > 0) this.#jit.add(bytes.subarray(0, count));
    } catch {
      // It was removed or cut: its names stay as they are known.
    } finally {
      file.close();
    }
  }
}

const inflate: Inflate = (bytes, size, how) => {
  if (how === 'zstd') return undefined;
  try {
    return inflateSync(bytes, {maxOutputLength: Math.max(1, size)});
  } catch {
    return undefined;
  }
};

function folderIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
}

/** Names stay as they are where the library was not built. */
function demangling(): (name: string) => string {
  try {
    return demangler(readFileSync(builtFile('demangle.wasm')));
  } catch {
    return (name) => name;
  }
}

/** The kernel gives all programs of a machine the same code, vdso(7): it is read from memmap's own memory. */
function vdso(): CodeObject | undefined {
  const line = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(textIfThere('/proc/self/maps'));
  if (!line) return undefined;
  const [start, end] = [Number.parseInt(line[1]!, 16), Number.parseInt(line[2]!, 16)];
  try {
    const memory = openSync('/proc/self/mem', 'r');
    const bytes = Buffer.alloc(end - start);
    readSync(memory, bytes, 0, bytes.length, start);
    closeSync(memory);
    return CodeObject.open({read: (offset, length) => bytes.subarray(Math.max(0, offset), offset + length), inflate});
  } catch {
    return undefined;
  }
}
