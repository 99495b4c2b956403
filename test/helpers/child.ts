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
  // Until it waits for its first line it may still get memory to read that into.
  await inState(child.pid, 'S');
  return child;
}

/** A shell that waits in read(2), and does nothing more. */
export function waitingShell(t: ExecutionContext): Promise<Child> {
  return waiting(t, 'sh', ['-c', 'echo ready; read x']);
}

/** A Node that waits in read(2), and whose other threads have nothing left to do. */
export function waitingNode(t: ExecutionContext): Promise<Child> {
  const script = "console.log('ready'); require('node:fs').readSync(0, Buffer.alloc(1))";
  return waiting(t, process.execPath, ['-e', script]);
}

/** A program that says that it is ready, and then waits: whoever has read that may be faster than it. */
async function waiting(t: ExecutionContext, command: string, args: readonly string[]): Promise<Child> {
  const child = new Child(t, command, args);
  await child.line();
  await asleep(child.pid);
  return child;
}

/** Has a process ended? A zombie has too, which stays where PID 1 waits for nobody, as in some containers. */
export function hasEnded(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
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
