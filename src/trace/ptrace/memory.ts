/* Where the tracer has its code and its variables. */
import {HEAD, MOST_STACK, REGISTERS_SIZE, SETUP} from './layout.ts';

export const TEXT = 0x401000;
export const DATA = 0x402000;

/** Threads that may be kept at once; any more are let go. */
export const MOST_KEPT = 4096;
/** µs between two looks whether a call takes long. */
export const TICK = 10_000;

/** What is in memory, as addresses: the setup, then variables, then the record that is being made. */
export const TABLE = DATA + SETUP.table;
export const STATUS = DATA + 0x300;
export const ASKED = DATA + 0x308;
export const BYTE = DATA + 0x310;
export const MESSAGE = DATA + 0x318;
export const LOCAL = DATA + 0x320;
export const REMOTE = DATA + 0x330;
export const ACTION = DATA + 0x340;
export const INFO = DATA + 0x380;
/** The thread that is in a memory call, or 0; how many are kept meanwhile; how often the turn was passed on. */
export const BUSY = DATA + 0x3e0;
export const COUNT = DATA + 0x3e4;
export const PASSED = DATA + 0x3e8;
export const LAST_PASSED = DATA + 0x3ec;
export const TICKED = DATA + 0x309;
export const TIMER = DATA + 0x360;
export const MADE = DATA + 0x400;
export const REGISTERS = MADE + HEAD.size;
export const STACK = REGISTERS + REGISTERS_SIZE;
export const KEPT = STACK + MOST_STACK;
export const END = KEPT + 4 * MOST_KEPT;
