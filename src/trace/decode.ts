/*
 * Records of perf become what a trace tells.
 */
import {MEMORY_CALLS, MEMORY_OPTIONS} from './calls.ts';
import {CLONE_THREAD, CLONE_VFORK, CLONE_VM} from './clone.ts';
import type {Call, TraceEvent} from './events.ts';
import type {Architecture} from './hand/layout.ts';
import {REGISTERS} from './machine.ts';
import type {Item} from './order.ts';
import type {Sample} from './perf/records.ts';

const ARITY = new Map(MEMORY_CALLS.map(({name, arity}) => [name, arity]));

/** Where the fields of a tracepoint are: struct syscall_trace_enter and syscall_trace_exit, include/trace/syscall.h. */
const FIELD = {number: 8, result: 16, args: 16} as const;

/** Remembers, for each thread, what its call began with. */
export class Decoder {
  readonly #architecture: Architecture;
  readonly #seesEnter: boolean;
  readonly #entered = new Map<number, {readonly name: string; readonly args: readonly bigint[]}>();

  /** @param seesEnter arguments are taken from where a call begins */
  constructor(architecture: Architecture, seesEnter: boolean) {
    this.#architecture = architecture;
    this.#seesEnter = seesEnter;
  }

  /** @returns undefined for what is only remembered, or says nothing */
  decode({record, event, partner}: Item): TraceEvent | undefined {
    const {pid, tid, time} = record;
    switch (record.type) {
      case 'sample':
        return event && this.#sample(record, event, partner);
      case 'mapping': {
        const {start, end, offset, inode, prot, flags, file} = record;
        return {kind: 'mapped', pid, tid, time, start, end, offset, inode, prot, flags, file};
      }
      case 'comm':
        return record.isExec ? {kind: 'exec', pid, tid, time, comm: record.comm} : undefined;
      case 'fork':
      case 'exit':
        if (record.type === 'exit') this.#entered.delete(tid);
        return {kind: record.type, pid, tid, time, parent: record.parent};
      case 'lost':
        return undefined;
    }
  }

  #sample(sample: Sample, {purpose, name, attr}: NonNullable<Item['event']>, partner?: Sample): TraceEvent | undefined {
    const {pid, tid, time, registers} = sample;
    if (purpose === 'task') return shared(sample);
    if (purpose === 'fault') {
      const {addr = 0, ip = 0, pageSize, stack, chain} = sample;
      const place = {registers, stack, chain, pageSize: pageSize === 0 ? undefined : pageSize};
      return {kind: 'fault', pid, tid, time, address: addr, ip, ...place, every: attr.period};
    }
    if (!sample.raw || sample.raw.length < FIELD.result) return undefined;
    const raw = new DataView(sample.raw.buffer, sample.raw.byteOffset, sample.raw.byteLength);
    if (purpose === 'enter') this.#entered.set(tid, {name, args: wordsOf(raw, FIELD.args)});
    else if (raw.byteLength >= FIELD.result + 8) return this.#call(sample, name, raw, partner);
    return undefined;
  }

  #call(sample: Sample, name: string, raw: DataView, partner?: Sample): Call | undefined {
    const {pid, tid, time, registers} = sample;
    const args = this.#argsOf(sample, name);
    if (name === 'prctl' && args && !MEMORY_OPTIONS.has(args[0]!)) return undefined;
    const stack = sample.stack ?? partner?.stack;
    const chain = sample.chain ?? partner?.chain;
    const result = Number(raw.getBigInt64(FIELD.result, true));
    return {kind: 'call', pid, tid, time, name, args, result, registers, stack, chain};
  }

  #argsOf({tid, registers}: Sample, name: string): readonly bigint[] | undefined {
    const arity = ARITY.get(name) ?? 0;
    if (this.#seesEnter) {
      const entered = this.#entered.get(tid);
      return entered?.name === name ? entered.args.slice(0, arity) : undefined;
    }
    return registers && REGISTERS[this.#architecture].args.slice(0, arity).map((index) => registers[index]!);
  }
}

/** Where the fields of task_newtask are: include/trace/events/task.h. */
const TASK_FIELD = {pid: 8, flags: 32} as const;

/** @returns undefined for a thread, or a process with memory of its own */
function shared({pid, tid, time, raw}: Sample): TraceEvent | undefined {
  if (!raw || raw.length < TASK_FIELD.flags + 8) return undefined;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const flags = view.getBigUint64(TASK_FIELD.flags, true);
  if ((flags & CLONE_VM) === 0n || (flags & CLONE_THREAD) !== 0n) return undefined;
  const child = view.getInt32(TASK_FIELD.pid, true);
  return {kind: 'shared', pid, tid, time, child, briefly: (flags & CLONE_VFORK) !== 0n};
}

function wordsOf(view: DataView, from: number): bigint[] {
  const count = Math.floor((view.byteLength - from) / 8);
  return Array.from({length: count}, (_, i) => view.getBigUint64(from + 8 * i, true));
}
