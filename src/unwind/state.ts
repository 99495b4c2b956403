import {evaluate, type Values} from './expression.ts';
import {addressOf, type Machine} from './machine.ts';
import type {FrameAddress, Row, Rule} from './program.ts';
import type {Sample} from './stack.ts';

/**
 * The registers of one frame, and the copied stack. A register that a function saved is read only when something asks
 * for it: so a stack depends on few words, and two that agree in those are the same (memo.ts).
 */
export class State {
  readonly #machine: Machine;
  readonly #values: Float64Array;
  /** Where values were saved and not yet read; NaN where not. */
  readonly #places: Float64Array;
  /** Is a register still what the sample had? */
  readonly #isOriginal: Uint8Array;
  readonly #base: number;
  readonly #view: DataView;
  /** Bytes of the copied stack that were read, as offsets of words of 8 bytes, in the order of reading. */
  readonly reads: number[] = [];
  /** Registers of the sample that were asked for, besides sp. */
  readonly asked = new Set<number>();
  /** The last value wasn't known because it is outside of the copied stack. */
  isOutside = false;

  constructor(machine: Machine, {pc, registers, stack}: Sample) {
    const count = machine.registers.length;
    this.#machine = machine;
    this.#values = new Float64Array(count).fill(NaN);
    this.#values.set(registers.subarray(0, count));
    this.#places = new Float64Array(count).fill(NaN);
    this.#isOriginal = new Uint8Array(count).fill(1);
    this.#base = registers[machine.stackPointer] ?? NaN;
    this.#view = new DataView(stack.buffer, stack.byteOffset, stack.length);
    this.setProgramCounter(pc);
  }

