import type {ChildProcess} from 'node:child_process';
import type {Duplex} from 'node:stream';
import {setTimeout as pause} from 'node:timers/promises';
import {noSuchProcess} from '../../procfs/trouble.ts';
import {MEMORY_CALLS} from '../calls.ts';
import {programFile, startHelper} from '../helper.ts';
import {standing} from '../why-not.ts';
import {MOST_STACK, SETUP, SOCKET, TELL} from './layout.ts';
import {RecordReader, type TracerRecord} from './records.ts';
import {tracerRefusal} from './why-not.ts';

const PURPOSE = {what: 'the helper that traces', processors: 'x86-64'};

const ESRCH = 3;

/** ms after which it is asked again: a signal may come right before it waits. */
const AGAIN = 20;

/** Calls that make processes or threads: clone, fork, vfork, clone3 of x86-64. */
export const FORKS: ReadonlySet<number> = new Set([56, 57, 58, 435]);

/** Calls whose range only the maps say. */
const HELD: ReadonlySet<string> = new Set(['shmat', 'io_setup']);

/** Calls that may make code: with PROT_EXEC as their third argument. */
const EXECUTES: ReadonlySet<string> = new Set(['mmap', 'mprotect', 'pkey_mprotect']);

/** The helper that traces a process (program.ts), while it runs. Whatever becomes of it, the process runs on. */
export class Tracer {
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #records = new RecordReader();
  readonly #onRecord: (record: TracerRecord) => void;
  #onStarted: ((errno: number) => void) | undefined;
  #onPong: (() => void) | undefined;
  /** One question after another. */
  #turn: Promise<void> = Promise.resolve();
  #hasEnded = false;
  #isGone = false;

  private constructor(child: ChildProcess, onRecord: (record: TracerRecord) => void) {
    this.#child = child;
    this.#onRecord = onRecord;
    this.#socket = child.stdio[SOCKET] as Duplex;
    this.#socket.on('data', (bytes: Uint8Array) => this.#take(bytes));
    this.#socket.on('error', () => this.#end());
    this.#socket.once('close', () => this.#end());
  }

  /**
   * Starts one. It traces the process from the next of its system calls on.
   *
   * @param onRecord is told all but the answers to what is asked; a thread that waits does so until `acknowledge`
   * @param stackBytes of each stack that are copied
   * @throws Trouble `gone`; `denied` with the reason where it may not
   */
  static async start(
    pid: number,
    stackBytes: number,
    onRecord: (record: TracerRecord) => void,
    file: string | undefined = programFile('tracer'),
  ): Promise<Tracer> {
    const {child} = await startHelper(file, PURPOSE);
    const tracer = new Tracer(child, onRecord);
    const errno = await new Promise<number | undefined>((resolve) => {
      tracer.#onStarted = resolve;
      tracer.#socket.once('close', () => resolve(undefined));
      tracer.#socket.write(setup(pid, stackBytes));
    });
    if (errno === 0) return tracer;
    tracer.close();
    throw errno === ESRCH ? noSuchProcess(pid) : tracerRefusal(pid, errno ?? 0, standing());
  }

  /** Nothing more comes: the process has ended, or this has. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** It traced to the end of the process. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Lets the thread that waits continue. */
  acknowledge(): void {
    if (!this.#isGone) this.#socket.write(ACK);
  }

  /** Waits until all is told of what had happened. */
  ask(): Promise<void> {
    return (this.#turn = this.#turn.then(() => this.#ask()));
  }

  async #ask(): Promise<void> {
    const answered = new AbortController();
    this.#onPong = () => answered.abort();
    while (!answered.signal.aborted && !this.#isGone) {
      this.#child.kill('SIGUSR1');
      await pause(AGAIN, undefined, {signal: answered.signal}).catch(() => {});
    }
  }

  /** Ends it. A process that it still traces runs on. */
  close(): void {
    this.#child.kill('SIGKILL');
    this.#child.unref();
    this.#socket.destroy();
    this.#end();
  }

  #take(bytes: Uint8Array): void {
    for (const record of this.#records.add(bytes)) {
      if (record.kind === 'pong') this.#onPong?.();
      else if (record.kind === 'started') this.#onStarted?.(-record.value);
      else if (record.kind === 'end') this.#hasEnded = true;
      else this.#onRecord(record);
    }
  }

  #end(): void {
    this.#isGone = true;
    this.#onPong?.();
  }
}

const ACK = new Uint8Array(1);

function setup(pid: number, stackBytes: number): Uint8Array {
  const bytes = new Uint8Array(SETUP.size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(SETUP.pid, BigInt(pid), true);
  view.setBigUint64(SETUP.stackBytes, BigInt(Math.min(stackBytes, MOST_STACK)), true);
  for (const number of FORKS) bytes[SETUP.table + number] = TELL.light;
  for (const {name, numbers} of MEMORY_CALLS)
    bytes[SETUP.table + numbers[0]] = HELD.has(name) ? TELL.held : EXECUTES.has(name) ? TELL.executes : TELL.call;
  return bytes;
}
