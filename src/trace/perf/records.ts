/*
 * What the kernel writes into a ring: struct perf_event_header and what follows it (perf_event_open(2), "MMAP layout").
 * Times are CLOCK_MONOTONIC in ns. A ring that doesn't make sense is read as far as it does.
 */
import {ALWAYS, SAMPLE} from './attr.ts';

/** How the samples of an event look. */
export interface Format {
  /** Bits of SAMPLE. */
  readonly sample: number;
  /** How many registers a sample has. */
  readonly registers: number;
}

interface Common {
  readonly pid: number;
  readonly tid: number;
  readonly time: number;
  /** Which event: PERF_EVENT_IOC_ID. */
  readonly id: number;
}

export interface Sample extends Common {
  readonly type: 'sample';
  readonly ip: number | undefined;
  readonly addr: number | undefined;
  /** Return addresses by frame pointers, innermost first, without marks of contexts. */
  readonly chain: readonly number[] | undefined;
  /** The tracepoint's fields. */
  readonly raw: Uint8Array | undefined;
  /** Absent in a sample that has no user's registers: a kernel thread's. */
  readonly registers: BigUint64Array | undefined;
  /** Of a 32-bit program. */
  readonly is32Bit: boolean;
  /** Bytes from the stack pointer upwards. They are the buffer's that was parsed. */
  readonly stack: Uint8Array | undefined;
  /** Bytes of the page in which `addr` is; 0 where the kernel doesn't know. */
  readonly pageSize: number | undefined;
}

export interface Mapping extends Common {
  readonly type: 'mapping';
  readonly start: number;
  readonly end: number;
  /** In the file, in bytes. */
  readonly offset: number;
  readonly inode: number;
  /** PROT_… and MAP_… of mmap(2). */
  readonly prot: number;
  readonly flags: number;
  /** A path as the watched process has it, `//anon`, or a name in brackets. */
  readonly file: string;
}

export interface Task extends Common {
  readonly type: 'fork' | 'exit';
  readonly parent: {readonly pid: number; readonly tid: number};
}

export interface Comm extends Common {
  readonly type: 'comm';
  readonly comm: string;
  readonly isExec: boolean;
}

export interface Lost extends Common {
  readonly type: 'lost';
  readonly count: number;
}

export type Record = Sample | Mapping | Task | Comm | Lost;

/** PERF_RECORD_… */
const LOST = 2;
const COMM = 3;
const EXIT = 4;
const FORK = 7;
const SAMPLE_RECORD = 9;
const MMAP2 = 10;
const LOST_SAMPLES = 13;

/** PERF_RECORD_MISC_COMM_EXEC */
const COMM_EXEC = 1 << 13;

const HEADER = 8;

/** pid, tid; time; cpu and nothing; identifier: what ALWAYS asks for. */
const TRAILER = 32;

/** PERF_SAMPLE_REGS_ABI_32 */
const ABI_32 = 1;

/** Callchains hold marks of contexts between addresses: PERF_CONTEXT_MAX is -4095. */
const CONTEXTS = 2 ** 63;

/** What was read, and what was not: bytes that are not a record. */
export interface Parsed {
  readonly records: Record[];
  readonly bad: number;
}

/**
 * @param bytes whole records, from the tail of a ring to its head
 * @param formatOf the form of an event's samples, by its id; those of an unknown one count as bad
 */
export function parseRecords(bytes: Uint8Array, formatOf: (id: number) => Format | undefined): Parsed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Record[] = [];
  let bad = 0;
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const size = view.getUint16(at + 6, true);
    const end = at + size;
    if (size < HEADER || size % 8 !== 0 || end > bytes.length) break;
    const record = parseRecord({bytes, view, at: at + HEADER, end}, view.getUint32(at, true), formatOf);
    if (record) records.push(record);
    else if (record === undefined) bad += size;
    at = end;
  }
  return {records, bad: bad + bytes.length - at};
}

// --- internal ---

/** A reader of one record. Reading past its end gives undefined or throws a RangeError, and the record is bad. */
interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  readonly end: number;
}

