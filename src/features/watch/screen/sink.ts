import {counted} from '../../../model/amounts.ts';
import type {Session} from '../../../procfs/session.ts';
import {writeOut} from '../../../shell/output.ts';
import type {Interruption} from '../../../shell/signals.ts';
import type {EndEvent, Sink, StartEvent, WatchEvent} from '../events.ts';
import {FamilyLog} from '../family.ts';
import {clockTime, endLine, eventLines, startLine} from '../text.ts';
import {firstPicture, pictureAfter, type Picture} from './picture.ts';
import {Viewer} from './viewer.ts';

/** At most this many changes are printed once the screen is left. */
const PRINTED = 20;

/**
 * A watch on a terminal: one screen, redrawn for each sample. When it is left, the latest events are printed below the
 * prompt.
 */
export class ScreenSink implements Sink {
  readonly #session: Session;
  readonly #interval: number;
  readonly #interruption: Interruption;
  readonly #log = new Log();
  #shown: {picture: Picture; readonly viewer: Viewer} | undefined;
  #failure: unknown;

  /** @param interval ms between two samples */
  constructor(session: Session, interval: number, interruption: Interruption) {
    this.#session = session;
    this.#interval = interval;
    this.#interruption = interruption;
  }

  async tell(event: WatchEvent): Promise<void> {
    if (event.event === 'start') return this.#open(event);
    if (event.event === 'end') return this.#close(event);
    this.#log.add(event);
    if (!this.#shown) return;
    this.#shown.picture = pictureAfter(this.#shown.picture, event);
    this.#shown.viewer.show(this.#shown.picture, this.#session.cost.ms / Math.max(1, event.t));
    if (event.event === 'exit') await this.#shown.viewer.untilGoesOn(this.#interruption.signal);
  }

  abandon(): void {
    this.#shown?.viewer.close();
  }

  #open(event: StartEvent): void {
    this.#log.begin(startLine(event.snapshot, this.#interval));
    const picture = firstPicture(event);
    const viewer = new Viewer(picture, {
      interval: this.#interval,
      onEnd: this.#interruption.end,
      onFailure: (error) => {
        this.#failure ??= error;
        this.#interruption.end();
      },
    });
    this.#shown = {picture, viewer};
    viewer.open();
  }

  async #close({tick, reason, cost, familyCost}: EndEvent): Promise<void> {
    this.abandon();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#shown?.viewer.isGone) hangUp(this.#interruption);
    await writeOut(this.#log.text(endLine(tick, reason, cost, familyCost)));
  }
}

/**
 * Ends like any program whose terminal went away: by SIGHUP, quietly. An orderly exit is not possible, since Node can't
 * restore the modes of such a terminal and aborts (ResetStdio in its node.cc).
 */
function hangUp(interruption: Interruption): void {
  interruption.dispose();
  process.kill(process.pid, 'SIGHUP');
}

/** What is printed below the prompt: how the watch began, and the latest events. */
class Log {
  #first = '';
  readonly #family = new FamilyLog();
  #latest: Array<{readonly text: string; readonly isChange: boolean}> = [];
  #changes = 0;

  begin(line: string): void {
    this.#first = line;
  }

  add(event: Parameters<typeof eventLines>[0]): void {
    const isChange = event.event === 'change';
    if (isChange) this.#changes += event.changes.length;
    const about = eventLines(isChange ? {...event, changes: event.changes.slice(-PRINTED)} : event);
    const lines = [...about, ...('family' in event ? this.#family.lines(event, clockTime(event.at)) : [])];
    this.#latest = [...this.#latest, ...lines.map((text) => ({text, isChange}))].slice(-PRINTED);
  }

  text(end: string): string {
    const more = this.#changes - this.#latest.filter(({isChange}) => isChange).length;
    const before = more > 0 ? [`… ${counted(more, 'change')} before these`] : [];
    return `${[this.#first, ...before, ...this.#latest.map(({text}) => text), end].join('\n')}\n`;
  }
}
