/*
 * Cuts what the tracer sends (layout.ts) into records.
 */
import {REGISTERS} from '../machine.ts';
import {HEAD, RECORD, registerAt, REGISTERS_SIZE, USER_REGISTERS} from './layout.ts';

/** What the tracer tells. */
export interface TracerRecord {
  readonly kind: keyof typeof RECORD;
  readonly tid: number;
  /** CLOCK_MONOTONIC in ns; 0 where it has none. */
  readonly time: number;
  readonly value: number;
  /** The thread waits for an ACK. */
  readonly waits: boolean;
  /** Of a call. */
  readonly call: CallRecord | undefined;
}

interface CallRecord {
  /** The number of the system call. */
  readonly number: number;
  readonly result: number;
  /** In the order of REGISTERS (machine.ts). */
  readonly registers: BigUint64Array;
  /** Bytes from the stack pointer upwards. */
  readonly stack: Uint8Array | undefined;
}

const KINDS = new Map<number, keyof typeof RECORD>(
  Object.entries(RECORD).map(([kind, number]) => [number, kind as keyof typeof RECORD]),
);

/** Where each register of REGISTERS is among those of ptrace(2), in bytes. */
const PLACES = REGISTERS.x64.names.map((name) => registerAt(name as (typeof USER_REGISTERS)[number]));

/** Parts of the stream become records, however they were cut. */
export class RecordReader {
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Bytes without which nothing new can be read. */
  #needed: number = HEAD.size;

  /** @returns the records that are whole by now @throws Error for what no tracer sends */
  add(bytes: Uint8Array): TracerRecord[] {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    if (this.#length < this.#needed) return [];
    const all = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts, this.#length);
    const view = new DataView(all.buffer, all.byteOffset, all.length);
    const records: TracerRecord[] = [];
    let at = 0;
    for (;;) {
      this.#needed = at + HEAD.size <= all.length ? sizeAt(view, at) : HEAD.size;
      if (at + this.#needed > all.length) break;
      records.push(recordAt(all, view, at));
      at += this.#needed;
    }
    this.#parts = at < all.length ? [all.subarray(at)] : [];
    this.#length = all.length - at;
    return records;
  }
}

const kindAt = (view: DataView, at: number): keyof typeof RECORD => {
  const kind = KINDS.get(view.getUint32(at + HEAD.kind, true));
  if (!kind) throw new Error('the tracer sent no record');
  return kind;
};

const valueAt = (view: DataView, at: number): number => Number(view.getBigInt64(at + HEAD.value, true));

function sizeAt(view: DataView, at: number): number {
  const kind = kindAt(view, at);
  if (kind === 'light') return HEAD.size + REGISTERS_SIZE;
  return kind === 'call' ? HEAD.size + REGISTERS_SIZE + valueAt(view, at) : HEAD.size;
}

function recordAt(bytes: Uint8Array, view: DataView, at: number): TracerRecord {
  const kind = kindAt(view, at);
  const value = valueAt(view, at);
  const seconds = Number(view.getBigInt64(at + HEAD.seconds, true));
  const nanoseconds = Number(view.getBigInt64(at + HEAD.nanoseconds, true));
  return {
    kind,
    tid: view.getInt32(at + HEAD.tid, true),
    time: seconds * 1e9 + nanoseconds,
    value,
    waits: view.getUint32(at + HEAD.waits, true) !== 0,
    call: kind === 'call' || kind === 'light' ? callAt(bytes, view, at + HEAD.size, value) : undefined,
  };
}

/** @param size of the stack's copy */
function callAt(bytes: Uint8Array, view: DataView, at: number, size: number): CallRecord {
  const stackAt = at + REGISTERS_SIZE;
  return {
    number: Number(view.getBigInt64(at + registerAt('number'), true)),
    result: Number(view.getBigInt64(at + registerAt('ax'), true)),
    registers: BigUint64Array.from(PLACES, (place) => view.getBigUint64(at + place, true)),
    stack: size > 0 ? bytes.subarray(stackAt, stackAt + size) : undefined,
  };
}
