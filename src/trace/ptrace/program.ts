/*
 * The tracer: a static program that stops a process at each of its system calls by ptrace(2), and tells memmap of those
 * that change memory. In Node each stop would take ten times longer; all that is decided is decided by memmap.
 *
 * It stops the process at every call (PTRACE_SYSCALL), as strace does. A seccomp filter (SECCOMP_RET_TRACE) would stop
 * it at memory calls alone, but stays when the tracer is gone: then mmap(2) fails with ENOSYS, and the process dies.
 * Like this it runs on, whatever becomes of the tracer: the kernel lets go of it (PTRACE_O_EXITKILL is not set). The
 * tracer ends with memmap, by PR_SET_PDEATHSIG.
 *
 * It seizes the process (PTRACE_SEIZE), so that SIGSTOP and SIGCONT work as before. Signals are passed on. Threads are
 * traced from their start, processes that it makes are not.
 *
 * Threads take turns: while one is in a call that changes memory, another one that comes to such a call is kept until
 * that returns. So calls are told in the order in which the kernel did them. Where a call takes longer than two ticks
 * of a timer, since it waits for something, the others are let go, and order may be lost.
 *
 * On SIGUSR1 it tells (`pong`) once nothing waits to be reported. The handler only notes it: a signal that comes right
 * before wait4(2) is noticed late, so memmap sends it until it is answered.
 */
import {assemble, func, type Item, label} from '../../elf/assemble.ts';
import {PF_R, PF_W, PF_X} from '../../elf/file/elf.ts';
import {type Program, X64} from '../../elf/program.ts';
import * as r from '../../elf/x64/operands.ts';
import {absolute, at, byte, dword, type Memory, qword, type Register} from '../../elf/x64/operands.ts';
import * as x from '../../elf/x64/x64.ts';
import * as abi from './abi.ts';
import {HEAD, MOST_NUMBERS, RECORD, registerAt, REGISTERS_SIZE, SETUP, SOCKET, TELL} from './layout.ts';
import * as place from './memory.ts';

