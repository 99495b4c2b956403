import {writeSync} from 'node:fs';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[?2026l\x1b[?25h\x1b[?1049l';
/** Between these two the terminal holds its picture still, so that no half frame is seen (mode 2026). */
const HOLD = '\x1b[?2026h';
const SHOW = '\x1b[?2026l';

/**
 * The alternate screen of a terminal, redrawn in place: only lines that changed are sent. The terminal is restored on every
 * way out, an exception too; only SIGKILL leaves it as it is (then: `reset`).
 */
export class Screen {
  readonly #terminal: NodeJS.WriteStream;
  readonly #onResize: () => void;
  #shown: string[] = [];
  #isOpen = false;

  constructor(terminal: NodeJS.WriteStream, onResize: () => void) {
    this.#terminal = terminal;
    this.#onResize = () => {
      this.#shown = [];
      onResize();
    };
  }

  get width(): number {
    return Math.max(1, this.#terminal.columns || 80);
  }

  get height(): number {
    return Math.max(1, this.#terminal.rows || 24);
  }

  open(): void {
    this.#isOpen = true;
    this.#terminal.write(ENTER);
    this.#terminal.on('resize', this.#onResize);
    process.on('SIGCONT', this.#reopen);
    process.on('exit', this.close);
  }

  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    let output = '';
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const line = lines[row] ?? '';
      if (line !== this.#shown[row]) output += `\x1b[${row + 1};1H${line}\x1b[K`;
    }
    this.#shown = [...lines];
    if (output !== '') this.#terminal.write(HOLD + output + SHOW);
  }

  /** Restores the terminal. A direct write: at the process's end nothing else would still come out. */
  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.off('resize', this.#onResize);
    process.off('SIGCONT', this.#reopen);
    process.off('exit', this.close);
    try {
      writeSync(1, LEAVE);
    } catch {
      // The terminal is gone: nothing to restore.
    }
  };

  /** After a stop (Ctrl-Z) and continue, the shell's screen is shown. */
  readonly #reopen = (): void => {
    this.#shown = [];
    this.#terminal.write(ENTER);
    this.#onResize();
  };
}

/** Calls `onKey` for each key until the returned function is called. Ctrl-C comes as a key then, and is handed on as one. */
export function listenToKeys(onKey: (key: string) => void): () => void {
  const {stdin} = process;
  if (!stdin.isTTY) return () => {};
  const onData = (data: Buffer): void => onKey(data.toString('latin1'));
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.resume();
  return () => {
    stdin.off('data', onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
