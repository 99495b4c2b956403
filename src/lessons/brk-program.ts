/*
 * The program of the brk lesson: asks the kernel for one page of heap, then writes a byte into it, and waits before
 * each step so that somebody can look at its memory. It has no C library, so nothing else happens in it.
 *
 *   it says                      then waits for one byte on standard input, then
 *   pid: 4242                    moves its break up by 4096
 *   brk: 0x1c3f000               stores 1 in the first byte of the new page
 *   touched: 0x1c3e000           ends with code 0
 *
 * A line is said after the system call has returned, and the program sleeps in read(2) until the next byte, so its
 * memory does not change between a line and the byte that answers it. The end of the input ends it, with code 0. If
 * brk fails, it says the break as it is, and then `touched: 0x0`.
 *
 * An argument is the PID of the process that started it: it dies with that one. Without (started by hand, from a
 * shell that may go away), it does not, and Enter is the byte.
 *
 * Its memory is that of the tutorial memmap began with, page for page:
 *
 *   00400000-00401000 r--p 00000000   headers: this page also holds all that debuggers want
 *   00401000-00404000 r-xp 00001000   code: what to do, how to say it, how to send it, a page each
 *   00404000-00405000 r--p 00004000   texts
 *   00406000-00407000 rw-p 00005000   `counter`, one byte of the file; behind it, zeros
 *   00407000-00408000 rw-p 00000000   zeros only, so no file is behind them: `line`
 */
import {align, assemble, func, label, object, type Item} from '../elf/assemble.ts';
import {PF_R, PF_W, PF_X} from '../elf/elf.ts';
import {X64, type Program, type ProgramSymbol} from '../elf/program.ts';
import {ascii} from '../elf/strings.ts';
import {call, ja, je, jb, jmp, jne, ret} from '../elf/x64-jumps.ts';
import * as r from '../elf/x64-operands.ts';
import {at, byte, indexed, qword, rip} from '../elf/x64-operands.ts';
import * as x from '../elf/x64.ts';

const PAGE = 0x1000;
const BASE = 0x400000;
const TEXT = 0x401000;
const RODATA = 0x404000;
const DATA = 0x406000;
const END = 0x408000;

/** System calls of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl), and what we say with them. */
const READ = 0;
const WRITE = 1;
const BRK = 12;
const GETPID = 39;
const GETPPID = 110;
const PRCTL = 157;
const EXIT_GROUP = 231;
const STDIN = 0;
const STDOUT = 1;
const EINTR = 4;
const SIGKILL = 9;
const PR_SET_PDEATHSIG = 1;

const TEXTS = {text_pid: 'pid: ', text_brk: 'brk: 0x', text_touched: 'touched: 0x'};

/** The program as a value: elf/write.ts makes a file of it. */
export function brkProgram(): Program {
  const texts = Object.entries(TEXTS).map(([name, text]) => object(name, ascii(text)));
  const rodata = assemble([...texts, object('digits', ascii('0123456789abcdef'))], RODATA);
  const data = assemble([object('counter', [1])], DATA);
  const elsewhere = [...rodata.symbols, ...data.symbols, ...ZEROS];
  const text = assemble([...whatToDo, align(PAGE), ...howToSay, align(PAGE), ...howToSend], TEXT, elsewhere);
  return {
    machine: X64,
    base: BASE,
    segments: [
      {name: '.text', vaddr: TEXT, flags: PF_R + PF_X, bytes: text.bytes},
      {name: '.rodata', vaddr: RODATA, flags: PF_R, bytes: rodata.bytes},
      {name: '.data', vaddr: DATA, flags: PF_R + PF_W, bytes: data.bytes, memorySize: END - DATA},
    ],
    entry: TEXT,
    symbols: [...text.symbols, ...elsewhere],
  };
}

/**
 * What starts as zero takes no byte of the file. The kernel fills the rest of `counter`'s page with zeros when it
 * starts the program, so that page is in memory from the start; that of `line`, from the first line said.
 */
const ZEROS: readonly ProgramSymbol[] = [
  {name: 'old_break', address: DATA + 8, size: 8, type: 'object'},
  {name: 'new_break', address: DATA + 16, size: 8, type: 'object'},
  {name: 'line', address: DATA + PAGE, size: PAGE, type: 'object'},
];

