import type {Choice} from '../../../model/choose.ts';
import type {Session} from '../../../procfs/sampling/session.ts';
import {writeOut} from '../../../shell/output.ts';
import {hangUp, type Interruption} from '../../../shell/signals.ts';
import type {EndEvent, Sink, StartEvent, WatchEvent} from '../events.ts';
import {Summary} from '../summary.ts';
import {firstPicture, pictureAfter, type Picture} from './picture.ts';
import type {Explain, Sort} from './view.ts';
import {Viewer} from './viewer.ts';

interface ScreenOptions {
  /** ms between two samples. */
  readonly interval: number;
  /** Which regions are shown. */
  readonly choice: Choice;
  /** The order to begin with. */
  readonly sort?: Sort | undefined;
  /** Says what a region is. */
  readonly explain: Explain;
}

/**
 * A watch on a terminal: one screen, redrawn for each sample. When it is left, a summary is printed below the prompt.
 */
export class ScreenSink implements Sink {
  readonly #session: Session;
  readonly #options: ScreenOptions;
  readonly #interruption: Interruption;
  readonly #summary: Summary;
  #shown: {picture: Picture; readonly viewer: Viewer} | undefined;
  #failure: unknown;

  constructor(session: Session, interruption: Interruption, options: ScreenOptions) {
    this.#session = session;
    this.#options = options;
    this.#interruption = interruption;
    this.#summary = new Summary(options.choice);
  }

  async tell(event: WatchEvent): Promise<void> {
    this.#summary.add(event);
    if (event.event === 'start') return this.#open(event);
    if (event.event === 'end') return this.#close(event);
    if (!this.#shown) return;
    this.#shown.picture = pictureAfter(this.#shown.picture, event);
    this.#shown.viewer.show(this.#shown.picture, this.#session.cost.ms / Math.max(1, event.t));
    if (event.event === 'exit') await this.#shown.viewer.untilGoesOn(this.#interruption.signal);
  }

  abandon(): void {
    this.#shown?.viewer.close();
  }

  #open(event: StartEvent): void {
    const {interval, choice, sort, explain} = this.#options;
    const picture = firstPicture(event, choice);
    const viewer = new Viewer(picture, {
      interval,
      sort,
      explain,
      onEnd: this.#interruption.end,
      onFailure: (error) => {
        this.#failure ??= error;
        this.#interruption.end();
      },
    });
    this.#shown = {picture, viewer};
    viewer.open();
  }

  async #close(event: EndEvent): Promise<void> {
    this.abandon();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#shown?.viewer.isGone) hangUp(this.#interruption);
    const lines = this.#summary.lines(event, process.stdout.columns || 80);
    await writeOut(`${lines.join('\n')}\n`);
  }
}
