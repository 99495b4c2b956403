import {Cursor} from './cursor.ts';
import type {Common, Description, FrameSection} from './entries.ts';

/**
 * Where a register's value of the caller is: DWARF 5, section 6.4.1.
 *
 * undefined nowhere · same still in the register · offset saved at CFA + value · isOffset is CFA + value · register in
 * register `value` · expression saved where the expression says · isExpression is what it says
 */
export type Rule =
  | {readonly kind: 'undefined' | 'same'}
  | {readonly kind: 'offset' | 'isOffset' | 'register'; readonly value: number}
  | {readonly kind: 'expression' | 'isExpression'; readonly expression: Uint8Array};

/** The Canonical Frame Address: the value of sp in the caller. */
export type FrameAddress = {readonly register: number; readonly offset: number} | {readonly expression: Uint8Array};

/** How to get from one place in code to the caller: a row of the table. */
export interface Row {
  readonly cfa: FrameAddress;
  /** By DWARF number. A register without a rule keeps its value. */
  readonly rules: ReadonlyMap<number, Rule>;
  readonly returnColumn: number;
  readonly isSignal: boolean;
}

/** More than any compiler nests; each remembers all rules. */
const DEEPEST = 64;
/** Registers of the largest machine that has a number here, vector registers too. */
const MOST_REGISTERS = 256;
/** Instructions, and rules that are remembered, of one program: the longest of node has 3,000 bytes. */
const MOST_STEPS = 1 << 16;

/**
 * Runs the instructions of a description up to an address: DWARF 5, section 6.4.2, and GNU's extensions.
 *
 * @param pc an address of the file's own, in the description
 * @returns undefined where the instructions can't be run, or there is no frame address
 */
export function rowAt(section: FrameSection, description: Description, pc: number): Row | undefined {
  const {common, start} = description;
  const program = new Program(section, common, start, pc);
  if (!program.run(common.from, common.to) || !program.begin() || !program.run(description.from, description.to))
    return undefined;
  const {cfa, rules} = program;
  return cfa && {cfa, rules, returnColumn: common.returnColumn, isSignal: common.isSignal};
}

class Program {
  cfa: FrameAddress | undefined;
  rules = new Map<number, Rule>();
  readonly #section: FrameSection;
  readonly #common: Common;
  readonly #pc: number;
  #place: number;
  #initial: ReadonlyMap<number, Rule> | undefined;
  #steps = 0;
  readonly #remembered: Array<readonly [FrameAddress | undefined, Map<number, Rule>]> = [];

  constructor(section: FrameSection, common: Common, start: number, pc: number) {
    this.#section = section;
    this.#common = common;
    this.#place = start;
    this.#pc = pc;
  }

  /** The rules of the common entry are known: they are what DW_CFA_restore restores. */
  begin(): true {
    this.#initial = new Map(this.rules);
    return true;
  }

