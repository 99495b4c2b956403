import {setTimeout as sleep} from 'node:timers/promises';
import type {Recording} from '../../recording/recording.ts';
import {replayEndLine} from './moments.ts';
import {writeOut} from '../../shell/output.ts';
import type {RecordedCauses} from '../cause/recorded/replayed.ts';
import {Pictures} from './pictures.ts';
import {Player, type PlayerOptions} from './player.ts';
import {Viewer, type ReplayKeys} from '../watch/screen/viewer.ts';
import type {Explain} from '../watch/screen/view.ts';
import type {Interruption} from '../../shell/signals.ts';

/** ms between two frames. */
const BEAT = 50;

/**
 * Shows a recording on the live screen until its reader quits.
 *
 * @param explain says what a region is @param causes whose the changes are
 */
export async function replayOnScreen(
  recording: Recording,
  options: PlayerOptions,
  interrupted: Interruption,
  explain?: Explain,
  causes?: RecordedCauses,
): Promise<void> {
  const player = new Player(recording, options, performance.now());
  const pictures = new Pictures(recording, options.from, causes);
  let failure: unknown;
  const onFailure = (error: unknown): void => {
    failure ??= error;
    interrupted.end();
  };
  const show = (): void => viewer.show({...pictures.at(player.index), ms: player.time(performance.now())});
  // Keys arrive between two frames, and take effect at once.
  const replay: ReplayKeys = {
    get state() {
      return player.state;
    },
    press(key) {
      const isTaken = player.press(key);
      if (isTaken) show();
      return isTaken;
    },
  };
  const {interval} = recording.header;
  const viewer = new Viewer(pictures.at(player.index), {
    interval,
    onEnd: interrupted.end,
    onFailure,
    replay,
    explain,
  });
  viewer.open();
  try {
    while (!interrupted.signal.aborted) {
      player.advance(performance.now());
      show();
      await pause(interrupted.signal);
    }
  } finally {
    viewer.close();
  }
  if (failure !== undefined) throw failure;
  if (viewer.isGone) return;
  const {end} = recording;
  const reason = player.index === recording.count - 1 ? (end?.reason ?? 'cut') : 'to';
  await writeOut(
    `${replayEndLine(recording, recording.moment(player.index), player.index < options.to ? 'left' : reason)}\n`,
  );
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(BEAT, undefined, {signal});
  } catch {
    // It was interrupted.
  }
}
