import {spawn, type ChildProcess} from 'node:child_process';
import {existsSync} from 'node:fs';
import type {Duplex} from 'node:stream';
import {setTimeout as pause} from 'node:timers/promises';
import {hadChildren, runningBelow, runsSince, startTimeOf} from '../../procfs/kin/ends.ts';
import {isForeign} from '../../procfs/mount.ts';
import {builtFile} from '../../shell/built.ts';
import {privateCopies} from '../../shell/copy.ts';
import {signalName} from '../../shell/exit.ts';
import type {Orphan, ProcessEnd} from '../watch/events.ts';
import {
  type Ended,
  GO,
  GO_WITHOUT_ASLR,
  type Message,
  Records,
  type Refusal,
  SEEN,
  SOCKET,
  TRACEABLE,
  UNTRACEABLE,
} from './protocol.ts';

/**
 * Node's first write takes half a millisecond, as long as a short program runs, and later ones a tenth of that. So the
 * first writes send bytes that the gate ignores.
 */
const NOTHING = '.';
const WARM_UP = 4;

/** ms between two questions whether a command still runs whose warden was killed. */
const LOST_PAUSE = 100;

/** A resolved command: the file to execute, and its arguments, beginning with its own name. */
export interface Command {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

interface StartOptions {
  /** The path of the gate's program; by default the one for this machine. */
  readonly gate?: string | undefined;
  /** Where procfs is mounted. */
  readonly root?: string | undefined;
}

/**
 * A command that was started with our standard input, output and error. If it `isGated`, it waits before its first
 * instruction until `release`; otherwise it is already running.
 *
 * It outlives us: whatever happens to memmap, a released target continues to run. A gate that was not released ends
 * with us.
 */
export class Target {
  readonly isGated: boolean;
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #root: string | undefined;
  readonly #socket: Duplex | undefined;
  readonly #orphans: Orphan[] = [];
  #pid: number;
  #startTime: number | undefined;
  #refusal: Refusal | undefined;
  #end: ProcessEnd | undefined;
  /** It is told when the gate says again that it waits. */
  #onWaits: (() => void) | undefined;

  private constructor(child: ChildProcess, pid: number, isGated: boolean, root: string | undefined) {
    this.#child = child;
    this.#pid = pid;
    this.#root = root;
    this.isGated = isGated;
    this.#socket = isGated ? (child.stdio[SOCKET] as Duplex) : undefined;
    this.#socket?.on('error', () => {}); // It may end before it reads; `ended` then says how.
    const closed = new Promise<ChildEnd>((resolve) => {
      child.once('close', (code, signal) => resolve(signal === null ? {code: code ?? 0} : {signal}));
    });
    this.ended = closed.then((end) => this.#endOf(end));
  }

  /**
   * Starts a command through the gate, or directly where there is no gate for this machine or it can't be executed
   * anywhere.
   *
   * @returns the target, or why it could not be started
   */
  static async start(
    {path, argv, env}: Command,
    {gate = gateFile(), root}: StartOptions = {},
  ): Promise<Target | Refusal> {
    for (const place of gate === undefined ? [] : [() => ({path: gate, cleanUp: () => {}}), ...privateCopies(gate)]) {
      const copy = place();
      if ('why' in copy) continue;
      const child = spawn(copy.path, [path, ...argv], {env, stdio: ['inherit', 'inherit', 'inherit', 'pipe']});
      const failed = failure(child);
      if (child.pid === undefined) await failed;
      copy.cleanUp(); // By now execve(2) has opened it, or never will.
      if (child.pid === undefined) continue;
      const target = new Target(child, child.pid, true, root);
      await target.#listen();
      return target;
    }
    const [argv0 = path, ...rest] = argv;
    const child = spawn(path, rest, {argv0, env, stdio: 'inherit'});
    const failed = failure(child);
    if (child.pid !== undefined) return new Target(child, child.pid, false, root);
    return {of: 'execute', errno: await failed};
  }

  /** Of the command. */
  get pid(): number {
    return this.#pid;
  }

  /** Has procfs other PIDs? What it says of this one is about a stranger then. */
  get isUnseen(): boolean {
    return isForeign(this.#root);
  }

  /**
   * The PID of its parent, the warden (gate-program.ts), to which orphans of the command come: the command's family is
   * what descends from it. Undefined where there is none: then orphans go to process 1, and we are the parent.
   */
  get warden(): number | undefined {
    return this.#child.pid === this.#pid ? undefined : this.#child.pid;
  }

  /** Why the command could not be executed; known when it has ended. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Descendants of the command that ended after their parent: so far, in the order in which they did. */
  get orphans(): readonly Orphan[] {
    return this.#orphans;
  }

  /** While it waits, any process of this user may trace it, also where Yama lets only ancestors do so. */
  async allowTracing(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onWaits = resolve;
      this.#socket?.once('close', resolve);
      this.#socket?.write(TRACEABLE);
    });
  }

