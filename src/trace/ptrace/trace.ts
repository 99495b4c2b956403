/*
 * Watches the memory calls of a process by ptrace(2): where perf events can't be had, as in containers. It stops the
 * process at each of its system calls, so that these take 10 to 100 times longer; it loses none.
 */
import {setTimeout as pause} from 'node:timers/promises';
import {hasCapability, parseCredentials, threadGroup} from '../../parse/proc/status.ts';
import {readIfThere, textIfThere} from '../../procfs/open.ts';
import {MEMORY_CALLS, MEMORY_OPTIONS} from '../calls.ts';
import type {Call, TraceEnd, TraceEvent, TraceOptions, Watching} from '../events.ts';
import {CLONE_VFORK, CLONE_VM, cloneFlags} from '../clone.ts';
import {fileFacts} from '../file-facts.ts';
import {REGISTERS} from '../machine.ts';
import {mappedOf, regionsOf} from './maps.ts';
import type {TracerRecord} from './records.ts';
import {FORKS, Tracer} from './tracer.ts';

/** Bytes of a stack, by default. */
const STACK_BYTES = 16 * 1024;

/** ms in which a call that the kernel has done comes back from it. */
const SOON = 1;

const BY_NUMBER = new Map(MEMORY_CALLS.map((call) => [call.numbers[0], call]));

/** CAP_SYS_PTRACE: then execve(2) gives a traced program what its set-user-ID says. */
function mayTraceAll(root: string): boolean {
  const credentials = parseCredentials(readIfThere(`${root}/self/status`) ?? new Uint8Array());
  return credentials !== undefined && hasCapability(credentials.effective, 'SYS_PTRACE');
}

/** Which of the registers is a call's first argument. */
const FIRST = REGISTERS.x64.args[0]!;

/** PROT_EXEC of mmap(2). */
const PROT_EXEC = 4n;

const MAP_ANONYMOUS = 0x20n;

export class PtraceTrace implements Watching {
  readonly #pid: number;
  readonly #root: string;
  readonly #onEvent: (event: TraceEvent) => void;
  readonly #notes = new Set<string>();
  readonly #threads: Set<number>;
  /** Processes that the tracer follows, as the kernel takes them for threads. */
  readonly #foreign = new Set<number>();
  /** What was made, and is told, before the call returns that made it. */
  readonly #told = new Set<number>();
  readonly #seen = new Map<string, number>();
  #stackless = 0;
  /** Where its stack began when it was last looked at. */
  #stackStart = 0;
  #tracer: Tracer | undefined;
  #end: Promise<TraceEnd> | undefined;

  private constructor(pid: number, root: string, onEvent: (event: TraceEvent) => void) {
    this.#pid = pid;
    this.#root = root;
    this.#onEvent = onEvent;
    this.#threads = new Set([pid]);
  }

  /**
   * Begins to trace a process that has one thread.
   *
   * @param root where procfs is mounted
   * @returns once everything that happens from now on is reported
   * @throws Trouble `gone`; `denied` with the reason where it may not be traced
   */
  static async start(
    pid: number,
    {onEvent, stackBytes = STACK_BYTES}: Pick<TraceOptions, 'onEvent' | 'stackBytes'>,
    root = '/proc',
  ): Promise<PtraceTrace> {
    const trace = new PtraceTrace(pid, root, onEvent);
    trace.#tracer = await Tracer.start(pid, stackBytes, (record) => trace.#take(record));
    return trace;
  }

  /** What a reader of the events should know, a sentence each. */
  get notes(): readonly string[] {
    return [
      'It was traced by ptrace(2), which stops it at each system call: it took longer than without.',
      ...this.#notes,
    ];
  }

  /** Tells all that has happened up to now. @returns false if the tracer was killed */
  async sync(): Promise<boolean> {
    const tracer = this.#tracer!;
    await tracer.ask();
    // What the kernel has done, and has not come back from.
    if (!tracer.isGone) {
      await pause(SOON);
      await tracer.ask();
    }
    this.#lookAtStack();
    return !tracer.isGone || tracer.hasEnded;
  }

  /** None is. */
  lostUntil(): Promise<number> {
    return Promise.resolve(0);
  }

  /** Ends it. The process runs on. It may be called twice. */
  stop(): Promise<TraceEnd> {
    this.#end ??= this.#stop();
    return this.#end;
  }

  async #stop(): Promise<TraceEnd> {
    const isWhole = await this.sync();
    this.#tracer!.close();
    const calls = [...this.#seen].map(([name, seen]) => [name, {counted: isWhole ? seen : null, seen}] as const);
    return {calls: Object.fromEntries(calls), lost: isWhole ? 0 : null, stackless: this.#stackless};
  }

  #take(record: TracerRecord): void {
    const {kind, tid, time, value, waits} = record;
    const when = {pid: this.#pid, tid, time};
    if (this.#foreign.has(tid)) {
      if (kind === 'thread') this.#foreign.add(value);
    } else if (kind === 'thread') this.#begins(value, when);
    else if (kind === 'exit') this.#ended(tid, time);
    else if (kind === 'exec') this.#exec(time);
    else if (record.call && FORKS.has(record.call.number))
      this.#fork(record.call.result, when, record.call.number, record.call.registers[FIRST]!);
    else if (record.call) this.#call(record.call, waits, when);
    if (waits) this.#tracer?.acknowledge();
  }

  /** A thread; or a process that the kernel takes for one, since it sends no SIGCHLD at its end. It waits meanwhile. */
  #begins(child: number, when: {readonly pid: number; readonly tid: number; readonly time: number}): void {
    const group = threadGroup(readIfThere(`${this.#root}/${child}/status`) ?? new Uint8Array());
    if (group === undefined || group === this.#pid) {
      this.#threads.add(child);
      return;
    }
    this.#foreign.add(child);
    const registers = textIfThere(`${this.#root}/${this.#pid}/task/${when.tid}/syscall`).split(' ');
    this.#fork(child, when, Number(registers[0]), BigInt(registers[1] || 0));
    this.#told.add(child);
  }

