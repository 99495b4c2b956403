import {counted, durationText, sizeText} from '../../model/amounts.ts';
import {GroupWatch} from '../../procfs/host/group-watch.ts';
import type {GroupName} from '../../model/group/group.ts';
import {interruption} from '../../shell/signals.ts';
import {wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import {costJSON, tellGroup} from '../group/sinks.ts';
import {groupCostText, groupTitle} from '../group/text.ts';
import {followGroup, type GroupEnd, type GroupOptions} from '../group/watch.ts';
import {defaultGroupName, OpenRecording, recordingFailed} from './file.ts';

interface GroupSetting extends Pick<GroupOptions, 'interval' | 'count' | 'duration'> {
  readonly root: string;
  readonly maxStall: number;
  readonly maxDuty: number;
  /** The file; undefined: one that is named after the group and the time. */
  readonly output: string | undefined;
  readonly isForced: boolean;
  /** The version of memmap. */
  readonly memmap: string;
}

/** A finished recording of a group. */
interface RecordedGroup {
  readonly file: string;
  readonly samples: number;
  /** Bytes. */
  readonly size: number;
  readonly end: GroupEnd;
}

/**
 * Records a group until it is removed, a limit is reached, or the user stops it.
 *
 * @throws Trouble `output`, and as findGroup does
 */
export async function recordGroup(name: GroupName, setting: GroupSetting): Promise<RecordedGroup> {
  const watch = new GroupWatch(name, setting);
  const path = setting.output ?? defaultGroupName(watch.group);
  const file = OpenRecording.open(path, setting.isForced ? 'replace' : 'refuse');
  const interrupted = interruption();
  let samples = 0;
  try {
    const writer = file.beginGroup(watch.group, setting.interval, setting.memmap);
    const options = {...setting, signal: interrupted.signal, stoppedBy: interrupted.received};
    const end = await tellGroup(followGroup(watch, options), async (event) => {
      if (event.event === 'end') return writer.end(event.t, event.reason, costJSON(event));
      samples++;
      return writer.sample(event.sample);
    });
    return {file: path, samples, size: file.size, end};
  } catch (error) {
    throw recordingFailed(path, error, samples);
  } finally {
    interrupted.dispose();
    await file.close();
  }
}

/** What was recorded, and what it cost. */
export const renderRecordedGroup = ({file, samples, size, end}: RecordedGroup, width?: number): string =>
  [
    `Recorded ${groupTitle(end.group)} for ${durationText(end.t)} to ${safe(file)}: ${counted(samples, 'sample')}, ` +
      `${sizeText(size)}.`,
    groupCostText(end),
    `See what grows in it: memmap growth ${safe(file)}`,
    '',
  ]
    .flatMap((line) => wrapped(line, width))
    .join('\n');

/** The document `memmap.recorded-group/1`: times in ms, sizes in bytes. */
export const recordedGroupJSON = ({file, samples, size, end}: RecordedGroup): object => ({
  schema: 'memmap.recorded-group/1',
  file,
  ms: Math.round(end.t),
  samples,
  size,
  reason: end.reason,
  cost: costJSON(end),
});
