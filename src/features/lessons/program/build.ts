import {align, assemble, func, type Item, label, type CodeLine, object} from '../../../elf/assemble.ts';
import {PF_R, PF_W, PF_X} from '../../../elf/file/elf.ts';
import type {Program, ProgramSymbol} from '../../../elf/program.ts';
import {ascii} from '../../../elf/file/strings.ts';
import type {HelperMachine} from './machine.ts';
import {remarkFirst} from './spoken.ts';
import {type HelperProgram, importsOf, type Operation, slotsOf, valueText, wordsOf} from './program.ts';
import {syscallNumber, type SyscallName} from './syscalls.ts';

/**
 * Makes an executable of a lesson's program; for x86-64 in the layout of the tutorial with which memmap began:
 *
 *   00400000-00401000 r--p 00000000   headers: this page also holds all that debuggers need
 *   00401000-00404000 r-xp 00001000   code: a page each for the steps, the waiting, the saying
 *   00404000-00405000 r--p 00004000   texts
 *   00406000-00407000 rw-p 00005000   one byte of the file; after it the slots
 *   00407000-00408000 rw-p 00000000   only zeros, so no file backs them: `line`
 *
 * What it does: it prints `pid: N` and waits for a byte on standard input; then it does one step after another, and
 * after each prints the step's line and waits. The system call has returned before the line is printed, and the program
 * sleeps in read(2) until the next byte, so its memory does not change in between. The end of its input ends it. An
 * argument is the PID of its parent, with which it dies.
 *
 * A program that calls functions of the C library is linked with it, and its loader stores their addresses in slots of
 * their own before the first instruction. It needs no crt: the loader has initialised the library by then.
 */
const PAGE = 0x1000;
const BASE = 0x400000;

/**
 * Where the segments are. aarch64 and riscv64 kernels may have pages of 64 KiB: there each segment begins in a page of
 * its own, at an address that differs from its file offset by whole pages of that size.
 */
const PLACES = {
  x64: {text: 0x401000, rodata: 0x404000, data: 0x406000},
  arm64: {text: 0x411000, rodata: 0x424000, data: 0x435000},
  riscv64: {text: 0x411000, rodata: 0x424000, data: 0x435000},
} as const;

/** glibc under the DT_SONAME that it has on each of these machines. */
const LIBC = 'libc.so.6';

/** The slot with the address of a function of the C library. */
const placeOf = (name: string): string => `at_${name}`;

const EINTR = 4;
const SIGKILL = 9;
const PR_SET_PDEATHSIG = 1;

export const buildHelper = (program: HelperProgram, machine: HelperMachine): Program => build(program, machine).program;

/** The instructions of a helper, with what they are for. */
export const listHelper = (program: HelperProgram, machine: HelperMachine): readonly CodeLine[] =>
  build(program, machine).lines;

function build(program: HelperProgram, machine: HelperMachine): {program: Program; lines: readonly CodeLine[]} {
  const {text: textAt, rodata: rodataAt, data: dataAt} = PLACES[machine.architecture];
  const says = {pid: 'pid: ', ...Object.fromEntries(program.steps.map(({name}) => [name, `${name}: 0x`]))};
  const texts = Object.entries(says).map(([name, text]) => object(`says_${name}`, ascii(text)));
  const own = Object.entries(program.texts ?? {}).map(([name, text]) => object(name, [...ascii(text), 0]));
  const rodata = assemble([...texts, ...own, object('digits', ascii('0123456789abcdef'))], rodataAt);
  const data = assemble([object('counter', [1])], dataAt);
  const imports = importsOf(program);
  const slots = zeros(dataAt, ['parent', ...imports.map(placeOf), ...slotsOf(program)]);
  const elsewhere = [...rodata.symbols, ...data.symbols, ...slots];
  const addressOf = (slot: string): number => slots.find(({name}) => name === slot)!.address;
  const code = [
    ...machine.startup(),
    ...mainOf(program, machine),
    align(PAGE),
    ...waiting(machine),
    align(PAGE),
    ...machine.sayFunction(),
  ];
  const text = assemble(code, textAt, elsewhere);
  const made: Program = {
    machine: machine.elf,
    base: BASE,
    segments: [
      {name: '.text', vaddr: textAt, flags: PF_R + PF_X, bytes: text.bytes},
      {name: '.rodata', vaddr: rodataAt, flags: PF_R, bytes: rodata.bytes},
      {name: '.data', vaddr: dataAt, flags: PF_R + PF_W, bytes: data.bytes, memorySize: 2 * PAGE},
    ],
    entry: textAt,
    symbols: [...text.symbols, ...elsewhere],
    ...(imports.length > 0 && {
      linked: {libraries: [LIBC], imports: imports.map((name) => ({name, at: addressOf(placeOf(name))}))},
    }),
  };
  return {program: made, lines: text.lines};
}

