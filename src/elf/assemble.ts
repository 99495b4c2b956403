/*
 * Turns a list of instructions and data into bytes: gives each label its address, chooses the length of each jump, and
 * inserts addresses where labels were named.
 *
 * A jump to a label has a short form (one byte of distance) and a long one (four). A short one may bring another one
 * within reach, so the choice is made as in GNU as: all are short at first; those that don't reach become long, which
 * moves others apart; this repeats until all reach. None ever becomes short again, so it ends. It depends on nothing
 * but the list.
 */
import {littleEndian} from './bytes.ts';
import type {ProgramSymbol} from './program.ts';

/** Bytes, in which at most one place needs an address that is not known yet. */
export interface Instruction extends Remarks {
  readonly kind: 'instruction';
  readonly bytes: readonly number[];
  /** Its address must be a multiple of this, in bytes; if absent, any address will do. */
  readonly align?: number;
  readonly fixup?: Fixup;
}

/**
 * How an instruction refers to a label, once the label's address is known. Each machine has its own ways. (Not a
 * relocation: those are for a linker, and there is none.)
 */
interface Fixup {
  readonly label: string;
  /** added to the label's address, in bytes */
  readonly plus: number;
  /**
   * The final bytes of the instruction, as many as before, from the address it refers to and its own address.
   *
   * @throws RangeError if the instruction can't reach that far
   */
  readonly link: (to: number, at: number) => readonly number[];
}

/** A jump that may be short: each form is given as the bytes before the distance. */
export interface Jump extends Remarks {
  readonly kind: 'jump';
  readonly short: readonly number[];
  readonly long: readonly number[];
  readonly label: string;
}

/** A name for the address of what follows. */
interface Label {
  readonly kind: 'label';
  readonly name: string;
}

/** Zeros up to a multiple of `to` bytes. */
interface Alignment {
  readonly kind: 'align';
  readonly to: number;
}

/** Items under a name that tools are to see: becomes a symbol with a size, and is a label too. */
interface Block {
  readonly kind: 'block';
  readonly name: string;
  readonly type: ProgramSymbol['type'];
  readonly items: readonly Item[];
}

export type Item = Instruction | Jump | Label | Alignment | Block;

/**
 * The result: the bytes for the given address, the symbols of the blocks in their order, and the lines of a listing.
 */
interface Assembled {
  readonly bytes: Uint8Array;
  readonly symbols: readonly ProgramSymbol[];
  readonly lines: readonly CodeLine[];
}

/** A name for the address of the next item. Tools don't see it. */
export function label(name: string): Label {
  return {kind: 'label', name};
}

/** Zeros up to the next address that is a multiple of `to` bytes. */
export function align(to: number): Alignment {
  return {kind: 'align', to};
}

/** Code with a name: gdb can break on it, objdump shows it. */
export function func(name: string, items: readonly Item[]): Block {
  return {kind: 'block', name, type: 'func', items};
}

/** Data with a name. */
export function object(name: string, bytes: readonly number[]): Block {
  return {kind: 'block', name, type: 'object', items: [{kind: 'instruction', bytes}]};
}

/**
 * Assembles items for the memory at `address`.
 *
 * @param known symbols that are elsewhere: labels for the code, not part of the result
 * @throws RangeError if a label is missing or defined twice, something is further away than an instruction reaches (2
 *   GiB on x86-64), or an instruction is not aligned as its machine requires
 */
export function assemble(items: readonly Item[], address: number, known: readonly ProgramSymbol[] = []): Assembled {
  const code = flatten(items, {items: [], names: []});
  checkNames([...known.map((symbol) => symbol.name), ...code.names.map(({name}) => name)]);
  const labels = new Map(known.map((symbol) => [symbol.name, symbol.address]));
  const long = new Set<number>();
  for (;;) {
    const places = place(code, address, long);
    for (const {name, start} of code.names) labels.set(name, places[start] ?? 0);
    const failing = code.items.flatMap((item, i) => {
      if (item.kind !== 'jump' || long.has(i)) return [];
      const to = find(labels, item.label);
      return reachesShort(to - (places[i + 1] ?? 0)) ? [] : [i];
    });
    if (failing.length === 0) {
      const bytes = put(code, places, long, labels);
      return {bytes, symbols: symbolsOf(code, places), lines: linesOf(code.items, code.names, places, bytes)};
    }
    for (const i of failing) long.add(i);
  }
}

