import {diff} from '../../src/diff/diff.ts';
import type {Change, ChangeKind, Range} from '../../src/model/change.ts';
import {OWN_COUNTERS, rangeText} from '../../src/model/region.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {applyTo, memoryOf, rangesAfter, rangesBefore, type Memory} from './memory.ts';
import {check, type Law, same} from './law.ts';
import {misnomer} from './meaning.ts';
import {sumOf} from './tools.ts';

/** What is true of any diff of any two snapshots: the contract's five laws, and what its words mean. */
export const LAWS: Readonly<Record<string, Law>> = {
  'Every region is in a change or is counted as unchanged': ({changes, unchanged, match}, {before, after}) => {
    for (const side of ['before', 'after'] as const) {
      const all = (side === 'before' ? before : after).regions;
      const changed = new Set(changes.flatMap((change) => change[side]));
      check(
        [...changed].every((region) => all.includes(region)),
        `${match}: a change speaks of a region that is not in ${side}`,
      );
      same(unchanged, all.length - changed.size, `${match}: unchanged, from ${side}`);
    }
  },
  'No byte is in two changes, on either side': ({changes, match}) => {
    disjoint(changes.flatMap(rangesBefore), `${match}: before`);
    disjoint(changes.flatMap(rangesAfter), `${match}: after`);
    if (match === 'address')
      disjoint(
        changes.flatMap(({range, from}) => [range, from]),
        'both sides',
      );
  },
  'The changes add up to the difference of the totals': ({changes, delta, drift, match}, {before, after}) => {
    const difference = (key: string) => after.totals[key]! - before.totals[key]!;
    const shared = Object.keys(before.totals).filter((key) => key in after.totals);
    same(Object.keys(delta).sort(), shared.sort(), `${match}: what delta counts`);
    for (const key of shared) {
      if (key === 'regions') continue;
      same(delta[key], sumOf(changes.map((change) => change.delta[key]!)), `${match}: delta.${key}`);
      same(delta[key]! + (drift[key] ?? 0), difference(key), `${match}: delta and drift of ${key}`);
    }
    for (const key of ['regions', 'size', ...OWN_COUNTERS].filter((key) => shared.includes(key)))
      same(delta[key], difference(key), `${match}: ${key}`);
    for (const change of changes)
      same(
        Object.keys(change.delta).sort(),
        shared.filter((key) => key !== 'regions'),
        `${match}: what a change counts`,
      );
  },
  'A snapshot does not differ from itself': ({match}, {before, after}) => {
    for (const snapshot of [before, after]) {
      const {changes, unchanged, delta, drift} = diff(snapshot, snapshot, {match});
      same(changes.map(signature), [], `${match}: changes`);
      same(unchanged, snapshot.regions.length, `${match}: unchanged`);
      same(
        [...Object.values(delta), ...Object.values(drift)].filter((value) => value !== 0),
        [],
        `${match}: delta`,
      );
    }
  },
  'Backwards, each change is its own mirror image': ({match, changes, unchanged}, {before, after}) => {
    const back = diff(after, before, {match});
    same(back.changes.map(signature).sort(), changes.map(mirror).map(signature).sort(), match);
    same(back.unchanged, unchanged, `${match}: unchanged`);
  },
  'A listing in columns and one of objects differ in the same way': ({match}, {before, after}) => {
    same(diff(asObjects(before), asObjects(after), {match}), diff(before, after, {match}), match);
  },
  'The changes turn the first memory into the second, page for page': ({changes, match}, {before, after}) => {
    const result = applyTo(memoryOf(before.regions), changes);
    same(sorted(result), sorted(memoryOf(after.regions)), match);
  },
  'Each kind is true of each page of its range, and no region beside it is mentioned': (whole) => {
    for (const change of whole.changes)
      same(misnomer(change, whole), undefined, `${whole.match}: ${signature(change)}`);
  },
  'One event is one change': ({changes, match}) => {
    for (const [index, next] of changes.entries()) {
      const last = changes[index - 1];
      if (last?.kind !== next.kind || last.range.end !== next.range.start || last.slide !== next.slide) continue;
      const isOne = [last, next].every(({before, after}) => before.length === 1 && after.length === 1);
      check(
        !isOne || last.before[0] !== next.before[0] || last.after[0] !== next.after[0],
        `${match}: two of ${signature(next)}`,
      );
    }
  },
  'Each change has a sentence that ends, without a gap in it': ({changes}) => {
    for (const {text} of changes) check(/^\S.*\S\.$/.test(text) && !/undefined|NaN| {2}/.test(text), text);
  },
};

function disjoint(ranges: ReadonlyArray<Range | undefined>, message: string): void {
  const sorted = ranges.filter((range) => range !== undefined).sort((a, b) => a.start - b.start);
  for (const [index, range] of sorted.entries()) {
    check(range.start < range.end, `${message}: ${rangeText(range)} is empty`);
    check(range.start >= (sorted[index - 1]?.end ?? 0), `${message}: ${rangeText(range)} is in two changes`);
  }
}

const MIRROR: Partial<Record<ChangeKind, ChangeKind>> = {
  new: 'gone',
  gone: 'new',
  grown: 'shrunk',
  shrunk: 'grown',
  split: 'merged',
  merged: 'split',
};

const signature = ({kind, range, from, slide = 0, pieces, before, after, delta}: Omit<Change, 'text'>): string => {
  const cut = pieces && [pieces.before, pieces.after].map((ranges) => ranges.map(rangeText).join('+')).join(' → ');
  const sides = [before, after].map((side) => side.map((region) => rangeText(region)).join('+'));
  const counters = Object.entries(delta).map(([key, value]) => `${key}=${value! + 0}`);
  return [kind, rangeText(range), from && rangeText(from), slide, cut, ...sides, ...counters.sort()].join(' ');
};

function mirror({kind, range, from, slide, pieces, before, after, delta}: Change): Omit<Change, 'text'> {
  const opposite = Object.entries(delta).map(([key, value]) => [key, 0 - value!]);
  return {
    kind: MIRROR[kind] ?? kind,
    range: from ?? range,
    from: from && range,
    slide: slide && -slide,
    pieces: pieces && {before: pieces.after, after: pieces.before},
    before: after,
    after: before,
    delta: Object.fromEntries(opposite) as Change['delta'],
  };
}

const sorted = (memory: Memory) => [...memory].sort(([a], [b]) => a - b);

/** The same snapshot, as a look at a live process has it. */
const asObjects = ({source, takenAt, process, consistency, rejected, regions}: Snapshot): Snapshot =>
  new Snapshot({source, takenAt, process, consistency, rejected, regions: [...regions]});
