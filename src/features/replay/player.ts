import {Trouble} from '../../model/trouble.ts';
import type {ReplayState} from '../watch/screen/view.ts';
import type {Recording} from '../../recording/recording.ts';
import {behindFile, momentNamed} from '../../input/moment.ts';
import {isCharacter, type Key} from '../../terminal/keyboard.ts';
import type {ReplayKeys} from '../watch/screen/viewer.ts';

/** The speeds that the keys + and − step through, as multiples of the recorded pace. */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** In characters; no name of a moment that one would type is longer. */
const LONGEST_NAME = 60;

export interface PlayerOptions {
  /** Numbers of the first and the last moment. */
  readonly from: number;
  readonly to: number;
  readonly speed: number;
  /** The recording's name. */
  readonly name: string;
}

/** The place in a recording: it advances with the clock, and keys move it. It draws nothing. */
export class Player implements ReplayKeys {
  readonly #recording: Recording;
  readonly #options: PlayerOptions;
  #index: number;
  #speed: number;
  #isPlaying = true;
  #typed: string | undefined;
  #fault: string | undefined;
  /** The time in the recording at a time of our clock, both in ms. */
  #since: {readonly t: number; readonly now: number};

  constructor(recording: Recording, options: PlayerOptions, now: number) {
    this.#recording = recording;
    this.#options = options;
    this.#index = options.from;
    this.#speed = options.speed;
    this.#since = {t: recording.moment(options.from).t, now};
  }

  get index(): number {
    return this.#index;
  }

  get state(): ReplayState {
    const {to} = this.#options;
    const {marks} = this.#recording.moment(this.#index);
    return {
      isPlaying: this.#isPlaying,
      speed: this.#speed,
      index: this.#index,
      last: to,
      marks,
      typed: this.#typed,
      fault: this.#fault,
    };
  }

  /** The time in the recording that is shown now, in ms: between two moments only time passes. */
  time(now: number): number {
    const here = this.#recording.moment(this.#index).t;
    if (!this.#isPlaying) return here;
    return Math.max(
      here,
      Math.min(this.#since.t + (now - this.#since.now) * this.#speed, this.#recording.moment(this.#options.to).t),
    );
  }

  /** Follows the clock. @returns whether the moment changed */
  advance(now: number): boolean {
    if (!this.#isPlaying) return false;
    const {to} = this.#options;
    const due = Math.min(to, this.#recording.momentAt(this.time(now)).index);
    const isNew = due > this.#index;
    this.#index = Math.max(this.#index, due);
    if (this.#index === to) this.#isPlaying = false;
    return isNew;
  }

  press(key: Key, now = performance.now()): boolean {
    if (this.#typed !== undefined) return this.#type(key);
    const act = this.#keys(now)[key];
    this.#fault = undefined;
    act?.();
    return act !== undefined;
  }

  #keys(now: number): Readonly<Record<Key, (() => void) | undefined>> {
    const back = (): void => this.#go(this.#index - 1);
    const on = (): void => this.#go(this.#index + 1);
    const toggle = (): void => this.#play(!this.#isPlaying, now);
    return {
      ' ': toggle,
      p: toggle,
      left: back,
      ',': back,
      right: on,
      '.': on,
      home: () => this.#go(this.#options.from),
      end: () => this.#go(this.#options.to),
      '+': () => this.#faster(1, now),
      '=': () => this.#faster(1, now),
      '-': () => this.#faster(-1, now),
      n: () => this.#toMark(1),
      N: () => this.#toMark(-1),
      g: () => void (this.#typed = ''),
    };
  }

  /** Goes to a moment, and pauses there. */
  #go(index: number): void {
    this.#isPlaying = false;
    this.#index = Math.max(this.#options.from, Math.min(this.#options.to, index));
  }

  #play(isPlaying: boolean, now: number): void {
    // From the end it starts again at the beginning.
    if (isPlaying && this.#index === this.#options.to) this.#index = this.#options.from;
    const t = isPlaying ? this.#recording.moment(this.#index).t : this.time(now);
    this.#since = {t, now};
    this.#isPlaying = isPlaying;
  }

  #faster(by: 1 | -1, now: number): void {
    const t = this.time(now);
    const others = SPEEDS.filter((speed) => (speed - this.#speed) * by > 0);
    this.#speed = (by > 0 ? others[0] : others.at(-1)) ?? this.#speed;
    this.#since = {t, now};
  }

  #toMark(by: 1 | -1): void {
    const marked = this.#recording.marked().map(({index}) => index);
    const others = marked.filter(
      (index) => (index - this.#index) * by > 0 && index >= this.#options.from && index <= this.#options.to,
    );
    const found = by > 0 ? others[0] : others.at(-1);
    if (found !== undefined) this.#go(found);
    else this.#fault = `There is no mark ${by > 0 ? 'after' : 'before'} this moment.`;
  }

  /** @returns false for keys that do something else even while typing: Ctrl-C */
  #type(key: Key): boolean {
    const typed = this.#typed ?? '';
    if (key === 'escape') this.#typed = undefined;
    else if (key === 'enter') this.#goTo(typed);
    else if (key === 'backspace') this.#typed = typed === '' ? undefined : Array.from(typed).slice(0, -1).join('');
    else if (key === 'ctrl-u') this.#typed = '';
    else if (!isCharacter(key)) return !key.startsWith('ctrl-');
    else if (typed.length < LONGEST_NAME) this.#typed = typed + key;
    return true;
  }

  #goTo(name: string): void {
    this.#typed = undefined;
    if (name === '') return;
    try {
      this.#go(momentNamed(this.#recording, this.#options.name, behindFile(name)).index);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this.#fault = `${name}: ${error.why}`;
    }
  }
}
