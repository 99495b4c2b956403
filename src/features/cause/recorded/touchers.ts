import {array, hexString, integer, type Json, object, string} from '../../../model/json.ts';
import {causeLines, type CauseSource, partsOf, reading, RecordedStacks, unknown} from './recorded.ts';
import {type Range, Spans} from '../ledger/spans.ts';
import type {CallStack} from '../stacks.ts';

/** Who touched the memory of a range, of the page faults that were sampled since it was mapped. */
export interface Touchers {
  /** One of this many page faults was sampled. */
  readonly every: number;
  /** Samples in the range; those of MAP_POPULATE are none. */
  readonly samples: number;
  /** Whose fault brought in the very page of the address; undefined where that one was not sampled. */
  readonly page: Toucher | undefined;
  /** Those with the most bytes first. */
  readonly by: readonly Toucher[];
}

export interface Toucher {
  readonly stack: CallStack | undefined;
  /** `fault`; or `mmap`, which had brought all pages in before it returned (MAP_POPULATE). */
  readonly name: 'fault' | 'mmap';
  /** What it made resident: an estimate, unless it was mmap. */
  readonly bytes: number;
  readonly samples: number;
}

interface Wanted {
  readonly address: number;
  /** The region that has the address. */
  readonly range: Range;
  /** The number of the moment; what came later doesn't count. */
  readonly moment: number;
}

/** What happened to memory, by when it did. */
type Event = {readonly time: number; readonly stack: CallStack | undefined} & (
  | {readonly is: 'fault'; readonly address: number; readonly size: number; readonly every: number}
  | {readonly is: 'mapped'; readonly range: Range; readonly isPopulated: boolean}
  | {readonly is: 'unmapped'; readonly range: Range}
  | {readonly is: 'moved'; readonly range: Range; readonly from: Range}
);

/**
 * Who touched the memory at an address, and the region around it?
 *
 * @param name of the file
 * @returns undefined where no page faults were recorded
 * @throws Trouble `input`
 */
export const touchersOf = (recording: CauseSource, name: string, wanted: Wanted): Touchers | undefined =>
  reading(name, () => {
    const {events, every} = eventsOf(recording, wanted.moment);
    return every === undefined ? undefined : searched(events, wanted, every);
  });

function eventsOf(recording: CauseSource, until: number): {events: Event[]; every: number | undefined} {
  const stacks = new RecordedStacks();
  const events: Event[] = [];
  let every: number | undefined;
  for (const {event, json, moment} of causeLines(recording, 'stack', 'call', 'touched', 'end')) {
    if (event === 'touched' || event === 'end') every ??= everyOf(json, event);
    if (event === 'stack') stacks.add(json);
    else if (moment > until || event === 'end') continue;
    else if (event === 'touched')
      for (const value of array(json['pages'], 'touched.pages')) events.push(faultOf(object(value, 'a page'), stacks));
    else events.push(...mappingOf(json, stacks));
  }
  return {events: events.sort((a, b) => a.time - b.time), every};
}

function everyOf(json: Json, event: 'touched' | 'end'): number | undefined {
  if (event === 'touched')
    return integer(object(array(json['pages'], 'touched.pages')[0], 'a page')['every'], 'page.every');
  const touched = json['cause'] === undefined ? undefined : object(json['cause'], 'cause')['touched'];
  return touched === undefined ? undefined : integer(object(touched, 'cause.touched')['every'], 'touched.every');
}

const timeOf = (mono: unknown): number => (typeof mono === 'number' ? mono : unknown('a time'));

const faultOf = ({address, size, every, mono, stack}: Json, stacks: RecordedStacks): Event => ({
  is: 'fault',
  time: timeOf(mono),
  address: hexString(address, 'page.address'),
  size: integer(size, 'page.size'),
  every: integer(every, 'page.every'),
  stack: stacks.of(stack),
});

/** A call, if memory became mapped by it, moved, or is gone. */
function mappingOf(json: Json, stacks: RecordedStacks): Event[] {
  const {what, mono} = json;
  if (what !== 'mapped' && what !== 'moved' && what !== 'unmapped') return [];
  const args = json['args'] === null ? [] : array(json['args'], 'call.args').map((arg) => string(arg, 'an argument'));
  const about = {time: timeOf(mono), stack: stacks.of(json['stack'])};
  const isPopulated = json['name'] === 'mmap' && (Number(args[3] ?? 0) & MAP_POPULATE) !== 0;
  // mremap(2): the new address is where its range begins; where it failed half-way, what it was asked for.
  const hasFailed = typeof json['ret'] === 'number' && json['ret'] < 0;
  const to = hasFailed || json['range'] === null ? args[4] : object(json['range'], 'call.range')['start'];
  const slide = Number(to ?? 0) - Number(args[0] ?? 0);
  const oldEnd = Number(args[0] ?? 0) + Number(args[1] ?? 0);
  return partsOf(json).map((range): Event => {
    if (what === 'mapped') return {...about, range, is: 'mapped', isPopulated};
    if (what === 'unmapped') return {...about, range, is: what};
    return {...about, range, is: what, from: {start: range.start - slide, end: Math.min(range.end - slide, oldEnd)}};
  });
}

const MAP_POPULATE = 0x8000;

/**
 * Goes back in time: what was there before memory was mapped, or unmapped, is other memory, and what moved was
 * elsewhere before.
 */
function searched(events: readonly Event[], {address, range}: Wanted, every: number): Touchers {
  const open = new Spans<true>();
  open.set(range, true);
  let at: number | undefined = address;
  let page: Toucher | undefined;
  let samples = 0;
  const by = new Map<string, {stack: CallStack | undefined; name: Toucher['name']; bytes: number; samples: number}>();
  const add = (name: Toucher['name'], stack: CallStack | undefined, bytes: number, count: number): void => {
    const key = `${name} ${stack?.id ?? ''}`;
    const known = by.get(key) ?? {stack, name, bytes: 0, samples: 0};
    by.set(key, {...known, bytes: known.bytes + bytes, samples: known.samples + count});
  };
  const has = ({start, end}: Range): boolean => at !== undefined && at >= start && at < end;
  for (let index = events.length - 1; index >= 0 && open.all.length > 0; index--) {
    const event = events[index]!;
    if (event.is === 'fault') {
      const {stack, size} = event;
      const own = {start: event.address, end: event.address + size};
      if (open.within(own).length === 0) continue;
      samples++;
      add('fault', stack, size * event.every, 1);
      if (has(own)) page ??= {stack, name: 'fault', bytes: size, samples: 1};
    } else if (event.is === 'mapped') {
      const mapped = open.clear(event.range).reduce((sum, {start, end}) => sum + end - start, 0);
      if (event.isPopulated && mapped > 0) add('mmap', event.stack, mapped, 0);
      if (event.isPopulated && has(event.range)) page ??= {stack: event.stack, name: 'mmap', bytes: mapped, samples: 0};
      if (has(event.range)) at = undefined;
    } else if (event.is === 'unmapped') {
      open.clear(event.range);
      if (has(event.range)) at = undefined;
    } else {
      const {range: to, from} = event;
      const slide = to.start - from.start;
      const moved = open.clear(to);
      open.clear(from);
      for (const {start, end} of moved) open.set({start: start - slide, end: Math.min(end - slide, from.end)}, true);
      if (has(to)) at = at! - slide < from.end ? at! - slide : undefined;
      else if (has(from)) at = undefined;
    }
  }
  return {every, samples, page, by: [...by.values()].sort((a, b) => b.bytes - a.bytes)};
}
