import type {Item} from '../../../elf/assemble.ts';
import type {Machine as ElfMachine} from '../../../elf/program.ts';
import type {Architecture} from './syscalls.ts';
import type {Value} from './program.ts';

/**
 * What a processor must be able to do for a lesson. There is one file per machine; each turns these few operations into
 * its own instructions. There is one register for results; what must last is kept in slots in memory.
 */
export interface HelperMachine {
  readonly architecture: Architecture;
  readonly elf: ElfMachine;

  /** Puts a value where a system call takes its argument 0 to 5. The result register is overwritten. */
  argument(index: number, value: Value): Item[];
  /** Makes a system call; its result is in the result register. */
  syscall(number: number): Item[];
  /**
   * Calls the function whose address is in a slot, as the C library expects it (the stack aligned to 16 bytes); its
   * result is in the result register. The first three arguments of a function are where those of a system call are.
   */
  invoke(slot: string): Item[];
  /** Puts a value into the result register. */
  result(value: Value): Item[];
  /** Puts the result register into a slot. */
  save(slot: string): Item[];
  storeByte(at: Value, byte: number): Item[];
  loadByte(at: Value): Item[];
  /** Four bytes of memory, unsigned, into the result register. */
  loadWord(at: Value): Item[];
  /** Writes a byte into each of this many pages below the stack pointer, which does not change. */
  deepen(pages: number): Item[];

  /** Jumps to a label: always; if the result register equals a value; if it doesn't. */
  jump(label: string): Item[];
  jumpIf(equals: Value, label: string): Item[];
  jumpUnless(equals: Value, label: string): Item[];
  call(label: string): Item[];
  /** Begins and ends a function that calls others. */
  enter(): Item[];
  leave(): Item[];
  /**
   * The same for a function that keeps a frame pointer; what `isFirst` nobody called: its record has 0 for the caller's
   * frame pointer and return address, at which a stack ends.
   */
  enterFrame(isFirst: boolean): Item[];
  leaveFrame(): Item[];

  /**
   * The functions that every helper has and that depend on the machine:
   * `_start` reads the argument, if there is one, as a decimal number into the slot `parent`, and jumps to `main`, or
   * to `orphan` if it is not a number above 0;
   * `say` writes a line: the text at a label, of a given length, and the result register as a number in a base, built
   * in the buffer `line`.
   */
  startup(): Item[];
  sayFunction(): Item[];
  /** Calls `say`. The number is in the result register. */
  say(text: string, length: number, base: 10 | 16): Item[];
}
