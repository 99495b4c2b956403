import type {ChangeKind} from '../../model/change.ts';
import {counted, countText, deltaText, durationText, sizeText} from '../../model/amounts.ts';
import {MEASURES} from '../../model/measures.ts';
import type {Growth} from '../growth/growth.ts';
import type {HeapGrowth} from '../growth/heap.ts';
import {FEWEST_LOOKS} from '../growth/verdict/judge.ts';
import {headline} from '../growth/words.ts';
import type {Grower} from './growers.ts';
import {knownUntil, sumOver, totalResident, type Curves} from '../../history/curves.ts';

interface Facts {
  readonly about: About;
  readonly curves: Curves;
  /** The look from which growth counts: the first one, or the last exec. */
  readonly begin: number;
  readonly growers: readonly Grower[];
  readonly measure: 'rss' | 'size';
  /** The kernel's own high-water mark of resident memory (VmHWM), in bytes; 0 if unknown. */
  readonly peak: number;
  readonly counts: ReadonlyMap<ChangeKind, number>;
  readonly growth: Growth | undefined;
  readonly heap: HeapGrowth | undefined;
}

/** What happened, in sentences: how it was seen, the totals, what grew, what came and went, and the events. */
export function summaryOf(facts: Facts): string[] {
  return [...exec(facts), resident(facts), ...verdict(facts), ...grew(facts), space(facts), counts(facts), how(facts)];
}

/** What was before an exec was the memory of another program. */
const exec = ({begin, curves}: Facts): string[] =>
  begin === 0
    ? []
    : [`After ${durationText(curves.times[begin]!)} it executed another program: what follows counts from then on.`];

/** What `memmap growth` answers, where there was enough to judge by. */
const verdict = ({growth, heap}: Facts): string[] => [
  ...(growth && growth.looks >= FEWEST_LOOKS ? [headline(growth).join(' ')] : []),
  ...(heap ? [heap.sentence] : []),
];

function how({about, curves}: Facts): string {
  const {looks, startedAt} = about;
  if (looks === 1) return `One sample was taken, at ${clock(startedAt)} UTC.`;
  const readings = curves.usageAt.length;
  const usage =
    readings === 0
      ? 'Resident memory of the regions was not read.'
      : `Resident memory by region is known at ${counted(readings, 'moment')}${lastKnown(curves, about.duration)}.`;
  return `${countText(looks)} samples were taken, from ${clock(startedAt)} UTC on. ${usage}`;
}

/** Where readings stopped before the end, to spare the process. */
function lastKnown(curves: Curves, duration: number): string {
  const until = knownUntil(curves, duration);
  return until < duration * 0.95 ? `, and not after ${durationText(until)}` : '';
}

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;

/** The first sentence: how long, and what became of resident memory. */
function resident({about, curves, peak, begin}: Facts): string {
  const total = totalResident(curves);
  const from = total.looks.findIndex((look) => look >= begin);
  const [looks, values] = from < 0 ? [[], []] : [total.looks.slice(from), total.values.slice(from)];
  const within =
    about.looks - begin === 1 ? 'In the only sample' : `In ${durationText(about.duration - curves.times[begin]!)}`;
  if (values.length === 0) return `${within} its address space ${went(sumOver(curves, 'size').slice(begin))}.`;
  const most = values.reduce((best, value, at) => (value > values[best]! ? at : best), 0);
  const when = durationText(curves.times[looks[most]!]!);
  const seen = Math.max(values[most]!, peak);
  const top =
    seen === values.at(-1)
      ? ', which is its peak'
      : peak > values[most]!
        ? `; its peak was ${sizeText(peak)}, as the kernel noted (VmHWM)`
        : `; its peak was ${sizeText(seen)}, after ${when}`;
  return `${within} its resident memory ${went(values)}${top}.`;
}

function space({curves, begin}: Facts): string {
  const regions = sumOver(curves, 'regions').slice(begin);
  const counts =
    regions[0] === regions.at(-1)
      ? `the number of regions is ${countText(regions[0]!)}${regions.length === 1 ? '' : ' at both ends'}`
      : `regions went from ${countText(regions[0]!)} to ${countText(regions.at(-1)!)}`;
  return `Address space ${went(sumOver(curves, 'size').slice(begin))}; ${counts}.`;
}

