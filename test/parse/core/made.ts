/** Core files made by hand, for machines that are not here. All numbers in the order and width of the machine. */
export interface Machine {
  readonly name: string;
  readonly machine: number;
  readonly is64: boolean;
  readonly isLittle: boolean;
  /** How many words NT_PRSTATUS has for registers, and which one is the stack pointer. */
  readonly registers: number;
  readonly stackPointer: number;
}

export const MACHINES: readonly Machine[] = [
  {name: 'x86-64', machine: 62, is64: true, isLittle: true, registers: 27, stackPointer: 19},
  {name: 'i386', machine: 3, is64: false, isLittle: true, registers: 17, stackPointer: 15},
  {name: 'aarch64', machine: 183, is64: true, isLittle: true, registers: 34, stackPointer: 31},
  {name: 'riscv64', machine: 243, is64: true, isLittle: true, registers: 32, stackPointer: 2},
  {name: 's390x', machine: 22, is64: true, isLittle: false, registers: 27, stackPointer: 17},
  {name: 'ppc64', machine: 21, is64: true, isLittle: false, registers: 48, stackPointer: 1},
];

export interface MadeSegment {
  readonly start: number;
  readonly size: number;
  readonly flags: number;
  /** What the file has of its beginning. */
  readonly bytes?: Buffer;
}

export interface MadeFile {
  readonly start: number;
  readonly end: number;
  /** In pages. */
  readonly page: number;
  readonly name: string;
}

export interface MadeCore {
  readonly segments: readonly MadeSegment[];
  readonly files?: readonly MadeFile[];
  readonly threads?: ReadonlyArray<{readonly tid: number; readonly stackPointer: number}>;
  readonly signal?: {readonly number: number; readonly code: number; readonly address: number};
  readonly auxv?: ReadonlyArray<readonly [type: number, value: number]>;
  readonly process?: {readonly pid: number; readonly comm: string};
  /** Say the number of headers in the first section header, as with 65,535 regions or more. */
  readonly isCountApart?: boolean;
}

/** Writes numbers one after another. */
class Writer {
  readonly #parts: Buffer[] = [];
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  number(value: number, bytes: 1 | 2 | 4 | 8): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(BigInt(value));
    const own = part.subarray(8 - bytes);
    return this.bytes(this.#machine.isLittle ? own.reverse() : own);
  }

  numbers(bytes: 1 | 2 | 4 | 8, ...values: readonly number[]): this {
    for (const value of values) this.number(value, bytes);
    return this;
  }

