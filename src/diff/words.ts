import {type Pieces, signedHex, type Range} from '../model/change.ts';
import {flagChange, flagPhrases} from '../model/flags.ts';
import {MEASURES} from '../model/measures.ts';
import {isFileBacked, isPrivate, isWritable, OWN_COUNTERS, rangeText, type Region, sizeOf} from '../model/region.ts';
import {deltaText, sizeText} from '../model/amounts.ts';
import type {Draft} from './draft.ts';
import type {Match} from './match.ts';
import {withoutDeleted} from '../model/same.ts';

/**
 * One plain sentence for a change. Of two moments of one process (`address`) it says what happened, and names a call
 * only where no other can have done it; where several could, it names them. Of two runs (`layout`) it says what is
 * larger or different in the second: nothing was done to the first.
 */
export function sentence(draft: Draft, match: Match): string {
  if (draft.pieces) return piecesText(draft, draft.pieces);
  const words = match === 'layout' ? (RUNS[draft.kind] ?? MOMENTS[draft.kind]) : MOMENTS[draft.kind];
  const isTail = match === 'address' && draft.isGuess && draft.kind !== 'moved';
  return isTail ? `${words(draft)} This holds if it is the memory that moved.` : words(draft);
}

type Words = (draft: Draft) => string;

const MOMENTS: Record<Draft['kind'], Words> = {
  new: ({range, after: [region]}) =>
    `${subject(region!)} is new: ${sizeText(sizeOf(range))}, ` +
    `${region!.perms}${isHeap(region!) ? ' (brk, or mapped in its place)' : ''}.`,
  gone: ({range, before: [region]}) =>
    `${subject(region!)} is gone: ${sizeText(sizeOf(range))}, ` +
    `${region!.perms}${isHeap(region!) ? ' (brk or munmap)' : ''}.`,
  grown: (draft) => {
    const region = around(draft.after, draft.range);
    const [what, size] = [subject(region), sizeText(sizeOf(draft.range))];
    const isTop = region.end === draft.range.end;
    // The break itself is in no file of /proc, and memory that is mapped right above [heap] is merged into it.
    if (isTop) return `${what} grew upwards by ${size}${isHeap(region) ? ' (brk, or mapped right above it)' : ''}.`;
    if (region.start === draft.range.start) return `${what} grew downwards by ${size}.`;
    return `${what} grew by ${size}: a hole in it was filled.`;
  },
  shrunk: (draft) => {
    const region = around(draft.before, draft.range);
    const [what, size] = [subject(region), sizeText(sizeOf(draft.range))];
    const isTop = region.end === draft.range.end;
    if (isTop) return `${what} lost ${size} at its end${isHeap(region) ? ' (brk or munmap)' : ''}.`;
    if (region.start === draft.range.start) return `${what} lost ${size} at its start.`;
    return `${what} lost ${size} in its middle, which left a hole.`;
  },
  reprotected: (draft) => {
    const {before, after} = sidesOf(draft);
    const how = wasKept(draft, before, after) ? 'mprotect' : 'mprotect, or mapped again in the same way';
    return `${partOf(draft, after)} went from ${before.perms} to ${after.perms} (${how}).`;
  },
  renamed: (draft) => {
    const {before, after} = sidesOf(draft);
    if (isDeleted(before, after)) return `${before.name} lost this name (maps says deleted), and stays mapped.`;
    return after.name === ''
      ? `${subject(before)} has no name now.`
      : `${subject(before)} is now called ${after.name}.`;
  },
  replaced: (draft) => {
    const {before, after, perms} = exchanged(draft);
    return `${sizeText(sizeOf(draft.range))} of ${before} gave way to ${after}${perms}.`;
  },
  moved: (draft) => {
    const [region] = draft.after as [Region];
    const where = `${subject(region)} is at another address: from ${rangeText(draft.from!)}, by ${signedHex(draft.slide!)}`;
    if (!draft.isGuess) return `${where} (moved, or mapped again there).`;
    return `${where}. That it is the same memory is a guess: nothing identifies unnamed memory.`;
  },
  split: (draft) => {
    const [region] = draft.before as [Region];
    return `${subject(region)} is in ${count(draft.after)} now, with the same bytes and permissions${whySplit(draft)}.`;
  },
  merged: (draft) =>
    `${subject(draft.after[0]!)} is in ${count(draft.after)} now instead of ${draft.before.length}, with ` +
    `the same bytes and permissions.`,
  flagged: (draft) => {
    const {before, after} = sidesOf(draft);
    const amounts = amountsOf(draft);
    const text = `${subject(after)} ${flagPhrases(flagChange(before, after)!)}`;
    return amounts === '' ? `${text}.` : `${text}; ${amounts}.`;
  },
  touched: (draft) => `${subject(draft.after[0]!)} was touched: ${amountsOf(draft)}.`,
};

