import test from 'ava';
import {absolute, al, at, byte, eax, indexed, qword, rax, rbx, rcx, rsp} from '../../../src/elf/x64/operands.ts';
import * as x from '../../../src/elf/x64/x64.ts';
import {testEncodings} from '../assemblers.ts';
import {forms} from '../forms.ts';

testEncodings(
  'x64.txt',
  {
    as: 'as',
    asArgs: ['--64'],
    header: '.intel_syntax noprefix',
    llvmArgs: ['-triple=x86_64', '-x86-asm-syntax=intel'],
  },
  forms,
);

const impossible: Readonly<Record<string, () => unknown>> = {
  'an immediate of more than 32 bits': () => x.add(rax, 0x80000000),
  'an immediate of more than 8 bits': () => x.mov(al, 256),
  'a number of more than 64 bits': () => x.mov(rax, 1n << 64n),
  'a number that is no integer': () => x.mov(eax, 1.5),
  'a displacement of more than 32 bits': () => x.mov(rax, at(rbx, 0x80000000)),
  'an address of more than 31 bits': () => x.mov(rax, absolute(0xffffffff)),
  'operands of different sizes': () => x.mov(rax, eax),
  'memory of another size than the register': () => x.mov(rax, byte(at(rbx))),
  'memory of no known size': () => x.mov(at(rbx), 1),
  'two places in memory': () => x.add(at(rbx), qword(at(rcx))),
  'rsp as an index': () => indexed(rax, rsp),
  'an address in a 32-bit register': () => at(eax),
  'a shift by the size or more': () => x.shl(eax, 32),
  'a shift by another register than cl': () => x.shl(eax, al),
  'pushing 32 bits': () => x.push(eax),
  'lea to 8 bits': () => x.lea(al, at(rbx)),
  'movzx from 32 bits': () => x.movzx(rax, eax),
};
for (const [what, make] of Object.entries(impossible)) {
  test(`The machine does not have ${what}`, (t) => {
    t.throws(make, {instanceOf: RangeError});
  });
}
