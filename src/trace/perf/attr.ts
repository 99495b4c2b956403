/*
 * struct perf_event_attr (perf_event_open(2), include/uapi/linux/perf_event.h), as far as memmap uses it.
 */

/** Bytes of the struct as of Linux 4.1 (PERF_ATTR_SIZE_VER5), the oldest that has all that is used. */
export const ATTR_SIZE = 112;

/** Kinds of events. */
export const TYPE = {software: 1, tracepoint: 2} as const;

/**
 * Software events: page faults without input or output, and with; none, for what comes beside samples. The event of all
 * page faults fires before the page is there, so that its size isn't known yet (arch/x86/mm/fault.c, mm/memory.c).
 */
export const SOFTWARE = {minorFaults: 5, majorFaults: 6, dummy: 9} as const;

/** Bits of sample_type, in the order in which a sample has them; `identifier` comes first. */
export const SAMPLE = {
  identifier: 1 << 16,
  ip: 1 << 0,
  tid: 1 << 1,
  time: 1 << 2,
  addr: 1 << 3,
  cpu: 1 << 7,
  callchain: 1 << 5,
  raw: 1 << 10,
  registers: 1 << 12,
  stack: 1 << 13,
  dataPageSize: 1 << 22,
} as const;

/** What every sample has. Of it, what comes beside samples has a trailer: TRAILER_SIZE bytes (sample_id_all). */
export const ALWAYS = SAMPLE.identifier | SAMPLE.tid | SAMPLE.time | SAMPLE.cpu;

/** Numbers of the struct's flags. */
const FLAG = {
  disabled: 0,
  inherit: 1,
  excludeKernel: 5,
  excludeHypervisor: 6,
  mmap: 8,
  comm: 9,
  task: 13,
  watermark: 14,
  mmapData: 17,
  sampleIdAll: 18,
  excludeCallchainKernel: 21,
  mmap2: 23,
  commExec: 24,
  useClockid: 25,
  inheritThread: 35,
} as const;

export type Flag = keyof typeof FLAG;

/** Flags of all events: inherited by what the watched process makes; a reader is woken; CLOCK_MONOTONIC. */
export const COMMON_FLAGS: readonly Flag[] = [
  'inherit',
  'excludeHypervisor',
  'watermark',
  'sampleIdAll',
  'excludeCallchainKernel',
  'useClockid',
];

/** Flags of the event that reports new mappings, names, exec, fork and exit. */
export const SIDE_FLAGS: readonly Flag[] = ['mmap', 'mmap2', 'mmapData', 'comm', 'commExec', 'task'];

const CLOCK_MONOTONIC = 1;

/** What is asked of the kernel. */
export interface Attr {
  readonly type: number;
  /** Which event: a tracepoint's id, or one of SOFTWARE. */
  readonly config: number;
  /** A sample after this many events. */
  readonly period: number;
  /** Bits of SAMPLE. */
  readonly sample: number;
  readonly flags: readonly Flag[];
  /** Which registers, as bits. */
  readonly registers: bigint;
  /** Bytes of stack: a multiple of 8, at most MOST_STACK. */
  readonly stack: number;
  /** Bytes in the ring at which whoever waits for it is woken. */
  readonly wakeup: number;
}

/** The size of a record has 16 bits, and a sample has more than the stack. */
export const MOST_STACK = 0xf000;

/** @returns the struct */
export function attrBytes({type, config, period, sample, flags, registers, stack, wakeup}: Attr): Uint8Array {
  const bytes = new Uint8Array(ATTR_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, ATTR_SIZE, true);
  view.setBigUint64(8, BigInt(config), true);
  view.setBigUint64(16, BigInt(period), true);
  view.setBigUint64(24, BigInt(sample), true);
  const bits = flags.reduce((sum, flag) => sum | (1n << BigInt(FLAG[flag])), 0n);
  view.setBigUint64(40, bits, true);
  view.setUint32(48, wakeup, true);
  if (sample & SAMPLE.registers) view.setBigUint64(80, registers, true);
  if (sample & SAMPLE.stack) view.setUint32(88, stack, true);
  view.setInt32(92, CLOCK_MONOTONIC, true);
  return bytes;
}
