import type {GroupName} from '../../model/group/group.ts';
import type {GroupMeasure} from '../../model/group/sample.ts';
import type {Rejected} from '../../model/snapshot.ts';
import {GroupWatch} from '../../procfs/host/group-watch.ts';
import type {GroupRecording} from '../../recording/group.ts';
import {interruption} from '../../shell/signals.ts';
import {tellGroup} from '../group/sinks.ts';
import {groupNotes, groupTitle} from '../group/text.ts';
import {followGroup} from '../group/watch.ts';
import {type GroupGrowth, GroupSeries} from './group.ts';

interface GroupGrowthOptions {
  readonly root: string;
  readonly maxStall: number;
  readonly maxDuty: number;
  /** ms. */
  readonly duration: number;
  readonly interval: number | undefined;
  readonly measure: GroupMeasure;
  readonly least: number;
}

/** What a group did, and what a reader should know of how that was seen. */
interface WatchedGroup {
  readonly growth: GroupGrowth;
  readonly group: GroupName & {readonly path: string; readonly version: 1 | 2};
  readonly title: string;
  readonly notes: readonly string[];
  readonly rejected: readonly Rejected[];
  /** Was it watched for as long as was asked for? */
  readonly isWhole: boolean;
  readonly signal?: NodeJS.Signals | undefined;
}

/** As for a process: 600 samples in all, but at most 20 a second and at least one a minute. */
const intervalFor = (duration: number): number => Math.min(60_000, Math.max(50, duration / 600));

/** Follows a group for a while. @throws Trouble as findGroup does */
export async function growthOfGroup(name: GroupName, options: GroupGrowthOptions): Promise<WatchedGroup> {
  const {duration, interval = intervalFor(duration), measure, least} = options;
  const watch = new GroupWatch(name, options);
  const series = new GroupSeries();
  const interrupted = interruption();
  try {
    const following = followGroup(watch, {interval, duration, signal: interrupted.signal});
    const {reason, group} = await tellGroup(following, (event) => {
      if (event.event !== 'end') series.add(event.sample);
    });
    const signal = interrupted.received();
    const isGone = reason === 'gone';
    const {kind, id, path, version} = group;
    return {
      growth: series.growth(measure, least),
      group: {kind, id, path, version},
      title: groupTitle(group),
      notes: [
        ...groupNotes(watch.hasUs),
        ...(isGone ? ['The group was removed before the time was up: this is what was seen until then.'] : []),
        ...(signal ? ['It was interrupted; this is what was seen until then.'] : []),
      ],
      rejected: [],
      isWhole: !isGone,
      signal,
    };
  } finally {
    interrupted.dispose();
  }
}

/** The same for a recording. */
export function growthOfRecordedGroup(
  {header, samples, reason, rejected}: GroupRecording,
  measure: GroupMeasure,
  least: number,
): WatchedGroup {
  const series = new GroupSeries();
  for (const sample of samples) series.add(sample);
  return {
    growth: series.growth(measure, least),
    group: header.group,
    title: groupTitle(header.group),
    notes: reason === 'gone' ? ['The recording ends where the group was removed.'] : [],
    rejected,
    isWhole: rejected.length === 0,
  };
}
