import {writeSync} from 'node:fs';
import {cells} from '../text/safe.ts';

/** The alternate screen (1049), without a cursor (25) and without wrapping at its edge (7), empty. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[?2026l\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Between these two the terminal keeps its picture as it is, so that no half frame is seen (mode 2026). */
const HOLD = '\x1b[?2026h';
const SHOW = '\x1b[?2026l';
const ERASE_TO_END = '\x1b[K';

/** What the screen reports. */
export interface ScreenEvents {
  /** Draw again: the terminal has another size, or is ready for a further frame, or was used by somebody else. */
  readonly onRedraw: () => void;
  /** The terminal is no longer there: nobody will see anything any more. */
  readonly onGone: () => void;
}

/**
 * The alternate screen of a terminal, redrawn in place: only lines that changed are sent, and no frame before the
 * terminal has taken the one before it. It is left on every way out, an exception too; only SIGKILL leaves the terminal
 * as it is (then: `reset`).
 */
export class Screen {
  readonly #terminal: typeof process.stdout;
  readonly #events: ScreenEvents;
  #shown: string[] = [];
  #isOpen = false;
  #isBusy = false;
  /** The terminal was no longer there when it was to be restored. */
  isGone = false;
  /** Frames that were not drawn, since the terminal had not taken the one before. */
  skipped = 0;

  constructor(terminal: typeof process.stdout, events: ScreenEvents) {
    this.#terminal = terminal;
    this.#events = events;
  }

  get width(): number {
    return Math.max(1, this.#terminal.columns || 80);
  }

  get height(): number {
    return Math.max(1, this.#terminal.rows || 24);
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#shown = [];
    this.#send(ENTER);
    this.#terminal.on('resize', this.redraw);
    this.#terminal.on('drain', this.#onDrain);
    this.#terminal.on('error', this.#onError);
    process.on('exit', this.close);
  }

  /** @param lines none wider than the screen */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    if (this.#isBusy) {
      this.skipped++;
      return;
    }
    const {width} = this;
    let output = '';
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const line = lines[row] ?? '';
      if (line !== this.#shown[row]) output += `\x1b[${row + 1};1H${erasing(line, width)}`;
    }
    this.#shown = [...lines];
    if (output !== '') this.#send(HOLD + output + SHOW);
  }

  /** Everything is drawn again, whatever the terminal shows now. */
  readonly redraw = (): void => {
    if (!this.#isOpen) return;
    // A line that no frame has: each is sent.
    this.#shown = Array.from({length: this.height}, () => '\0');
    this.#events.onRedraw();
  };

  /** Restores the terminal. A direct write: at the end of the process nothing else would still be written. */
  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isBusy = false;
    this.#terminal.off('resize', this.redraw);
    this.#terminal.off('drain', this.#onDrain);
    process.off('exit', this.close);
    try {
      writeSync(this.#terminal.fd, LEAVE);
    } catch {
      this.isGone = true;
    }
  };

  #send(text: string): void {
    this.#isBusy = !this.#terminal.write(text);
  }

  readonly #onDrain = (): void => {
    this.#isBusy = false;
    this.#events.onRedraw();
  };

  readonly #onError = (): void => {
    this.isGone = true;
    this.#events.onGone();
  };
}

/**
 * A line, with what was after it erased. Erasing comes last, so that the line doesn't flicker; but after a full line it
 * would erase the last column, where the cursor still is.
 */
const erasing = (line: string, width: number): string =>
  cells(line.replace(/\x1b\[[0-9;]*m/g, '')) < width ? line + ERASE_TO_END : ERASE_TO_END + line;
