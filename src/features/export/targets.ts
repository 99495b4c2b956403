import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {capture} from '../../procfs/capture.ts';
import type {Recording} from '../../recording/recording.ts';
import {inputOf, open} from '../../input/open.ts';
import {faultsOf} from '../../input/recorded.ts';
import {remarkOn, say} from '../../shell/output.ts';
import {safe} from '../../text/safe.ts';

/** What is made of many targets, one target after another. */
interface Exports<Part> {
  /** Of each target in turn; each must be gone through before the next is asked for. */
  readonly parts: AsyncIterable<Iterable<Part>>;
  /** Could all of all targets be used? Ask it at the end. */
  readonly isWhole: () => boolean;
}

/** Writes targets in a format. */
export interface Format<Part> {
  readonly recording: (recording: Recording, name: string) => Iterable<Part>;
  /** @param name of the file; undefined: a live process */
  readonly snapshot: (snapshot: Snapshot, name: string | undefined) => Iterable<Part>;
}

/**
 * Exports recordings, snapshots, listings and live processes. What can't be trusted in one is reported on standard
 * error. Of several, one that can't be used is reported and left out; where none can be, the last one's error is
 * thrown.
 *
 * @param root where procfs is mounted
 */
export function exportsOf<Part>(targets: readonly string[], format: Format<Part>, root: string): Exports<Part> {
  let isWhole = true;
  async function* parts(): AsyncGenerator<Iterable<Part>> {
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
  async function* ofRecording(recording: Recording, name: string): AsyncGenerator<Iterable<Part>> {
    try {
      const faults = faultsOf(recording, name);
      isWhole &&= faults.rejected.length === 0;
      yield format.recording(recording, name);
      remarkOn({source: {name}, ...faults});
    } finally {
      recording.close();
    }
  }
  function ofSnapshot(snapshot: Snapshot, name: string | undefined): Iterable<Part> {
    isWhole &&= snapshot.isWhole;
    remarkOn(snapshot);
    return format.snapshot(snapshot, name);
  }
  return {parts: parts(), isWhole: () => isWhole};
}
