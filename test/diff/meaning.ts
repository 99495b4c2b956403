import type {Diff} from '../../src/diff/diff.ts';
import type {Change, ChangeKind, Range} from '../../src/model/change.ts';
import {isFileBacked, OWN_COUNTERS, type Region, sizeOf} from '../../src/model/region.ts';
import {rangesAfter, rangesBefore} from './memory.ts';
import {pagesOf} from './tools.ts';

/** The region of a listing at an address. */
const at = (regions: readonly Region[], page: number): Region | undefined =>
  regions.find(({start, end}) => start <= page && page < end);

/** Is a page of one listing the same memory as a page of the other? By the contract's words, not by the code's. */
function isSame(a: Region | undefined, b: Region | undefined, page: number, slide: number): boolean {
  if (!a || !b || a.perms[3] !== b.perms[3] || isFileBacked(a) !== isFileBacked(b)) return false;
  if (!isFileBacked(a))
    return a.name === b.name || [a, b].every(isPlain) || ([a, b].every(isLabelled) && [a, b].some(isPlain));
  const isSamePlace = a.offset! + page - slide - a.start === b.offset! + page - b.start;
  const isSameInode = a.dev === b.dev && a.inode === b.inode;
  return isSamePlace && (isSameInode || (slide !== 0 && a.name === b.name));
}

/** `[heap]`, `[stack]` and `[anon:…]` come and go on plain anonymous memory; `[vdso]` doesn't. */
const isPlain = ({name}: Region): boolean => name === '' || name.startsWith('[anon:');
const isLabelled = (region: Region): boolean =>
  isPlain(region) || region.name === '[heap]' || region.name === '[stack]';

/** Why a change isn't what its kind says; undefined if it is. It looks at both listings, page by page. */
export function misnomer(change: Change, {before, after, match, changes}: Diff): string | undefined {
  const {kind, slide = 0} = change;
  if (change.pieces) return piecesFault(change, change.pieces);
  const pages = pagesOf(change.range).map((page) => {
    const isGoneFrom = kind === 'gone' || kind === 'shrunk';
    const [first, second] = isGoneFrom ? [page, page + slide] : [page - slide, page];
    const [a, b] = [at(before.regions, first), at(after.regions, second)];
    return {a, b, same: isSame(a, b, second, slide)};
  });
  const isTrue = pages.every(({a, b, same}) => MEANINGS[kind](a, b, same));
  // Under the layout match, an address that is free on the other side says nothing.
  if (!isTrue && (match === 'address' || same(kind))) return `${kind} is not true of each page`;
  const hasMoved = isPartOfMoved(change, changes);
  if (match === 'address' && !hasMoved && !ownsOrBelongs(change, before.regions, after.regions))
    return `${kind} says the wrong thing of its region`;
  return shapeFault(change, match, hasMoved);
}

/** `new` and `gone` are regions of their own, `grown` and `shrunk` are parts of one that was there before, and still is. */
function ownsOrBelongs({kind, range}: Change, before: readonly Region[], after: readonly Region[]): boolean {
  if (same(kind)) return true;
  const [mine, others] = kind === 'new' || kind === 'grown' ? [after, before] : [before, after];
  const region = at(mine, range.start)!;
  const goesOn = pagesOf(region).some((page) => isSame(region, at(others, page), page, 0));
  return goesOn === (kind === 'grown' || kind === 'shrunk');
}

/** What was resized on the way: the same regions are those of a `moved`. */
const isPartOfMoved = ({kind, before, after}: Change, changes: readonly Change[]): boolean =>
  (kind === 'grown' || kind === 'shrunk') &&
  changes.some((other) => other.kind === 'moved' && other.before[0] === before[0] && other.after[0] === after[0]);

const same = (kind: ChangeKind): boolean => !['new', 'gone', 'grown', 'shrunk'].includes(kind);

type Meaning = (a: Region | undefined, b: Region | undefined, same: boolean) => boolean;