/** @returns null for a kind that says nothing here; undefined if it is bad */
function parseRecord(
  cursor: Cursor,
  type: number,
  formatOf: (id: number) => Format | undefined,
): Record | null | undefined {
  const misc = cursor.view.getUint16(cursor.at - 4, true);
  try {
    if (type === SAMPLE_RECORD) return parseSample(cursor, formatOf);
    if (type === MMAP2) return parseMapping(cursor);
    if (type === COMM) return parseComm(cursor, (misc & COMM_EXEC) !== 0);
    if (type === FORK || type === EXIT) return parseTask(cursor, type === FORK ? 'fork' : 'exit');
    if (type === LOST || type === LOST_SAMPLES) return parseLost(cursor, type === LOST);
    return null;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function u32(cursor: Cursor): number {
  need(cursor, 4);
  cursor.at += 4;
  return cursor.view.getUint32(cursor.at - 4, true);
}

function u64(cursor: Cursor): number {
  const low = u32(cursor);
  return u32(cursor) * 2 ** 32 + low;
}

function take(cursor: Cursor, size: number): Uint8Array {
  need(cursor, size);
  cursor.at += size;
  return cursor.bytes.subarray(cursor.at - size, cursor.at);
}

function need(cursor: Cursor, size: number): void {
  if (cursor.at + size > cursor.end) throw new RangeError('the record is too short');
}

function parseSample(cursor: Cursor, formatOf: (id: number) => Format | undefined): Sample | undefined {
  const id = u64(cursor);
  const format = formatOf(id);
  if (!format || (format.sample & ALWAYS) !== ALWAYS) return undefined;
  const has = (bit: number): boolean => (format.sample & bit) !== 0;
  const ip = has(SAMPLE.ip) ? u64(cursor) : undefined;
  const [pid, tid, time] = [u32(cursor), u32(cursor), u64(cursor)];
  const addr = has(SAMPLE.addr) ? u64(cursor) : undefined;
  take(cursor, 8);
  const chain = has(SAMPLE.callchain) ? parseChain(cursor) : undefined;
  const raw = has(SAMPLE.raw) ? take(cursor, u32(cursor)) : undefined;
  const abi = has(SAMPLE.registers) ? u64(cursor) : 0;
  const registers =
    abi === 0 ? undefined : new BigUint64Array(new Uint8Array(take(cursor, 8 * format.registers)).buffer);
  const stack = has(SAMPLE.stack) ? parseStack(cursor) : undefined;
  const pageSize = has(SAMPLE.dataPageSize) ? u64(cursor) : undefined;
  return {
    type: 'sample',
    id,
    ip,
    pid,
    tid,
    time,
    addr,
    chain,
    raw,
    registers,
    is32Bit: abi === ABI_32,
    stack,
    pageSize,
  };
}

function parseChain(cursor: Cursor): number[] {
  const count = u64(cursor);
  need(cursor, count * 8);
  const chain = Array.from({length: count}, () => u64(cursor));
  return chain.filter((address) => address < CONTEXTS);
}

/** The size of the copy, the copy, and how much of it the kernel could read; nothing more where the size is 0. */
function parseStack(cursor: Cursor): Uint8Array | undefined {
  const size = u64(cursor);
  if (size === 0) return undefined;
  const copy = take(cursor, size);
  return copy.subarray(0, Math.min(u64(cursor), size));
}

/** What follows the fields of a record beside samples. */
function trailer({view, end, at}: Cursor): Common {
  if (end - TRAILER < at) throw new RangeError('the record is too short');
  const from = {bytes: new Uint8Array(0), view, at: end - TRAILER, end};
  const [pid, tid, time] = [u32(from), u32(from), u64(from)];
  from.at += 8;
  return {pid, tid, time, id: u64(from)};
}

function parseMapping(cursor: Cursor): Mapping {
  const common = trailer(cursor);
  const [pid, , start, length, offset] = [u32(cursor), u32(cursor), u64(cursor), u64(cursor), u64(cursor)];
  take(cursor, 8);
  const inode = u64(cursor);
  take(cursor, 8);
  const [prot, flags] = [u32(cursor), u32(cursor)];
  const file = text(cursor);
  return {type: 'mapping', ...common, pid, start, end: start + length, offset, inode, prot, flags, file};
}

function parseComm(cursor: Cursor, isExec: boolean): Comm {
  const common = trailer(cursor);
  const [pid, tid] = [u32(cursor), u32(cursor)];
  return {type: 'comm', ...common, pid, tid, comm: text(cursor), isExec};
}

function parseTask(cursor: Cursor, type: 'fork' | 'exit'): Task {
  const common = trailer(cursor);
  const [pid, parentPid, tid, parentTid] = [u32(cursor), u32(cursor), u32(cursor), u32(cursor)];
  return {type, ...common, pid, tid, parent: {pid: parentPid, tid: parentTid}};
}

function parseLost(cursor: Cursor, hasId: boolean): Lost {
  const common = trailer(cursor);
  const id = hasId ? u64(cursor) : common.id;
  return {type: 'lost', ...common, id, count: u64(cursor)};
}

const decoder = new TextDecoder();

/** Up to the first zero, or to the trailer. */
function text({bytes, at, end}: Cursor): string {
  const field = bytes.subarray(at, end - TRAILER);
  const zero = field.indexOf(0);
  return decoder.decode(zero < 0 ? field : field.subarray(0, zero));
}