/** What is said differently where the two sides are two runs, or two programs. */
const RUNS: Partial<Record<Draft['kind'], Words>> = {
  new: ({range, after: [region]}) => `${subject(region!)} is new: ${sizeText(sizeOf(range))}, ${region!.perms}.`,
  gone: ({range, before: [region]}) => `${subject(region!)} is gone: ${sizeText(sizeOf(range))}, ${region!.perms}.`,
  grown: (draft) => `${plain(around(draft.after, draft.range))} is larger by ${sizeText(sizeOf(draft.range))}.`,
  shrunk: (draft) => `${plain(around(draft.before, draft.range))} is smaller by ${sizeText(sizeOf(draft.range))}.`,
  reprotected: (draft) => {
    const {before, after} = sidesOf(draft);
    return `${partOf(draft, after)} has other permissions: ${before.perms}, then ${after.perms}.${slideWords(draft)}`;
  },
  renamed: (draft) => {
    const {before, after} = sidesOf(draft);
    return `${subject(before)} ${after.name === '' ? 'has no name' : `is called ${after.name}`} in the second.`;
  },
  replaced: (draft) => {
    const {before, after, perms} = exchanged(draft);
    return `Where the first has ${sizeText(sizeOf(draft.range))} of ${before}, the second has ${after}${perms}.`;
  },
  moved: (draft) => {
    return `${subject(draft.after[0]!)} moved from ${rangeText(draft.from!)}, by ${signedHex(draft.slide!)}.`;
  },
  split: (draft) =>
    `${subject(draft.before[0]!)} is in ${count(draft.after)}, with the same bytes and permissions as in ` +
    `${count(draft.before)} before.`,
  touched: (draft) => `${subject(draft.after[0]!)} has other amounts: ${amountsOf(draft)}.`,
};

/** Two runs: the same purpose in other pieces, or one file instead of another. */
function piecesText({kind, before, after, size}: Draft, {before: ours, after: theirs}: Pieces): string {
  if (kind === 'replaced') return `${subject(after[0]!)} is another file: ${kindsText(before, after)}.`;
  const [region] = [...after, ...before] as [Region];
  const amounts = `${purposeText([...before, ...after])}, ${region.perms}: ${blocksText(ours)}; then ${blocksText(theirs)}`;
  if (size === 0) return `${amounts}; only their places differ.`;
  return (
    `${amounts}: ${sizeText(Math.abs(size))} ${size > 0 ? 'more' : 'less'}. The blocks cannot be ` +
    `matched one to one.`
  );
}

/** What unnamed memory is for, where all of it is for the same and nothing of that is a guess. */
function purposeText(regions: readonly Region[]): string {
  const [first] = regions as [Region];
  const isTold = regions.every(({kind, confidence}) => kind === first.kind && !confidence && kind !== 'bss');
  return first.name !== '' || isTold ? subject(first) : 'anonymous memory';
}

