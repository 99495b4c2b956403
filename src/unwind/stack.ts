import type {Mapping} from './space.ts';

/** One function on a stack. */
export interface Frame {
  /** An address of the process: of the innermost frame where it is, of the others where the call returns to. */
  readonly pc: number;
  /** The same byte by the file's own addresses; undefined where the code is in no file that could be read. */
  readonly address: number | undefined;
  /**
   * The function's name, mangled as the file has it. undefined where the file has none, or there is no file: then a
   * runtime's own map may have it (parse/perf-map.ts), at the time of the sample.
   */
  readonly name: string | undefined;
  /** Bytes from where the function begins to `pc`; undefined without a name. */
  readonly offset: number | undefined;
  readonly mapping: Mapping;
  /** A signal interrupted its caller: this is the code that returns from the handler. */
  readonly isSignal: boolean;
  /**
   * It changes to another stack, as Go's runtime.systemstack does. Its caller, a function of the runtime, isn't known:
   * the next frame, where there is one, is the caller's caller.
   */
  readonly isSwitch: boolean;
}

/**
 * Why there are no more frames.
 *
 * root the outermost function was reached · cut the copy of the stack ends before it · no-unwind-info it isn't known
 * how to get on · limit there are more than were asked for
 */
export type End = 'root' | 'cut' | 'no-unwind-info' | 'limit';

/** How the frames were found: by the rules in files, by frame pointers (which code may not keep), or by both. */
export type How = 'dwarf' | 'frame-pointer' | 'mixed';

export interface Stack {
  /** From the innermost outwards. */
  readonly frames: readonly Frame[];
  readonly end: End;
  readonly how: How;
}

/** What was taken of a thread at one moment. */
export interface Sample {
  readonly pc: number;
  /** By DWARF number, as many as the machine has; NaN where one isn't known. */
  readonly registers: Float64Array;
  /** A copy of memory, from sp upwards. */
  readonly stack: Uint8Array;
  /** pc and return addresses that the kernel found by frame pointers: PERF_SAMPLE_CALLCHAIN, those of user space. */
  readonly chain?: readonly number[] | undefined;
}
