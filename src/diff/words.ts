import {signedHex, type Range} from '../model/change.ts';
import {isFileBacked, OWN_COUNTERS, rangeText, type Region, sizeOf} from '../model/region.ts';
import {deltaText, sizeText} from '../model/amounts.ts';
import {MEASURES} from '../model/measures.ts';
import type {Draft} from './draft.ts';
import {withoutDeleted} from '../model/same.ts';

/**
 * One plain sentence for a change. It names the cause where only one call can have done it, and says "looks like" where
 * several could.
 */
export function sentence(draft: Draft): string {
  return WORDS[draft.kind](draft);
}

const WORDS: Record<Draft['kind'], (draft: Draft) => string> = {
  new: (draft) => {
    const [region] = draft.after as [Region];
    const size = sizeText(sizeOf(draft.range));
    if (region.name === '[heap]') return `[heap] is new: the program break moved up by ${size}.`;
    return `${subject(region)} is new: ${size}, ${region.perms}.`;
  },
  gone: (draft) => {
    const [region] = draft.before as [Region];
    const size = sizeText(sizeOf(draft.range));
    if (region.name === '[heap]') return `[heap] is gone: the program break moved down by ${size}, to where it began.`;
    return `${subject(region)} is gone: ${size}, ${region.perms}.`;
  },
  grown: (draft) => {
    const region = draft.after.find((after) => after.start <= draft.range.start && draft.range.end <= after.end)!;
    const size = sizeText(sizeOf(draft.range));
    const isTop = region.end === draft.range.end;
    if (region.name === '[heap]' && isTop) return `[heap] grew: the program break moved up by ${size}.`;
    if (isTop) return `${subject(region)} grew upwards by ${size}.`;
    if (region.start === draft.range.start) return `${subject(region)} grew downwards by ${size}.`;
    return `${subject(region)} grew by ${size}: a hole in it was filled.`;
  },
  shrunk: (draft) => {
    const region = draft.before.find((before) => before.start <= draft.range.start && draft.range.end <= before.end)!;
    const size = sizeText(sizeOf(draft.range));
    const isTop = region.end === draft.range.end;
    if (region.name === '[heap]' && isTop) return `[heap] shrank: the program break moved down by ${size}.`;
    if (isTop) return `${subject(region)} lost ${size} at its end.`;
    if (region.start === draft.range.start) return `${subject(region)} lost ${size} at its start.`;
    return `${subject(region)} lost ${size} in its middle, which left a hole.`;
  },
  reprotected: (draft) => {
    const before = regionAt(draft.before, (draft.from ?? draft.range).start);
    const after = regionAt(draft.after, draft.range.start);
    const part = `${sizeText(sizeOf(draft.range))} of ${subject(after)}`;
    return `${part} went from ${before.perms} to ${after.perms} (mprotect).${slideWords(draft)}`;
  },
  renamed: (draft) => {
    const before = regionAt(draft.before, (draft.from ?? draft.range).start);
    const after = regionAt(draft.after, draft.range.start);
    const isDeleted = withoutDeleted(after.name) === before.name && after.name !== before.name;
    if (isDeleted) return `${before.name} was deleted, and stays mapped.`;
    return `${subject(before)} is now called ${after.name === '' ? 'nothing' : after.name}.`;
  },
  replaced: (draft) => {
    const before = regionsIn(draft.before, draft.from ?? draft.range);
    const after = regionsIn(draft.after, draft.range);
    const perms = after.length === 1 ? `, ${after[0]!.perms}` : '';
    return `${sizeText(sizeOf(draft.range))} of ${subjects(before)} gave way to ${subjects(after)}${perms}.`;
  },
  moved: (draft) => {
    const from = draft.from!;
    const where = `from ${rangeText(from)}, by ${signedHex(draft.slide!)}`;
    const guess = ' This is a guess: unnamed memory has nothing to be known by.';
    return `${subject(draft.after[0]!)} moved ${where}.${draft.isGuess ? guess : ''}`;
  },
  split: (draft) =>
    `${subject(draft.before[0]!)} is in ${count(draft.after)} now, with the same bytes and permissions (looks like madvise or mlock on a part).`,
  merged: (draft) =>
    `${subject(draft.after[0]!)} is in ${count(draft.after)} now instead of ${draft.before.length}, with the same bytes and permissions.`,
  touched: (draft) => {
    const parts = OWN_COUNTERS.filter((counter) => draft.usage[counter]).map(
      (counter) => `${MEASURES[counter].title} ${deltaText(draft.usage[counter]!)}`,
    );
    return `${subject(draft.after[0]!)} was touched: ${parts.join(', ')}.`;
  },
};

/** How a region is called in a sentence. */
function subject(region: Region): string {
  if (region.name !== '') return region.name;
  if (isFileBacked(region)) return 'an unnamed file';
  return region.kind === 'anon' || region.kind === 'reserved'
    ? 'anonymous memory'
    : `anonymous memory (${region.kind})`;
}

/** Several regions in a sentence: the first one's name stands for all, if it is theirs. */
function subjects(regions: readonly Region[]): string {
  const names = new Set(regions.map(subject));
  return names.size === 1 ? subject(regions[0]!) : `${subject(regions[0]!)} and ${names.size - 1} more`;
}

const regionsIn = (regions: readonly Region[], range: Range): Region[] =>
  regions.filter((region) => region.start < range.end && range.start < region.end);

const regionAt = (regions: readonly Region[], address: number): Region =>
  regions.find((region) => region.start <= address && address < region.end) ?? regions[0]!;

const count = (regions: readonly Region[]): string =>
  regions.length === 1 ? 'one region' : `${regions.length} regions`;

const slideWords = (draft: Draft): string =>
  draft.slide ? ` It also lies elsewhere, by ${signedHex(draft.slide)}.` : '';
