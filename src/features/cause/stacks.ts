import type {Place} from '../../trace/events.ts';
import {ARM64, type Machine, perfRegisters, RISCV64, X64} from '../../unwind/machine.ts';
import type {End, Frame, How, Stack} from '../../unwind/stack.ts';
import {Unwinder} from '../../unwind/unwind.ts';
import type {Code} from './code.ts';
import type {CodeFiles} from './files.ts';

/** A function on a stack, as it is reported. */
export interface CallFrame {
  /** As people write it; undefined where nothing says it. */
  readonly name: string | undefined;
  /** The file that the code is in, `[vdso]`, or '' for code that was made as the program ran. */
  readonly file: string;
  /** Of the file's own; of the process where the code is in no file. */
  readonly address: number;
  /** Bytes from where the function begins. */
  readonly offset: number | undefined;
  /** A signal interrupted the next one. */
  readonly isSignal: boolean;
}

/** From the innermost outwards. Equal stacks are one object. */
export interface CallStack {
  readonly id: number;
  readonly end: End;
  readonly how: How;
  readonly frames: readonly CallFrame[];
  /** Code that is in no file, and that nothing names, is on it. */
  readonly hasUnnamedCode: boolean;
}

const MACHINES: Readonly<Record<string, Machine>> = {x64: X64, arm64: ARM64, riscv64: RISCV64};

/** Places in a program from which a call without a stack is recognised. */
const MOST_PLACES = 16_384;

/** Samples become stacks with names. What the kernel copied is read here, and not kept. */
export class Stacks {
  readonly #code: Code;
  readonly #files: CodeFiles;
  readonly #machine: Machine = MACHINES[process.arch] ?? X64;
  readonly #unwinder = new Unwinder(this.#machine);
  readonly #byObject = new WeakMap<Stack, CallStack>();
  readonly #byKey = new Map<string, CallStack>();
  /** By thread, pc, sp and frame pointer. */
  readonly #byPlace = new Map<string, CallStack>();
  readonly #onNew: (stack: CallStack) => void;

  /** @param onNew is told each stack once */
  constructor(code: Code, files: CodeFiles, onNew: (stack: CallStack) => void) {
    this.#code = code;
    this.#files = files;
    this.#onNew = onNew;
  }

  /**
   * @returns the stack; where none was copied, the last one that came from the same place of the same thread, which is
   *   `inferred`
   */
  of({registers: words, stack, chain}: Place, tid: number): {stack: CallStack | undefined; inferred: boolean} {
    if (!words) return {stack: undefined, inferred: false};
    const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
    const {pc, registers} = perfRegisters(this.#machine, view, 0);
    const {stackPointer, framePointer} = this.#machine;
    const place = `${tid} ${pc} ${registers[stackPointer]} ${registers[framePointer]}`;
    if (!stack) {
      const alike = this.#byPlace.get(place);
      return {stack: alike, inferred: alike !== undefined};
    }
    const found = this.#known(this.#unwinder.unwind(this.#code.space, {pc, registers, stack, chain}));
    if (this.#byPlace.size >= MOST_PLACES) this.#byPlace.clear();
    this.#byPlace.set(place, found);
    return {stack: found, inferred: false};
  }

  #known(stack: Stack): CallStack {
    const before = this.#byObject.get(stack);
    if (before) return before;
    const frames = stack.frames.map((frame, index) => this.#named(frame, index === 0));
    const key = [stack.end, stack.how, ...frames.map(({name, file, address}) => `${file}\t${address}\t${name}`)].join();
    let known = this.#byKey.get(key);
    if (!known) {
      const hasUnnamedCode = frames.some(({name, file}) => name === undefined && !file.startsWith('/'));
      known = {id: this.#byKey.size + 1, end: stack.end, how: stack.how, frames, hasUnnamedCode};
      this.#byKey.set(key, known);
      this.#onNew(known);
    }
    // What a JIT compiler made may be something else the next time.
    if (stack.frames.every(({address}) => address !== undefined)) this.#byObject.set(stack, known);
    return known;
  }

  #named({pc, address, name, offset, mapping, isSignal}: Frame, isInnermost: boolean): CallFrame {
    const isInFile = address !== undefined;
    const readable =
      name === undefined
        ? isInFile
          ? undefined
          : this.#files.nameOfMade(isInnermost ? pc : pc - 1)
        : this.#files.readable(name);
    return {name: readable, file: mapping.name, address: address ?? pc, offset, isSignal};
  }
}
