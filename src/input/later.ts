import type {Snapshot} from '../model/snapshot.ts';
import {capture} from '../procfs/capture.ts';
import type {CaptureOptions} from '../procfs/options.ts';
import {pause} from '../procfs/sampling/poll.ts';
import {interruption} from '../shell/signals.ts';
import {say} from '../shell/output.ts';

/**
 * A process now, and after some time.
 *
 * @param ms Ctrl-C ends it earlier, and so does any other signal that asks us to end: what there is then is compared
 * @throws Trouble `gone` if it ends before that
 */
export async function readTwice(pid: number, ms: number, options: CaptureOptions): Promise<[Snapshot, Snapshot]> {
  const before = capture(pid, options);
  const interrupted = interruption();
  if (process.stderr.isTTY) say(`Waiting for ${ms / 1000} s (Ctrl-C: compare now).`);
  await pause(ms, interrupted.signal);
  interrupted.dispose();
  return [before, capture(pid, options)];
}