/** A distance as four bytes. They are signed, so they reach 2 GiB in either direction; further is a RangeError. */
export function fourBytes(distance: number): number[] {
  if (Math.abs(distance) >= 2 ** 31) throw new RangeError(`${distance} bytes are too far away`);
  return littleEndian(distance, 4);
}

// --- internal ---

/** A list without blocks and labels, and the names with the indices of their items. */
interface Code {
  readonly items: (Instruction | Jump | Alignment)[];
  readonly names: {name: string; start: number; end: number; type?: ProgramSymbol['type']}[];
}

function flatten(items: readonly Item[], code: Code): Code {
  for (const item of items) {
    const start = code.items.length;
    if (item.kind === 'label') code.names.push({name: item.name, start, end: start});
    else if (item.kind === 'block') {
      const name = {name: item.name, start, end: start, type: item.type};
      code.names.push(name);
      name.end = flatten(item.items, code).items.length;
    } else code.items.push(item);
  }
  return code;
}

function checkNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`label ${twice} is defined twice`);
}

/** The address of each item, and after the last one the end. */
function place(code: Code, address: number, long: ReadonlySet<number>): number[] {
  const places = [address];
  let at = address;
  code.items.forEach((item, i) => {
    if (item.kind === 'instruction') at += item.bytes.length;
    else if (item.kind === 'align') at = Math.ceil(at / item.to) * item.to;
    else at += long.has(i) ? item.long.length + 4 : item.short.length + 1;
    places.push(at);
  });
  return places;
}

function put(code: Code, places: number[], long: ReadonlySet<number>, labels: ReadonlyMap<string, number>): Uint8Array {
  const bytes: number[] = [];
  code.items.forEach((item, i) => {
    const start = places[i] ?? 0;
    const end = places[i + 1] ?? 0;
    if (item.kind === 'align') {
      bytes.push(...Array.from({length: end - start}, () => 0));
    } else if (item.kind === 'jump') {
      const distance = find(labels, item.label) - end;
      if (long.has(i)) bytes.push(...item.long, ...fourBytes(distance));
      else bytes.push(...item.short, ...littleEndian(distance, 1));
    } else {
      if (start % (item.align ?? 1) !== 0) {
        throw new RangeError(`an instruction at 0x${start.toString(16)}, which is not a multiple of ${item.align}`);
      }
      const {bytes: known, fixup} = item;
      bytes.push(...(fixup ? fixup.link(find(labels, fixup.label) + fixup.plus, start) : known));
    }
  });
  return Uint8Array.from(bytes);
}

function symbolsOf(code: Code, places: readonly number[]): ProgramSymbol[] {
  return code.names.flatMap(({name, start, end, type}) => {
    const address = places[start] ?? 0;
    return type ? [{name, address, size: (places[end] ?? 0) - address, type}] : [];
  });
}

function find(labels: ReadonlyMap<string, number>, name: string): number {
  const address = labels.get(name);
  if (address === undefined) throw new RangeError(`no label ${name}`);
  return address;
}

/** Distances count from the end of the jump; one byte holds -128 to 127. */
function reachesShort(distance: number): boolean {
  return distance >= -128 && distance <= 127;
}

/* What a listing shows: each instruction with its bytes, its assembly text, and what it is for. */

/** What a listing may say beside an instruction. It does not change what is assembled. */
export interface Remarks {
  /** Its assembly text: `mov rax, 12`. */
  readonly text?: string;
  /** What it is for, and what follows it. */
  readonly words?: string;
}

/** One instruction of a listing, or the name of what follows. */
export interface CodeLine extends Remarks {
  readonly address: number;
  /** Empty for a name. */
  readonly bytes: Uint8Array;
  readonly name?: string;
}

/** Blocks by their names, and each item with its remark. Padding is left out. */
function linesOf(
  items: readonly (Remarks & {readonly kind: string})[],
  names: readonly {readonly name: string; readonly start: number; readonly type?: unknown}[],
  places: readonly number[],
  bytes: Uint8Array,
): CodeLine[] {
  const begin = places[0] ?? 0;
  const lines: CodeLine[] = [];
  for (const [i, item] of items.entries()) {
    const [address, end] = [places[i] ?? 0, places[i + 1] ?? 0];
    for (const {name, start, type} of names) {
      if (start === i && type) lines.push({address, bytes: new Uint8Array(0), name});
    }
    if (item.kind === 'align') continue;
    const {text, words} = item;
    const its = bytes.subarray(address - begin, end - begin);
    lines.push({address, bytes: its, ...(text !== undefined && {text}), ...(words !== undefined && {words})});
  }
  return lines;
}
