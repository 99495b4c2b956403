/*
 * The tracer: a static program that stops a process at each of its system calls by ptrace(2), and tells memmap of those
 * that change memory. In Node each stop would take ten times longer; all that is decided is decided by memmap.
 *
 * It stops the process at every call (PTRACE_SYSCALL), as strace does. A seccomp filter (SECCOMP_RET_TRACE) would stop it
 * at memory calls alone, but stays when the tracer is gone: then mmap(2) fails with ENOSYS, and the process dies. Like
 * this it runs on, whatever becomes of the tracer: the kernel lets go of it (PTRACE_O_EXITKILL is not set). The tracer
 * ends with memmap, by PR_SET_PDEATHSIG.
 *
 * It seizes the process (PTRACE_SEIZE), so that SIGSTOP and SIGCONT work as before. Signals are passed on. Threads are
 * traced from their start, processes that it makes are not.
 *
 * Threads take turns: while one is in a call that changes memory, another one that comes to such a call is kept until that
 * returns. So calls are told in the order in which the kernel did them. Where a call takes longer than two ticks of a
 * timer, since it waits for something, the others are let go, and order may be lost.
 *
 * On SIGUSR1 it tells (`pong`) once nothing waits to be told. The handler only notes it: a signal that comes right
 * before wait4(2) is noticed late, so memmap sends it until it is answered.
 */
import {assemble, func, type Item, label} from '../../elf/assemble.ts';
import {PF_R, PF_W, PF_X} from '../../elf/file/elf.ts';
import {type Program, X64} from '../../elf/program.ts';
import * as r from '../../elf/x64/operands.ts';
import {absolute, at, byte, dword, type Memory, qword, type Register} from '../../elf/x64/operands.ts';
import * as x from '../../elf/x64/x64.ts';
import {HEAD, MOST_NUMBERS, MOST_STACK, RECORD, registerAt, REGISTERS_SIZE, SETUP, SOCKET, TELL} from './layout.ts';

/** arch/x86/entry/syscalls/syscall_64.tbl */
const READ = 0;
const RT_SIGACTION = 13;
const RT_SIGRETURN = 15;
const SETITIMER = 38;
const SENDTO = 44;
const WAIT4 = 61;
const PTRACE = 101;
const PRCTL = 157;
const CLOCK_GETTIME = 228;
const EXIT_GROUP = 231;
const PROCESS_VM_READV = 310;

/** sys/ptrace.h */
const GETREGS = 12;
const SYSCALL = 24;
const GETEVENTMSG = 0x4201;
const SEIZE = 0x4206;
const INTERRUPT = 0x4207;
const LISTEN = 0x4208;
const GET_SYSCALL_INFO = 0x420e;
const TRACESYSGOOD = 1;
const TRACECLONE = 8;
const TRACEEXEC = 0x10;
const EVENT_CLONE = 3;
const EVENT_EXEC = 4;
const EVENT_STOP = 128;

/** struct ptrace_syscall_info: its size, where `arch` is, and PTRACE_SYSCALL_INFO_EXIT in `op`. */
const INFO_SIZE = 88;
const INFO_ARCH = 4;
const INFO_EXIT = 2;
const AUDIT_ARCH_X86_64 = 0xc000003e;

const WNOHANG = 1;
const WALL = 0x40000000;
const STOPPED = 0x7f;
const SIGKILL = 9;
const SIGTRAP = 5;
/** A stop at a system call: PTRACE_O_TRACESYSGOOD. */
const SYSCALL_STOP = SIGTRAP + 0x80;
const SIGUSR1 = 10;
const SIGALRM = 14;
const SA_RESTORER = 0x04000000;
const MSG_NOSIGNAL = 0x4000;
const PR_SET_PDEATHSIG = 1;
const CLOCK_MONOTONIC = 1;
const PROT_EXEC = 4;
const EINTR = 4;

const TEXT = 0x401000;
const DATA = 0x402000;

/** Threads that may be kept at once; any more are let go. */
const MOST_KEPT = 4096;
/** µs between two looks whether a call takes long. */
const TICK = 10_000;

/** What is in memory, as addresses: the setup, then variables, then the record that is being made. */
const TABLE = DATA + SETUP.table;
const STATUS = DATA + 0x300;
const ASKED = DATA + 0x308;
const BYTE = DATA + 0x310;
const MESSAGE = DATA + 0x318;
const LOCAL = DATA + 0x320;
const REMOTE = DATA + 0x330;
const ACTION = DATA + 0x340;
const INFO = DATA + 0x380;
/** The thread that is in a memory call, or 0; how many are kept meanwhile; how often the turn was passed on. */
const BUSY = DATA + 0x3e0;
const COUNT = DATA + 0x3e4;
const PASSED = DATA + 0x3e8;
const LAST_PASSED = DATA + 0x3ec;
const TICKED = DATA + 0x309;
const TIMER = DATA + 0x360;
const MADE = DATA + 0x400;
const REGISTERS = MADE + HEAD.size;
const STACK = REGISTERS + REGISTERS_SIZE;
const KEPT = STACK + MOST_STACK;
const END = KEPT + 4 * MOST_KEPT;

