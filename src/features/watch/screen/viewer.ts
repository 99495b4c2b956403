import type {Picture} from './picture.ts';
import {type Explain, FIRST_VIEW, type FrameState, type ReplayState, type Sort, type View} from './view.ts';
import {extentOf, renderFrame} from './frame.ts';
import type {Key} from '../../../terminal/keyboard.ts';
import {type Face, Stage, type StageEvents} from '../../../terminal/stage.ts';
import {press, wishOf} from './keys.ts';

interface ViewerOptions {
  /** ms between two samples. */
  readonly interval: number;
  /** The reader wants to end it: with a key, or as if by a signal. */
  readonly onEnd: (signal?: NodeJS.Signals) => void;
  /** Present if a recording is shown: some keys belong to the player. */
  readonly replay?: ReplayKeys | undefined;
  /** The order to begin with. */
  readonly sort?: Sort | undefined;
  /** Says what a region is. */
  readonly explain?: Explain | undefined;
  /** The terminal, where somebody else has it and lends it; Escape, where there is nothing else to leave, goes back. */
  readonly lent?: {readonly stage: (events: StageEvents) => Face; readonly onBack: () => void} | undefined;
  /** A frame could not be drawn: a bug. */
  readonly onFailure: (error: unknown) => void;
}

/** Moves through a recording. */
export interface ReplayKeys {
  readonly state: ReplayState;
  /** @returns false if the key has no meaning there */
  press(key: Key): boolean;
}

/** Has Escape nothing to leave or to clear? */
const isPlain = ({isTyping, filter, help, page, selected}: View): boolean =>
  !isTyping && filter === '' && help === undefined && page === undefined && selected === undefined;

/** Shows pictures of a process on a terminal, in the view that the reader chose. Their origin makes no difference. */
export class Viewer {
  readonly #options: ViewerOptions;
  readonly #stage: Face;
  #view: View;
  /** The latest picture, and the one shown: the same, unless paused. */
  #latest: Picture;
  #shown: Picture;
  #duty: number | undefined;
  #onGoOn: (() => void) | undefined;

  constructor(first: Picture, options: ViewerOptions) {
    this.#latest = this.#shown = first;
    this.#options = options;
    const {sort = FIRST_VIEW.sort} = options;
    this.#view = {...FIRST_VIEW, sort, given: sort};
    const events: StageEvents = {
      onKeys: (keys) => this.#guard(() => this.#press(keys)),
      onRedraw: () => this.#guard(() => this.#draw()),
      onGone: () => options.onEnd('SIGHUP'),
    };
    this.#stage = options.lent?.stage(events) ?? new Stage(events);
  }

  open(): void {
    this.#stage.open();
    this.#draw();
  }

  close(): void {
    this.#stage.close();
  }

  /** The terminal is gone. */
  get isGone(): boolean {
    return this.#stage.screen.isGone;
  }

  /** Shows the next picture; a paused screen only counts it. */
  show(picture: Picture, duty?: number): void {
    this.#latest = picture;
    this.#duty = duty;
    if (!this.#view.isPaused) this.#shown = picture;
    this.#draw();
  }

  /** Waits while the screen is paused: the reader is still reading it. */
  async untilGoesOn(signal: AbortSignal): Promise<void> {
    if (!this.#view.isPaused || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#onGoOn = resolve;
      signal.addEventListener('abort', () => resolve(), {once: true});
    });
  }

  #press(keys: readonly Key[]): void {
    const {width, height} = this.#stage.screen;
    for (const key of keys) {
      if (this.#isReplayKey(key)) continue;
      if (key === 'escape' && this.#options.lent && isPlain(this.#view)) return this.#options.lent.onBack();
      const wish = wishOf(this.#view, key);
      if (wish === 'stop') return this.#stage.stop();
      if (wish === 'redraw') this.#stage.screen.redraw();
      else if (wish !== undefined) return this.#options.onEnd(wish === 'quit' ? undefined : wish);
      else this.#view = press(this.#view, key, extentOf(this.#state(), width, height));
      if (!this.#view.isPaused) this.#goOn();
    }
    this.#draw();
  }

  /** While help is shown or a filter is typed, all keys belong to that. */
  #isReplayKey(key: Key): boolean {
    const {isTyping, help} = this.#view;
    return !isTyping && help === undefined && this.#options.replay?.press(key) === true;
  }

  #goOn(): void {
    this.#shown = this.#latest;
    this.#onGoOn?.();
  }

  #draw(): void {
    const {screen} = this.#stage;
    screen.draw(renderFrame(this.#state(), screen.width, screen.height));
  }

  #state(): FrameState {
    const [shown, latest] = [this.#shown, this.#latest];
    return {
      picture: shown,
      view: this.#view,
      interval: this.#options.interval,
      duty: this.#duty,
      since: {looks: latest.tick - shown.tick, changes: latest.changes - shown.changes, isOver: latest.isOver},
      replay: this.#options.replay?.state,
      explain: this.#options.explain,
      hasWayBack: this.#options.lent !== undefined,
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