/** What starts as zero takes no space in the file. */
function zeros(data: number, slots: readonly string[]): ProgramSymbol[] {
  const symbols = slots.map(
    (name, index) => ({name, address: data + 8 * (index + 1), size: 8, type: 'object'}) as const,
  );
  return [...symbols, {name: 'line', address: data + PAGE, size: PAGE, type: 'object'}];
}

function mainOf({steps, functions}: HelperProgram, machine: HelperMachine): Item[] {
  const hasFrames = functions !== undefined;
  const enter = (): Item[] => (hasFrames ? machine.enterFrame(false) : machine.enter());
  const leave = (): Item[] => (hasFrames ? machine.leaveFrame() : machine.leave());
  const system = (name: SyscallName): Item[] => machine.syscall(syscallNumber(name, machine.architecture));
  return [
    func('main', [
      ...(hasFrames ? machine.enterFrame(true) : []),
      ...machine.result({slot: 'parent'}),
      ...machine.jumpIf(0, 'introduce'),
      ...machine.call('die_with_parent'),
      label('introduce'),
      ...system('getpid'),
      ...machine.say('says_pid', 'pid: '.length, 10),
      ...machine.call('wait'),
      ...steps.flatMap(({name}) => [...machine.call(`step_${name}`), ...machine.call('wait')]),
      ...machine.jump('leave'),
    ]),
    ...steps.map((step) =>
      func(`step_${step.name}`, [
        ...enter(),
        ...step.operations.flatMap((operation, index) => instructions(operation, machine, `${step.name}_${index}`)),
        ...remarkFirst(machine.result(step.answer), `say "${step.name}: 0x…": ${valueText(step.answer)}`),
        ...machine.say(`says_${step.name}`, `${step.name}: 0x`.length, 16),
        ...leave(),
      ]),
    ),
    ...Object.entries(functions ?? {}).map(([name, operations]) =>
      func(name, [
        ...enter(),
        ...operations.flatMap((operation, index) => instructions(operation, machine, `${name}_${index}`)),
        ...leave(),
      ]),
    ),
  ];
}

const instructions = (operation: Operation, machine: HelperMachine, name: string): Item[] =>
  remarkFirst(bareInstructions(operation, machine, name), wordsOf(operation));

function bareInstructions(operation: Operation, machine: HelperMachine, name: string): Item[] {
  switch (operation.do) {
    case 'call':
      return [
        ...operation.args.flatMap((value, index) => machine.argument(index, value)),
        ...machine.syscall(syscallNumber(operation.name, machine.architecture)),
        ...(operation.into === undefined ? [] : machine.save(operation.into)),
      ];
    case 'invoke':
      return [
        ...operation.args.flatMap((value, index) => machine.argument(index, value)),
        ...machine.invoke(placeOf(operation.name)),
        ...(operation.into === undefined ? [] : machine.save(operation.into)),
      ];
    case 'store':
      return machine.storeByte(operation.at, operation.byte);
    case 'load':
      return machine.loadByte(operation.at);
    case 'fetch':
      return [...machine.loadWord(operation.at), ...machine.save(operation.into)];
    case 'set':
      return [...machine.result(operation.to), ...machine.save(operation.slot)];
    case 'deepen':
      return machine.deepen(operation.pages);
    case 'visit':
      return machine.call(operation.function);
    case 'if': {
      const body = operation.body.flatMap((inner, index) => instructions(inner, machine, `${name}_${index}`));
      const end = `end_${name}`;
      return [...machine.result(operation.value), ...machine.jumpUnless(operation.is, end), ...body, label(end)];
    }
  }
}

/**
 * Waiting for a byte, and dying with the parent: the kernel is asked to kill us then (PR_SET_PDEATHSIG), unless the
 * parent is gone already.
 */
function waiting(machine: HelperMachine): Item[] {
  const system = (name: SyscallName, ...args: Array<number | {address: string}>): Item[] => [
    ...args.flatMap((value, index) => machine.argument(index, value)),
    ...machine.syscall(syscallNumber(name, machine.architecture)),
  ];
  return [
    func('wait', [
      ...machine.enter(),
      label('again'),
      ...system('read', 0, {address: 'line'}, 1),
      ...machine.jumpIf(-EINTR, 'again'),
      ...machine.jumpUnless(1, 'leave'),
      ...machine.leave(),
    ]),
    func('die_with_parent', [
      ...machine.enter(),
      ...system('prctl', PR_SET_PDEATHSIG, SIGKILL),
      ...system('getppid'),
      ...machine.jumpUnless({slot: 'parent'}, 'orphan'),
      ...machine.leave(),
    ]),
    func('leave', system('exit_group', 0)),
    func('orphan', system('exit_group', 1)),
  ];
}
