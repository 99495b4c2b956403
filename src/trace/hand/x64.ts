import {func, type Item, label} from '../../elf/assemble.ts';
import * as r from '../../elf/x64/operands.ts';
import {absolute, at} from '../../elf/x64/operands.ts';
import * as x from '../../elf/x64/x64.ts';
import {BUFFER_SIZE, CALL_SIZE, HEAD_SIZE, LAYOUTS, LOAD, MOST_CALLS, SOCKET, STORE} from './layout.ts';

const {data, results, calls, buffer} = LAYOUTS.x64;

/** arch/x86/entry/syscalls/syscall_64.tbl */
const READ = 0;
const WRITE = 1;
const EXIT_GROUP = 231;
const EINTR = 4;

/**
 * The hand for x86-64. rbx points to the next call, rbp to its result; r12 is how many calls there are, r13 how many
 * are left. The machine orders loads and stores as a ring needs it: a load before, and a store after what it stands
 * for.
 */
export const x64: readonly Item[] = [
  func('_start', [
    label('next'),
    x.mov(r.esi, data),
    x.mov(r.edx, HEAD_SIZE),
    x.call('receive'),
    x.mov(r.r12, absolute(data)),
    x.cmp(r.r12, MOST_CALLS),
    x.ja('exit'),
    x.mov(r.rax, absolute(data + 8)),
    x.cmp(r.rax, BUFFER_SIZE),
    x.ja('exit'),
    x.mov(r.esi, calls),
    x.mov(r.eax, CALL_SIZE),
    x.mul(r.r12),
    x.mov(r.rdx, r.rax),
    x.call('receive'),
    x.mov(r.esi, buffer),
    x.mov(r.rdx, absolute(data + 8)),
    x.call('receive'),
    x.mov(r.ebx, calls),
    x.mov(r.ebp, results),
    x.mov(r.r13, r.r12),
    label('each'),
    x.test(r.r13, r.r13),
    x.je('answer'),
    x.mov(r.rax, at(r.rbx)),
    x.mov(r.rdi, at(r.rbx, 8)),
    x.mov(r.rsi, at(r.rbx, 16)),
    x.mov(r.rdx, at(r.rbx, 24)),
    x.mov(r.r10, at(r.rbx, 32)),
    x.mov(r.r8, at(r.rbx, 40)),
    x.mov(r.r9, at(r.rbx, 48)),
    x.cmp(r.rax, LOAD),
    x.je('load'),
    x.cmp(r.rax, STORE),
    x.je('store'),
    x.syscall(),
    label('done'),
    x.mov(at(r.rbp), r.rax),
    x.add(r.rbx, CALL_SIZE),
    x.add(r.rbp, 8),
    x.dec(r.r13),
    x.jmp('each'),
    label('load'),
    x.mov(r.rax, at(r.rdi)),
    x.jmp('done'),
    label('store'),
    x.mov(at(r.rdi), r.rsi),
    x.xor(r.eax, r.eax),
    x.jmp('done'),
    label('answer'),
    x.mov(r.edi, SOCKET),
    x.mov(r.esi, results),
    x.mov(r.rdx, r.r12),
    x.shl(r.rdx, 3),
    x.mov(r.eax, WRITE),
    x.syscall(),
    x.cmp(r.rax, r.rdx),
    x.je('next'),
    x.jmp('exit'),
  ]),

  // In: rsi where to, rdx how many bytes. All of them, or the end.
  func('receive', [
    label('more'),
    x.test(r.rdx, r.rdx),
    x.je('received'),
    x.mov(r.edi, SOCKET),
    x.mov(r.eax, READ),
    x.syscall(),
    x.cmp(r.rax, -EINTR),
    x.je('more'),
    x.test(r.rax, r.rax),
    x.jle('exit'),
    x.add(r.rsi, r.rax),
    x.sub(r.rdx, r.rax),
    x.jmp('more'),
    label('received'),
    x.ret(),
    label('exit'),
    x.mov(r.edi, 0),
    x.mov(r.eax, EXIT_GROUP),
    x.syscall(),
  ]),
];
