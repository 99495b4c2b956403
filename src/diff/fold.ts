import type {Range} from '../model/change.ts';
import {type Region, sizeOf} from '../model/region.ts';
import {type Draft, hull, rangeOf, sumOfSizes, usageDelta, wholeRegion} from './draft.ts';

/** Unnamed memory of one side: a region, or what is left of one whose first part belongs to something else. */
export interface UnnamedPiece extends Range {
  readonly region: Region;
  /** It is what is left of a region, possibly nothing: the counters of the whole region go with it. */
  readonly isRest?: boolean;
}

/**
 * Compares unnamed memory of two runs by what it is for. ASLR alone decides where it lies, which neighbours the kernel
 * merges, and so how many regions it is. So what has the same permissions and purpose is one change, which says how
 * much there is in how many pieces. A purpose that only one side has is new or gone.
 */
export function fold(before: readonly UnnamedPiece[], after: readonly UnnamedPiece[]): Draft[] {
  const [ours, theirs] = [byPurpose(before), byPurpose(after)];
  const groups = [...new Set([...ours.keys(), ...theirs.keys()])].map((key): Group => {
    const [a, b] = [ours.get(key) ?? [], theirs.get(key) ?? []];
    return {before: a, after: b, size: sumOfSizes(b) - sumOfSizes(a)};
  });
  return withoutTransfers(groups).flatMap((group) => foldOne(group.before, group.after));
}

/** Unnamed memory of both sides that is compared as a whole. */
interface Group {
  readonly before: readonly UnnamedPiece[];
  readonly after: readonly UnnamedPiece[];
  /** Bytes, after minus before. */
  readonly size: number;
}

/**
 * What memory is for is seen from its neighbours too, and those are chance: a guard that was merged with other closed
 * memory is no longer seen as a guard. So where one purpose has more and another one has less, and both have the same
 * permissions and name, the kernel itself does not distinguish them, and they are one group.
 */
function withoutTransfers(groups: readonly Group[]): Group[] {
  const families = new Map<string, Group[]>();
  for (const group of groups) {
    const {perms, name} = [...group.before, ...group.after][0]!.region;
    const key = `${perms} ${name}`;
    families.set(key, [...(families.get(key) ?? []), group]);
  }
  return [...families.values()].flatMap((family) => {
    const differing = family.filter(({size}) => size !== 0);
    const isTransfer = differing.some(({size}) => size > 0) && differing.some(({size}) => size < 0);
    if (!isTransfer) return family;
    const one: Group = {
      before: differing.flatMap((group) => group.before),
      after: differing.flatMap((group) => group.after),
      size: differing.reduce((sum, {size}) => sum + size, 0),
    };
    return [...family.filter(({size}) => size === 0), one];
  });
}

function byPurpose(pieces: readonly UnnamedPiece[]): Map<string, UnnamedPiece[]> {
  const groups = new Map<string, UnnamedPiece[]>();
  for (const piece of pieces) {
    const key = `${piece.region.perms} ${piece.region.name} ${purposeOf(piece)}`;
    const group = groups.get(key);
    if (group) group.push(piece);
    else groups.set(key, [piece]);
  }
  return groups;
}

/**
 * The kind, where it is certain. What was merged with a bss, and what only its shape suggests, counts as anonymous
 * memory.
 */
function purposeOf({region, isRest}: UnnamedPiece): string {
  const isCertain = !isRest && region.confidence === undefined && region.kind !== 'bss' && region.kind !== 'heap';
  return isCertain ? region.kind : 'anon';
}

function foldOne(before: readonly UnnamedPiece[], after: readonly UnnamedPiece[]): Draft[] {
  const [ours, theirs] = [before, after].map((pieces) => pieces.filter(isFilled).sort((a, b) => a.start - b.start)) as [
    UnnamedPiece[],
    UnnamedPiece[],
  ];
  if (ours.length === 0 || theirs.length === 0) return oneSided(before, after);
  const pieces = {before: ours.map(rangeOf), after: theirs.map(rangeOf)};
  const size = sumOfSizes(pieces.after) - sumOfSizes(pieces.before);
  const [n, m] = [ours.length, theirs.length];
  return [
    {
      kind: size > 0 ? 'grown' : size < 0 ? 'shrunk' : m > n ? 'split' : m < n ? 'merged' : 'moved',
      range: hull(pieces.after),
      from: hull(pieces.before),
      pieces,
      before: regionsOf(ours),
      after: regionsOf(theirs),
      size,
      usage: usageDelta(regionsOf(before), regionsOf(after)),
    },
  ];
}

/** What only one side has: regions of their own, and what follows a bss on this side only, as a part of its region. */
function oneSided(before: readonly UnnamedPiece[], after: readonly UnnamedPiece[]): Draft[] {
  const [mine, others] = before.some(isFilled) ? [before, after] : [after, before];
  const [whole, part] = mine === before ? (['gone', 'shrunk'] as const) : (['new', 'grown'] as const);
  const drafts = mine.filter(isFilled).map((piece): Draft => {
    if (!piece.isRest) return wholeRegion(whole, piece.region);
    const cut = others.find(({region}) => region.name === piece.region.name)?.region;
    const sides = mine === before ? [piece.region, cut] : [cut, piece.region];
    return {
      kind: part,
      range: rangeOf(piece),
      before: sides[0] ? [sides[0]] : [],
      after: sides[1] ? [sides[1]] : [],
      size: mine === before ? -sizeOf(piece) : sizeOf(piece),
      usage: {},
    };
  });
  // The counters of all that was cut go to one change, as those of a cluster do (diff/sweep.ts).
  const rests = (pieces: readonly UnnamedPiece[]): Region[] => regionsOf(pieces.filter(({isRest}) => isRest === true));
  const usage = usageDelta(rests(before), rests(after));
  const first = drafts.findIndex(({kind}) => kind === part);
  return drafts.map((draft, index) => (index === first ? {...draft, usage} : draft));
}

const isFilled = (piece: UnnamedPiece): boolean => sizeOf(piece) > 0;

const regionsOf = (pieces: readonly UnnamedPiece[]): Region[] =>
  [...new Set(pieces.map(({region}) => region))].sort((a, b) => a.start - b.start);
