import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {capture} from '../../procfs/capture.ts';
import type {Recording} from '../../recording/recording.ts';
import {inputOf, open} from '../../input/open.ts';
import {faultsOf} from '../../input/recorded.ts';
import {remarkOn, say} from '../../shell/output.ts';
import {safe} from '../../text/safe.ts';
import {recordingRows, snapshotRows} from './rows.ts';

/** The rows of many targets, one target after another. */
export interface TargetRows {
  /** Of each target in turn; each must be gone through before the next is asked for. */
  readonly rows: AsyncIterable<Iterable<string>>;
  /** Could all of all targets be used? Ask it at the end. */
  readonly isWhole: () => boolean;
}

/**
 * The rows of recordings, snapshots, listings and live processes. What can't be trusted in one is reported on standard
 * error. Of several, one that can't be used is reported and left out; where none can be, the last one's error is thrown.
 *
 * @param root where procfs is mounted
 */
export function rowsOf(targets: readonly string[], root: string): TargetRows {
  let isWhole = true;
  async function* rows(): AsyncGenerator<Iterable<string>> {
    let used = 0;
    for (const [index, name] of targets.entries()) {
      try {
        const opened = await open(inputOf(name, root));
        if (opened.is === 'recording') yield* ofRecording(opened.recording, opened.name);
        else if (opened.is === 'process') yield ofSnapshot(capture(opened.pid, {root}), undefined);
        else yield ofSnapshot(opened.read(), opened.name);
        used++;
      } catch (error) {
        const isLast = index === targets.length - 1;
        if (!(error instanceof Trouble) || error.kind === 'output' || (isLast && used === 0)) throw error;
        isWhole = false;
        say(`memmap: ${safe(error.message)} ${safe(error.why)} It is left out.`);
      }
    }
  }
  async function* ofRecording(recording: Recording, name: string): AsyncGenerator<Iterable<string>> {
    try {
      const faults = faultsOf(recording, name);
      isWhole &&= faults.rejected.length === 0;
      yield recordingRows(recording, name);
      remarkOn({source: {name}, ...faults});
    } finally {
      recording.close();
    }
  }
  function ofSnapshot(snapshot: Snapshot, name: string | undefined): Iterable<string> {
    isWhole &&= snapshot.isWhole;
    remarkOn(snapshot);
    return snapshotRows(snapshot, name);
  }
  return {rows: rows(), isWhole: () => isWhole};
}
