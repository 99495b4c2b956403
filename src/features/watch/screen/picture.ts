import {chooseChanges, type Choice} from '../../../model/choose.ts';
import type {Change} from '../../../model/change.ts';
import {safe} from '../../../text/safe.ts';
import type {FamilySample} from '../../../model/kin/kin.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import type {LookEvent, Stamp, WatchEvent} from '../events.ts';
import {cameText, wentText} from '../family.ts';
import {clockTime} from '../text.ts';
import {MOST_EVENTS, withChanges, type FrameEvent} from './events.ts';
import {firstRows, nextRows, type Row} from '../../../history/rows.ts';
import {rateOf} from '../../../history/rate.ts';
import type {Slope} from '../../../history/trend.ts';
import {hasUsage} from '../../../history/seen.ts';

/**
 * What the live screen knows of a process in one sample. The next sample makes a new picture and leaves the old one
 * unchanged, so that a paused screen can keep it. Times are ms since the watch, or the recording, began.
 */
export interface Picture {
  readonly snapshot: Snapshot;
  /** The current status (proc_pid_status(5)): a snapshot that was made of maps alone has an older one. */
  readonly status: Status;
  readonly rows: readonly Row[];
  /** What happened, the newest last. */
  readonly events: readonly FrameEvent[];
  /** The totals of the latest samples, the newest last. */
  readonly history: readonly PictureMoment[];
  /** Samples after the first. */
  readonly tick: number;
  readonly ms: number;
  /** When smaps was last read; undefined: never. */
  readonly usageMs: number | undefined;
  /** When the program began that runs now, as far as the samples know. */
  readonly begun: number;
  /** What the command line chose. */
  readonly choice: Choice;
  /** How many changes there have been so far, of what was chosen. */
  readonly changes: number;
  readonly isOver: boolean;
  /** The process and its descendants, where they are followed, as they were seen last. */
  readonly family: FamilySample | undefined;
}

type Status = Readonly<Record<string, number | string | boolean>>;

/** What a sparkline is made of; sizes in bytes. */
export interface PictureMoment {
  readonly ms: number;
  /** The number of the sample; it rises by more than 1 where samples in between were the same. */
  readonly sample: number;
  readonly resident: number | undefined;
  readonly size: number;
  readonly regions: number;
}

/** What a sample saw, as the events have it: the snapshot, the current status, and the time. */
type Sight = Pick<LookEvent, 'snapshot' | 'status' | 't' | 'tick' | 'at' | 'family' | 'cause'>;

/** At most this many samples are kept for the sparklines. */
const MOST_MOMENTS = 250;

const ALL: Choice = {};

/** @param choice which regions are shown, and whose changes are told */
export function firstPicture(sight: Omit<Sight, 'at'>, choice = ALL): Picture {
  const {snapshot, status, t: ms, family} = sight;
  const rows = firstRows(snapshot.regions);
  const usageMs = hasUsage(snapshot) ? ms : undefined;
  const history = [momentOf(sight)];
  const begin = {events: [], history, tick: 0, ms, begun: ms, changes: 0, isOver: false};
  return {snapshot, status, rows, usageMs, choice, family, ...begin};
}

/** The picture after one more event. */
export function pictureAfter(picture: Picture, event: WatchEvent): Picture {
  switch (event.event) {
    case 'start':
      return firstPicture(event, picture.choice);
    case 'look':
      return nextPicture(picture, event, []);
    case 'change':
      return nextPicture(picture, event, event.changes);
    case 'exec':
      return execPicture(picture, event);
    case 'exit':
      return lastPicture(picture, event);
    case 'mark':
    case 'end':
      return picture;
  }
}

