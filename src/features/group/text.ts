import {counted, countText, deltaText, durationText, sizeText} from '../../model/amounts.ts';
import {type Group, PART_KEYS, tightest} from '../../model/group/group.ts';
import {
  GROUP_WORDS,
  type GroupMember,
  type GroupMeasure,
  type GroupSample,
  isOtherSample,
} from '../../model/group/sample.ts';
import {clockTime} from '../watch/text.ts';
import {rateOf, Thinned} from '../../history/rate.ts';
import {wrapped} from '../../text/lines.ts';
import {exactRateText} from '../../text/rate.ts';
import {safe} from '../../text/safe.ts';
import {paint} from '../../text/theme.ts';
import type {GroupEnd, GroupEvent} from './watch.ts';

/** `unit ssh.service, cgroup /system.slice/ssh.service (version 2)`. */
export function groupTitle({kind, id, path, version}: Pick<Group, 'kind' | 'id' | 'path' | 'version'>): string {
  const name = kind === 'cgroup' ? '' : `${kind} ${safe(id)}, `;
  return `${name}cgroup ${safe(path)} (version ${version})`;
}

/** What of a watch a reader must know: a sentence each. @param hasUs memmap runs in the group */
export const groupNotes = (hasUs: boolean): string[] =>
  hasUs
    ? ['memmap itself runs in this group: its memory counts in the usage and its parts, not among the processes.']
    : [];

/** The sentence that a watch begins with. */
export function startLine(group: Group, {amounts}: GroupSample, interval: number): string {
  const {usage = 0, pss, processes = 0} = amounts;
  const most = tightest(group.limits);
  const left = most ? `, ${sizeText(most.left)} left below the limit` : '';
  return (
    `${paint('title', `Watching ${groupTitle(group)}`)}: ${counted(processes, 'process', 'processes')}, usage ` +
    `${sizeText(usage)}${left}${pss === undefined ? '' : `, PSS ${sizeText(pss)}`}; a sample every ${interval} ms.`
  );
}

const memberName = ({pid, name}: GroupMember): string => `${safe(name)} (pid ${pid})`;

/** Parts that moved by less than this are not named: bytes. */
const LEAST = 4096;

/** At most this many parts are named. */
const MOST_PARTS = 3;

/** What moved from one sample to the next, with the time of day; nothing if nothing did. */
export class GroupLog {
  #said: GroupSample | undefined;

  lines(sample: GroupSample, at: string): string[] {
    const before = this.#said;
    if (!isOtherSample(before, sample)) return [];
    this.#said = sample;
    if (!before) return [];
    const time = clockTime(at);
    return [
      ...sample.came.map((each) => `${time}  ${paint('come', `+ process      ${cameText(each)}`)}`),
      ...sample.went.map((each) => `${time}  ${paint('go', `- process      ${memberName(each)} is no longer in it.`)}`),
      ...eventTexts(before, sample).map((text) => `${time}  ${paint('bad', `! limit        ${text}`)}`),
      ...billText(before, sample).map((text) => `${time}  ${paint('title', `= usage        ${text}`)}`),
    ];
  }
}

const cameText = (member: GroupMember): string =>
  `${memberName(member)} is new in it${member.rss === undefined ? '' : `: ${sizeText(member.rss)} resident`}.`;

function eventTexts(before: GroupSample, {events}: GroupSample): string[] {
  const more = (key: 'max' | 'high' | 'oom' | 'oomKill'): number => (events[key] ?? 0) - (before.events[key] ?? 0);
  const times = (count: number): string => (count === 1 ? 'once' : `${countText(count)} times`);
  return [
    ...(more('max') > 0 ? [`it was at its limit ${times(more('max'))}.`] : []),
    ...(more('high') > 0 ? [`it was above memory.high ${times(more('high'))}.`] : []),
    ...(more('oomKill') > 0
      ? [`the kernel killed ${counted(more('oomKill'), 'process', 'processes')} for it (OOM).`]
      : []),
  ];
}

function billText({amounts: before}: GroupSample, {amounts}: GroupSample): string[] {
  const {usage = 0} = amounts;
  const moves = movesOf(before, amounts);
  if (usage === before.usage && moves.length === 0) return [];
  return [
    `${sizeText(usage)} (${deltaText(usage - (before.usage ?? 0))})${moves.length > 0 ? `: ${listed(moves)}` : ''}.`,
  ];
}