function went(values: readonly number[]): string {
  const [first, last] = [values[0]!, values.at(-1)!];
  if (values.length === 1) return `is ${sizeText(first)}`;
  if (first === last) return `is ${sizeText(first)} at both ends`;
  return `went from ${sizeText(first)} to ${sizeText(last)} (${deltaText(last - first)})`;
}

/** The kind and the region that grew most. */
function grew(facts: Facts): string[] {
  const {growers, measure} = facts;
  const what = MEASURES[measure].noun;
  const kind = growers.find((grower) => grower.what === 'kind' && grower.last > grower.first);
  if (!kind) return [`No kind has more ${what} at the end than at the beginning.`];
  const thing = growers.find((grower) => grower.what === 'group' || grower.what === 'region');
  const share = growers[0]!.last - growers[0]!.first;
  const part = share > 0 && kind.last - kind.first < share * 0.995 ? `, of ${deltaText(share)} in all` : '';
  return [
    `What grew most is ${kind.name}: ${deltaText(kind.last - kind.first)} of ${what}${part}${rate(kind)}.`,
    ...(thing ? [thingSentence(thing, facts)] : []),
  ];
}

/** Only steady growth has a pace; that of any other would say nothing. */
function rate({slope, verdict: judgement, steps = 1}: Grower): string {
  if (judgement === 'plateau') return ', and then it stopped or nearly did';
  if (judgement === 'step') return steps > 1 ? `, in ${steps} steps` : ', in a step';
  const isSteady = judgement === 'steady growth' && slope !== undefined && slope >= 1024;
  return isSteady ? `, steadily by ${deltaText(Math.round(slope / 1024) * 1024)} a minute` : '';
}

function thingSentence(grower: Grower, {curves, begin}: Facts): string {
  const {what, name, kind, count, first, last, from} = grower;
  if (what === 'group') {
    const group = name === '' ? `unnamed ${kind} memory` : name;
    const regions = counted(count ?? 0, 'region');
    return `The memory that grew most is ${group}: ${regions} (${deltaText(last - first)})${rate(grower)}.`;
  }
  const since = from <= begin ? '' : `, first seen after ${durationText(curves.times[from]! - curves.times[begin]!)}`;
  return (
    `The region that grew most is ${regionName(grower)}: from ${sizeText(first)} to ` +
    `${sizeText(last)}${since}${rate(grower)}.`
  );
}

const regionName = ({name, kind, start}: Grower): string =>
  `${name === '' ? `unnamed ${kind} memory` : name} at ${(start ?? 0).toString(16)}`;

const PAST: ReadonlyArray<readonly [ChangeKind, string]> = [
  ['new', 'came'],
  ['gone', 'went'],
  ['grown', 'grew'],
  ['shrunk', 'shrank'],
  ['reprotected', 'got other permissions'],
  ['renamed', 'got another name'],
  ['replaced', 'gave way to others'],
  ['moved', 'moved'],
];

function counts({counts: made, about}: Facts): string {
  if (about.looks === 1) return 'One sample shows no change.';
  const parts = PAST.filter(([kind]) => made.get(kind)).map(([kind, past]) => `${countText(made.get(kind)!)} ${past}`);
  const touched = made.get('touched') ?? 0;
  const touches = touched > 0 ? ` In others only resident memory changed, ${counted(touched, 'time')}.` : '';
  if (parts.length === 0) return `No region came, went or changed its bounds.${touches}`;
  return `Regions, from sample to sample: ${parts.join(', ')}.${touches}`;
}

/** What a recording says about itself. */
export interface About {
  /** The recording's name, as it was given. */
  readonly file: string;
  readonly host?: string | undefined;
  readonly kernel?: string | undefined;
  /** How many samples were taken. Those at which nothing had changed are not moments of the recording. */
  readonly looks: number;
  /** ms from the beginning to the last line. */
  readonly duration: number;
  /** ISO 8601: the beginning. */
  readonly startedAt: string;
  /** Whether all of it could be used. */
  readonly isWhole: boolean;
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
}