/** The picture after another sample of the same program. */
export function nextPicture(picture: Picture, sight: Sight, changes: readonly Change[]): Picture {
  const {snapshot, status, t: ms, at, family} = sight;
  const tick = picture.tick + 1;
  const isNew = snapshot !== picture.snapshot;
  const isMeasured = isNew && hasUsage(snapshot);
  const chosen = chooseChanges(changes, picture.choice);
  return {
    ...picture,
    snapshot,
    status,
    rows: isNew ? nextRows(picture.rows, snapshot.regions, changes, tick, isMeasured) : picture.rows,
    events: withKin(withChanges(picture.events, chosen, {ms, time: clockTime(at)}, sight.cause), family, sight),
    history: [...picture.history, momentOf(sight)].slice(-MOST_MOMENTS),
    tick,
    ms,
    usageMs: isMeasured ? ms : picture.usageMs,
    changes: picture.changes + chosen.length,
    family: family ?? picture.family,
  };
}

/** Members that came or went. */
function withKin(events: readonly FrameEvent[], family: FamilySample | undefined, when: Sight): readonly FrameEvent[] {
  const came = family?.came.map((kin) => ({sign: '+', word: 'process', role: 'come', text: cameText(kin)}) as const);
  const went = family?.went.map((kin) => ({sign: '-', word: 'process', role: 'go', text: wentText(kin)}) as const);
  return [...(came ?? []), ...(went ?? [])].reduce((all, event) => withEvent(all, when, event), events);
}

/** The process runs another program: all its memory is new, and growth is counted from here. */
function execPicture(picture: Picture, sight: Sight): Picture {
  const next = nextPicture(picture, sight, []);
  const {exe, comm = ''} = sight.snapshot.process;
  const text = `it now runs ${safe(exe ?? comm)}: all its memory is new.`;
  return {
    ...next,
    rows: firstRows(sight.snapshot.regions),
    begun: sight.t,
    usageMs: hasUsage(sight.snapshot) ? sight.t : undefined,
    events: withEvent(next.events, sight, {sign: '!', word: 'exec', role: 'change', text}),
  };
}

/** The process ended. */
function lastPicture(picture: Picture, when: Pick<Stamp, 't' | 'at'>): Picture {
  const events = withEvent(picture.events, when, {sign: '-', word: 'exit', role: 'go', text: 'the process ended.'});
  return {...picture, ms: when.t, isOver: true, events};
}

const withEvent = (
  events: readonly FrameEvent[],
  {t: ms, at}: Pick<Stamp, 't' | 'at'>,
  event: Omit<FrameEvent, 'ms' | 'time'>,
): readonly FrameEvent[] => [...events, {...event, ms, time: clockTime(at)}].slice(-MOST_EVENTS);

/** VmRSS is in status in every sample; the sum over smaps is only in some. */
function momentOf({snapshot, status, t: ms, tick: sample}: Omit<Sight, 'at'>): PictureMoment {
  const {vmRss} = status;
  const {rss, size, regions} = snapshot.totals as Record<string, number | undefined> & {size: number; regions: number};
  return {ms, sample, resident: typeof vmRss === 'number' ? vmRss : rss, size, regions};
}

/** After this many intervals, and this many ms, without a sample nobody knows what was in between. */
const GAP_INTERVALS = 3;
const GAP_MS = 2000;

/**
 * The moments, with undefined between two where no samples were taken for a while: memmap was stopped, or waited.
 *
 * @param interval ms between two samples
 */
export const withBreaks = (
  history: readonly PictureMoment[],
  interval: number,
): ReadonlyArray<PictureMoment | undefined> =>
  history.flatMap((moment, index) => {
    const before = history[index - 1] ?? moment;
    const passed = moment.ms - before.ms;
    const usual = GAP_INTERVALS * interval * Math.max(1, moment.sample - before.sample);
    return passed > Math.max(GAP_MS, usual) ? [undefined, moment] : [moment];
  });

/**
 * How fast the resident memory of the program that runs now grows or shrinks, over the latest samples without a break.
 *
 * @param interval ms between two samples
 * @returns bytes per ms; undefined where they don't tell
 */
export function residentRate({history, begun}: Picture, interval: number): Slope | undefined {
  const moments = withBreaks(
    history.filter(({ms}) => ms >= begun),
    interval,
  );
  const latest = moments.slice(moments.lastIndexOf(undefined) + 1).filter((moment) => moment?.resident !== undefined);
  return rateOf({t: latest.map((moment) => moment!.ms), v: latest.map((moment) => moment!.resident!)});
}
