import {counted, countText} from '../../model/amounts.ts';
import {hex, rangeText} from '../../model/region.ts';
import {linesOf} from '../../recording/lines.ts';
import {readRecording} from '../../recording/recording.ts';
import {openSource} from '../../recording/source.ts';
import {pathOf} from '../cause/fold.ts';
import {readMapper, type SavedMapper} from '../cause/recorded/saved.ts';
import type {Range} from '../cause/ledger/spans.ts';
import {type Toucher, type Touchers, touchersOf} from '../cause/recorded/touchers.ts';

/** Who mapped an address, where a recording has its calls. */
export type MapperFacts = SavedMapper | 'nobody';

/**
 * Who mapped an address of a recording?
 *
 * @param until ISO 8601, the moment
 * @returns undefined where it was recorded without --cause
 * @throws Trouble `input`
 */
export function mapperAt(path: string, address: number, until: string): MapperFacts | undefined {
  const source = openSource(path);
  try {
    return readMapper(contents(source), {address, until, name: path});
  } finally {
    source.close();
  }
}

function* contents(source: ReturnType<typeof openSource>): Generator<Uint8Array> {
  for (const {bytes} of linesOf(source)) yield bytes;
}

export function mapperText(mapper: MapperFacts): string {
  if (mapper === 'nobody')
    return 'No call of those that were recorded: it was there before, or the kernel mapped it (execve, its stack).';
  const {name, tid, at, range, stack} = mapper;
  const path = stack ? pathOf(stack, name, 'own') : [];
  const from = path.length > 0 ? `: ${path.join(' ← ')}` : '';
  return `${name} of thread ${tid}, at ${at}, with ${rangeText(range)}${from}`;
}

export const mapperJSON = (mapper: MapperFacts): object | null =>
  mapper === 'nobody'
    ? null
    : {
        name: mapper.name,
        tid: mapper.tid,
        at: mapper.at,
        range: {start: hex(mapper.range.start), end: hex(mapper.range.end)},
        functions: mapper.stack ? pathOf(mapper.stack, mapper.name, 'all') : [],
      };

/**
 * Who touched an address of a recording, and the region around it?
 *
 * @param moment its number
 * @returns undefined where it was recorded without --touched
 * @throws Trouble `input`
 */
export function touchersAt(path: string, address: number, range: Range, moment: number): Touchers | undefined {
  const recording = readRecording(path);
  try {
    return touchersOf(recording, path, {address, range, moment});
  } finally {
    recording.close();
  }
}

/** Stacks that are named at most. */
const MOST_TOUCHERS = 4;

export function touchersText({every, samples, page, by}: Touchers): string {
  const own = page ? `This page: ${whoText(page)}. ` : '';
  if (by.length === 0) return `Not known: of one of ${every} page faults that were sampled, none was of this region.`;
  const sums = new Map<string, number>();
  for (const each of by) sums.set(whoText(each), (sums.get(whoText(each)) ?? 0) + each.bytes);
  const all = by.reduce((sum, {bytes}) => sum + bytes, 0);
  const most = [...sums].sort(([, a], [, b]) => b - a);
  const shares = most.slice(0, MOST_TOUCHERS).map(([name, bytes]) => `${percent(bytes, all)} ${name}`);
  const more = most.length > MOST_TOUCHERS ? `; and ${countText(most.length - MOST_TOUCHERS)} more` : '';
  return (
    `${own}The region, by ${counted(samples, 'page fault')}, one of ${every} being sampled: ` +
    `${shares.join('; ')}${more}`
  );
}

const percent = (part: number, whole: number): string =>
  part < whole / 100 ? 'under 1 %' : `${Math.round((part / whole) * 100)} %`;

const whoText = ({name, stack}: Toucher): string =>
  (stack ? pathOf(stack, name, 'own').join(' ← ') : 'code that is not known') +
  (name === 'mmap' ? ' (mmap with MAP_POPULATE)' : '');

export const touchersJSON = ({every, samples, page, by}: Touchers): object => ({
  every,
  samples,
  page: page ? toucherJSON(page) : null,
  stacks: by.map(toucherJSON),
});

const toucherJSON = ({name, stack, bytes, samples}: Toucher): object => ({
  name,
  functions: stack ? pathOf(stack, name, 'all') : [],
  bytes,
  samples,
});