/** The program as a value: elf/file/write.ts turns it into a file. */
export function tracerProgram(): Program {
  const text = assemble(code, TEXT);
  return {
    machine: X64,
    base: 0x400000,
    segments: [
      {name: '.text', vaddr: TEXT, flags: PF_R + PF_X, bytes: text.bytes},
      {name: '.data', vaddr: DATA, flags: PF_R + PF_W, bytes: new Uint8Array(8), memorySize: END - DATA},
    ],
    entry: TEXT,
    symbols: text.symbols,
  };
}

/** A system call, with its arguments in their order; a place in memory stands for what is in it. */
function call(number: number, ...args: ReadonlyArray<number | Register | Memory>): Item[] {
  const registers = [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9];
  return [...args.map((value, i) => x.mov(registers[i]!, value)), x.mov(r.eax, number), x.syscall()];
}

/** ptrace(2) of the thread in rbx. */
const ptrace = (request: number, address: number, data: number | Register): Item[] =>
  call(PTRACE, request, r.rbx, address, data);

/** Sends the head alone, with a value in rax. */
const sendHead = (kind: number, waits = 0): Item[] => [
  x.mov(dword(absolute(MADE + HEAD.waits)), waits),
  x.mov(dword(absolute(MADE + HEAD.kind)), kind),
  x.mov(absolute(MADE + HEAD.value), r.rax),
  x.mov(r.r13d, HEAD.size),
  x.call('send'),
];

const pid = absolute(DATA + SETUP.pid);