interface Move {
  readonly key: GroupMeasure;
  readonly bytes: number;
}

/** The parts that moved, the largest first. */
const movesOf = (before: GroupSample['amounts'], after: GroupSample['amounts']): Move[] =>
  ([...PART_KEYS, 'swap'] as const)
    .map((key): Move => ({key, bytes: (after[key] ?? 0) - (before[key] ?? after[key] ?? 0)}))
    .filter(({key, bytes}) => Math.abs(bytes) >= LEAST && after[key] !== undefined)
    .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes));

const listed = (moves: readonly Move[]): string =>
  moves
    .slice(0, MOST_PARTS)
    .map(({key, bytes}) => `${GROUP_WORDS[key]} ${deltaText(bytes)}`)
    .join(', ') + (moves.length > MOST_PARTS ? `, ${moves.length - MOST_PARTS} more` : '');

const REASONS: Readonly<Record<string, string>> = {
  gone: 'The group was removed',
  count: 'The count was reached',
  for: 'The time was up',
  until: 'The condition became true',
  quit: 'Stopped',
};

/** At most this many samples are kept, evenly spread over the whole time: enough for a rate. */
const MOST_SAMPLES = 1024;

/** What a watch comes to: the usage at first and at last, how fast, which parts moved, who came and went, the cost. */
export class GroupSummary {
  readonly #samples = new Thinned(MOST_SAMPLES);
  #first: GroupSample | undefined;
  #last: GroupSample | undefined;
  #most = 0;
  #came = 0;
  #went = 0;

  add(sample: GroupSample): void {
    const {usage = 0} = sample.amounts;
    this.#first ??= sample;
    this.#last = sample;
    this.#most = Math.max(this.#most, usage);
    this.#came += sample.came.length;
    this.#went += sample.went.length;
    this.#samples.add(sample.t, usage);
  }

  lines(end: GroupEnd, width: number | undefined): string[] {
    const [first, last] = [this.#first!, this.#last!];
    const [from, to] = [first.amounts.usage ?? 0, last.amounts.usage ?? 0];
    const span = durationText(last.t - first.t);
    const rate = rateOf(this.#samples.points);
    const fast = rate === undefined ? '' : `, ${exactRateText(rate)}`;
    const change =
      from === to
        ? `usage is ${sizeText(to)}, the same as ${span} earlier`
        : `usage ${to > from ? 'grew' : 'shrank'} by ${sizeText(Math.abs(to - from))} in ${span}${fast}: from ` +
          `${sizeText(from)} to ${sizeText(to)}`;
    const moves = movesOf(first.amounts, last.amounts);
    const who =
      this.#came + this.#went === 0
        ? ''
        : ` ${counted(this.#came, 'process', 'processes')} came, ${countText(this.#went)} went.`;
    return [
      ...wrapped(`${groupTitle(end.group)}: ${change}; at most ${sizeText(this.#most)} in a sample.`, width).map(
        (line) => paint('title', line),
      ),
      ...wrapped(moves.length === 0 ? `No part of it moved.${who}` : `By part: ${listed(moves)}.${who}`, width),
      ...wrapped(groupCostText(end), width),
    ];
  }
}

/** How it ended, and what it cost. */
export function groupCostText({reason, cost}: Pick<GroupEnd, 'reason' | 'cost'>): string {
  const {samples, ms, reads, stallMs} = cost;
  const times = reads === 1 ? 'once' : `${countText(reads)} times`;
  const held =
    reads === 0
      ? 'smaps_rollup of its processes was not read.'
      : `smaps_rollup of its processes was read ${times}, which held them up for ` +
        `${stallMs < 10 ? stallMs.toFixed(1) : Math.round(stallMs)} ms all together.`;
  return (
    `${REASONS[reason] ?? `Ended by ${reason}`} after ${counted(samples, 'sample')}. Sampling took ` +
    `${durationText(ms)}; ${held}`
  );
}

/** The sample of an event, where it has one. */
export const sampleOf = (event: GroupEvent): GroupSample | undefined => ('sample' in event ? event.sample : undefined);
