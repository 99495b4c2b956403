/*
 * The gate: the program that `memmap run` starts in place of a command. It waits until memmap watches it, and then
 * becomes the command (execve keeps the PID), so the command is watched from its first instruction.
 *
 *   gate PATH NAME [ARG …]       PATH is executed with the arguments NAME ARG … and the environment of the gate
 *
 * It communicates on descriptor 3, a socket, and touches no other one:
 *
 *   it reads bytes               `g`: execute; `n`: turn ASLR off, then execute; others are ignored
 *   it writes one byte           only if the command can't be executed: the errno; plus 128 if personality(2) failed
 *   the socket closes            the command runs (close-on-exec), or the gate has ended
 *
 * If neither byte comes because memmap is gone, it exits with 1 and executes nothing. If the command can't be executed,
 * it exits with 127 (there is no such file) or 126, as shells do. Nothing that it sets up survives, except the
 * personality, if asked for.
 *
 *   00400000-00401000 r--p 00000000   headers
 *   00401000-00402000 r-xp 00001000   code
 */
import {assemble, func, label, type Item} from '../../elf/assemble.ts';
import {PF_R, PF_X} from '../../elf/file/elf.ts';
import {X64, type Program} from '../../elf/program.ts';
import {jb, je, jmp, jne, jns} from '../../elf/x64/x64.ts';
import * as r from '../../elf/x64/operands.ts';
import {at, byte, indexed, qword} from '../../elf/x64/operands.ts';
import * as x from '../../elf/x64/x64.ts';
import {GO, GO_WITHOUT_ASLR, PLACING_REFUSED, SOCKET} from './gate.ts';

const BASE = 0x400000;
const TEXT = 0x401000;

/** System calls of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl), and their arguments and errors. */
const READ = 0;
const WRITE = 1;
const EXECVE = 59;
const FCNTL = 72;
const PERSONALITY = 135;
const EXIT_GROUP = 231;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const ADDR_NO_RANDOMIZE = 0x0040000;
const ENOENT = 2;
const EINTR = 4;

/** The program as a value: elf/write.ts turns it into a file. */
export function gateProgram(): Program {
  const text = assemble(code, TEXT);
  return {
    machine: X64,
    base: BASE,
    segments: [{name: '.text', vaddr: TEXT, flags: PF_R + PF_X, bytes: text.bytes}],
    entry: TEXT,
    symbols: text.symbols,
  };
}

/**
 * rbx points to the arguments: the kernel puts their count there, then argv[0], argv[1], …, a null pointer, and then
 * the environment. The byte is on the stack.
 */
const code: readonly Item[] = [
  func('_start', [
    x.mov(r.rbx, r.rsp),
    x.sub(r.rsp, 16),
    x.mov(r.r12d, 1),
    x.cmp(qword(at(r.rbx)), 3),
    jb('exit'),
    x.mov(r.edi, SOCKET),
    x.mov(r.esi, F_SETFD),
    x.mov(r.edx, FD_CLOEXEC),
    x.mov(r.eax, FCNTL),
    x.syscall(),
    label('wait'),
    x.mov(r.edi, SOCKET),
    x.mov(r.rsi, r.rsp),
    x.mov(r.edx, 1),
    x.mov(r.eax, READ),
    x.syscall(),
    x.cmp(r.rax, -EINTR),
    je('wait'),
    x.cmp(r.rax, 1),
    jne('exit'),
    x.cmp(byte(at(r.rsp)), GO_WITHOUT_ASLR.charCodeAt(0)),
    je('place'),
    x.cmp(byte(at(r.rsp)), GO.charCodeAt(0)),
    jne('wait'),
    label('become'),
    x.mov(r.rdi, at(r.rbx, 16)),
    x.lea(r.rsi, at(r.rbx, 24)),
    x.mov(r.rdx, at(r.rbx)),
    x.lea(r.rdx, indexed(r.rbx, r.rdx, 8, 16)),
    x.mov(r.eax, EXECVE),
    x.syscall(),
    x.neg(r.eax),
    x.mov(r.r12d, 127),
    x.cmp(r.eax, ENOENT),
    je('tell'),
    label('refused'),
    x.mov(r.r12d, 126),
    jmp('tell'),
  ]),

  // personality(2): 0xffffffff returns the current persona without changing it; the one flag is added to it.
  func('place', [
    x.mov(r.edi, 0xffffffff),
    x.mov(r.eax, PERSONALITY),
    x.syscall(),
    x.mov(r.edi, r.eax),
    x.or(r.edi, ADDR_NO_RANDOMIZE),
    x.mov(r.eax, PERSONALITY),
    x.syscall(),
    x.test(r.eax, r.eax),
    jns('become'),
    x.neg(r.eax),
    x.add(r.eax, PLACING_REFUSED),
    jmp('refused'),
  ]),

  // In: al, the byte to send; r12d, the exit code.
  func('tell', [
    x.mov(at(r.rsp), r.al),
    x.mov(r.edi, SOCKET),
    x.mov(r.rsi, r.rsp),
    x.mov(r.edx, 1),
    x.mov(r.eax, WRITE),
    x.syscall(),
    label('exit'),
    x.mov(r.edi, r.r12d),
    x.mov(r.eax, EXIT_GROUP),
    x.syscall(),
  ]),
];