  /** Lets it start: the byte is sent before this returns. */
  release(withoutAslr: boolean): void {
    if (this.#onWaits) this.#socket?.write(UNTRACEABLE);
    for (let i = 0; i < WARM_UP; i++) this.#socket?.write(NOTHING);
    this.#socket?.write(withoutAslr ? GO_WITHOUT_ASLR : GO);
  }

  /** Closes the socket. A gate that was not released ends; a command continues to run. */
  letGo(): void {
    this.#socket?.destroy();
  }

  /** Passes a signal on to it. */
  signal(signal: NodeJS.Signals): void {
    if (this.warden === undefined) return void this.#child.kill(signal);
    // Until we say that we have read it, it keeps its PID, as a zombie at least.
    const isThere = this.#end === undefined && this.#child.exitCode === null && this.#child.signalCode === null;
    try {
      if (isThere) process.kill(this.#pid, signal);
    } catch {
      // It became another user's (setuid), and we may not.
    }
  }

  /** Hears what is said on the socket. @returns once the gate said which process it is, or ended before */
  #listen(): Promise<unknown> {
    const records = new Records();
    return new Promise<void>((resolve) => {
      this.#socket!.on('data', (bytes: Buffer) => {
        for (const message of records.add(bytes)) this.#told(message);
        resolve();
      });
      this.#socket!.once('close', resolve);
    });
  }

  #told(message: Message): void {
    if (message.is === 'started') {
      this.#pid = message.pid;
      this.#startTime = startTimeOf(message.pid, this.#root);
      this.#onWaits?.();
    } else if (message.is === 'refused') {
      this.#refusal = message.refusal;
    } else if (message.pid === this.#pid) {
      this.#commandEnded(message);
    } else {
      this.#orphans.push(orphanOf(message));
    }
  }

  /** It is a zombie until the warden gets its byte, and its orphans are the warden's children. */
  #commandEnded(ended: Ended): void {
    const isAlone = hadChildren(this.#pid, this.#root) === false;
    const running = this.warden === undefined ? [] : runningBelow(this.warden, this.#root);
    const {pid: _pid, maxRss, user, system, ...how} = orphanOf(ended);
    this.#end = {...how, usage: {maxRss, user, system, isAlone}, running};
    this.#socket!.write(SEEN);
  }

  /** @param child how our own child ended, which is the command itself where there is no warden */
  async #endOf(child: ChildEnd): Promise<ProcessEnd> {
    const orphans = this.#orphans;
    if (this.#end?.usage) {
      const {usage, running = []} = this.#end;
      const isAlone = usage.isAlone && orphans.length === 0 && running.length === 0;
      return {...this.#end, usage: {...usage, isAlone}, orphans};
    }
    if (this.warden === undefined) return child;
    while (runsSince(this.#pid, this.#startTime, this.#root)) await pause(LOST_PAUSE);
    return {orphans};
  }
}

type ChildEnd = Pick<ProcessEnd, 'code' | 'signal'>;

function orphanOf({pid, code, signal, maxRss, user, system}: Ended): Orphan {
  const how = signal === undefined ? {code} : {signal: signalName(signal)};
  return {pid, ...how, maxRss, user, system};
}

/** The gate, which is made at build time beside the compiled code. @returns undefined if there is none for `arch` */
export function gateFile(arch: string = process.arch): string | undefined {
  const file = builtFile(`helpers/gate.${arch}`);
  return existsSync(file) ? file : undefined;
}

/** The errno, if the child could not be started; otherwise this never settles. */
const failure = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.on('error', (error) => resolve(-((error as NodeJS.ErrnoException & {errno?: number}).errno ?? -1)));
  });
