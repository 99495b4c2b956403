import type {Key} from '../../../terminal/keyboard.ts';
import {type Face, Stage, type StageEvents} from '../../../terminal/stage.ts';
import type {Item, TopPicture} from '../picture.ts';
import {extentOf, renderFrame} from './frame.ts';
import {press, wishOf} from './keys.ts';
import type {TopState, View} from './view.ts';

interface ScreenOptions {
  /** What the command line asks for. */
  readonly view: View;
  /** Rows with less PSS are left out: bytes. */
  readonly minSize: number;
  /** The reader wants to end it: with a key, or as if by a signal. */
  readonly onEnd: (signal?: NodeJS.Signals) => void;
  /**
   * Shows one process on the same terminal, until the reader comes back.
   *
   * @returns why it could not be shown; undefined: it was
   */
  readonly open: (item: Item, stage: (events: StageEvents) => Face) => Promise<string | undefined>;
  /** A frame could not be drawn: a bug. */
  readonly onFailure: (error: unknown) => void;
}

/** Shows pictures of all processes on a terminal, in the view that the reader chose. */
export class TopScreen {
  readonly #options: ScreenOptions;
  readonly #stage: Stage;
  #view: View;
  /** The latest picture, and the one shown: the same, unless paused. */
  #latest: TopPicture;
  #shown: TopPicture;
  #duty: number | undefined;
  /** One process has the terminal, until it is settled. */
  #away: Promise<void> | undefined;

  constructor(first: TopPicture, options: ScreenOptions) {
    this.#latest = this.#shown = first;
    this.#options = options;
    this.#view = options.view;
    this.#stage = new Stage({
      onKeys: (keys) => this.#guard(() => this.#press(keys)),
      onRedraw: () => this.#guard(() => this.#draw()),
      onGone: () => options.onEnd('SIGHUP'),
    });
  }

  open(): void {
    this.#stage.open();
    this.#draw();
  }

  /** Gives the terminal back, once a process that is shown has left it. */
  async close(): Promise<void> {
    await this.#away;
    this.#stage.close();
  }

  /** The same at once, since something failed. */
  abandon(): void {
    this.#stage.close();
  }

  /** The terminal is gone. */
  get isGone(): boolean {
    return this.#stage.screen.isGone;
  }

  /** Shows the next picture; a paused screen only counts it. */
  show(picture: TopPicture, duty: number | undefined): void {
    this.#latest = picture;
    this.#duty = duty;
    if (!this.#view.isPaused) this.#shown = picture;
    this.#draw();
  }

  #press(keys: readonly Key[]): void {
    const {width, height} = this.#stage.screen;
    for (const key of keys) {
      // What comes after Enter in one go is for the screen that it opened.
      if (this.#away) return;
      const extent = extentOf(this.#state(), width, height);
      const wish = wishOf(this.#view, key, extent);
      if (wish === 'stop') return this.#stage.stop();
      if (wish === 'redraw') this.#stage.screen.redraw();
      else if (typeof wish === 'object') this.#open(wish.open);
      else if (wish !== undefined) return this.#options.onEnd(wish === 'quit' ? undefined : wish);
      else this.#view = press(this.#view, key, extent);
      if (!this.#view.isPaused) this.#shown = this.#latest;
    }
    this.#draw();
  }

  #open(item: Item): void {
    const stage = (events: StageEvents): Face => this.#stage.lend(events);
    const come = (said: string | undefined): void => {
      this.#away = undefined;
      this.#view = {...this.#view, said};
      this.#guard(() => this.#draw());
    };
    this.#away = this.#options.open(item, stage).then(come, (error: unknown) => {
      come(undefined);
      this.#options.onFailure(error);
    });
  }

  #draw(): void {
    if (this.#away) return;
    const {screen} = this.#stage;
    screen.draw(renderFrame(this.#state(), screen.width, screen.height));
  }

  #state(): TopState {
    return {
      picture: this.#shown,
      view: this.#view,
      minSize: this.#options.minSize,
      duty: this.#duty,
      since: this.#latest.tick - this.#shown.tick,
      hasKeys: this.#stage.hasKeys,
    };
  }

  /** Keys and signals come from the event loop, where an error would end memmap before the terminal is restored. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.onFailure(error);
    }
  }
}
