import {Cursor} from './cursor.ts';

/** What an expression may ask for. Each gives undefined where it isn't known. */
export interface Values {
  register(number: number): bigint | undefined;
  /** `size` bytes of memory, 8 at most, as an unsigned number. */
  memory(address: bigint, size: number): bigint | undefined;
}

/** Real expressions have some ten operations; jumps could make one endless. */
const MOST_STEPS = 1000;
const DEEPEST = 64;

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const signed = (value: bigint): bigint => BigInt.asIntN(64, value);

/** Operations that take two values (the lower one first) and leave one: DWARF 5, section 2.5.1.4. */
const BINARY: Readonly<Record<number, (a: bigint, b: bigint) => bigint>> = {
  0x1a: (a, b) => a & b,
  0x1b: (a, b) => signed(a) / signed(b),
  0x1c: (a, b) => a - b,
  0x1d: (a, b) => a % b,
  0x1e: (a, b) => a * b,
  0x21: (a, b) => a | b,
  0x22: (a, b) => a + b,
  0x24: (a, b) => (b < 64n ? a << b : 0n),
  0x25: (a, b) => (b < 64n ? a >> b : 0n),
  0x26: (a, b) => signed(a) >> (b < 64n ? b : 63n),
  0x27: (a, b) => a ^ b,
  0x29: (a, b) => BigInt(a === b),
  0x2a: (a, b) => BigInt(signed(a) >= signed(b)),
  0x2b: (a, b) => BigInt(signed(a) > signed(b)),
  0x2c: (a, b) => BigInt(signed(a) <= signed(b)),
  0x2d: (a, b) => BigInt(signed(a) < signed(b)),
  0x2e: (a, b) => BigInt(a !== b),
};

const UNARY: Readonly<Record<number, (value: bigint) => bigint>> = {
  0x19: (value) => (signed(value) < 0n ? -value : value),
  0x1f: (value) => -value,
  0x20: (value) => ~value,
};

/**
 * Evaluates a DWARF expression as call frame information uses them: DWARF 5, section 2.5, in 64 bits.
 *
 * @param initial what is on the stack at the start: the CFA, for the rule of a register
 * @returns undefined where something isn't known, an operation isn't one for unwinding, or there is no end
 */
export function evaluate(expression: Uint8Array, values: Values, initial?: bigint): bigint | undefined {
  const stack = initial === undefined ? [] : [initial];
  const cursor = new Cursor(expression);
  for (let step = 0; !cursor.isAtEnd; step++) {
    if (step > MOST_STEPS || stack.length > DEEPEST) return undefined;
    if (!operate(cursor.u8(), cursor, stack, values) || cursor.isBroken) return undefined;
  }
  return stack.at(-1);
}

/** One operation. @returns false where it can't be done */
function operate(code: number, cursor: Cursor, stack: bigint[], values: Values): boolean {
  const push = (value: bigint | undefined): boolean => {
    if (value === undefined) return false;
    stack.push(wrap(value));
    return true;
  };
  if (code >= 0x30 && code <= 0x4f) return push(BigInt(code - 0x30));
  if (code >= 0x70 && code <= 0x8f) return push(displaced(code - 0x70, cursor, values));
  const literal = LITERALS[code];
  if (literal) return push(literal(cursor));
  const binary = BINARY[code];
  if (binary) {
    if (stack.length < 2) return false;
    const [b, a] = [stack.pop()!, stack.pop()!];
    return (code === 0x1b || code === 0x1d) && b === 0n ? false : push(binary(a, b));
  }
  const unary = UNARY[code];
  if (unary) return stack.length > 0 && push(unary(stack.pop()!));
  switch (code) {
    case 0x06: // deref
      return stack.length > 0 && push(values.memory(stack.pop()!, 8));
    case 0x94: {
      const size = cursor.u8();
      return size <= 8 && stack.length > 0 && push(values.memory(stack.pop()!, size));
    }
    case 0x12: // dup
      return push(stack.at(-1));
    case 0x13: // drop
      return stack.pop() !== undefined;
    case 0x14: // over
      return push(stack.at(-2));
    case 0x15: // pick
      return push(stack.at(-1 - cursor.u8()));
    case 0x16: // swap
      return stack.length > 1 && stack.push(...stack.splice(-2).reverse()) > 0;
    case 0x17: // rot: the top goes below the next two
      return stack.length > 2 && stack.splice(-2, 0, stack.pop()!).length === 0;
    case 0x23: // plus_uconst
      return stack.length > 0 && push(stack.pop()! + BigInt(cursor.uleb()));
    case 0x28: {
      const by = cursor.signed(2);
      const condition = stack.pop();
      return condition !== undefined && (condition === 0n || jump(cursor, by));
    }
    case 0x2f: // skip
      return jump(cursor, cursor.signed(2));
    case 0x92: // bregx
      return push(displaced(cursor.uleb(), cursor, values));
    case 0x96: // nop
      return true;
    default:
      return false;
  }
}

const LITERALS: Readonly<Record<number, (cursor: Cursor) => bigint>> = {
  0x03: eight, // addr
  0x08: (cursor) => BigInt(cursor.u8()),
  0x09: (cursor) => BigInt(cursor.signed(1)),
  0x0a: (cursor) => BigInt(cursor.u16()),
  0x0b: (cursor) => BigInt(cursor.signed(2)),
  0x0c: (cursor) => BigInt(cursor.u32()),
  0x0d: (cursor) => BigInt(cursor.signed(4)),
  0x0e: eight,
  0x0f: eight,
  0x10: (cursor) => BigInt(cursor.uleb()),
  0x11: (cursor) => BigInt(cursor.sleb()),
};

function eight(cursor: Cursor): bigint {
  const low = BigInt(cursor.u32());
  return (BigInt(cursor.u32()) << 32n) | low;
}

function displaced(register: number, cursor: Cursor, values: Values): bigint | undefined {
  const offset = cursor.sleb();
  const value = values.register(register);
  return value === undefined ? undefined : value + BigInt(offset);
}

function jump(cursor: Cursor, by: number): boolean {
  const to = cursor.at + by;
  if (to < 0 || to > cursor.end) return false;
  cursor.at = to;
  return true;
}
