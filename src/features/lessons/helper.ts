import {spawn, type ChildProcessByStdio} from 'node:child_process';
import {existsSync} from 'node:fs';
import {createInterface, type Interface} from 'node:readline';
import {builtFile} from '../../shell/built.ts';
import {privateCopies} from '../../shell/copy.ts';
import type {Readable, Writable} from 'node:stream';
import {Trouble} from '../../model/trouble.ts';
import {isLinked, type Lesson} from './lesson.ts';
import {MACHINES} from './program/machines.ts';

type Child = ChildProcessByStdio<Writable, Readable, null>;

/**
 * A lesson's helper while it runs. It waits in read(2); a newline makes it take one step, and it answers with one line
 * when the step is done. So between its answer and the next newline its memory does not change, and can be inspected.
 *
 * It dies with us, whatever happens: it asks the kernel for that (PR_SET_PDEATHSIG), and its input ends.
 */
export class Helper {
  readonly pid: number;
  readonly #child: Child;
  readonly #answers: AsyncIterator<string>;
  readonly #ended: Promise<void>;

  private constructor(child: Child, pid: number, answers: AsyncIterator<string>) {
    this.#child = child;
    this.pid = pid;
    this.#answers = answers;
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /**
   * Starts the helper of a lesson. Nothing of our environment is handed on: LD_PRELOAD and glibc's tunables would
   * change what the lesson is about.
   *
   * @returns what this machine lacks, if the helper calls a C library that is not there
   * @throws Trouble `input` if there is none for this machine, `denied` if it may not be executed anywhere
   */
  static async start(lesson: Lesson): Promise<Helper | Lack> {
    const file = helperFile(lesson.name);
    const missing = isLinked(lesson) ? missingLibrary(process.arch) : undefined;
    if (missing !== undefined) return {lack: missing};
    const tried: string[] = [];
    for (const place of [() => ({path: file, cleanUp: () => {}}), ...privateCopies(file)]) {
      const copy = place();
      if ('why' in copy) {
        tried.push(`${copy.path} (${copy.why})`);
        continue;
      }
      const {path, cleanUp} = copy;
      const helper = await Helper.#spawn(path);
      // A copy is needed only until it runs: as it is removed now, it can't be left behind, however we end.
      cleanUp();
      if (helper instanceof Helper) return helper;
      if (typeof helper !== 'string' && isLinked(lesson)) return {lack: `${REFUSED} (${ended(helper)})`};
      if (typeof helper !== 'string') throw new Error(`the helper ended before it said its PID (${ended(helper)})`);
      tried.push(`${path} (${helper})`);
    }
    throw new Trouble({
      kind: 'denied',
      what: 'Cannot start the helper.',
      why: `it may not be executed: ${tried.join(', ')}.`,
      next: 'Set TMPDIR to a directory whose file system is not mounted noexec.',
    });
  }

  /** @returns the helper, the system's reason why it could not be started there, or how it ended at once */
  static async #spawn(path: string): Promise<Helper | string | End> {
    const child: Child = spawn(path, [String(process.pid)], {stdio: ['pipe', 'pipe', 'inherit'], env: {}});
    const closed = new Promise<End>((resolve) => child.once('close', (code, signal) => resolve({code, signal})));
    const failed = new Promise<string>((resolve) =>
      child.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message)),
    );
    child.stdin.on('error', () => {}); // It may end before it reads; then its answer is missing.
    const lines: Interface = createInterface({input: child.stdout});
    const answers = lines[Symbol.asyncIterator]();
    const first = await Promise.race([failed.then((reason) => ({reason})), answers.next()]);
    if ('reason' in first) return first.reason;
    if (first.done) return closed;
    const pid = /^pid: (\d+)$/.exec(first.value)?.[1];
    if (pid === undefined) throw new Error(`the helper said ${JSON.stringify(first.value)} instead of its PID`);
    return new Helper(child, Number(pid), answers);
  }

  /**
   * Makes it take one step.
   *
   * @returns what it answered once the step was done (`0x…`), and the lines it printed before that
   */
  async step(name: string): Promise<{result: string; printed: string[]}> {
    this.#child.stdin.write('\n');
    const printed: string[] = [];
    for (;;) {
      const line = await this.#answers.next();
      if (line.done)
        throw new Trouble({
          kind: 'gone',
          what: 'The helper is gone.',
          why: `it ended in the step ${name}.`,
          next: 'Run the lesson again.',
        });
      if (line.value.startsWith(`${name}: 0x`)) return {result: line.value.slice(name.length + 2), printed};
      printed.push(line.value);
    }
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), 1000);
    await this.#ended;
    clearTimeout(impatience);
  }
}

interface Lack {
  readonly lack: string;
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const ended = ({code, signal}: End): string => (signal === null ? `exit code ${code}` : signal);

const REFUSED = 'the C library of this machine is not a glibc with malloc_trim: the helper could not be loaded';

/**
 * A program that is linked with glibc names its loader by path.
 *
 * @returns why there is none on this machine
 */
export function missingLibrary(architecture: string): string | undefined {
  const loader = MACHINES.find((machine) => machine.architecture === architecture)?.elf.glibc.interpreter;
  if (loader === undefined || existsSync(loader)) return undefined;
  return `the lesson calls glibc's malloc, and this machine has no glibc: ${loader} is missing`;
}

/** Helpers are made at build time; they are next to the compiled code. */
export function helperFile(lesson: string, architecture: string = process.arch): string {
  const file = builtFile(`helpers/${lesson}.${architecture}`);
  if (existsSync(file)) return file;
  const why = `no helper was built for the processor ${architecture}.`;
  throw new Trouble({
    kind: 'input',
    what: `Cannot run the lesson ${lesson}.`,
    why,
    next: 'Run it on a machine with an x86-64, aarch64 or riscv64 processor.',
  });
}