/** The steps. The kernel starts a program with the argument count on top of the stack, and argv above it. */
const whatToDo: readonly Item[] = [
  func('_start', [
    x.cmp(qword(at(r.rsp)), 2),
    jb('introduce'),
    x.mov(r.rsi, at(r.rsp, 16)),
    call('die_with_parent'),
    label('introduce'),
    x.mov(r.eax, GETPID),
    x.syscall(),
    ...say('text_pid', 10),
    call('wait'),
    call('step_brk'),
    call('wait'),
    call('step_touch'),
    call('wait'),
    jmp('leave'),
  ]),

  // brk(0) is no special case: the kernel refuses what it can't do, and always answers with the break as it then is,
  // never with an errno (brk(2), "C library/kernel differences"). So asking for too little means asking where it is.
  func('step_brk', [
    x.xor(r.edi, r.edi),
    x.mov(r.eax, BRK),
    x.syscall(),
    x.mov(rip('old_break'), r.rax),
    x.lea(r.rdi, at(r.rax, PAGE)),
    x.mov(r.eax, BRK),
    x.syscall(),
    x.mov(rip('new_break'), r.rax),
    ...say('text_brk', 16),
    ret(),
  ]),

  // The byte is 1, from the file; another one would be 2.
  func('step_touch', [
    x.xor(r.eax, r.eax),
    x.mov(r.rdi, rip('old_break')),
    x.lea(r.rdx, at(r.rdi, PAGE)),
    x.cmp(r.rdx, rip('new_break')),
    jne('touched'),
    x.mov(r.al, rip('counter')),
    x.mov(at(r.rdi), r.al),
    x.inc(byte(rip('counter'))),
    x.mov(r.rax, r.rdi),
    label('touched'),
    ...say('text_touched', 16),
    ret(),
  ]),

  // Returns when there was a byte. The end of the input, or an error, is the end of the program.
  func('wait', [
    x.mov(r.edi, STDIN),
    x.lea(r.rsi, rip('line')),
    x.mov(r.edx, 1),
    x.mov(r.eax, READ),
    x.syscall(),
    x.cmp(r.rax, -EINTR),
    je('wait'),
    x.cmp(r.rax, 1),
    jne('leave'),
    ret(),
  ]),

  // In: rsi, the digits of the parent's PID. The kernel shall kill us when the parent dies (PR_SET_PDEATHSIG(2const));
  // but it may have died before we asked, and then we have another parent by now.
  func('die_with_parent', [
    x.xor(r.ebx, r.ebx),
    label('next'),
    x.movzx(r.eax, byte(at(r.rsi))),
    x.inc(r.rsi),
    x.test(r.eax, r.eax),
    je('ask'),
    x.sub(r.eax, 48),
    x.cmp(r.eax, 9),
    ja('orphan'),
    // rbx = 10 * rbx + rax
    x.lea(r.rbx, indexed(r.rbx, r.rbx, 4)),
    x.lea(r.rbx, indexed(r.rax, r.rbx, 2)),
    jmp('next'),
    label('ask'),
    x.mov(r.edi, PR_SET_PDEATHSIG),
    x.mov(r.esi, SIGKILL),
    x.mov(r.eax, PRCTL),
    x.syscall(),
    x.mov(r.eax, GETPPID),
    x.syscall(),
    x.cmp(r.rax, r.rbx),
    jne('orphan'),
    ret(),
  ]),

  func('leave', [
    x.xor(r.edi, r.edi),
    label('exit'),
    x.mov(r.eax, EXIT_GROUP),
    x.syscall(),
    label('orphan'),
    x.mov(r.edi, 1),
    jmp('exit'),
  ]),
];

/**
 * A line with a text and a number, made backwards from the end of `line`: the last digit comes first out of a division.
 * In: rsi and rcx the text and its length, rax the number, r8 the radix.
 */
const howToSay: readonly Item[] = [
  func('say', [
    x.lea(r.rdi, rip('line', PAGE - 1)),
    x.mov(byte(at(r.rdi)), 10),
    x.lea(r.r9, rip('digits')),
    label('digit'),
    x.xor(r.edx, r.edx),
    x.div(r.r8),
    x.mov(r.dl, indexed(r.r9, r.rdx)),
    x.dec(r.rdi),
    x.mov(at(r.rdi), r.dl),
    x.test(r.rax, r.rax),
    jne('digit'),
    x.sub(r.rdi, r.rcx),
    x.mov(r.rbx, r.rdi),
    x.repMovsb(),
    x.mov(r.rsi, r.rbx),
    jmp('send'),
  ]),
];

/** In: rsi, where the line begins. It ends where `line` ends. */
const howToSend: readonly Item[] = [
  func('send', [
    x.lea(r.rdx, rip('line', PAGE)),
    x.sub(r.rdx, r.rsi),
    x.mov(r.edi, STDOUT),
    x.mov(r.eax, WRITE),
    x.syscall(),
    ret(),
  ]),
];

/** Says a text and the number in rax. */
function say(text: keyof typeof TEXTS, radix: 10 | 16): Item[] {
  return [x.lea(r.rsi, rip(text)), x.mov(r.ecx, TEXTS[text].length), x.mov(r.r8d, radix), call('say')];
}