/** The program as a value: elf/file/write.ts turns it into a file. */
export function tracerProgram(): Program {
  const text = assemble(code, place.TEXT);
  return {
    machine: X64,
    base: 0x400000,
    segments: [
      {name: '.text', vaddr: place.TEXT, flags: PF_R + PF_X, bytes: text.bytes},
      {
        name: '.data',
        vaddr: place.DATA,
        flags: PF_R + PF_W,
        bytes: new Uint8Array(8),
        memorySize: place.END - place.DATA,
      },
    ],
    entry: place.TEXT,
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
  call(abi.PTRACE, request, r.rbx, address, data);

/** Sends the head alone, with a value in rax. */
const sendHead = (kind: number, waits = 0): Item[] => [
  x.mov(dword(absolute(place.MADE + HEAD.waits)), waits),
  x.mov(dword(absolute(place.MADE + HEAD.kind)), kind),
  x.mov(absolute(place.MADE + HEAD.value), r.rax),
  x.mov(r.r13d, HEAD.size),
  x.call('send'),
];

const pid = absolute(place.DATA + SETUP.pid);

/** rbx is the thread, r14 the signal that it gets, r15 what is told of a call, r13 how many bytes are sent. */
const code: readonly Item[] = [
  func('_start', [
    ...call(abi.PRCTL, abi.PR_SET_PDEATHSIG, abi.SIGKILL),
    x.mov(r.r12d, place.DATA),
    x.mov(r.r13d, SETUP.size),
    label('receive'),
    ...call(abi.READ, SOCKET, r.r12, r.r13),
    x.test(r.rax, r.rax),
    x.jle('exit'),
    x.add(r.r12, r.rax),
    x.sub(r.r13, r.rax),
    x.jne('receive'),
    x.lea(r.rax, r.rip('noted')),
    x.mov(absolute(place.ACTION), r.rax),
    x.mov(qword(absolute(place.ACTION + 8)), abi.SA_RESTORER),
    x.lea(r.rax, r.rip('restore')),
    x.mov(absolute(place.ACTION + 16), r.rax),
    ...call(abi.RT_SIGACTION, abi.SIGUSR1, place.ACTION, 0, 8),
    x.lea(r.rax, r.rip('ticked')),
    x.mov(absolute(place.ACTION), r.rax),
    ...call(abi.RT_SIGACTION, abi.SIGALRM, place.ACTION, 0, 8),
    x.mov(r.rbx, pid),
    ...ptrace(abi.SEIZE, 0, abi.TRACESYSGOOD + abi.TRACECLONE + abi.TRACEEXEC),
    x.test(r.rax, r.rax),
    x.jne('refused'),
    ...ptrace(abi.INTERRUPT, 0, 0),
    label('first'),
    ...call(abi.WAIT4, r.rbx, place.STATUS, abi.WALL, 0),
    x.cmp(r.rax, -abi.EINTR),
    x.je('first'),
    // Linux 5.3.
    ...ptrace(abi.GET_SYSCALL_INFO, abi.INFO_SIZE, place.INFO),
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
    ...ptrace(abi.SYSCALL, 0, r.r14),
    label('next'),
    x.cmp(byte(absolute(place.TICKED)), 0),
    x.jne('tick'),
    x.mov(r.edx, abi.WALL),
    x.cmp(byte(absolute(place.ASKED)), 0),
    x.je('wait'),
    x.mov(r.edx, abi.WALL + abi.WNOHANG),
    label('wait'),
    x.mov(r.rdi, -1),
    x.mov(r.esi, place.STATUS),
    x.mov(r.r10d, 0),
    x.mov(r.eax, abi.WAIT4),
    x.syscall(),
    x.test(r.rax, r.rax),
    x.je('nothing'),
    x.cmp(r.rax, -abi.EINTR),
    x.je('next'),
    x.test(r.rax, r.rax),
    x.js('over'),
    x.mov(r.rbx, r.rax),
    x.mov(absolute(place.MADE + HEAD.tid), r.eax),
    x.mov(dword(absolute(place.MADE + HEAD.waits)), 0),
    x.mov(r.ecx, absolute(place.STATUS)),
    x.movzx(r.eax, r.cl),
    x.cmp(r.eax, abi.STOPPED),
    x.jne('ended'),
    x.mov(r.r14d, r.ecx),
    x.shr(r.r14d, 8),
    x.and(r.r14d, 0xff),
    x.shr(r.ecx, 16),
    x.cmp(r.r14d, abi.SYSCALL_STOP),
    x.je('call'),
    x.test(r.ecx, r.ecx),
    x.je('resume'),
    x.cmp(r.ecx, abi.EVENT_STOP),
    x.je('stopped'),
    x.cmp(r.ecx, abi.EVENT_CLONE),
    x.je('thread'),
    x.cmp(r.ecx, abi.EVENT_EXEC),
    x.jne('go'),
    // Another process that is followed (trace.ts).
    x.cmp(pid, r.rbx),
    x.jne('go'),
    // No other thread is left.
    x.mov(dword(absolute(place.BUSY)), 0),
    x.mov(dword(absolute(place.COUNT)), 0),
    x.call('now'),
    ...sendHead(RECORD.exec, 1),
    x.call('held'),
    x.jmp('go'),

    label('nothing'),
    x.mov(byte(absolute(place.ASKED)), 0),
    ...sendHead(RECORD.pong),
    x.jmp('next'),

    label('ended'),
    x.call('now'),
    ...sendHead(RECORD.exit),
    x.cmp(absolute(place.BUSY), r.ebx),
    x.je('pass'),
    x.jmp('next'),

    label('thread'),
    ...ptrace(abi.GETEVENTMSG, 0, place.MESSAGE),
    x.mov(r.rax, absolute(place.MESSAGE)),
    // The new one waits too, until memmap has looked at it.
    ...sendHead(RECORD.thread, 1),
    x.call('held'),
    x.jmp('go'),

    // A new thread, or PTRACE_INTERRUPT, stops with SIGTRAP; else it is job control, and it stays stopped until
    // SIGCONT.
    label('stopped'),
    x.cmp(r.r14d, abi.SIGTRAP),
    x.je('go'),
    ...ptrace(abi.LISTEN, 0, 0),
    x.jmp('next'),
  ]),

  func('call', [
    ...ptrace(abi.GETREGS, 0, place.REGISTERS),
    x.test(r.rax, r.rax),
    x.js('next'),
    x.mov(r.rax, absolute(place.REGISTERS + registerAt('number'))),
    x.cmp(r.rax, MOST_NUMBERS),
    x.jae('go'),
    x.movzx(r.r15d, byte(at(r.rax, place.TABLE))),
    x.test(r.r15d, r.r15d),
    x.je('go'),
    ...ptrace(abi.GET_SYSCALL_INFO, abi.INFO_SIZE, place.INFO),
    // Calls of a 32-bit program have other numbers.
    x.mov(r.eax, abi.AUDIT_ARCH_X86_64),
    x.cmp(absolute(place.INFO + abi.INFO_ARCH), r.eax),
    x.jne('go'),
    x.cmp(byte(absolute(place.INFO)), abi.INFO_EXIT),
    x.jne('begins'),
    x.call('now'),
    x.cmp(r.r15d, TELL.light),
    x.je('light'),
    x.mov(qword(absolute(place.LOCAL)), place.STACK),
    x.mov(r.rax, absolute(place.DATA + SETUP.stackBytes)),
    x.mov(absolute(place.LOCAL + 8), r.rax),
    x.mov(absolute(place.REMOTE + 8), r.rax),
    x.mov(r.rax, absolute(place.REGISTERS + registerAt('sp'))),
    x.mov(absolute(place.REMOTE), r.rax),
    // Above the stack nothing is mapped: then it is less.
    ...call(abi.PROCESS_VM_READV, r.rbx, place.LOCAL, 1, place.REMOTE, 1, 0),
    x.test(r.rax, r.rax),
    x.jns('copied'),
    x.xor(r.eax, r.eax),
    label('copied'),
    x.mov(absolute(place.MADE + HEAD.value), r.rax),
    x.mov(r.r13, r.rax),
    x.add(r.r13, HEAD.size + REGISTERS_SIZE),
    x.mov(dword(absolute(place.MADE + HEAD.kind)), RECORD.call),
    x.cmp(r.r15d, TELL.call),
    x.je('tell'),
    x.cmp(r.r15d, TELL.held),
    x.je('holds'),
    x.test(byte(absolute(place.REGISTERS + registerAt('dx'))), abi.PROT_EXEC),
    x.je('tell'),
    label('holds'),
    x.mov(dword(absolute(place.MADE + HEAD.waits)), 1),
    x.call('send'),
    x.call('held'),
    x.jmp('returned'),
    label('light'),
    x.mov(dword(absolute(place.MADE + HEAD.kind)), RECORD.light),
    x.mov(qword(absolute(place.MADE + HEAD.value)), 0),
    x.mov(r.r13d, HEAD.size + REGISTERS_SIZE),
    label('tell'),
    x.call('send'),
    label('returned'),
    x.cmp(absolute(place.BUSY), r.ebx),
    x.jne('go'),
    ...ptrace(abi.SYSCALL, 0, 0),
    x.jmp('pass'),
  ]),

  func('begins', [
    x.cmp(r.r15d, TELL.light),
    x.je('go'),
    x.cmp(dword(absolute(place.BUSY)), 0),
    x.jne('keep'),
    x.mov(absolute(place.BUSY), r.ebx),
    x.jmp('go'),
    label('keep'),
    x.mov(r.eax, absolute(place.COUNT)),
    x.cmp(r.eax, place.MOST_KEPT),
    x.jae('go'),
    x.mov(r.ecx, r.eax),
    x.shl(r.ecx, 2),
    x.mov(at(r.rcx, place.KEPT), r.ebx),
    x.inc(dword(absolute(place.COUNT))),
    x.test(r.eax, r.eax),
    x.jne('next'),
    x.mov(r.eax, absolute(place.PASSED)),
    x.mov(absolute(place.LAST_PASSED), r.eax),
    x.mov(r.eax, place.TICK),
    x.jmp('time'),
  ]),

  // In: eax, µs between two ticks; 0: none.
  func('time', [
    x.mov(absolute(place.TIMER + 8), r.rax),
    x.mov(absolute(place.TIMER + 24), r.rax),
    ...call(abi.SETITIMER, 0, place.TIMER, 0),
    x.jmp('next'),
  ]),

  // The next of those that are kept has its turn. One that was killed meanwhile is passed over.
  func('pass', [
    x.mov(dword(absolute(place.BUSY)), 0),
    x.inc(dword(absolute(place.PASSED))),
    x.cmp(dword(absolute(place.COUNT)), 0),
    x.je('next'),
    x.mov(r.ebx, absolute(place.KEPT)),
    x.dec(dword(absolute(place.COUNT))),
    x.mov(r.ecx, absolute(place.COUNT)),
    x.shl(r.ecx, 2),
    x.mov(r.esi, place.KEPT + 4),
    x.mov(r.edi, place.KEPT),
    x.repMovsb(),
    x.mov(absolute(place.BUSY), r.ebx),
    ...ptrace(abi.SYSCALL, 0, 0),
    x.test(r.rax, r.rax),
    x.js('pass'),
    x.jmp('next'),
  ]),

  func('tick', [
    x.mov(byte(absolute(place.TICKED)), 0),
    x.xor(r.eax, r.eax),
    x.cmp(dword(absolute(place.COUNT)), 0),
    x.je('time'),
    x.mov(r.eax, absolute(place.PASSED)),
    x.cmp(absolute(place.LAST_PASSED), r.eax),
    x.mov(absolute(place.LAST_PASSED), r.eax),
    x.jne('next'),
    x.mov(dword(absolute(place.BUSY)), 0),
    label('release'),
    x.cmp(dword(absolute(place.COUNT)), 0),
    x.je('next'),
    x.dec(dword(absolute(place.COUNT))),
    x.mov(r.ecx, absolute(place.COUNT)),
    x.shl(r.ecx, 2),
    x.mov(r.ebx, at(r.rcx, place.KEPT)),
    ...ptrace(abi.SYSCALL, 0, 0),
    x.jmp('release'),
  ]),

  func('now', [...call(abi.CLOCK_GETTIME, abi.CLOCK_MONOTONIC, place.MADE + HEAD.seconds), x.ret()]),

  // Waits for an ACK.
  func('held', [
    label('again'),
    ...call(abi.READ, SOCKET, place.BYTE, 1),
    x.cmp(r.rax, -abi.EINTR),
    x.je('again'),
    x.cmp(r.rax, 1),
    x.jne('exit'),
    x.ret(),
  ]),

  // In: r13, how many bytes of the record.
  func('send', [
    x.mov(r.r12d, place.MADE),
    label('more'),
    ...call(abi.SENDTO, SOCKET, r.r12, r.r13, abi.MSG_NOSIGNAL, 0, 0),
    x.cmp(r.rax, -abi.EINTR),
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
  func('exit', call(abi.EXIT_GROUP, 0)),

  // SIGUSR1.
  func('noted', [x.mov(byte(absolute(place.ASKED)), 1), x.ret()]),
  // SIGALRM.
  func('ticked', [x.mov(byte(absolute(place.TICKED)), 1), x.ret()]),
  func('restore', call(abi.RT_SIGRETURN)),
];
