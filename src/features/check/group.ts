import type {GroupName} from '../../model/group/group.ts';
import {type GroupMeasure, type GroupSample, MEMBER_MEASURES} from '../../model/group/sample.ts';
import {GroupWatch} from '../../procfs/host/group-watch.ts';
import type {GroupRecording} from '../../recording/group.ts';
import type {Remarkable} from '../../shell/output.ts';
import {interruption} from '../../shell/signals.ts';
import {tellGroup} from '../group/sinks.ts';
import {groupNotes} from '../group/text.ts';
import {followGroup} from '../group/watch.ts';
import {GroupSeries} from '../growth/group.ts';
import {growthResult} from './checker.ts';
import type {CheckReport, Result} from './result.ts';
import type {GroupRule} from './rules.ts';

interface CheckGroupOptions {
  readonly root: string;
  readonly maxStall: number;
  readonly maxDuty: number;
  readonly interval: number;
  /** ms to follow it; undefined for one sample. */
  readonly duration: number | undefined;
}

interface CheckedGroup {
  readonly report: CheckReport;
  readonly remarks: Remarkable;
  /** Was it seen for as long as was asked for? */
  readonly isWhole: boolean;
  readonly signal?: NodeJS.Signals | undefined;
}

/** Checks samples of a group against rules. */
class GroupChecker {
  readonly #rules: readonly GroupRule[];
  readonly #least: number;
  readonly #series = new GroupSeries();
  readonly #peaks = new Map<GroupMeasure, {readonly value: number; readonly at: number}>();
  ms = 0;

  /** @param least growth by fewer bytes doesn't matter */
  constructor(rules: readonly GroupRule[], least: number) {
    this.#rules = rules;
    this.#least = least;
  }

  get looks(): number {
    return this.#series.samples;
  }

  add(sample: GroupSample): void {
    this.#series.add(sample);
    this.ms = sample.t;
    for (const [measure, value] of Object.entries(sample.amounts) as Array<[GroupMeasure, number]>)
      if (value > (this.#peaks.get(measure)?.value ?? -1)) this.#peaks.set(measure, {value, at: sample.t});
  }

  results(): Result[] {
    return this.#rules.map((rule) =>
      rule.is === 'max'
        ? this.#maxResult(rule)
        : growthResult(rule, this.#series.line(rule.of, this.#least), this.looks),
    );
  }

  #maxResult(rule: Extract<GroupRule, {is: 'max'}>): Result {
    const {measure} = rule.subject;
    const peak = this.#peaks.get(measure);
    if (!peak) return {rule, verdict: 'not measured', isExact: false, detail: whyUnknown(measure)};
    const at = this.looks > 1 ? peak.at : undefined;
    return {rule, verdict: peak.value > rule.limit ? 'broken' : 'ok', measured: peak.value, at, isExact: false};
  }
}

const whyUnknown = (measure: GroupMeasure): string =>
  MEMBER_MEASURES.some((each) => each === measure)
    ? 'it was not read of each of its processes: one may not be read, or would be held up for too long (--max-stall)'
    : 'the kernel does not tell it of this group, or its processes may not be seen';

/** Follows a group, or looks once. @param name as the user calls it @throws Trouble as findGroup does */
export async function checkGroup(
  group: GroupName,
  name: string,
  rules: readonly GroupRule[],
  least: number,
  options: CheckGroupOptions,
): Promise<CheckedGroup> {
  const {interval, duration} = options;
  const checker = new GroupChecker(rules, least);
  const watch = new GroupWatch(group, options);
  const interrupted = interruption();
  try {
    const limits = duration === undefined ? {count: 0} : {duration};
    const following = followGroup(watch, {interval, ...limits, signal: interrupted.signal});
    const {reason} = await tellGroup(following, (event) => {
      if (event.event !== 'end') checker.add(event.sample);
    });
    const isGone = reason === 'gone';
    const notes = [
      ...groupNotes(watch.hasUs),
      ...(isGone ? ['The group was removed before the time was up: this is what was seen until then.'] : []),
    ];
    return {
      report: reportOf(checker, name, duration === undefined ? undefined : interval, notes),
      remarks: {source: {}, rejected: [], notes: []},
      isWhole: !isGone,
      signal: interrupted.received(),
    };
  } finally {
    interrupted.dispose();
  }
}

/** The same for a recording. */
export function checkRecordedGroup(
  {samples, rejected, reason}: GroupRecording,
  name: string,
  rules: readonly GroupRule[],
  least: number,
): CheckedGroup {
  const checker = new GroupChecker(rules, least);
  for (const sample of samples) checker.add(sample);
  const notes = reason === 'gone' ? ['The recording ends where the group was removed.'] : [];
  return {
    report: reportOf(checker, name, undefined, notes),
    remarks: {source: {name}, rejected, notes: []},
    isWhole: rejected.length === 0,
  };
}

const reportOf = (
  checker: GroupChecker,
  target: string,
  interval: number | undefined,
  notes: readonly string[],
): CheckReport => ({target, looks: checker.looks, ms: checker.ms, interval, results: checker.results(), notes});
