import type {Change} from '../../../model/change.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import type {Session} from '../../../procfs/session.ts';
import {changeLine} from '../../../text/changes.ts';
import {execPicture, firstPicture, lastPicture, nextPicture, type Picture, type Sight} from './picture.ts';
import {clockTime, endLine, execLine, exitLine, startLine} from '../tell.ts';
import {writeOut} from '../../../shell/output.ts';
import {Viewer} from './viewer.ts';
import type {Interruption} from '../../../shell/signals.ts';
import type {Reporter} from '../watch.ts';

/** As many changes as are printed once the screen is left. */
const PRINTED = 20;

/** A watch on a terminal: one screen, redrawn at each look. When it is left, what happened is printed below the prompt. */
export function screenReporter(session: Session, interval: number, interruption: Interruption): Reporter {
  const begin = performance.now();
  const log = new Log();
  let pending: readonly Change[] = [];
  let picture: Picture;
  let viewer: Viewer | undefined;
  let failure: unknown;

  const sight = (snapshot: Snapshot): Omit<Sight, 'changes'> => ({
    snapshot,
    status: session.status() ?? snapshot.status,
    ms: performance.now() - begin,
    time: clockTime(),
  });
  const show = (next: Picture): void => {
    picture = next;
    viewer?.show(picture, session.cost.ms / Math.max(1, performance.now() - begin));
  };
  const onFailure = (error: unknown): void => {
    failure ??= error;
    interruption.end();
  };

  return {
    async start(snapshot) {
      log.add(startLine(snapshot, interval));
      picture = firstPicture(sight(snapshot));
      viewer = new Viewer(picture, {interval, onEnd: interruption.end, onFailure});
      viewer.open();
    },
    async tick(_tick, snapshot) {
      show(nextPicture(picture, {...sight(snapshot), changes: pending}));
      pending = [];
    },
    async change(_tick, changes) {
      pending = changes;
      log.addChanges(changes);
    },
    async exec(_tick, snapshot) {
      log.add(`${clockTime()}  ${execLine(snapshot)}`);
      show(execPicture(picture, sight(snapshot)));
    },
    async exit(_tick, state) {
      log.add(`${clockTime()}  ${exitLine(state)}`);
      show(lastPicture(picture, performance.now() - begin, clockTime()));
      await viewer?.untilGoesOn(interruption.signal);
    },
    async end(ticks, reason, cost) {
      viewer?.close();
      if (failure !== undefined) throw failure;
      if (viewer?.isGone) hangUp(interruption);
      await writeOut(log.text(endLine(ticks, reason, cost)));
    },
    abandon: () => viewer?.close(),
  };
}

/**
 * Ends as any program whose terminal went away: of SIGHUP, quietly. An orderly end isn't to be had, as Node can't restore the
 * modes of such a terminal and aborts (ResetStdio in its node.cc).
 */
function hangUp(interruption: Interruption): void {
  interruption.dispose();
  process.kill(process.pid, 'SIGHUP');
}

/** What is printed below the prompt: how it began, and the latest of what happened. */
class Log {
  #first: string | undefined;
  #latest: Array<{readonly text: string; readonly isChange: boolean}> = [];
  #changes = 0;

  add(line: string): void {
    if (this.#first === undefined) this.#first = line;
    else this.#keep([line], false);
  }

  addChanges(changes: readonly Change[]): void {
    const time = clockTime();
    this.#changes += changes.length;
    this.#keep(
      changes.slice(-PRINTED).map((change) => changeLine(change, time)),
      true,
    );
  }

  #keep(lines: readonly string[], isChange: boolean): void {
    this.#latest = [...this.#latest, ...lines.map((text) => ({text, isChange}))].slice(-PRINTED);
  }

  text(end: string): string {
    const more = this.#changes - this.#latest.filter(({isChange}) => isChange).length;
    const before = more > 0 ? [`… ${more} ${more === 1 ? 'change' : 'changes'} before these`] : [];
    return `${[this.#first ?? '', ...before, ...this.#latest.map(({text}) => text), end].join('\n')}\n`;
  }
}
