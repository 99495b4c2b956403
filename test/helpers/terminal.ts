import {spawn, type ChildProcess} from 'node:child_process';
import type {ExecutionContext} from 'ava';
import xterm from '@xterm/headless';
import {MEMMAP} from './cli.ts';

/**
 * memmap in a real pseudo-terminal (util-linux' script(1) makes it), whose output a terminal emulator reads: what a person
 * would see, and which modes the terminal was left in.
 */
export class TerminalRun {
  readonly #terminal: xterm.Terminal;
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  /** All bytes that came, as text. */
  raw = '';

  constructor(t: ExecutionContext, args: readonly string[], {columns = 100, rows = 30, env = {}} = {}) {
    this.#terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true});
    const command = `stty cols ${columns} rows ${rows}; ${process.execPath} ${MEMMAP} ${args.join(' ')}; echo "code=$?"`;
    const {NODE_ENV: _node, FORCE_COLOR: _force, NO_COLOR: _no, ...environment} = process.env;
    this.#child = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: 'pipe',
      env: {...environment, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env},
    });
    this.#child.stdout!.on('data', (data: Buffer) => {
      this.raw += data.toString();
      this.#terminal.write(data);
    });
    this.#closed = new Promise((resolve) => this.#child.once('close', resolve));
    t.teardown(() => this.#child.kill('SIGKILL'));
  }

  /** What is on the screen now, lines without trailing blanks. */
  async screen(): Promise<string[]> {
    await new Promise<void>((resolve) => this.#terminal.write('', resolve));
    const {active} = this.#terminal.buffer;
    return Array.from(
      {length: this.#terminal.rows},
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
    );
  }

  /** Is the alternate screen shown? */
  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** Waits until the screen shows a text. */
  async shows(pattern: RegExp, ms = 15_000): Promise<string[]> {
    for (const end = Date.now() + ms; ;) {
      const lines = await this.screen();
      if (lines.some((line) => pattern.test(line))) return lines;
      if (Date.now() > end) throw new Error(`${pattern} did not appear on:\n${lines.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits for the end. @returns the exit code of memmap */
  async end(): Promise<number> {
    await this.#closed;
    return Number(/code=(\d+)/.exec(this.raw)?.[1]);
  }
}
