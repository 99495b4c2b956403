import type {SyscallName} from './syscalls.ts';

/**
 * What a lesson's helper does, written once for all machines: a list of steps, each a list of small operations. A
 * machine (x64.ts, …) turns them into instructions; build.ts makes an executable of them.
 */

/** A number; what is in a slot (plus some bytes); or the address of a text or a slot. */
export type Value =
  | number
  | {readonly slot: string; readonly plus?: number}
  | {readonly address: string; readonly plus?: number};

/** What programs call of the C library. All four are in every glibc, with one version of the symbol each. */
export type LibraryFunction = 'malloc' | 'free' | 'malloc_trim' | 'memset';

export type Operation =
  /** Makes a system call; its result goes into a slot. A failed call results in the negative errno. */
  | {readonly do: 'call'; readonly name: SyscallName; readonly args: readonly Value[]; readonly into?: string}
  /** Calls a function of the C library with one to three arguments; its result goes into a slot. */
  | {readonly do: 'invoke'; readonly name: LibraryFunction; readonly args: readonly Value[]; readonly into?: string}
  /** Writes one byte to memory. */
  | {readonly do: 'store'; readonly at: Value; readonly byte: number}
  /** Reads one byte from memory, and forgets it. */
  | {readonly do: 'load'; readonly at: Value}
  /** Reads four bytes from memory into a slot: the size of the file descriptors that pipe2(2) writes. */
  | {readonly do: 'fetch'; readonly at: Value; readonly into: string}
  /** Puts a value into a slot. */
  | {readonly do: 'set'; readonly slot: string; readonly to: Value}
  /** Writes one byte into each of this many pages below the stack pointer, the nearest first. */
  | {readonly do: 'deepen'; readonly pages: number}
  /** Calls a function of the program. */
  | {readonly do: 'visit'; readonly function: string}
  /** Does its body only if two values are equal. */
  | {readonly do: 'if'; readonly value: Value; readonly is: Value; readonly body: readonly Operation[]};

export interface ProgramStep {
  /** Its symbol is this after `step_`; the line that says it is done begins with this. */
  readonly name: string;
  readonly operations: readonly Operation[];
  /** What the line says. */
  readonly answer: Value;
}

/** All that a helper does. Texts are zero-terminated, in its read-only memory; slots are 8 bytes each, in its data. */
export interface HelperProgram {
  readonly texts?: Readonly<Record<string, string>>;
  /**
   * Functions that steps and other functions call, by their names. In a program that has some, they, the steps and
   * `main` keep a frame pointer, by which a stack is followed to its root.
   */
  readonly functions?: Readonly<Record<string, readonly Operation[]>>;
  readonly steps: readonly ProgramStep[];
}

export const invoke = (name: LibraryFunction, args: readonly Value[], into?: string): Operation => ({
  do: 'invoke',
  name,
  args,
  ...(into !== undefined && {into}),
});

export const call = (name: SyscallName, args: readonly Value[], into?: string): Operation => ({
  do: 'call',
  name,
  args,
  ...(into !== undefined && {into}),
});

export const store = (at: Value, byte = 1): Operation => ({do: 'store', at, byte});

export const visit = (name: string): Operation => ({do: 'visit', function: name});

export const load = (at: Value): Operation => ({do: 'load', at});

/** What is in a slot, plus some bytes. */
export const slot = (name: string, plus = 0): Value => ({slot: name, plus});

export const address = (label: string, plus = 0): Value => ({address: label, plus});

/** All slots that a program uses, in the order in which they occur. */
export function slotsOf(program: HelperProgram): string[] {
  const texts = new Set(Object.keys(program.texts ?? {}));
  const slots = new Set<string>();
  const seeValue = (value: Value): void => {
    if (typeof value === 'number') return;
    if ('slot' in value) slots.add(value.slot);
    else if (!texts.has(value.address)) slots.add(value.address);
  };
  const see = (operation: Operation): void => {
    if (operation.do === 'call' || operation.do === 'invoke') operation.args.forEach(seeValue);
    if ('into' in operation && operation.into !== undefined) slots.add(operation.into);
    if (operation.do === 'store' || operation.do === 'load' || operation.do === 'fetch') seeValue(operation.at);
    if (operation.do === 'set') slots.add(operation.slot);
    if (operation.do === 'set') seeValue(operation.to);
    if (operation.do === 'if') [operation.value, operation.is].forEach(seeValue);
    if (operation.do === 'if') operation.body.forEach(see);
  };
  Object.values(program.functions ?? {}).forEach((operations) => operations.forEach(see));
  for (const step of program.steps) {
    step.operations.forEach(see);
    seeValue(step.answer);
  }
  return [...slots];
}

/** The functions of the C library that a program calls, in the order in which they occur. */
export function importsOf(program: HelperProgram): LibraryFunction[] {
  const names = new Set<LibraryFunction>();
  const see = (operation: Operation): void => {
    if (operation.do === 'invoke') names.add(operation.name);
    if (operation.do === 'if') operation.body.forEach(see);
  };
  Object.values(program.functions ?? {}).forEach((operations) => operations.forEach(see));
  for (const step of program.steps) step.operations.forEach(see);
  return [...names];
}

/** What an operation does, as written in C: the text beside its instructions in a listing. */
export function wordsOf(operation: Operation): string {
  switch (operation.do) {
    case 'call':
    case 'invoke': {
      const call = `${operation.name}(${operation.args.map(valueText).join(', ')})`;
      return operation.into === undefined ? call : `${operation.into} = ${call}`;
    }
    case 'store':
      return `*(char *)(${valueText(operation.at)}) = ${operation.byte}`;
    case 'load':
      return `read one byte at ${valueText(operation.at)}`;
    case 'fetch':
      return `${operation.into} = *(int *)(${valueText(operation.at)})`;
    case 'set':
      return `${operation.slot} = ${valueText(operation.to)}`;
    case 'deepen':
      return `write a byte into each of ${operation.pages} pages below the stack pointer`;
    case 'visit':
      return `${operation.function}()`;
    case 'if':
      return `if (${valueText(operation.value)} == ${valueText(operation.is)}) …`;
  }
}

/** A value as written in C. */
export function valueText(value: Value): string {
  if (typeof value === 'number') return Math.abs(value) < 4096 ? String(value) : `0x${value.toString(16)}`;
  const name = 'slot' in value ? value.slot : `&${value.address}`;
  return value.plus ? `${name} + ${value.plus}` : name;
}
