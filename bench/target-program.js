/*
 * The program that the bench looks at: a static executable for x86-64, made with memmap's own ELF emitter, so that the
 * bench needs no compiler. It maps one stretch of memory, makes every other piece writable (neighbours that differ stay
 * separate regions), touches the first page of each writable piece, prints "ready" on standard output, and then does
 * one of these:
 *
 *   still      waits
 *   toggling   50 times a second, unmaps one piece in the middle or maps it again
 *   cycling    maps 16 KiB, touches its four pages, unmaps it, as often as it can, and counts that in the first 8 bytes
 *   of
 *              the file on descriptor 3
 *
 * It dies with its parent.
 */
import {assemble, func, label} from '../dist/elf/assemble.js';
import {PF_R, PF_X} from '../dist/elf/file/elf.js';
import {X64} from '../dist/elf/program.js';
import {jmp, jne} from '../dist/elf/x64/x64.js';
import * as r from '../dist/elf/x64/operands.js';
import * as x from '../dist/elf/x64/x64.js';

const PAGE = 4096;
/** The address space of one piece: 8 pages, one of which is touched if the piece is writable. */
export const PIECE = 8 * PAGE;

/** arch/x86/entry/syscalls/syscall_64.tbl, and the constants of the man pages. */
const READ = 0;
const WRITE = 1;
const MMAP = 9;
const MPROTECT = 10;
const MUNMAP = 11;
const NANOSLEEP = 35;
const PRCTL = 157;
const EXIT_GROUP = 231;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const PROT_READ = 1;
const READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FIXED = 0x10;
const PRIVATE_ANONYMOUS = 0x22;

const call = (number, ...args) => [
  ...args.map((value, index) => x.mov([r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9][index], value)),
  x.mov(r.eax, number),
  x.syscall(),
];

/** @returns the program as a value, for elf/write.js. rbx is where the pieces begin. */
export function targetProgram(pieces, does) {
  const base = 0x400000;
  const vaddr = base + PAGE;
  const {bytes, symbols} = assemble([func('_start', [...begin(pieces), ...DOES[does](pieces)])], vaddr);
  const segments = [{name: '.text', vaddr, flags: PF_R + PF_X, bytes}];
  return {machine: X64, base, segments, entry: vaddr, symbols};
}

const begin = (pieces) => [
  ...call(PRCTL, PR_SET_PDEATHSIG, SIGKILL),
  ...call(MMAP, 0, pieces * PIECE, PROT_READ, PRIVATE_ANONYMOUS, -1, 0),
  x.mov(r.rbx, r.rax),
  x.mov(r.r12, r.rbx),
  x.mov(r.r13d, pieces / 2),
  label('piece'),
  ...call(MPROTECT, r.r12, PIECE, READ_WRITE),
  x.mov(r.byte(r.at(r.r12)), 1),
  x.add(r.r12, 2 * PIECE),
  x.dec(r.r13d),
  jne('piece'),
  x.mov(r.rax, 0x0a7964616572n), // "ready\n"
  x.push(r.rax),
  ...call(WRITE, 1, r.rsp, 6),
];

const DOES = {
  still: () => [...call(READ, 0, r.rsp, 1), ...call(EXIT_GROUP, 0)],
  toggling: (pieces) => [
    x.lea(r.r12, r.at(r.rbx, Math.floor(pieces / 4) * 2 * PIECE)),
    x.push(20_000_000), // struct timespec: 0 s, 20,000,000 ns
    x.push(0),
    label('toggle'),
    ...call(MUNMAP, r.r12, PIECE),
    ...call(NANOSLEEP, r.rsp, 0),
    ...call(MMAP, r.r12, PIECE, READ_WRITE, PRIVATE_ANONYMOUS + MAP_FIXED, -1, 0),
    ...call(NANOSLEEP, r.rsp, 0),
    jmp('toggle'),
  ],
  cycling: () => [
    ...call(MMAP, 0, PAGE, READ_WRITE, MAP_SHARED, 3, 0),
    x.mov(r.r12, r.rax),
    label('cycle'),
    ...call(MMAP, 0, 4 * PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0),
    ...[0, 1, 2, 3].map((page) => x.mov(r.byte(r.at(r.rax, page * PAGE)), 1)),
    ...call(MUNMAP, r.rax, 4 * PAGE),
    x.inc(r.qword(r.at(r.r12))),
    jmp('cycle'),
  ],
};
