import type {Checker} from './checker.ts';
import type {CheckReport} from './result.ts';
import type {FamilySample} from '../../model/kin/kin.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {capture} from '../../procfs/capture.ts';
import {KinWatch} from '../../procfs/kin/kin.ts';
import {Session, type SessionOptions} from '../../procfs/sampling/session.ts';
import type {Recording} from '../../recording/recording.ts';
import {execNote, recordedLooks} from '../growth/recorded.ts';
import type {Input} from '../../input/input.ts';
import {open} from '../../input/open.ts';
import {faultsOf, noFamily} from '../../input/recorded.ts';
import type {Remarkable} from '../../shell/output.ts';
import {interruption} from '../../shell/signals.ts';
import {tellAll} from '../watch/events.ts';
import {watchLooks} from '../watch/watch.ts';
import {CheckSink} from './sink.ts';

interface CheckTargetOptions extends SessionOptions {
  readonly interval: number;
  /** ms to look at a process; undefined for one look. */
  readonly duration: number | undefined;
  /** Count its descendants too. */
  readonly children: boolean;
}

export interface CheckedTarget {
  readonly report: CheckReport;
  /** What a reader should know of it, and whether all of it is there. */
  readonly remarks: Remarkable;
  readonly isWhole: boolean;
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * Checks a process, a recording or a listing against the rules.
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
  if (opened.is === 'recording') return checkRecording(opened.recording, opened.name, checker, options.children);
  if (opened.is === 'process' && options.duration !== undefined) return checkLive(opened.pid, name, checker, options);
  const last = opened.is === 'process' ? capture(opened.pid, options) : opened.read();
  const family = opened.is === 'process' && options.children ? familyNow(opened.pid, options, last) : undefined;
  if (options.children && opened.is !== 'process') throw noFamily(name, 'a listing is of one process.');
  checker.add({t: 0, snapshot: last}, family);
  return {report: reportOf(checker, {target: name, ms: 0}), remarks: last, isWhole: last.isWhole};
}

/** All members at once: for a single sample each is read, whatever the duty. */
function familyNow(pid: number, options: CheckTargetOptions, snapshot: Snapshot): FamilySample | undefined {
  return new KinWatch(pid, options).look(0, snapshot, true);
}

type ReportFacts = Pick<CheckReport, 'target' | 'ms' | 'interval'> & Partial<Pick<CheckReport, 'notes'>>;

/** @param hasEnded as Checker.results has it */
const reportOf = (checker: Checker, facts: ReportFacts, hasEnded = false): CheckReport => ({
  notes: [],
  ...facts,
  looks: checker.looks,
  results: checker.results(hasEnded),
  family: checker.family,
});

function checkRecording(recording: Recording, path: string, checker: Checker, children: boolean): CheckedTarget {
  try {
    let last: Snapshot | undefined;
    let ms = 0;
    for (const seen of recordedLooks(recording)) {
      checker.add(seen, children ? seen.family : undefined);
      [last, ms] = [seen.snapshot, seen.t];
    }
    if (children && !checker.family) throw noFamily(path, 'it was recorded without its family.');
    const {notes, rejected} = faultsOf(recording, path);
    const facts = {target: path, ms, notes: [...notes, ...execNote(recording)]};
    const report = reportOf(checker, facts, recording.end?.reason === 'exit');
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
  const kin = options.children ? new KinWatch(pid, options) : undefined;
  const interrupted = interruption();
  const sink = new CheckSink(checker);
  try {
    await tellAll(watchLooks(session, {interval, duration, signal: interrupted.signal, kin}), sink);
  } finally {
    interrupted.dispose();
    session.close();
  }
  const {ms, hasEnded} = sink;
  const notes = hasEnded ? ['It ended before the time was up.'] : [];
  const report = reportOf(checker, {target: name, ms, interval, notes}, hasEnded);
  return {report, remarks: session.snapshot, isWhole: true, signal: interrupted.received()};
}
