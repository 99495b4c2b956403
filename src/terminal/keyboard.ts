import {StringDecoder} from 'node:string_decoder';
import {readFileSync} from 'node:fs';

/**
 * A key: the character that it writes, or a name. A terminal sends characters as they are, Ctrl with a letter as a
 * control byte, and other keys as sequences that begin with Escape (ECMA-48 section 5.4; xterm's ctlseqs, "PC-Style
 * Function Keys").
 */
export type Key = string;

const NAMES: Readonly<Record<string, Key>> = {
  '\x03': 'ctrl-c',
  '\x08': 'backspace',
  '\x0a': 'enter',
  '\x0c': 'ctrl-l',
  '\x0d': 'enter',
  '\x15': 'ctrl-u',
  '\x1a': 'ctrl-z',
  '\x1c': 'ctrl-\\',
  '\x7f': 'backspace',
};

/** The last letter of a sequence names the key; terminals differ in whether `[` or `O` comes before it. */
const LETTERS: Readonly<Record<string, Key>> = {A: 'up', B: 'down', C: 'right', D: 'left', F: 'end', H: 'home'};

/** Sequences that end with ~ name it by a number. */
const NUMBERS: Readonly<Record<string, Key>> = {1: 'home', 4: 'end', 5: 'pageup', 6: 'pagedown', 7: 'home', 8: 'end'};

/** Escape, then `O` and one character, or `[`, parameters, intermediates and a last character. */
const SEQUENCE = /^\x1b(?:O(.)|\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e]))/;
/** What may become one. */
const UNFINISHED = /^\x1b(?:O|\[[\x30-\x3f]*[\x20-\x2f]*)?$/;
/** No terminal sends longer ones; what never ends is not waited for. */
const LONGEST = 32;

/** Turns what a terminal sends into keys; it may hold several keys at once, or half of one. */
export class KeyReader {
  #rest = '';

  /** Has a sequence begun and not ended? It may also be the Escape key: only waiting can tell. */
  get isWaiting(): boolean {
    return this.#rest !== '';
  }

  /** @param text what came, decoded */
  read(text: string): readonly Key[] {
    const keys: Key[] = [];
    let rest = this.#rest + text;
    while (rest !== '' && !(UNFINISHED.test(rest) && rest.length < LONGEST)) {
      const sequence = SEQUENCE.exec(rest);
      const taken = sequence?.[0] ?? String.fromCodePoint(rest.codePointAt(0)!);
      const key = sequence ? keyOfSequence(sequence) : keyOfCharacter(taken);
      if (key !== undefined) keys.push(key);
      rest = rest.slice(taken.length);
    }
    this.#rest = rest;
    return keys;
  }

  /**
   * Nothing more came: what looked like the beginning of a sequence was the Escape key, and what was typed after it.
   */
  finish(): readonly Key[] {
    const rest = Array.from(this.#rest);
    this.#rest = '';
    return rest.map(keyOfCharacter).filter((key) => key !== undefined);
  }
}

/** @returns undefined for a key that means nothing here */
function keyOfSequence([, single, numbers, letter]: RegExpExecArray): Key | undefined {
  if (letter !== '~') return LETTERS[single ?? letter ?? ''];
  return NUMBERS[numbers!.split(';')[0]!];
}

function keyOfCharacter(character: string): Key | undefined {
  if (character === '\x1b') return 'escape';
  return NAMES[character] ?? (/[\x00-\x1f\x7f-\x9f]/.test(character) ? undefined : character);
}

/** Does the key write a character? */
export const isCharacter = (key: Key): boolean => Array.from(key).length === 1;

/** How long an Escape waits for what may follow it, in ms: a sequence comes at once, even from afar. */
const ESCAPE_WAIT = 50;

/** The keys of a terminal, each as it is pressed (raw mode): Ctrl-C and Ctrl-Z arrive as keys too. */
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

/** A terminal that goes away is noticed when it is written to; here Node would end with a stack trace. */
const ignore = (): void => {};

/**
 * Are we the job that the terminal listens to? One in the background would be stopped for touching the terminal's modes
 * (SIGTTOU). Fields 5 and 8 of proc_pid_stat(5): our process group, and that of the terminal's foreground.
 */
export function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return false;
  }
}
