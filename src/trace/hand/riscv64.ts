import {func, type Item, label} from '../../elf/assemble.ts';
import * as r from '../../elf/riscv64/operands.ts';
import {at, zero} from '../../elf/riscv64/operands.ts';
import * as v from '../../elf/riscv64/riscv64.ts';
import {BUFFER_SIZE, CALL_SIZE, HEAD_SIZE, LAYOUTS, LOAD, MOST_CALLS, SOCKET, STORE} from './layout.ts';

const {data, results, calls, buffer} = LAYOUTS.riscv64;

/** include/uapi/asm-generic/unistd.h */
const READ = 63;
const WRITE = 64;
const EXIT_GROUP = 94;
const EINTR = 4;

/**
 * The hand for riscv64. s1 points to the next call, s2 to its result; s3 is how many there are, s4 how many are left;
 * s0 points to the head of the message; s6 to s8 hold numbers to compare with. Fences order loads and stores as a ring
 * needs it.
 */
export const riscv64: readonly Item[] = [
  func('_start', [
    ...v.li(r.s0, data),
    ...v.li(r.s6, LOAD),
    ...v.li(r.s7, STORE),
    ...v.li(r.s8, -EINTR),
    label('next'),
    v.mv(r.a1, r.s0),
    ...v.li(r.a2, HEAD_SIZE),
    v.call('receive'),
    v.ld(r.s3, at(r.s0)),
    ...v.li(r.t0, MOST_CALLS),
    v.bgtu(r.s3, r.t0, 'exit'),
    v.ld(r.s5, at(r.s0, 8)),
    ...v.li(r.t0, BUFFER_SIZE),
    v.bgtu(r.s5, r.t0, 'exit'),
    ...v.li(r.a1, calls),
    ...v.li(r.a2, CALL_SIZE),
    v.mul(r.a2, r.s3, r.a2),
    v.call('receive'),
    ...v.li(r.a1, buffer),
    v.mv(r.a2, r.s5),
    v.call('receive'),
    ...v.li(r.s1, calls),
    ...v.li(r.s2, results),
    v.mv(r.s4, r.s3),
    label('each'),
    v.beqz(r.s4, 'answer'),
    v.ld(r.a7, at(r.s1)),
    v.ld(r.a0, at(r.s1, 8)),
    v.ld(r.a1, at(r.s1, 16)),
    v.ld(r.a2, at(r.s1, 24)),
    v.ld(r.a3, at(r.s1, 32)),
    v.ld(r.a4, at(r.s1, 40)),
    v.ld(r.a5, at(r.s1, 48)),
    v.beq(r.a7, r.s6, 'load'),
    v.beq(r.a7, r.s7, 'store'),
    v.ecall(),
    label('done'),
    v.sd(r.a0, at(r.s2)),
    v.addi(r.s1, r.s1, CALL_SIZE),
    v.addi(r.s2, r.s2, 8),
    v.addi(r.s4, r.s4, -1),
    v.j('each'),
    label('load'),
    v.ld(r.a0, at(r.a0)),
    v.fence(),
    v.j('done'),
    label('store'),
    v.fence(),
    v.sd(r.a1, at(r.a0)),
    v.mv(r.a0, zero),
    v.j('done'),
    label('answer'),
    ...v.li(r.a0, SOCKET),
    ...v.li(r.a1, results),
    v.slli(r.a2, r.s3, 3),
    ...v.li(r.a7, WRITE),
    v.ecall(),
    v.beq(r.a0, r.a2, 'next'),
    v.j('exit'),
  ]),

  // In: a1 where to, a2 how many bytes. All of them, or the end.
  func('receive', [
    label('more'),
    v.beqz(r.a2, 'received'),
    ...v.li(r.a0, SOCKET),
    ...v.li(r.a7, READ),
    v.ecall(),
    v.beq(r.a0, r.s8, 'more'),
    v.ble(r.a0, zero, 'exit'),
    v.add(r.a1, r.a1, r.a0),
    v.sub(r.a2, r.a2, r.a0),
    v.j('more'),
    label('received'),
    v.ret(),
    label('exit'),
    ...v.li(r.a0, 0),
    ...v.li(r.a7, EXIT_GROUP),
    v.ecall(),
  ]),
];
