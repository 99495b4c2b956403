import {spawn, type ChildProcessByStdio} from 'node:child_process';
import {createInterface, type Interface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';

/**
 * A process that makes the system calls it is told to: a line of name and numbers comes in, the result goes out. It reads and
 * writes with the bare calls and keeps nothing, so that its own memory stays as it is.
 */
const PROGRAM = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
calls = {}
for name in ('mmap', 'munmap', 'mprotect', 'mremap', 'madvise', 'prctl', 'sbrk', 'memset', 'getpid', 'mlock',
             'munlock', 'syscall'):
    calls[name] = getattr(libc, name)
    calls[name].restype = ctypes.c_ssize_t if name in ('mmap', 'mremap', 'sbrk', 'memset') else ctypes.c_int
nest = None
def deep(levels):
    global nest
    nest = None
    for _ in range(levels):
        nest = [nest]
def recurse(levels):
    import sys
    sys.setrecursionlimit(levels * 2)
    return len(repr(nest))
def fork():
    import signal
    pid = os.fork()
    if pid == 0:
        while True:
            signal.pause()
    return pid
def reap(pid):
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return 0
calls['fork'] = fork
calls['reap'] = lambda pid: reap(pid.value)
calls['deep'] = lambda levels: deep(levels.value) or 0
calls['recurse'] = lambda levels: recurse(levels.value)
while True:
    line = os.read(0, 4096)
    if not line:
        break
    words = line.split()
    result = calls[words[0].decode()](*[ctypes.c_size_t(int(word, 16)) for word in words[1:]])
    os.write(1, b'%d %d\\n' % (result, ctypes.get_errno()))
`;

type Child = ChildProcessByStdio<Writable, Readable, null>;

export class Caller {
  readonly #child: Child;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  /** @param file opened for reading and writing as descriptor 3 */
  constructor(file: number) {
    this.#child = spawn('python3', ['-S', '-E', '-c', PROGRAM], {stdio: ['pipe', 'pipe', 'inherit', file]}) as Child;
    this.#lines = createInterface(this.#child.stdout);
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** @returns what the call returned */
  async call(name: string, ...args: readonly number[]): Promise<number> {
    const words = args.map((arg) => (arg < 0 ? 2n ** 64n + BigInt(arg) : BigInt(arg)).toString(16));
    this.#child.stdin.write(`${[name, ...words].join(' ')}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`the process ended in ${name}`);
    const [result, errno] = answer.value.split(' ').map(Number);
    if (result === -1) throw new Error(`${name} failed: errno ${errno}`);
    return result!;
  }

  end(): void {
    this.#lines.close();
    this.#child.kill('SIGKILL');
  }
}