/** rbx is the thread, r14 the signal that it gets, r15 what is told of a call, r13 how many bytes are sent. */
const code: readonly Item[] = [
  func('_start', [
    ...call(PRCTL, PR_SET_PDEATHSIG, SIGKILL),
    x.mov(r.r12d, DATA),
    x.mov(r.r13d, SETUP.size),
    label('receive'),
    ...call(READ, SOCKET, r.r12, r.r13),
    x.test(r.rax, r.rax),
    x.jle('exit'),
    x.add(r.r12, r.rax),
    x.sub(r.r13, r.rax),
    x.jne('receive'),
    x.lea(r.rax, r.rip('noted')),
    x.mov(absolute(ACTION), r.rax),
    x.mov(qword(absolute(ACTION + 8)), SA_RESTORER),
    x.lea(r.rax, r.rip('restore')),
    x.mov(absolute(ACTION + 16), r.rax),
    ...call(RT_SIGACTION, SIGUSR1, ACTION, 0, 8),
    x.lea(r.rax, r.rip('ticked')),
    x.mov(absolute(ACTION), r.rax),
    ...call(RT_SIGACTION, SIGALRM, ACTION, 0, 8),
    x.mov(r.rbx, pid),
    ...ptrace(SEIZE, 0, TRACESYSGOOD + TRACECLONE + TRACEEXEC),
    x.test(r.rax, r.rax),
    x.jne('refused'),
    ...ptrace(INTERRUPT, 0, 0),
    label('first'),
    ...call(WAIT4, r.rbx, STATUS, WALL, 0),
    x.cmp(r.rax, -EINTR),
    x.je('first'),
    // Linux 5.3.
    ...ptrace(GET_SYSCALL_INFO, INFO_SIZE, INFO),
    x.test(r.rax, r.rax),
    x.js('refused'),
    x.xor(r.eax, r.eax),
    ...sendHead(RECORD.started),
    x.jmp('go'),
    label('refused'),
    ...sendHead(RECORD.started),
    x.jmp('exit'),
  ]),

  func('trace', [
    label('go'),
    x.xor(r.r14d, r.r14d),
    label('resume'),
    ...ptrace(SYSCALL, 0, r.r14),
    label('next'),
    x.cmp(byte(absolute(TICKED)), 0),
    x.jne('tick'),
    x.mov(r.edx, WALL),
    x.cmp(byte(absolute(ASKED)), 0),
    x.je('wait'),
    x.mov(r.edx, WALL + WNOHANG),
    label('wait'),
    x.mov(r.rdi, -1),
    x.mov(r.esi, STATUS),
    x.mov(r.r10d, 0),
    x.mov(r.eax, WAIT4),
    x.syscall(),
    x.test(r.rax, r.rax),
    x.je('nothing'),
    x.cmp(r.rax, -EINTR),
    x.je('next'),
    x.test(r.rax, r.rax),
    x.js('over'),
    x.mov(r.rbx, r.rax),
    x.mov(absolute(MADE + HEAD.tid), r.eax),
    x.mov(dword(absolute(MADE + HEAD.waits)), 0),
    x.mov(r.ecx, absolute(STATUS)),
    x.movzx(r.eax, r.cl),
    x.cmp(r.eax, STOPPED),
    x.jne('ended'),
    x.mov(r.r14d, r.ecx),
    x.shr(r.r14d, 8),
    x.and(r.r14d, 0xff),
    x.shr(r.ecx, 16),
    x.cmp(r.r14d, SYSCALL_STOP),
    x.je('call'),
    x.test(r.ecx, r.ecx),
    x.je('resume'),
    x.cmp(r.ecx, EVENT_STOP),
    x.je('stopped'),
    x.cmp(r.ecx, EVENT_CLONE),
    x.je('thread'),
    x.cmp(r.ecx, EVENT_EXEC),
    x.jne('go'),
    // No other thread is left.
    x.mov(dword(absolute(BUSY)), 0),
    x.mov(dword(absolute(COUNT)), 0),
    x.call('now'),
    ...sendHead(RECORD.exec, 1),
    x.call('held'),
    x.jmp('go'),

    label('nothing'),
    x.mov(byte(absolute(ASKED)), 0),
    ...sendHead(RECORD.pong),
    x.jmp('next'),

    label('ended'),
    x.call('now'),
    ...sendHead(RECORD.exit),
    x.cmp(absolute(BUSY), r.ebx),
    x.je('pass'),
    x.jmp('next'),

    label('thread'),
    ...ptrace(GETEVENTMSG, 0, MESSAGE),
    x.mov(r.rax, absolute(MESSAGE)),
    ...sendHead(RECORD.thread),
    x.jmp('go'),

    // A new thread, or PTRACE_INTERRUPT, stops with SIGTRAP; else it is job control, and it stays stopped until SIGCONT.
    label('stopped'),
    x.cmp(r.r14d, SIGTRAP),
    x.je('go'),
    ...ptrace(LISTEN, 0, 0),
    x.jmp('next'),
  ]),

  func('call', [
    ...ptrace(GETREGS, 0, REGISTERS),
    x.test(r.rax, r.rax),
    x.js('next'),
    x.mov(r.rax, absolute(REGISTERS + registerAt('number'))),
    x.cmp(r.rax, MOST_NUMBERS),
    x.jae('go'),
    x.movzx(r.r15d, byte(at(r.rax, TABLE))),
    x.test(r.r15d, r.r15d),
    x.je('go'),
    ...ptrace(GET_SYSCALL_INFO, INFO_SIZE, INFO),
    // Calls of a 32-bit program have other numbers.
    x.mov(r.eax, AUDIT_ARCH_X86_64),
    x.cmp(absolute(INFO + INFO_ARCH), r.eax),
    x.jne('go'),
    x.cmp(byte(absolute(INFO)), INFO_EXIT),
    x.jne('begins'),
    x.call('now'),
    x.cmp(r.r15d, TELL.light),
    x.je('light'),
    x.mov(qword(absolute(LOCAL)), STACK),
    x.mov(r.rax, absolute(DATA + SETUP.stackBytes)),
    x.mov(absolute(LOCAL + 8), r.rax),
    x.mov(absolute(REMOTE + 8), r.rax),
    x.mov(r.rax, absolute(REGISTERS + registerAt('sp'))),
    x.mov(absolute(REMOTE), r.rax),
    // Above the stack nothing is mapped: then it is less.
    ...call(PROCESS_VM_READV, r.rbx, LOCAL, 1, REMOTE, 1, 0),
    x.test(r.rax, r.rax),
    x.jns('copied'),
    x.xor(r.eax, r.eax),
    label('copied'),
    x.mov(absolute(MADE + HEAD.value), r.rax),
    x.mov(r.r13, r.rax),
    x.add(r.r13, HEAD.size + REGISTERS_SIZE),
    x.mov(dword(absolute(MADE + HEAD.kind)), RECORD.call),
    x.cmp(r.r15d, TELL.call),
    x.je('tell'),
    x.cmp(r.r15d, TELL.held),
    x.je('holds'),
    x.test(byte(absolute(REGISTERS + registerAt('dx'))), PROT_EXEC),
    x.je('tell'),
    label('holds'),
    x.mov(dword(absolute(MADE + HEAD.waits)), 1),
    x.call('send'),
    x.call('held'),
    x.jmp('returned'),
    label('light'),
    x.mov(dword(absolute(MADE + HEAD.kind)), RECORD.light),
    x.mov(qword(absolute(MADE + HEAD.value)), 0),
    x.mov(r.r13d, HEAD.size + REGISTERS_SIZE),
    label('tell'),
    x.call('send'),
    label('returned'),
    x.cmp(absolute(BUSY), r.ebx),
    x.jne('go'),
    ...ptrace(SYSCALL, 0, 0),
    x.jmp('pass'),
  ]),

  func('begins', [
    x.cmp(r.r15d, TELL.light),
    x.je('go'),
    x.cmp(dword(absolute(BUSY)), 0),
    x.jne('keep'),
    x.mov(absolute(BUSY), r.ebx),
    x.jmp('go'),
    label('keep'),
    x.mov(r.eax, absolute(COUNT)),
    x.cmp(r.eax, MOST_KEPT),
    x.jae('go'),
    x.mov(r.ecx, r.eax),
    x.shl(r.ecx, 2),
    x.mov(at(r.rcx, KEPT), r.ebx),
    x.inc(dword(absolute(COUNT))),
    x.test(r.eax, r.eax),
    x.jne('next'),
    x.mov(r.eax, absolute(PASSED)),
    x.mov(absolute(LAST_PASSED), r.eax),
    x.mov(r.eax, TICK),
    x.jmp('time'),
  ]),

  // In: eax, µs between two ticks; 0: none.
  func('time', [
    x.mov(absolute(TIMER + 8), r.rax),
    x.mov(absolute(TIMER + 24), r.rax),
    ...call(SETITIMER, 0, TIMER, 0),
    x.jmp('next'),
  ]),

  // The next of those that are kept has its turn. One that was killed meanwhile is passed over.
  func('pass', [
    x.mov(dword(absolute(BUSY)), 0),
    x.inc(dword(absolute(PASSED))),
    x.cmp(dword(absolute(COUNT)), 0),
    x.je('next'),
    x.mov(r.ebx, absolute(KEPT)),
    x.dec(dword(absolute(COUNT))),
    x.mov(r.ecx, absolute(COUNT)),
    x.shl(r.ecx, 2),
    x.mov(r.esi, KEPT + 4),
    x.mov(r.edi, KEPT),
    x.repMovsb(),
    x.mov(absolute(BUSY), r.ebx),
    ...ptrace(SYSCALL, 0, 0),
    x.test(r.rax, r.rax),
    x.js('pass'),
    x.jmp('next'),
  ]),

  func('tick', [
    x.mov(byte(absolute(TICKED)), 0),
    x.xor(r.eax, r.eax),
    x.cmp(dword(absolute(COUNT)), 0),
    x.je('time'),
    x.mov(r.eax, absolute(PASSED)),
    x.cmp(absolute(LAST_PASSED), r.eax),
    x.mov(absolute(LAST_PASSED), r.eax),
    x.jne('next'),
    x.mov(dword(absolute(BUSY)), 0),
    label('release'),
    x.cmp(dword(absolute(COUNT)), 0),
    x.je('next'),
    x.dec(dword(absolute(COUNT))),
    x.mov(r.ecx, absolute(COUNT)),
    x.shl(r.ecx, 2),
    x.mov(r.ebx, at(r.rcx, KEPT)),
    ...ptrace(SYSCALL, 0, 0),
    x.jmp('release'),
  ]),

  func('now', [...call(CLOCK_GETTIME, CLOCK_MONOTONIC, MADE + HEAD.seconds), x.ret()]),

  // Waits for an ACK.
  func('held', [
    label('again'),
    ...call(READ, SOCKET, BYTE, 1),
    x.cmp(r.rax, -EINTR),
    x.je('again'),
    x.cmp(r.rax, 1),
    x.jne('exit'),
    x.ret(),
  ]),

  // In: r13, how many bytes of the record.
  func('send', [
    x.mov(r.r12d, MADE),
    label('more'),
    ...call(SENDTO, SOCKET, r.r12, r.r13, MSG_NOSIGNAL, 0, 0),
    x.cmp(r.rax, -EINTR),
    x.je('more'),
    x.test(r.rax, r.rax),
    x.jle('exit'),
    x.add(r.r12, r.rax),
    x.sub(r.r13, r.rax),
    x.jne('more'),
    x.ret(),
  ]),

  func('over', sendHead(RECORD.end)),
  // Whoever is still traced runs on.
  func('exit', call(EXIT_GROUP, 0)),

  // SIGUSR1.
  func('noted', [x.mov(byte(absolute(ASKED)), 1), x.ret()]),
  // SIGALRM.
  func('ticked', [x.mov(byte(absolute(TICKED)), 1), x.ret()]),
  func('restore', call(RT_SIGRETURN)),
];