  #ended(tid: number, time: number): void {
    const parent = {pid: this.#pid, tid: this.#pid};
    if (this.#threads.delete(tid)) this.#told.add(tid);
    this.#onEvent({kind: 'exit', pid: this.#pid, tid, time, parent});
  }

  #exec(time: number): void {
    const pid = this.#pid;
    const when = {pid, tid: pid, time};
    const comm = textIfThere(`${this.#root}/${pid}/comm`).trimEnd();
    this.#onEvent({kind: 'exec', ...when, comm});
    for (const region of regionsOf(pid, this.#root)) {
      this.#onEvent(mappedOf(region, when));
      if (region.name === '[stack]') this.#stackStart = region.start;
    }
    const {is32Bit, hasSetId} = fileFacts(`${this.#root}/${pid}/exe`);
    if (is32Bit) this.#notes.add('It is a 32-bit program: its calls have other numbers, and were not seen.');
    if (hasSetId && !mayTraceAll(this.#root))
      this.#notes.add(
        'It began a program with set-user-ID or set-group-ID, which ran without that right, since it was traced and ' +
          'memmap has no CAP_SYS_PTRACE.',
      );
  }

  /**
   * A process that it made; its threads are told by themselves.
   *
   * @param number of the call that made it, and its first argument
   */
  #fork(
    child: number,
    {pid, tid, time}: {readonly pid: number; readonly tid: number; readonly time: number},
    number: number,
    first: bigint,
  ): void {
    if (child <= 0 || this.#threads.has(child) || this.#told.delete(child)) return;
    const flags = cloneFlags(number, first);
    this.#onEvent({kind: 'fork', pid: child, tid: child, time, parent: {pid, tid}});
    if ((flags & CLONE_VM) !== 0n)
      this.#onEvent({kind: 'shared', pid, tid, time, child, briefly: (flags & CLONE_VFORK) !== 0n});
  }

  #call(
    {number, result, registers, stack}: NonNullable<TracerRecord['call']>,
    waits: boolean,
    when: {readonly pid: number; readonly tid: number; readonly time: number},
  ): void {
    const known = BY_NUMBER.get(number);
    if (!known) return;
    const {name, arity} = known;
    const args = REGISTERS.x64.args.slice(0, arity).map((index) => registers[index]!);
    if (name === 'prctl' && !MEMORY_OPTIONS.has(args[0]!)) return;
    this.#seen.set(name, (this.#seen.get(name) ?? 0) + 1);
    if (!stack) this.#stackless++;
    if (waits && result >= 0) this.#report(name, args, result, when);
    const call: Call = {kind: 'call', ...when, name, args, result, registers, stack, chain: undefined};
    this.#onEvent(call);
  }

  /** What the kernel would report of the mapping, before its call returns. */
  #report(
    name: string,
    args: readonly bigint[],
    result: number,
    when: {readonly pid: number; readonly tid: number; readonly time: number},
  ): void {
    if (name === 'mmap' && (args[3]! & MAP_ANONYMOUS) !== 0n) {
      const end = result + Number(args[1]!);
      const flags = Number(args[3]!);
      const prot = Number(args[2]! | PROT_EXEC);
      this.#onEvent({kind: 'mapped', ...when, start: result, end, offset: 0, inode: 0, prot, flags, file: '//anon'});
      return;
    }
    const regions = regionsOf(this.#pid, this.#root);
    const start = name === 'mmap' || name === 'shmat' ? result : Number(args[0] ?? 0);
    const found =
      name === 'io_setup'
        ? regions.findLast((region) => region.name.startsWith('/[aio]') && !this.#contexts.has(region.start))
        : regions.find((region) => region.start <= start && start < region.end);
    if (!found) return;
    if (name === 'io_setup') this.#contexts.add(found.start);
    this.#onEvent(mappedOf(found, when));
  }

  /** Of io_setup(2), where they are. */
  readonly #contexts = new Set<number>();

  /** A stack grows at a page fault, of which no call tells. */
  #lookAtStack(): void {
    if (this.#stackStart === 0 || this.#tracer!.isGone) return;
    const stack = regionsOf(this.#pid, this.#root).find(({name}) => name === '[stack]');
    if (!stack || stack.start >= this.#stackStart) return;
    this.#stackStart = stack.start;
    this.#onEvent(mappedOf(stack, {pid: this.#pid, tid: this.#pid, time: Number(process.hrtime.bigint())}));
  }
}
