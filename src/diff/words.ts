import {type Pieces, signedHex, type Range} from '../model/change.ts';
import {flagChange, flagPhrases} from '../model/flags.ts';
import {MEASURES} from '../model/measures.ts';
import {isFileBacked, isRollup, OWN_COUNTERS, rangeText, type Region, sizeOf} from '../model/region.ts';
import {deltaText, sizeText} from '../model/amounts.ts';
import type {Draft} from './draft.ts';
import {withoutDeleted} from '../model/same.ts';

/** Which names the regions of each side have. */
interface Named {
  readonly before: (name: string) => boolean;
  readonly after: (name: string) => boolean;
}

/**
 * One plain sentence for a change. Of two moments of one process it says what happened, and names a call only where no
 * other can have done it; where several could, it names them. Of two runs, or two processes, it says what is larger or
 * different in the second: nothing was done to the first.
 *
 * @param areMoments whether both sides are one process
 */
export function sentence(draft: Draft, areMoments: boolean, named: Named): string {
  if (draft.pieces) return piecesText(draft, draft.pieces);
  if (draft.after.some(isRollup)) return `All regions together have other amounts: ${amountsOf(draft)}.`;
  const words = areMoments ? MOMENTS[draft.kind] : (RUNS[draft.kind] ?? MOMENTS[draft.kind]);
  const isTail = draft.isGuess && draft.kind !== 'moved';
  return isTail ? `${words(draft, named)} This holds if it is the memory that moved.` : words(draft, named);
}

type Words = (draft: Draft, named: Named) => string;

const MOMENTS: Record<Draft['kind'], Words> = {
  new: (draft, named) => `${newText(draft, named)}${isHeap(draft.after[0]!) ? ' (brk, or mapped in its place)' : ''}.`,
  gone: (draft, named) => `${goneText(draft, named)}${isHeap(draft.before[0]!) ? ` (${UNMAPPED})` : ''}.`,
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
    if (isTop) return `${what} lost ${size} at its end${isHeap(region) ? ` (${UNMAPPED})` : ''}.`;
    if (region.start === draft.range.start) return `${what} lost ${size} at its start.`;
    return `${what} lost ${size} in its middle, which left a hole.`;
  },
  reprotected: (draft) => {
    const {before, after} = sidesOf(draft);
    // mremap(2) may have put other memory there, with pages of its own: nothing in smaps proves an mprotect.
    const what = `${partOf(draft, after)} went from ${before.perms} to ${after.perms}`;
    return `${what} (mprotect, or mapped again in the same way).`;
  },
  renamed: (draft) => {
    const {before, after} = sidesOf(draft);
    if (isDeleted(before, after)) return `${before.name} lost this name (maps says deleted), and stays mapped.`;
    // The kernel adds this to the name that a file had last; a file may be called so as well.
    if (after.name.endsWith(' (deleted)')) return `${subject(before)} is listed as ${after.name} now.`;
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
    const by = signedHex(draft.slide!);
    const where = `${subject(region)} is at another address: from ${rangeText(draft.from!)}, by ${by}`;
    if (!draft.isGuess) return `${where} (moved, or mapped again there).`;
    return `${where}. ${GUESS}`;
  },
  split: (draft) => {
    const [region] = draft.before as [Region];
    return `${subject(region)} is in ${count(draft.after)} now, ${IN_PLACE}${whySplit(draft)}.`;
  },
  merged: (draft) =>
    `${subject(draft.after[0]!)} is in ${count(draft.after)} now instead of ${draft.before.length}, ${IN_PLACE}.`,
  flagged: (draft) => {
    const {before, after} = sidesOf(draft);
    const isWhole = [before, after].every(({start, end}) => start === draft.range.start && end === draft.range.end);
    const what = isWhole ? subject(after) : partOf(draft, after);
    const text = `${what} ${flagPhrases(flagChange(before, after)!)}`;
    // Counters are those of whole regions.
    const amounts = isWhole ? amountsOf(draft) : '';
    return amounts === '' ? `${text}.` : `${text}; ${amounts}.`;
  },
  touched: (draft) => `${touchedText(draft)}: ${amountsOf(draft)}.`,
};

