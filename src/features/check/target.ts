import type {Checker} from './checker.ts';
import type {CheckReport} from './result.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {capture} from '../../procfs/capture.ts';
import {poll} from '../../procfs/poll.ts';
import {Session, type SessionOptions} from '../../procfs/session.ts';
import type {Recording} from '../../recording/recording.ts';
import {recordedLooks} from '../growth/target.ts';
import type {Input} from '../../input/input.ts';
import {open} from '../../input/open.ts';
import {faultsOf} from '../../input/recorded.ts';
import type {Remarkable} from '../../shell/output.ts';
import {interruption} from '../../shell/signals.ts';

interface CheckTargetOptions extends SessionOptions {
  readonly interval: number;
  /** ms to look at a process; undefined for one look. */
  readonly duration: number | undefined;
}

interface CheckedTarget {
  readonly report: CheckReport;
  /** What a reader should know of it, and whether all of it is there. */
  readonly remarks: Remarkable;
  readonly isWhole: boolean;
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * Holds a process, a recording or a listing against the rules.
 *
 * @param name as the user calls it
 */
export async function checkTarget(
  target: Input,
  name: string,
  checker: Checker,
  options: CheckTargetOptions,
): Promise<CheckedTarget> {
  const opened = await open(target);
  if (opened.is === 'recording') return checkRecording(opened.recording, opened.name, checker);
  if (opened.is === 'process' && options.duration !== undefined) return checkLive(opened.pid, name, checker, options);
  const last = opened.is === 'process' ? capture(opened.pid, options) : opened.read().snapshot;
  checker.add({t: 0, snapshot: last});
  return {report: reportOf(checker, name, 0), remarks: last, isWhole: last.isWhole};
}

const reportOf = (
  checker: Checker,
  target: string,
  ms: number,
  interval?: number,
  notes: readonly string[] = [],
  hasEnded = false,
): CheckReport => ({target, looks: checker.looks, ms, interval, results: checker.results(hasEnded), notes});

function checkRecording(recording: Recording, path: string, checker: Checker): CheckedTarget {
  try {
    let last: Snapshot | undefined;
    let ms = 0;
    for (const seen of recordedLooks(recording)) {
      checker.add(seen);
      [last, ms] = [seen.snapshot, seen.t];
    }
    const {notes, rejected} = faultsOf(recording, path);
    const report = reportOf(checker, path, ms, undefined, notes, recording.end?.reason === 'exit');
    return {
      report,
      remarks: {source: {name: path}, rejected: [...last!.rejected, ...rejected], notes: last!.notes},
      isWhole: rejected.length === 0,
    };
  } finally {
    recording.close();
  }
}

async function checkLive(
  pid: number,
  name: string,
  checker: Checker,
  options: CheckTargetOptions,
): Promise<CheckedTarget> {
  const {interval, duration} = options;
  const session = new Session(pid, options);
  const interrupted = interruption();
  const begin = performance.now();
  let hasEnded = false;
  const add = (snapshot: Snapshot): void =>
    checker.add({t: performance.now() - begin, snapshot, status: session.status() ?? snapshot.status});
  try {
    add(session.snapshot);
    for await (const look of poll(session, {interval, duration, signal: interrupted.signal})) {
      if (look.saw === 'exec') checker.restart();
      if (look.saw === 'exit') hasEnded = true;
      else add(look.snapshot);
    }
  } finally {
    interrupted.dispose();
    session.close();
  }
  const report = reportOf(
    checker,
    name,
    performance.now() - begin,
    interval,
    hasEnded ? ['It ended before the time was over.'] : [],
    hasEnded,
  );
  return {report, remarks: session.snapshot, isWhole: true, signal: interrupted.received()};
}
