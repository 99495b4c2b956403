import {spawn, type ChildProcess} from 'node:child_process';
import {chmodSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {assemble, func, label, object} from '../../src/elf/assemble.ts';
import {PF_R, PF_W, PF_X} from '../../src/elf/file/elf.ts';
import {X64} from '../../src/elf/program.ts';
import {ascii} from '../../src/elf/file/strings.ts';
import {write} from '../../src/elf/file/write.ts';
import {jmp, jne} from '../../src/elf/x64/x64.ts';
import * as r from '../../src/elf/x64/operands.ts';
import {rip} from '../../src/elf/x64/operands.ts';
import * as x from '../../src/elf/x64/x64.ts';
import {folder} from '../helpers/listings.ts';

/**
 * A process that does what it is told, and nothing else: it reads a system call (its number and six arguments, eight bytes
 * each), makes it, and answers with the result. It has no C library, no heap and no other thread, so each change to its
 * memory is the one that was asked for. Made by our own emitter.
 */
const TEXT = 0x401000;
const RODATA = 0x402000;
const DATA = 0x403000;
const CALL_BYTES = 56;

/** Where "/proc/self/exe" stands in its memory: a path to open. */
export const PATH = RODATA;

function executable(): Uint8Array {
  const rodata = assemble([object('path', [...ascii('/proc/self/exe'), 0])], RODATA);
  const buffer = {name: 'call', address: DATA, size: 64, type: 'object'} as const;
  const text = assemble(
    [
      func('_start', [
        label('next'),
        x.mov(r.edi, 0),
        x.lea(r.rsi, rip('call')),
        x.mov(r.edx, CALL_BYTES),
        x.mov(r.eax, 0), // read
        x.syscall(),
        x.cmp(r.rax, CALL_BYTES),
        jne('leave'),
        x.mov(r.rax, rip('call')),
        x.mov(r.rdi, rip('call', 8)),
        x.mov(r.rsi, rip('call', 16)),
        x.mov(r.rdx, rip('call', 24)),
        x.mov(r.r10, rip('call', 32)),
        x.mov(r.r8, rip('call', 40)),
        x.mov(r.r9, rip('call', 48)),
        x.syscall(),
        x.mov(rip('call'), r.rax),
        x.mov(r.edi, 1),
        x.lea(r.rsi, rip('call')),
        x.mov(r.edx, 8),
        x.mov(r.eax, 1), // write
        x.syscall(),
        jmp('next'),
        label('leave'),
        x.xor(r.edi, r.edi),
        x.mov(r.eax, 231), // exit_group
        x.syscall(),
      ]),
    ],
    TEXT,
    [...rodata.symbols, buffer],
  );
  const segments = [
    {name: '.text', vaddr: TEXT, flags: PF_R + PF_X, bytes: text.bytes},
    {name: '.rodata', vaddr: RODATA, flags: PF_R, bytes: rodata.bytes},
    {name: '.data', vaddr: DATA, flags: PF_R + PF_W, bytes: Uint8Array.of(1), memorySize: 64},
  ];
  const symbols = [...text.symbols, ...rodata.symbols, buffer];
  return write({machine: X64, base: 0x400000, segments, entry: TEXT, symbols}, () => new Uint8Array(20));
}

/** Writes the executable into a folder of the test's own. */
export function serverFile(t: ExecutionContext): string {
  const path = join(folder(t), 'server');
  writeFileSync(path, executable());
  chmodSync(path, 0o755);
  return path;
}

export class SyscallServer {
  readonly #child: ChildProcess;
  #answered: ((result: bigint) => void) | undefined;
  #died: ((error: Error) => void) | undefined;

  /** @param path the executable, if several servers are to run the same one */
  constructor(t: ExecutionContext, path = serverFile(t)) {
    this.#child = spawn(path, [], {stdio: ['pipe', 'pipe', 'inherit']});
    this.#child.stdin!.on('error', () => {});
    this.#child.stdout!.on('data', (data: Buffer) => this.#answered?.(data.readBigInt64LE(0)));
    this.#child.once('exit', () => this.#died?.(new Error('the server died')));
    t.teardown(() => this.#child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Makes a system call. @returns its result: -4095 to -1 is a negative errno */
  call(number: number, ...args: readonly number[]): Promise<number> {
    const bytes = Buffer.alloc(CALL_BYTES);
    [number, ...args].forEach((value, index) => bytes.writeBigInt64LE(BigInt(value), index * 8));
    return new Promise((resolve, reject) => {
      this.#answered = (result) => resolve(Number(result));
      this.#died = reject;
      this.#child.stdin!.write(bytes);
    });
  }
}