  word(...values: readonly number[]): this {
    return this.numbers(this.#machine.is64 ? 8 : 4, ...values);
  }

  text(text: string, length: number): this {
    const part = Buffer.alloc(length);
    part.write(text, 'utf8');
    return this.bytes(part);
  }

  bytes(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }

  get all(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function note(machine: Machine, type: number, contents: Buffer): Buffer {
  const padding = Buffer.alloc((4 - (contents.length % 4)) % 4);
  return new Writer(machine).numbers(4, 5, contents.length, type).text('CORE', 8).bytes(contents).bytes(padding).all;
}

function notesOf(machine: Machine, {threads = [], files, signal, auxv, process}: MadeCore): Buffer {
  const {is64} = machine;
  const parts = threads.map(({tid, stackPointer}) => {
    const registers = Array.from({length: machine.registers}, (_, index) =>
      index === machine.stackPointer ? stackPointer : index,
    );
    const status = new Writer(machine)
      .numbers(4, signal?.number ?? 0, 0, 0)
      .numbers(2, signal?.number ?? 0, 0)
      .word(0, 0)
      .numbers(4, tid, 1, 1, 1)
      .word(0, 0, 0, 0, 0, 0, 0, 0)
      .word(...registers)
      .numbers(4, 0, ...(is64 ? [0] : []));
    return note(machine, 1, status.all);
  });
  if (process) {
    const info = new Writer(machine).numbers(1, 0, 'R'.charCodeAt(0), 0, 0);
    if (is64) info.number(0, 4);
    info.word(0);
    if (is64) info.numbers(4, 1000, 1000);
    else info.numbers(2, 1000, 1000);
    info.numbers(4, process.pid, 1, process.pid, process.pid).text(process.comm, 16).text(process.comm, 80);
    parts.push(note(machine, 3, info.all));
  }
  if (signal) {
    const info = new Writer(machine).numbers(4, signal.number, 0, signal.code);
    if (is64) info.number(0, 4);
    const {length} = info.word(signal.address).all;
    parts.push(note(machine, 0x53494749, info.bytes(Buffer.alloc(128 - length)).all));
  }
  if (auxv) parts.push(note(machine, 6, new Writer(machine).word(...auxv.flat(), 0, 0).all));
  if (files) {
    const list = new Writer(machine).word(files.length, 4096);
    for (const {start, end, page} of files) list.word(start, end, page);
    for (const {name} of files) list.bytes(Buffer.from(`${name}\0`));
    parts.push(note(machine, 0x46494c45, list.all));
  }
  return Buffer.concat(parts);
}

export function makeCore(machine: Machine, made: MadeCore): Buffer {
  const {is64, isLittle} = machine;
  const {segments, isCountApart = false} = made;
  const notes = notesOf(machine, made);
  const [header, entry] = [is64 ? 64 : 52, is64 ? 56 : 32];
  const count = segments.length + 1;
  const sections = header + entry * count;
  const begin = sections + (isCountApart ? (is64 ? 64 : 40) : 0);
  const file = new Writer(machine)
    .bytes(Buffer.from([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, isLittle ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    .numbers(2, 4, machine.machine)
    .number(1, 4)
    .word(0, header, isCountApart ? sections : 0)
    .number(0, 4)
    .numbers(
      2,
      header,
      entry,
      isCountApart ? 0xffff : count,
      isCountApart ? (is64 ? 64 : 40) : 0,
      isCountApart ? 1 : 0,
      0,
    );
  const programHeader = (
    type: number,
    offset: number,
    start: number,
    size: number,
    memory: number,
    flags: number,
  ): void => {
    if (is64) file.numbers(4, type, flags).word(offset, start, 0, size, memory, 4096);
    else file.number(type, 4).word(offset, start, 0, size, memory).numbers(4, flags, 4096);
  };
  programHeader(4, begin, 0, notes.length, 0, 4);
  let at = begin + notes.length;
  for (const {start, size, flags, bytes} of segments) {
    programHeader(1, at, start, bytes?.length ?? 0, size, flags);
    at += bytes?.length ?? 0;
  }
  if (isCountApart) {
    file.numbers(4, 0, 0).word(0, 0, 0, 0).numbers(4, 0, count).word(0, 0);
  }
  file.bytes(notes);
  for (const {bytes} of segments) if (bytes) file.bytes(bytes);
  return file.all;
}

const PAGE = 4096;

/** A program, its stack with an overflow, and a library of which nothing was dumped. */
export const CRASHED: MadeCore = {
  segments: [
    {start: 0x10000, size: 2 * PAGE, flags: 5},
    {start: 0x12000, size: PAGE, flags: 6, bytes: Buffer.alloc(PAGE, 1)},
    {start: 0x40000000, size: PAGE, flags: 0},
    {start: 0x40001000, size: 16 * PAGE, flags: 6, bytes: Buffer.alloc(16 * PAGE, 2)},
    {start: 0x50000000, size: PAGE, flags: 5, bytes: Buffer.alloc(PAGE, 3)},
    {start: 0x7ff00000, size: 8 * PAGE, flags: 6, bytes: Buffer.alloc(4 * PAGE, 4)},
  ],
  files: [
    {start: 0x10000, end: 0x12000, page: 0, name: '/bin/crash'},
    {start: 0x12000, end: 0x13000, page: 2, name: '/bin/crash'},
  ],
  threads: [
    {tid: 4243, stackPointer: 0x40000ff0},
    {tid: 4242, stackPointer: 0x7ff01000},
  ],
  signal: {number: 11, code: 2, address: 0x40000ff4},
  auxv: [
    [3, 0x10040],
    [6, PAGE],
    [33, 0x50000000],
    [31, 0x7ff07ff0],
  ],
  process: {pid: 4242, comm: 'crash'},
};