const GUESS = 'That it is the same memory is a guess: nothing identifies unnamed memory.';

/** What takes memory from [heap]. */
const UNMAPPED = 'brk, munmap or mremap';

/** Whether the contents are the same is not known: memory may have been mapped again in the same way. */
const IN_PLACE = 'at the same addresses and with the same permissions';

/**
 * More in RAM was touched, by whomever, unless it is in huge pages: khugepaged fills those by itself (THP's
 * max_ptes_none). What has less was given back, written out or reclaimed.
 */
function touchedText({usage, after: [region]}: Draft): string {
  const what = subject(region!);
  const {rss = 0, anonymous = 0, anonHugePages = 0} = usage;
  if (rss < 0) return `${what} has less in RAM`;
  if (rss > 0 && anonHugePages > 0) return `${what} has more in RAM`;
  return rss > 0 || anonymous > 0 ? `${what} was touched` : `Pages of ${what} came or went`;
}

/** What is said differently where the two sides are two runs, two processes or two programs. */
const RUNS: Partial<Record<Draft['kind'], Words>> = {
  new: (draft, named) => `${newText(draft, named)}.`,
  gone: (draft, named) => `${goneText(draft, named)}.`,
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
    const text = `${subject(draft.after[0]!)} moved from ${rangeText(draft.from!)}, by ${signedHex(draft.slide!)}.`;
    return draft.isGuess ? `${text} ${GUESS}` : text;
  },
  split: (draft) =>
    `${subject(draft.before[0]!)} is in ${count(draft.after)}, with the same size and permissions as in ` +
    `${count(draft.before)} before.`,
  merged: (draft) =>
    `${subject(draft.after[0]!)} is in ${count(draft.after)} instead of ${draft.before.length}, with the same size ` +
    `and permissions.`,
  flagged: (draft) => {
    const {before, after} = sidesOf(draft);
    const {set, cleared} = flagChange(before, after)!;
    const second = set.length > 0 ? [`in the second it ${flagPhrases({set, cleared: []})}`] : [];
    const first = cleared.length > 0 ? [`in the first it ${flagPhrases({set: cleared, cleared: []})}`] : [];
    return `${subject(after)} has other flags: ${[...second, ...first].join('; ')}.`;
  },
  touched: (draft) => `${subject(draft.after[0]!)} has other amounts: ${amountsOf(draft)}.`,
};

/** Two runs: the same purpose in other pieces, or one file instead of another. */
function piecesText({kind, before, after, size}: Draft, {before: ours, after: theirs}: Pieces): string {
  if (kind === 'replaced') return `${subject(after[0]!)} is another file: ${kindsText(before, after)}.`;
  const [region] = [...after, ...before] as [Region];
  const purpose = purposeText([...before, ...after]);
  const amounts = `${purpose}, ${region.perms}: ${blocksText(ours)}; then ${blocksText(theirs)}`;
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

/** A name may be that of several regions: then this one is not the first, or not the last. */
function newText({range, after: [region]}: Draft, named: Named): string {
  const isAnother = region!.name !== '' && named.before(region!.name);
  const what = isAnother ? `Another region named ${region!.name}` : subject(region!);
  return `${what} is new: ${sizeText(sizeOf(range))}, ${region!.perms}`;
}

function goneText({range, before: [region]}: Draft, named: Named): string {
  const isLeft = region!.name !== '' && named.after(region!.name);
  const what = isLeft ? `One region named ${region!.name}` : subject(region!);
  return `${what} is gone: ${sizeText(sizeOf(range))}, ${region!.perms}`;
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
  if ([...before, ...after].some(({flags}) => !flags)) {
    return ' (maps does not say why: madvise, mlock, or mapped again in the same way)';
  }
  const phrases = after.flatMap((region) =>
    regionsIn(before, region).flatMap((whole) => {
      const change = flagChange(whole, region);
      const range = {start: Math.max(whole.start, region.start), end: Math.min(whole.end, region.end)};
      return change ? [`${rangeText(range)} ${flagPhrases(change)}`] : [];
    }),
  );
  if (phrases.length > 0) return `: ${phrases.join('; ')}`;
  return ' (its flags do not say why: a memory policy, memory mapped again in the same way, or the like)';
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
