import type {Group} from '../../model/group/group.ts';
import type {GroupSample} from '../../model/group/sample.ts';
import {Trouble} from '../../model/trouble.ts';
import type {GroupCost, GroupWatch} from '../../procfs/host/group-watch.ts';
import {pause} from '../../procfs/sampling/poll.ts';

/** What following a group reports. `start` comes first and `end` last. */
export type GroupEvent =
  | {readonly event: 'start' | 'sample'; readonly at: string; readonly tick: number; readonly sample: GroupSample}
  | GroupEnd;

export interface GroupEnd {
  readonly event: 'end';
  readonly at: string;
  /** The number of the last sample; the first is 0. */
  readonly tick: number;
  /** ms since the first sample. */
  readonly t: number;
  /**
   * `gone` (the group was removed), `count` or `for` (a limit was reached), `until` (a condition became true), `quit`,
   * or a signal's name.
   */
  readonly reason: string;
  readonly cost: GroupCost;
  readonly group: Group;
}

export interface GroupOptions {
  /** ms between the beginnings of two samples. */
  readonly interval: number;
  /** Samples after the first one at most. */
  readonly count?: number | undefined;
  /** ms at most. */
  readonly duration?: number | undefined;
  readonly until?: ((sample: GroupSample) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The signal that stopped it, if it was one. */
  readonly stoppedBy?: (() => NodeJS.Signals | undefined) | undefined;
}

/**
 * Follows a group until it is removed or a limit is reached. The members' counters are read at the first sample and the
 * last, and in between as the duty allows.
 *
 * @throws Trouble `gone` if it is removed before the first sample
 */
export async function* followGroup(watch: GroupWatch, options: GroupOptions): AsyncGenerator<GroupEvent, void> {
  const {interval, count = Infinity, duration = Infinity, until, signal, stoppedBy} = options;
  const begin = performance.now();
  const elapsed = (): number => performance.now() - begin;
  let tick = 0;
  const end = (reason: string): GroupEnd => {
    const {cost, group} = watch;
    return {event: 'end', at: new Date().toISOString(), tick, t: elapsed(), reason, cost, group};
  };
  const first = watch.look(0, true);
  if (first === 'gone') throw removed(watch);
  yield {event: 'start', at: new Date().toISOString(), tick, sample: first};
  if (until?.(first)) return yield end('until');
  while (tick < count) {
    const next = Math.min(Math.ceil((elapsed() + 1) / interval) * interval, duration);
    if (!(await pause(next - elapsed(), signal))) return yield end(stoppedBy?.() ?? 'quit');
    const isLast = tick + 1 >= count || elapsed() >= duration;
    const sample = watch.look(elapsed(), isLast);
    if (sample === 'gone') return yield end('gone');
    tick++;
    yield {event: 'sample', at: new Date().toISOString(), tick, sample};
    if (until?.(sample)) return yield end('until');
    if (elapsed() >= duration) return yield end('for');
  }
  yield end('count');
}

const removed = ({group}: GroupWatch): Trouble =>
  new Trouble({
    kind: 'gone',
    what: `Cannot look at ${group.kind}:${group.id}.`,
    why: `the cgroup ${group.path} was removed before a first sample.`,
    next: 'See what is there: memmap ps --by cgroup',
  });
