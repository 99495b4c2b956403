import {firstWhere} from '../model/search.ts';
import type {CodeObject} from './object.ts';

/** A piece of a process's memory that has code, or once had: addresses of the process, in bytes. */
export interface Mapping {
  readonly start: number;
  /** After the last byte. */
  readonly end: number;
  readonly isExecutable: boolean;
  /** Where in the file it begins; 0 without a file. */
  readonly offset: number;
  /** The file as the process names it, `[vdso]`, or '' for memory without a name. */
  readonly name: string;
  /** The file's contents; undefined without a file, or where it can't be read. */
  readonly object?: CodeObject | undefined;
  /**
   * Of code that is in no file: does it keep frame pointers? V8's does. What HotSpot compiles does only with
   * -XX:+PreserveFramePointer: else say false, and the stack ends there rather than leave callers out.
   */
  readonly keepsPointers?: boolean | undefined;
}

/** Of all spaces together, so that no two have the same version. */
let changes = 0;

/**
 * Where a process has code. Stacks depend on that alone, so `version` stays the same while other memory comes and goes:
 * what was learnt of a stack holds as long.
 */
export class Space {
  /** Ascending, disjoint. */
  #mappings: Mapping[] = [];
  #last: Mapping | undefined;
  #version = ++changes;

  /** Changes whenever code appears or disappears; no other space has the same. */
  get version(): number {
    return this.#version;
  }

  constructor(mappings: Iterable<Mapping> = []) {
    for (const mapping of mappings) this.put(mapping);
  }

  /** A new mapping takes the place of what was there: mmap(2) with MAP_FIXED, mprotect(2). */
  put(mapping: Mapping): void {
    const known = this.at(mapping.start);
    if (known && mapping.isExecutable && isSame(known, mapping)) return;
    this.remove(mapping.start, mapping.end);
    if (!mapping.isExecutable || !(mapping.end > mapping.start)) return;
    this.#mappings.splice(this.#indexAfter(mapping.start), 0, mapping);
    this.#changed();
  }

  /** Nothing is mapped there any more: munmap(2). */
  remove(start: number, end: number): void {
    const from = this.#indexAfter(start) - ((this.#before(start)?.end ?? 0) > start ? 1 : 0);
    let to = from;
    while (to < this.#mappings.length && this.#mappings[to]!.start < end) to++;
    if (from === to) return;
    const rest = this.#mappings
      .slice(from, to)
      .flatMap((mapping) => [
        ...(mapping.start < start ? [{...mapping, end: start}] : []),
        ...(mapping.end > end ? [{...mapping, start: end, offset: mapping.offset + end - mapping.start}] : []),
      ]);
    this.#mappings.splice(from, to - from, ...rest);
    this.#changed();
  }

  /** All is gone: execve(2). */
  clear(): void {
    this.#mappings = [];
    this.#changed();
  }

  /** The code that an address is in. */
  at(address: number): Mapping | undefined {
    const last = this.#last;
    if (last && address >= last.start && address < last.end) return last;
    const found = this.#before(address);
    return found && address < found.end ? (this.#last = found) : undefined;
  }

  #before(address: number): Mapping | undefined {
    return this.#mappings[this.#indexAfter(address) - 1];
  }

  /** How many mappings begin at or before an address. */
  #indexAfter(address: number): number {
    return firstWhere((place) => this.#mappings[place]!.start > address, this.#mappings.length);
  }

  #changed(): void {
    this.#version = ++changes;
    this.#last = undefined;
  }
}

const isSame = (a: Mapping, b: Mapping): boolean =>
  a.start === b.start &&
  a.end === b.end &&
  a.offset === b.offset &&
  a.name === b.name &&
  a.object === b.object &&
  a.keepsPointers === b.keepsPointers;
