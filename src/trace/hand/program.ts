/*
 * The hand: a static program that makes the system calls that memmap asks for, since Node has none for
 * perf_event_open(2) and mmap(2). It reads a message (layout.ts), makes its calls one after another, writes the
 * results, and reads the next. All that is decided is decided by memmap.
 *
 * It ends when the socket closes, however memmap ends. Perf events never stop a process and end with the descriptors
 * that hold them, so nothing is left behind in a process that was watched. Once its events are open, memmap has it
 * limit itself to the few calls that reading them takes (seccomp.ts).
 *
 * Never give it capabilities or set-uid: it does whatever it is told by whoever starts it.
 *
 *   headers r--p, code r-xp, and the message and the buffer rw-p, which are zeros and take no space in the file
 */
import {assemble, type Item} from '../../elf/assemble.ts';
import {PF_R, PF_W, PF_X} from '../../elf/file/elf.ts';
import type {Program} from '../../elf/program.ts';
import {arm64} from './arm64.ts';
import {type Architecture, LAYOUTS} from './layout.ts';
import {riscv64} from './riscv64.ts';
import {x64} from './x64.ts';

const CODE: Readonly<Record<Architecture, readonly Item[]>> = {x64, arm64, riscv64};

/** The program as a value: elf/file/write.ts turns it into a file. */
export function handProgram(architecture: Architecture): Program {
  const {machine, base, text: place, data, end} = LAYOUTS[architecture];
  const text = assemble(CODE[architecture], place);
  return {
    machine,
    base,
    segments: [
      {name: '.text', vaddr: place, flags: PF_R + PF_X, bytes: text.bytes},
      {name: '.data', vaddr: data, flags: PF_R + PF_W, bytes: new Uint8Array(8), memorySize: end - data},
    ],
    entry: place,
    symbols: text.symbols,
  };
}
