import {recordProgress, type RecordProgress} from '../render/record.ts';

/** Between two drawings, in ms. */
const PAUSE = 250;

/** One line on a terminal's standard error, written over again and again; nothing where that is no terminal. */
export class ProgressLine {
  readonly #terminal = process.stderr;
  #drawn = -Infinity;
  #isThere = false;

  show(progress: RecordProgress, hasKeys: boolean): void {
    if (!this.#terminal.isTTY || performance.now() - this.#drawn < PAUSE) return;
    this.#drawn = performance.now();
    this.#isThere = true;
    const width = Math.max(1, (this.#terminal.columns || 80) - 1);
    this.#terminal.write(`\r${recordProgress(progress, hasKeys, width)}\x1b[K`);
  }

  clear(): void {
    if (this.#isThere) this.#terminal.write('\r\x1b[K');
    this.#isThere = false;
  }
}