const blocksText = (ranges: readonly Range[]): string => {
  const bytes = ranges.reduce((sum, range) => sum + sizeOf(range), 0);
  return `${ranges.length} ${ranges.length === 1 ? 'block' : 'blocks'}, ${sizeText(bytes)}`;
};

/** `text 4 → 24 KiB`, for each kind that differs. */
function kindsText(before: readonly Region[], after: readonly Region[]): string {
  const sum = (regions: readonly Region[], kind: string): number =>
    regions.filter((region) => region.kind === kind).reduce((bytes, region) => bytes + sizeOf(region), 0);
  const kinds = [...new Set([...before, ...after].map((region) => region.kind))];
  const parts = kinds
    .map((kind) => ({kind, a: sum(before, kind), b: sum(after, kind)}))
    .map(({kind, a, b}) => (a === b ? `${kind} ${sizeText(a)}` : `${kind} ${sizeText(a)} → ${sizeText(b)}`));
  return parts.join(', ');
}

const amountsOf = (draft: Draft): string =>
  OWN_COUNTERS.filter((counter) => draft.usage[counter])
    .map((counter) => `${MEASURES[counter].title} ${deltaText(draft.usage[counter]!)}`)
    .join(', ');

const isHeap = (region: Region): boolean => region.name === '[heap]';

/** The region of a side that has all of a range. */
const around = (regions: readonly Region[], range: Range): Region =>
  regions.find((region) => region.start <= range.start && range.end <= region.end) ?? regions[0]!;

const sidesOf = (draft: Draft): {before: Region; after: Region} => ({
  before: regionAt(draft.before, (draft.from ?? draft.range).start),
  after: regionAt(draft.after, draft.range.start),
});

const partOf = (draft: Draft, region: Region): string => `${sizeText(sizeOf(draft.range))} of ${subject(region)}`;

/**
 * Is it certain that the memory was not mapped again with MAP_FIXED? It is where a region that can't be written to has
 * pages of its own: they were written while it could be.
 */
const wasKept = ({range}: Draft, before: Region, after: Region): boolean =>
  !isWritable(after) &&
  isPrivate(after) &&
  before.start === range.start &&
  before.end === range.end &&
  after.start === range.start &&
  after.end === range.end &&
  (after.usage?.anonymous ?? 0) > 0 &&
  after.usage!.anonymous === before.usage?.anonymous;

const isDeleted = (before: Region, after: Region): boolean =>
  after.name !== before.name && withoutDeleted(after.name) === before.name;

function exchanged(draft: Draft): {before: string; after: string; perms: string} {
  const before = regionsIn(draft.before, draft.from ?? draft.range);
  const after = regionsIn(draft.after, draft.range);
  return {
    before: subjects(before),
    after: subjects(after),
    perms: after.length === 1 ? `, ${after[0]!.perms}` : '',
  };
}

/** Why a region was cut: its flags say it, where the listing has them. */
function whySplit({before, after}: Draft): string {
  const [whole] = before as [Region];
  if (!whole.flags || after.some(({flags}) => !flags)) return ' (maps does not say why: madvise, mlock or the like)';
  const phrases = after.flatMap((region) => {
    const change = flagChange(whole, region);
    return change ? [`${rangeText(region)} ${flagPhrases(change)}`] : [];
  });
  if (phrases.length > 0) return `: ${phrases.join('; ')}`;
  return ' (its flags do not say why: a memory policy, or memory mapped again in the same way)';
}

/** What a region is called in a sentence. */
function subject(region: Region): string {
  if (region.name !== '') return region.name;
  if (isFileBacked(region)) return 'an unnamed file';
  return region.kind === 'anon' || region.kind === 'reserved'
    ? 'anonymous memory'
    : `anonymous memory (${region.kind})`;
}

/** The same, where a bss may be merged with other memory: it is not the bss that is larger. */
const plain = (region: Region): string => (region.kind === 'bss' ? 'anonymous memory' : subject(region));

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
  draft.slide ? ` It is also at another address, by ${signedHex(draft.slide)}.` : '';
