import * as a from '../../elf/arm64/arm64.ts';
import {b, beq, bhi, bl, ble, bne, cbz, ret} from '../../elf/arm64/jumps.ts';
import {ldr, str} from '../../elf/arm64/memory.ts';
import * as r from '../../elf/arm64/operands.ts';
import {at} from '../../elf/arm64/operands.ts';
import {func, type Item, label} from '../../elf/assemble.ts';
import {BUFFER_SIZE, CALL_SIZE, HEAD_SIZE, LAYOUTS, LOAD, MOST_CALLS, SOCKET, STORE} from './layout.ts';

const {data, results, calls, buffer} = LAYOUTS.arm64;

/** include/uapi/asm-generic/unistd.h */
const READ = 63;
const WRITE = 64;
const EXIT_GROUP = 94;
const EINTR = 4;

/**
 * The hand for aarch64. x19 points to the next call, x20 to its result; x21 is how many there are, x22 how many are
 * left; x23 points to the head of the message. Barriers order loads and stores as a ring needs it.
 */
export const arm64: readonly Item[] = [
  func('_start', [
    ...a.constant(r.x23, data),
    label('next'),
    a.mov(r.x1, r.x23),
    a.mov(r.x2, HEAD_SIZE),
    bl('receive'),
    ldr(r.x21, at(r.x23)),
    a.cmp(r.x21, MOST_CALLS),
    bhi('exit'),
    ldr(r.x24, at(r.x23, 8)),
    a.cmp(r.x24, BUFFER_SIZE),
    bhi('exit'),
    ...a.constant(r.x1, calls),
    a.mov(r.x2, CALL_SIZE),
    a.mul(r.x2, r.x21, r.x2),
    bl('receive'),
    ...a.constant(r.x1, buffer),
    a.mov(r.x2, r.x24),
    bl('receive'),
    ...a.constant(r.x19, calls),
    ...a.constant(r.x20, results),
    a.mov(r.x22, r.x21),
    label('each'),
    cbz(r.x22, 'answer'),
    ldr(r.x8, at(r.x19)),
    ldr(r.x0, at(r.x19, 8)),
    ldr(r.x1, at(r.x19, 16)),
    ldr(r.x2, at(r.x19, 24)),
    ldr(r.x3, at(r.x19, 32)),
    ldr(r.x4, at(r.x19, 40)),
    ldr(r.x5, at(r.x19, 48)),
    a.cmn(r.x8, -LOAD),
    beq('load'),
    a.cmn(r.x8, -STORE),
    beq('store'),
    a.svc(),
    label('done'),
    str(r.x0, at(r.x20)),
    a.add(r.x19, r.x19, CALL_SIZE),
    a.add(r.x20, r.x20, 8),
    a.sub(r.x22, r.x22, 1),
    b('each'),
    label('load'),
    ldr(r.x0, at(r.x0)),
    a.dmb(),
    b('done'),
    label('store'),
    a.dmb(),
    str(r.x1, at(r.x0)),
    a.mov(r.x0, 0),
    b('done'),
    label('answer'),
    a.mov(r.x0, SOCKET),
    ...a.constant(r.x1, results),
    a.lsl(r.x2, r.x21, 3),
    a.mov(r.x8, WRITE),
    a.svc(),
    a.cmp(r.x0, r.x2),
    beq('next'),
    b('exit'),
  ]),

  // In: x1 where to, x2 how many bytes. All of them, or the end.
  func('receive', [
    label('more'),
    cbz(r.x2, 'received'),
    a.mov(r.x0, SOCKET),
    a.mov(r.x8, READ),
    a.svc(),
    a.cmn(r.x0, EINTR),
    beq('more'),
    a.cmp(r.x0, 0),
    ble('exit'),
    a.add(r.x1, r.x1, r.x0),
    a.subs(r.x2, r.x2, r.x0),
    bne('more'),
    label('received'),
    ret(),
    label('exit'),
    a.mov(r.x0, 0),
    a.mov(r.x8, EXIT_GROUP),
    a.svc(),
  ]),
];
