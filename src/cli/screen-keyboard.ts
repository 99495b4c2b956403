import {StringDecoder} from 'node:string_decoder';
import {KeyReader, type Key} from './screen-keys.ts';

/** How long an Escape waits for what may follow it, in ms: a sequence comes at once, even from afar. */
const ESCAPE_WAIT = 50;

/** The keys of a terminal, each as it is pressed (raw mode): Ctrl-C and Ctrl-Z come as keys too. */
export class Keyboard {
  readonly #terminal: NodeJS.ReadStream;
  readonly #onKeys: (keys: readonly Key[]) => void;
  readonly #decoder = new StringDecoder('utf8');
  readonly #reader = new KeyReader();
  #isOpen = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: NodeJS.ReadStream, onKeys: (keys: readonly Key[]) => void) {
    this.#terminal = terminal;
    this.#onKeys = onKeys;
  }

  /** Does standard input come from a keyboard? */
  get isThere(): boolean {
    return this.#terminal.isTTY;
  }

  open(): void {
    if (this.#isOpen || !this.isThere) return;
    this.#isOpen = true;
    this.#terminal.on('error', ignore);
    this.#terminal.setRawMode(true);
    this.#terminal.on('data', this.#onData);
    this.#terminal.resume();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#terminal.off('data', this.#onData);
    this.#terminal.setRawMode(false);
    this.#terminal.pause();
  }

  readonly #onData = (data: Buffer): void => {
    clearTimeout(this.#timer);
    this.#give(this.#reader.read(this.#decoder.write(data)));
    if (this.#reader.isWaiting) this.#timer = setTimeout(() => this.#give(this.#reader.finish()), ESCAPE_WAIT);
  };

  #give(keys: readonly Key[]): void {
    if (keys.length > 0) this.#onKeys(keys);
  }
}

/** A terminal that goes away is noticed where it is written to; Node would end with a stack trace here. */
const ignore = (): void => {};