  /** @returns false where an instruction isn't known, or makes no sense */
  run(from: number, to: number): boolean {
    const cursor = new Cursor(this.#section.bytes, from, to);
    while (!cursor.isAtEnd) {
      if (this.#steps++ > MOST_STEPS) return false;
      const byte = cursor.u8();
      const low = byte & 0x3f;
      const isFine =
        byte >= 0xc0
          ? this.#restore(low)
          : byte >= 0x80
            ? this.#set(low, 'offset', cursor.uleb() * this.#common.dataFactor)
            : byte >= 0x40
              ? this.#advance(low)
              : this.#other(byte, cursor);
      if (cursor.isBroken || !isFine) return false;
      if (this.#place > this.#pc) return true;
    }
    return true;
  }

  #other(code: number, cursor: Cursor): boolean {
    const factor = this.#common.dataFactor;
    switch (code) {
      case 0x00: // nop
      case 0x2c: // AARCH64_negate_ra_state_with_pc
      case 0x2d: // AARCH64_negate_ra_state: the walk takes signatures off addresses anyhow
        return true;
      case 0x01: // set_loc
        this.#place = cursor.pointer(this.#common.encoding, this.#section.address);
        return true;
      case 0x02:
        return this.#advance(cursor.u8());
      case 0x03:
        return this.#advance(cursor.u16());
      case 0x04:
        return this.#advance(cursor.u32());
      case 0x05: // offset_extended
        return this.#set(cursor.uleb(), 'offset', cursor.uleb() * factor);
      case 0x06: // restore_extended
        return this.#restore(cursor.uleb());
      case 0x07:
        return this.#setRule(cursor.uleb(), {kind: 'undefined'});
      case 0x08:
        return this.#setRule(cursor.uleb(), {kind: 'same'});
      case 0x09:
        return this.#set(cursor.uleb(), 'register', cursor.uleb());
      case 0x0a:
        return this.#remember();
      case 0x0b:
        return this.#recall();
      case 0x0c: // def_cfa
        return this.#define(cursor.uleb(), cursor.uleb());
      case 0x0d: // def_cfa_register
        return this.#move(cursor.uleb(), undefined);
      case 0x0e: // def_cfa_offset
        return this.#move(undefined, cursor.uleb());
      case 0x0f: {
        const expression = this.#block(cursor);
        this.cfa = {expression};
        return true;
      }
      case 0x10:
        return this.#setRule(cursor.uleb(), {kind: 'expression', expression: this.#block(cursor)});
      case 0x11: // offset_extended_sf
        return this.#set(cursor.uleb(), 'offset', cursor.sleb() * factor);
      case 0x12: // def_cfa_sf
        return this.#define(cursor.uleb(), cursor.sleb() * factor);
      case 0x13: // def_cfa_offset_sf
        return this.#move(undefined, cursor.sleb() * factor);
      case 0x14: // val_offset
        return this.#set(cursor.uleb(), 'isOffset', cursor.uleb() * factor);
      case 0x15: // val_offset_sf
        return this.#set(cursor.uleb(), 'isOffset', cursor.sleb() * factor);
      case 0x16: // val_expression
        return this.#setRule(cursor.uleb(), {kind: 'isExpression', expression: this.#block(cursor)});
      case 0x2e: // GNU_args_size
        cursor.uleb();
        return true;
      case 0x2f: // GNU_negative_offset_extended
        return this.#set(cursor.uleb(), 'offset', -cursor.uleb() * factor);
      default:
        return false;
    }
  }

  #advance(by: number): true {
    // The common entry describes no place: only a description moves on.
    if (this.#initial) this.#place += by * this.#common.codeFactor;
    return true;
  }

  #set(register: number, kind: 'offset' | 'isOffset' | 'register', value: number): boolean {
    return this.#setRule(register, {kind, value});
  }

  #setRule(register: number, rule: Rule): boolean {
    if (register >= 1 << 16 || this.rules.size > MOST_REGISTERS) return false;
    this.rules.set(register, rule);
    return true;
  }

  #restore(register: number): true {
    const rule = this.#initial?.get(register);
    if (rule) this.rules.set(register, rule);
    else this.rules.delete(register);
    return true;
  }

  #remember(): boolean {
    this.#steps += this.rules.size;
    this.#remembered.push([this.cfa, new Map(this.rules)]);
    return this.#remembered.length <= DEEPEST;
  }

  #recall(): boolean {
    const last = this.#remembered.pop();
    if (!last) return false;
    [this.cfa, this.rules] = last;
    return true;
  }

  #define(register: number, offset: number): true {
    this.cfa = {register, offset};
    return true;
  }

  /** GNU as of RISC-V sets a register first, and means an offset of 0. */
  #move(register: number | undefined, offset: number | undefined): boolean {
    const before = this.cfa ?? {register: register ?? -1, offset: 0};
    if ('expression' in before || before.register < 0) return false;
    this.cfa = {register: register ?? before.register, offset: offset ?? before.offset};
    return true;
  }

  #block(cursor: Cursor): Uint8Array {
    const size = cursor.uleb();
    const from = cursor.skip(size);
    return from < 0 ? new Uint8Array() : this.#section.bytes.subarray(from, from + size);
  }
}
