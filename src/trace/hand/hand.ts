import type {ChildProcess} from 'node:child_process';
import type {Duplex} from 'node:stream';
import {programFile, startHelper} from '../helper.ts';
import {handCall, type HandCall} from './calls.ts';
import {type Architecture, CALL_SIZE, HEAD_SIZE, LAYOUTS, LOAD, MOST_CALLS, SOCKET, STORE} from './layout.ts';
import {seccompProgram} from './seccomp.ts';

/**
 * A system call of the hand by its name or number, with its arguments; or a load from an address, or a store of a value
 * there.
 */
export type Call = readonly [
  what: HandCall | {readonly number: number} | 'load' | 'store',
  ...args: ReadonlyArray<number | bigint>,
];

/** What came of a batch. `results` are in the order of the calls; -4095 to -1 is an error, the negative errno. */
interface Answer {
  readonly results: readonly number[];
  /** What calls of write(2) on the socket sent, in their order. */
  readonly data: Uint8Array;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly dataSize: number;
  filled: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The hand has ended: nothing can be asked of it any more. */
export class HandGone extends Error {}

const PURPOSE = {what: 'the helper that opens perf events', processors: 'x86-64, aarch64 or riscv64'};

const PR_SET_PDEATHSIG = 1;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGKILL = 9;
export const RLIMIT_NOFILE = 7;

/** Messages are answered in their order, so that the next may be sent before the last was answered. */
export class Hand {
  readonly architecture: Architecture;
  readonly pid: number;
  /** Addresses in its memory: `buffer` is where the bytes of a message are put. */
  readonly buffer: number;
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #waiting: Waiting[] = [];
  #gone = false;

  private constructor(child: ChildProcess, pid: number, architecture: Architecture) {
    this.#child = child;
    this.pid = pid;
    this.architecture = architecture;
    this.buffer = LAYOUTS[architecture].buffer;
    this.#socket = child.stdio[SOCKET] as Duplex;
    this.#socket.on('data', (bytes: Uint8Array) => this.#take(bytes));
    this.#socket.on('error', () => this.#end());
    this.#socket.once('close', () => this.#end());
    child.once('exit', () => this.#end());
  }

  /**
   * Starts one. It dies with us: its socket closes, and the kernel kills it when our thread ends.
   *
   * @throws Trouble `denied` if there is none for this processor, or it may not be executed anywhere
   */
  static async start(file: string | undefined = handFile()): Promise<Hand> {
    const {child, pid} = await startHelper(file, PURPOSE);
    return Hand.#introduced(child, pid);
  }

  static async #introduced(child: ChildProcess, pid: number): Promise<Hand> {
    const hand = new Hand(child, pid, process.arch as Architecture);
    await hand.batch([['prctl', PR_SET_PDEATHSIG, SIGKILL]]);
    return hand;
  }

  /**
   * Has it make calls, one after another, whatever comes of each.
   *
   * @param calls at most MOST_CALLS
   * @param input put at `buffer` before the first call; at most BUFFER_SIZE bytes
   * @param dataSize how many bytes its calls of write(2) on the socket will send: exactly this many
   * @throws HandGone
   */
  batch(calls: readonly Call[], input: Uint8Array = new Uint8Array(0), dataSize = 0): Promise<Answer> {
    if (calls.length > MOST_CALLS) throw new RangeError(`${calls.length} calls in one message`);
    if (this.#gone) return Promise.reject(new HandGone('the helper has ended'));
    const message = this.#message(calls, input);
    return new Promise((resolve, reject) => {
      const bytes = new Uint8Array(dataSize + calls.length * 8);
      this.#waiting.push({bytes, dataSize, filled: 0, resolve, reject});
      this.#socket.write(message);
      this.#settle();
    });
  }

  /**
   * Raises a limit of its own as far as this user may: prlimit(2).
   *
   * @param resource RLIMIT_…
   * @returns what it is now; 2^64: no limit
   */
  async raiseLimit(resource: number, wanted: number): Promise<number> {
    const {buffer} = this;
    const limits = async (): Promise<{soft: number; hard: number}> => {
      const {data} = await this.batch([['prlimit64', 0, resource, 0, buffer], send(buffer, 16)], undefined, 16);
      const view = new DataView(data.buffer);
      return {soft: Number(view.getBigUint64(0, true)), hard: Number(view.getBigUint64(8, true))};
    };
    const {soft, hard} = await limits();
    for (const most of [wanted, hard]) {
      if (soft >= most) continue;
      const value = new Uint8Array(new BigUint64Array([BigInt(most), BigInt(Math.max(hard, most))]).buffer);
      const {results} = await this.batch([['prlimit64', 0, resource, buffer, 0]], value);
      if (results[0] === 0) break;
    }
    return (await limits()).soft;
  }

  /** Has it give up all calls but those that reading takes. @returns false where the kernel has no seccomp filters */
  async limit(): Promise<boolean> {
    const program = seccompProgram(this.architecture, this.buffer);
    const {results} = await this.batch(
      [
        ['prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0],
        ['prctl', PR_SET_SECCOMP, SECCOMP_MODE_FILTER, this.buffer],
      ],
      program,
    );
    return results.every((result) => result === 0);
  }

  /**
   * Ends it. It isn't waited for: the kernel takes a second or more to take events down (an RCU grace period for each
   * tracepoint).
   */
  close(): void {
    this.#child.unref();
    this.#socket.destroy();
    this.#end();
  }

  #message(calls: readonly Call[], input: Uint8Array): Uint8Array {
    const message = new Uint8Array(HEAD_SIZE + calls.length * CALL_SIZE + input.length);
    const view = new DataView(message.buffer);
    view.setBigUint64(0, BigInt(calls.length), true);
    view.setBigUint64(8, BigInt(input.length), true);
    for (const [i, [what, ...args]] of calls.entries()) {
      const at = HEAD_SIZE + i * CALL_SIZE;
      view.setBigInt64(at, BigInt(this.#numberOf(what)), true);
      for (const [j, value] of args.entries())
        view.setBigUint64(at + 8 + 8 * j, BigInt.asUintN(64, BigInt(value)), true);
    }
    message.set(input, HEAD_SIZE + calls.length * CALL_SIZE);
    return message;
  }

  #numberOf(what: Call[0]): number {
    if (typeof what === 'object') return what.number;
    if (what === 'load') return LOAD;
    return what === 'store' ? STORE : handCall(what, this.architecture);
  }

  #take(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0;) {
      const first = this.#waiting[0];
      if (!first) return;
      const part = rest.subarray(0, first.bytes.length - first.filled);
      first.bytes.set(part, first.filled);
      first.filled += part.length;
      rest = rest.subarray(part.length);
      this.#settle();
    }
  }

  #settle(): void {
    for (let first = this.#waiting[0]; first && first.filled === first.bytes.length; first = this.#waiting[0]) {
      this.#waiting.shift();
      const view = new DataView(first.bytes.buffer);
      const count = (first.bytes.length - first.dataSize) / 8;
      const results = Array.from({length: count}, (_, i) => Number(view.getBigInt64(first.dataSize + 8 * i, true)));
      first.resolve({results, data: first.bytes.subarray(0, first.dataSize)});
    }
  }

  #end(): void {
    this.#gone = true;
    for (const {reject} of this.#waiting.splice(0)) reject(new HandGone('the helper has ended'));
  }
}

/** Part of a batch: sends bytes of its memory. */
export const send = (address: number, size: number): Call => ['write', SOCKET, address, size];

/** The hand's program. @returns undefined if there is none for `arch` */
export const handFile = (arch?: string): string | undefined => programFile('hand', arch);
