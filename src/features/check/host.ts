import {counted, countText} from '../../model/amounts.ts';
import type {ProcessRow, Unread} from '../../model/host/processes.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {parseMemory} from '../../parse/proc/status.ts';
import {capture} from '../../procfs/capture.ts';
import {type Host, type HostOptions, HostWatch} from '../../procfs/host/host.ts';
import {rounds} from '../../procfs/host/rounds.ts';
import {kernelRelease, mapsTakesLock} from '../../procfs/machine/kernel.ts';
import {readIfThere, textIfThere} from '../../procfs/open.ts';
import {predictStall} from '../../procfs/sampling/budget.ts';
import {withProgress} from '../../shell/output.ts';
import {interruption} from '../../shell/signals.ts';
import type {CheckedTarget} from './target.ts';
import type {ProcessRule} from './rules.ts';
import {HostChecker, isOfRegions, needsCounters, needsUsage, type Refused} from './tracks.ts';

export interface CheckHostOptions {
  readonly root: string;
  /** ms for which one reading may hold up a process, and all readings all processes together. */
  readonly maxStall: number;
  readonly budget: number;
  /** ms between two samples. */
  readonly interval: number;
  /** ms to look at them; undefined for once. */
  readonly duration: number | undefined;
}

/**
 * Checks all processes of the machine that have memory of their own, but memmap. What reading holds them up is within
 * the budget, over all samples; of what can't be read the rule is not measured.
 *
 * @param least growth by fewer bytes doesn't matter
 * @throws Trouble `usage` for a rule that needs regions over time
 */
export async function checkHost(
  rules: readonly ProcessRule[],
  least: number,
  options: CheckHostOptions,
): Promise<CheckedTarget> {
  refuseOverTime(rules);
  const {root, interval, duration} = options;
  const checker = new HostChecker(rules, least);
  const reader = new RegionReader(rules, options);
  const limits = {root, maxStall: options.maxStall, budget: rules.some(needsCounters) ? options.budget : 0};
  const watch = new HostWatch(limits satisfies HostOptions);
  const interrupted = interruption();
  const begin = performance.now();
  const seen = {ms: 0, stallMs: 0, ended: 0, hidden: 0, isHiding: false};
  try {
    const pace = duration === undefined ? {interval, count: 1} : {interval, duration};
    let last: Host | undefined;
    for await (const host of rounds(watch, {...pace, signal: interrupted.signal})) {
      seen.ms = checker.looks === 0 ? 0 : performance.now() - begin;
      const fresh = checker.add(host.rows, seen.ms);
      limits.budget = Math.max(0, limits.budget - host.stallMs);
      reader.spent += host.stallMs;
      if (reader.isNeeded) for (const row of withProgress('Checking', fresh, fresh.length)) reader.read(row, checker);
      seen.ended += host.ended;
      [seen.hidden, seen.isHiding] = [host.hidden, host.isHiding];
      last = host;
    }
    for (const row of last?.rows ?? []) checker.addPeaks(row, peaksOf(root, row));
    seen.stallMs = reader.spent;
  } finally {
    interrupted.dispose();
  }
  const {ms, stallMs, ended, hidden, isHiding} = seen;
  const {processes} = checker;
  const report = {
    target: 'all processes',
    looks: checker.looks,
    ms,
    interval: duration === undefined ? undefined : interval,
    results: checker.results(),
    host: {processes, ended, hidden, stallMs},
    notes: notesOf(rules, checker, {...seen, budget: options.budget}),
  };
  return {
    report,
    remarks: {source: {}, rejected: [], notes: []},
    isWhole: !isHiding && hidden === 0,
    signal: interrupted.received(),
  };
}

/** Reads the regions of one process after another, within what is left of the time. */
class RegionReader {
  readonly isNeeded: boolean;
  /** ms for which all were held up so far. */
  spent = 0;
  readonly #options: CheckHostOptions;
  readonly #usage: boolean;
  readonly #isLocking: boolean;

  constructor(rules: readonly ProcessRule[], options: CheckHostOptions) {
    this.isNeeded = rules.some(isOfRegions);
    this.#options = options;
    this.#usage = rules.some(needsUsage);
    this.#isLocking = mapsTakesLock(kernelRelease(options.root));
  }