  get stackPointer(): number {
    return this.register(this.#machine.stackPointer);
  }

  /** In expressions, pc may be a register. */
  setProgramCounter(pc: number): void {
    const {programCounter} = this.#machine;
    if (programCounter === undefined || programCounter >= this.#values.length) return;
    this.#set(programCounter, pc);
  }

  #set(register: number, value: number): void {
    this.#values[register] = value;
    this.#places[register] = NaN;
    this.#isOriginal[register] = 0;
  }

  /** A register's value in this frame; NaN where it isn't known. */
  register(register: number): number {
    const place = this.#places[register];
    if (place === undefined) return NaN;
    if (!Number.isNaN(place)) this.#set(register, this.memory(place));
    else if (this.#isOriginal[register] === 1 && register !== this.#machine.stackPointer) this.asked.add(register);
    return this.#values[register]!;
  }

  /** Eight bytes of the stack as an address; NaN outside of the copy. */
  memory(address: number): number {
    const at = this.#offsetOf(address);
    if (at < 0) return NaN;
    const high = this.#view.getUint32(at + 4, true);
    return addressOf(this.#machine, this.#view.getUint32(at, true), high);
  }

  /** Is an address in the copied stack, where nothing else could be read? */
  #offsetOf(address: number): number {
    const at = address - this.#base;
    if (at >= 0 && at + 8 <= this.#view.byteLength) {
      this.reads.push(at);
      return at;
    }
    this.isOutside = true;
    return -1;
  }

  readonly #expressions: Values = {
    register: (register) => exact(this.register(register)),
    memory: (address, size) => {
      const at = this.#offsetOf(Number(address));
      if (at < 0) return undefined;
      const word = this.#view.getBigUint64(at, true);
      return BigInt.asUintN(size * 8, word);
    },
  };

  #evaluate(expression: Uint8Array, initial?: number): number {
    const value = evaluate(expression, this.#expressions, initial === undefined ? undefined : exact(initial));
    return value === undefined ? NaN : Number(value);
  }

  /** The value of sp in the caller; NaN where it isn't known. */
  frameAddress(cfa: FrameAddress): number {
    return 'expression' in cfa ? this.#evaluate(cfa.expression) : this.register(cfa.register) + cfa.offset;
  }

  /** The return address by a row; NaN where it isn't known, undefined where the function has no caller. */
  returnAddress({rules, returnColumn}: Row, cfa: number): number | undefined {
    const rule = rules.get(returnColumn);
    if (rule?.kind === 'undefined') return undefined;
    // Where calls leave it in a register, that may be another one: RISC-V's save routines are called with t0.
    if (!rule || rule.kind === 'same') return this.#machine.link === undefined ? NaN : this.register(returnColumn);
    const [place, value] = this.#resolve(rule, cfa);
    return Number.isNaN(place) ? value : this.memory(place);
  }

  /** Where a rule says that a value was saved, or else the value. */
  #resolve(rule: Rule, cfa: number): readonly [place: number, value: number] {
    switch (rule.kind) {
      case 'offset':
        return [cfa + rule.value, NaN];
      case 'expression':
        return [this.#evaluate(rule.expression, cfa), NaN];
      case 'isOffset':
        return [NaN, cfa + rule.value];
      case 'isExpression':
        return [NaN, this.#evaluate(rule.expression, cfa)];
      case 'register':
        return [NaN, this.register(rule.value)];
      default:
        return [NaN, NaN];
    }
  }

  /** Becomes the caller: by the rules of a row. @param pc where it continues */
  unwind(row: Row, cfa: number, pc: number): void {
    const {stackPointer, programCounter, link} = this.#machine;
    // What depends on registers comes before any of them changes; most rules depend on the frame address alone.
    let resolved: Array<readonly [register: number, place: number, value: number]> | undefined;
    for (const [register, rule] of row.rules) {
      if (rule.kind === 'offset' || rule.kind === 'same' || register === programCounter) continue;
      (resolved ??= []).push([register, ...this.#resolve(rule, cfa)]);
    }
    if (!row.rules.has(stackPointer)) this.#set(stackPointer, cfa);
    for (const [register, rule] of row.rules)
      if (rule.kind === 'offset' && register !== programCounter) this.#restore(register, cfa + rule.value, NaN);
    for (const [register, place, value] of resolved ?? []) this.#restore(register, place, value);
    if (row.returnColumn === link && !row.isSignal) this.#set(row.returnColumn, pc);
    this.setProgramCounter(pc);
  }

  /** A register of the caller: saved at a place, or with a value. Vector registers aren't followed. */
  #restore(register: number, place: number, value: number): void {
    // Below sp is what the function has already taken back: the register has its value again.
    if (register >= this.#values.length || place < this.#base) return;
    this.#set(register, value);
    this.#places[register] = place;
  }

  /**
   * Becomes the caller: by the frame pointer. What else the function saved isn't known, so the other registers aren't.
   *
   * @returns the return address; NaN where it isn't known
   */
  unwindByPointer(): number {
    const {framePointer, stackPointer, record} = this.#machine;
    const [pointer, sp] = [this.register(framePointer), this.stackPointer];
    // A frame is on the stack, and aligned. Where sp isn't known, it was above in the frame before.
    if (Number.isNaN(pointer) || pointer % 8 !== 0 || pointer < sp || pointer < this.#base) return NaN;
    // Far from here it is not a stack that the copy was too short for, but another value in the register.
    if (pointer - this.#base > LARGEST_STACK) return NaN;
    const pc = this.memory(pointer + record.returnAddress);
    if (Number.isNaN(pc)) return NaN;
    for (let register = 0; register < this.#values.length; register++) this.#set(register, NaN);
    this.#places[framePointer] = pointer + record.framePointer;
    if (record.stackPointer !== undefined) this.#set(stackPointer, pointer + record.stackPointer);
    this.setProgramCounter(pc);
    return pc;
  }
}

/** Bytes: eight times what a main thread has by default (setrlimit(2), RLIMIT_STACK). */
const LARGEST_STACK = 64 * 1024 * 1024;

/** A register as a number of 64 bits; undefined where it isn't known exactly. */
const exact = (value: number): bigint | undefined =>
  Number.isSafeInteger(value) ? BigInt.asUintN(64, BigInt(value)) : undefined;
