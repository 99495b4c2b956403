import {spawn, type ChildProcessByStdio} from 'node:child_process';
import {existsSync} from 'node:fs';
import {createInterface, type Interface} from 'node:readline';
import {builtFile} from '../../shell/built.ts';
import {privateCopies} from '../../shell/copy.ts';
import type {Readable, Writable} from 'node:stream';
import {Trouble} from '../../model/trouble.ts';

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
   * Starts the helper of a lesson.
   *
   * @throws Trouble `input` if there is none for this machine, `denied` if it may not be executed anywhere
   */
  static async start(lesson: string): Promise<Helper> {
    const file = helperFile(lesson);
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
      tried.push(`${path} (${helper})`);
    }
    throw new Trouble({
      kind: 'denied',
      what: 'Cannot start the helper.',
      why: `it may not be executed: ${tried.join(', ')}.`,
      next: 'Set TMPDIR to a directory whose file system is not mounted noexec.',
    });
  }

  /** @returns the helper, or the system's reason why it could not be started there */
  static async #spawn(path: string): Promise<Helper | string> {
    const child: Child = spawn(path, [String(process.pid)], {stdio: ['pipe', 'pipe', 'inherit']});
    const failed = new Promise<string>((resolve) =>
      child.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message)),
    );
    child.stdin.on('error', () => {}); // It may end before it reads; then its answer is missing.
    const lines: Interface = createInterface({input: child.stdout});
    const answers = lines[Symbol.asyncIterator]();
    const first = await Promise.race([failed.then((reason) => ({reason})), answers.next()]);
    if ('reason' in first) return first.reason;
    const pid = /^pid: (\d+)$/.exec(first.value as string)?.[1];
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
