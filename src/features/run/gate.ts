import {spawn, type ChildProcess} from 'node:child_process';
import {existsSync} from 'node:fs';
import type {Duplex} from 'node:stream';
import {builtFile} from '../../shell/built.ts';
import {privateCopies} from '../../shell/copy.ts';

/** The protocol between the gate and memmap; gate-program.ts describes it. */
export const SOCKET = 3;
export const GO = 'g';
export const GO_WITHOUT_ASLR = 'n';
export const PLACING_REFUSED = 128;

/**
 * Node's first write takes half a millisecond, as long as a short program runs, and later ones a tenth of that. So the
 * first writes send bytes that the gate ignores.
 */
const NOTHING = '.';
const WARM_UP = 4;

/** A resolved command: the file to execute, and its arguments, beginning with its own name. */
export interface Command {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** How a target ended: one of the two is present. */
export interface TargetEnd {
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
}

/** Why the command can't be executed: an errno of execve(2) or personality(2). */
export interface Refusal {
  readonly errno: number;
  readonly of: 'execute' | 'place';
}

/**
 * A command that was started with our standard input, output and error. If it `isGated`, it waits before its first
 * instruction until `release`; otherwise it is already running.
 *
 * It outlives us: whatever happens to memmap, a released target continues to run. A gate that was not released ends
 * with us.
 */
export class Target {
  readonly pid: number;
  readonly isGated: boolean;
  readonly ended: Promise<TargetEnd>;
  readonly #child: ChildProcess;
  readonly #socket: Duplex | undefined;
  #refusal: Refusal | undefined;

  private constructor(child: ChildProcess, pid: number, isGated: boolean) {
    this.#child = child;
    this.pid = pid;
    this.isGated = isGated;
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve(signal === null ? {code: code ?? 0} : {signal}));
    });
    this.#socket = isGated ? (child.stdio[SOCKET] as Duplex) : undefined;
    this.#socket?.on('error', () => {}); // It may end before it reads; `ended` then says how.
    this.#socket?.on('data', ([answer]: Buffer) => {
      const isPlacing = answer! >= PLACING_REFUSED;
      this.#refusal = {of: isPlacing ? 'place' : 'execute', errno: answer! - (isPlacing ? PLACING_REFUSED : 0)};
    });
  }

  /**
   * Starts a command through the gate, or directly where there is no gate for this machine or it can't be executed
   * anywhere.
   *
   * @param gate the path of the gate's program
   * @returns the target, or why it could not be started
   */
  static async start({path, argv, env}: Command, gate = gateFile()): Promise<Target | Refusal> {
    for (const place of gate === undefined ? [] : [() => ({path: gate, cleanUp: () => {}}), ...privateCopies(gate)]) {
      const copy = place();
      if ('why' in copy) continue;
      const child = spawn(copy.path, [path, ...argv], {env, stdio: ['inherit', 'inherit', 'inherit', 'pipe']});
      const failed = failure(child);
      if (child.pid === undefined) await failed;
      copy.cleanUp(); // By now execve(2) has opened it, or never will.
      if (child.pid !== undefined) return new Target(child, child.pid, true);
    }
    const [argv0 = path, ...rest] = argv;
    const child = spawn(path, rest, {argv0, env, stdio: 'inherit'});
    const failed = failure(child);
    if (child.pid !== undefined) return new Target(child, child.pid, false);
    return {of: 'execute', errno: await failed};
  }

  /** Why the command could not be executed; known when it has ended. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Lets it start: the byte is sent before this returns. */
  release(withoutAslr: boolean): void {
    for (let i = 0; i < WARM_UP; i++) this.#socket?.write(NOTHING);
    this.#socket?.write(withoutAslr ? GO_WITHOUT_ASLR : GO);
  }

  /** Closes the socket. A gate that was not released ends; a command continues to run. */
  letGo(): void {
    this.#socket?.destroy();
  }

  /** Passes a signal on to it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
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