  /** @param checker is told what was read, or why nothing was */
  read(row: ProcessRow, checker: HostChecker): void {
    if (row.unread === 'blocked') return checker.addRegions(row, 'blocked');
    const refusal = this.#usage || this.#isLocking ? this.#refusal(row) : undefined;
    // Where maps takes the lock as well, nothing at all is read.
    if (refusal && this.#isLocking) return checker.addRegions(row, refusal);
    checker.addRegions(row, this.#capture(row, this.#usage && !refusal), this.#usage ? refusal : undefined);
  }

  #refusal({rss = 0, regions = 0}: ProcessRow): Unread | undefined {
    const {maxStall, budget} = this.#options;
    const stall = predictStall(rss, regions);
    if (stall > maxStall) return 'stall';
    return this.spent + stall > budget ? 'budget' : undefined;
  }

  #capture(row: ProcessRow, usage: boolean): Snapshot | Refused {
    const {root, maxStall} = this.#options;
    const onHeld = (file: 'maps' | 'smaps' | 'own', held: number): void => {
      if (file !== 'maps' || this.#isLocking) this.spent += held;
    };
    try {
      const snapshot = capture(row.pid, {root, maxStall, usage, onHeld});
      return snapshot.process.startTime === row.startTime ? snapshot : 'ended';
    } catch (error) {
      if (!(error instanceof Trouble) && errnoOf(error) === '') throw error;
      const kind = error instanceof Trouble ? error.kind : 'input';
      return kind === 'gone' ? 'ended' : kind === 'denied' ? 'denied' : 'deadline';
    }
  }
}

/** VmHWM and VmPeak, which status tells everybody: proc_pid_status(5). */
function peaksOf(root: string, {pid}: ProcessRow): {readonly rss?: number; readonly size?: number} {
  const {vmHwm, vmPeak} = parseMemory(readIfThere(`${root}/${pid}/status`) ?? new Uint8Array());
  return {...(vmHwm !== undefined && {rss: vmHwm}), ...(vmPeak !== undefined && {size: vmPeak})};
}

interface SeenAll {
  readonly stallMs: number;
  readonly ended: number;
  readonly hidden: number;
  readonly isHiding: boolean;
  readonly budget: number;
}

function notesOf(rules: readonly ProcessRule[], checker: HostChecker, seen: SeenAll): string[] {
  const {processes, passing, looks} = checker;
  const {stallMs, budget, ended, hidden, isHiding} = seen;
  const held =
    stallMs === 0
      ? 'nobody was held up'
      : `that held up processes for ${Math.ceil(stallMs)} ms in all (--budget: ${budget} ms)`;
  return [
    `Looked at ${counted(processes, 'process', 'processes')}: ${held}. memmap itself is left out.`,
    ...(looks > 1 && rules.some(isOfRegions)
      ? ['The regions of each were looked at once, when it was first seen.']
      : []),
    ...(rules.some(({is}) => is === 'no-growth') && passing > 0
      ? [`Not judged by no-growth, since they began or ended meanwhile: ${countText(passing)}.`]
      : []),
    ...(ended > 0 ? [`Left out, since they ended while they were read: ${countText(ended)}.`] : []),
    ...(isHiding
      ? ['/proc is mounted with hidepid: processes of other users are not listed, and not checked.']
      : hidden > 0
        ? [`Nothing may be seen of ${counted(hidden, 'more process', 'more processes')}: they are not checked.`]
        : []),
  ];
}

/** Kinds over time would need all regions of all processes at each sample. */
function refuseOverTime(rules: readonly ProcessRule[]): void {
  const rule = rules.find((each) => each.is === 'no-growth' && each.of !== 'total');
  if (!rule) return;
  throw new Trouble({
    kind: 'usage',
    what: `"${rule.text}" can't be checked of all processes.`,
    why: 'it needs all regions of each process in each sample.',
    next: 'Check no-growth rss of all, and the kind of those that grow: memmap growth PID',
  });
}

/** `80%` of vm.max_map_count as a number of regions; other texts are as they were. @throws Trouble `input` */
export function regionsLimit(text: string, root: string): string {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text.trim()) ?? [];
  if (percent === undefined) return text;
  const most = Number(textIfThere(`${root}/sys/vm/max_map_count`) || NaN);
  if (Number.isInteger(most)) return String(Math.floor((Number(percent) / 100) * most));
  throw new Trouble({
    kind: 'input',
    what: `"${text}" of vm.max_map_count is not known.`,
    why: `${root}/sys/vm/max_map_count can't be read.`,
    next: 'Give a number of regions: --max-regions 52000',
  });
}