const goesOn: Meaning = (a, b, same) => same && a?.perms === b?.perms && a?.name === b?.name;

const MEANINGS: Record<ChangeKind, Meaning> = {
  new: (a, b) => !a && !!b,
  grown: (a, b) => !a && !!b,
  gone: (a, b) => !!a && !b,
  shrunk: (a, b) => !!a && !b,
  replaced: (a, b, same) => !!a && !!b && !same,
  reprotected: (a, b, same) => same && a?.perms !== b?.perms,
  renamed: (a, b, same) => same && a?.perms === b?.perms && a?.name !== b?.name,
  moved: goesOn,
  split: goesOn,
  merged: goesOn,
  flagged: goesOn,
  touched: goesOn,
};

const SHAPES: Partial<Record<ChangeKind, (before: number, after: number) => boolean>> = {
  new: (before, after) => before === 0 && after === 1,
  gone: (before, after) => before === 1 && after === 0,
  grown: (before, after) => before >= 1 && after === 1,
  shrunk: (before, after) => before === 1 && after >= 1,
  split: (before, after) => after >= 2 && after >= before,
  merged: (before, after) => before >= 2 && before >= after,
  flagged: (before, after) => before === 1 && after === 1,
  touched: (before, after) => before === 1 && after === 1,
};

function shapeFault(change: Change, match: Diff['match'], hasMoved: boolean): string | undefined {
  const {kind, before, after, delta, slide} = change;
  const shape = SHAPES[kind] ?? ((before, after) => before >= 1 && after >= 1);
  if (!shape(before.length, after.length)) return `${kind} has the shape ${before.length}, ${after.length}`;
  if (kind === 'moved' && !slide) return 'moved by nothing';
  if (kind === 'touched' && !OWN_COUNTERS.some((counter) => delta[counter]))
    return 'touched, and no counter of its own differs';
  const ranges = {before: rangesBefore(change), after: rangesAfter(change)};
  for (const side of ['before', 'after'] as const) {
    // What grew in another run has no address in this one.
    const range = ranges[side][0] ?? (match === 'address' ? change.range : undefined);
    const far = range && change[side].find((region) => !touches(region, range));
    if (far && !hasMoved) return `${kind}: a region of ${side} lies apart from its range`;
  }
  return undefined;
}

/** What two runs have in other pieces: as much of it, of the same permissions, unless it says otherwise. */
function piecesFault({kind, before, after, delta}: Change, pieces: NonNullable<Change['pieces']>): string | undefined {
  const [a, b] = [pieces.before, pieces.after].map((ranges) => ranges.reduce((sum, range) => sum + sizeOf(range), 0));
  const [n, m] = [pieces.before.length, pieces.after.length];
  if (delta.size !== b! - a!) return `${kind}: its pieces do not add up to its size`;
  for (const [side, ranges] of [
    [before, pieces.before],
    [after, pieces.after],
  ] as const) {
    const isWithin = ({start, end}: Range) => side.some((region) => region.start <= start && end <= region.end);
    if (!ranges.every(isWithin)) return `${kind}: a piece lies in no region of its side`;
  }
  if (kind === 'replaced')
    return `${before[0]!.dev} ${before[0]!.inode}` === `${after[0]!.dev} ${after[0]!.inode}`
      ? 'replaced by the same file'
      : undefined;
  if (new Set([...before, ...after].map(({perms, name}) => `${perms} ${name}`)).size > 1)
    return `${kind}: unlike memory`;
  const wanted = b! > a! ? 'grown' : b! < a! ? 'shrunk' : m > n ? 'split' : m < n ? 'merged' : 'moved';
  return kind === wanted ? undefined : `${kind} should be ${wanted}`;
}

/** Regions overlap the range, or end or begin where it does. */
const touches = (region: Range, range: Range): boolean => region.start <= range.end && range.start <= region.end;
