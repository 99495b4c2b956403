import {spawn, type ChildProcess} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import type {ExecutionContext} from 'ava';
import {until} from './wait.ts';

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

/** Waits until every thread of a process sleeps. */
export async function asleep(pid: number): Promise<void> {
  await until(
    () =>
      readdirSync(`/proc/${pid}/task`).every((tid) =>
        /\) S /.test(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1')),
      ),
    `the sleep of ${pid}`,
  );
}

/**
 * Waits until a process is in a state: `S` asleep, `T` stopped, `Z` a zombie, as proc_pid_stat(5) has it.
 *
 * @param comm the name of the program that it must run by then, after an exec
 */
export async function inState(pid: number, state: 'D' | 'S' | 'T' | 'Z', comm?: string): Promise<void> {
  await until(
    () => {
      const [, name, now] = /\((.*)\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))!;
      return now === state && (comm === undefined || name === comm);
    },
    `the state ${state} of ${comm ?? pid}`,
  );
}
