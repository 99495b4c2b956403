import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {EventEmitter} from 'node:events';
import type {ExecutionContext} from 'ava';
import xterm from '@xterm/headless';
import {MEMMAP} from './cli.ts';
import {PATIENCE} from './wait.ts';

/**
 * memmap in a real pseudo-terminal (util-linux' script(1) makes it), whose output a terminal emulator reads: what a person
 * would see, and which modes the terminal was left in.
 */
export class TerminalRun {
  readonly #terminal: xterm.Terminal;
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  /** Says `drawn` each time that output has reached the screen. */
  readonly #drawn = new EventEmitter();
  /** All bytes that came, as text. */
  raw = '';

  /**
   * @param args of memmap; or, as one text, another command, which is run instead
   */
  constructor(t: ExecutionContext, args: readonly string[] | string, {columns = 100, rows = 30, env = {}} = {}) {
    this.#terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true});
    const run = typeof args === 'string' ? args : `${process.execPath} ${MEMMAP} ${args.join(' ')}`;
    // What the shell says comes before and after: which terminal it is, whose PID, its modes, and the exit code.
    const command =
      `stty cols ${columns} rows ${rows}; echo "tty=$(tty) modes=$(stty -g)"; sh -c 'echo "pid=$$"; eval "exec ` +
      '$RUN"\'; echo "code=$? modes=$(stty -g)"';
    const {NODE_ENV: _node, FORCE_COLOR: _force, NO_COLOR: _no, ...environment} = process.env;
    this.#child = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: 'pipe',
      env: {...environment, TERM: 'xterm-256color', NO_PAGER: '1', SHELL: '/bin/sh', RUN: run, ...env},
    });
    // A character may come in two parts.
    const decoder = new TextDecoder();
    this.#child.stdout!.on('data', (data: Buffer) => {
      this.raw += decoder.decode(data, {stream: true});
      this.#terminal.write(data, () => this.#drawn.emit('drawn'));
    });
    this.#closed = new Promise((resolve) => this.#child.once('close', resolve));
    t.teardown(() => this.#child.kill('SIGKILL'));
  }

  /** What is on the screen now, lines without trailing blanks. */
  async screen(): Promise<string[]> {
    await new Promise<void>((resolve) => this.#terminal.write('', resolve));
    return this.#lines();
  }

  #lines(): string[] {
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

  /** What memmap itself printed, as lines, without colours. */
  get lines(): string[] {
    const text = this.raw.replaceAll(/\x1b\[[\d;]*m/g, '').split(/\r?\n/);
    return text.filter((line) => !/^(?:tty=\S* modes=|pid=\d+$|code=\d+ )/.test(line));
  }

  /** The process of memmap. */
  get pid(): number {
    return Number(/pid=(\d+)/.exec(this.raw)![1]);
  }

  /** The modes of the terminal before memmap, and, once it ended, after it: as stty(1) writes them. */
  get modes(): string[] {
    return Array.from(this.raw.matchAll(/modes=(\S+)/g), ([, modes]) => modes!);
  }

  /** Gives the terminal another size, as a window does that is dragged larger. */
  resize(columns: number, rows: number): void {
    const tty = /tty=(\S+)/.exec(this.raw)![1]!;
    this.#terminal.resize(columns, rows);
    execFileSync('stty', ['-F', tty, 'cols', String(columns), 'rows', String(rows)]);
  }

  /** The terminal goes away, as when its window is closed or the network breaks. */
  hangUp(): void {
    this.#child.kill('SIGKILL');
  }

  /** Does a line go on in the next one, since it was too long? */
  async isWrapped(): Promise<boolean> {
    await this.screen();
    const {active} = this.#terminal.buffer;
    return Array.from(
      {length: this.#terminal.rows},
      (_, row) => active.getLine(active.baseY + row)?.isWrapped,
    ).includes(true);
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** Waits until a line of the screen is as it should be. @returns the screen then */
  async shows(pattern: RegExp): Promise<string[]> {
    return this.showsAll((lines) => lines.some((line) => pattern.test(line)), String(pattern));
  }

  /** Waits until the screen is as it should be, looking at it after each output. */
  async showsAll(isRight: (lines: readonly string[]) => boolean, what: string): Promise<string[]> {
    let lines = await this.screen();
    if (isRight(lines)) return lines;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        lines = this.#lines();
        if (isRight(lines)) leave(() => resolve(lines));
      };
      const late = setTimeout(
        () => leave(() => reject(new Error(`${what} did not appear on:\n${lines.join('\n')}`))),
        PATIENCE,
      );
      const leave = (end: () => void): void => {
        clearTimeout(late);
        this.#drawn.off('drawn', look);
        end();
      };
      this.#drawn.on('drawn', look);
      look();
    });
  }

  /** Waits for the end. @returns the exit code of memmap */
  async end(): Promise<number> {
    await this.#closed;
    return Number(/code=(\d+)/.exec(this.raw)?.[1]);
  }
}
