import {spawn, type ChildProcess} from 'node:child_process';
import {createInterface} from 'node:readline';
import type {ExecutionContext} from 'ava';

/** A child process that answers lines on its standard output, and is ended with the test. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(t: ExecutionContext, command: string, args: readonly string[]) {
    this.process = spawn(command, args, {stdio: ['pipe', 'pipe', 'inherit']});
    this.#lines = createInterface({input: this.process.stdout!})[Symbol.asyncIterator]();
    this.process.stdin!.on('error', () => {});
    t.teardown(() => {
      this.process.kill('SIGCONT');
      this.process.kill('SIGKILL');
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done) throw new Error('the child ended before it answered');
    return next.value;
  }

  /** Sends a line and waits for the answer. */
  ask(text: string): Promise<string> {
    this.process.stdin!.write(`${text}\n`);
    return this.line();
  }
}

/** A Python that runs one statement a line and answers with what it assigned to `answer`. */
export async function python(t: ExecutionContext, prelude = ''): Promise<Child> {
  const loop = `
import sys, ctypes, mmap, os
${prelude}
print("ready", flush=True)
for line in sys.stdin:
    answer = "ok"
    exec(line)
    print(answer, flush=True)
`;
  const child = new Child(t, 'python3', ['-c', loop]);
  await child.line();
  return child;
}
