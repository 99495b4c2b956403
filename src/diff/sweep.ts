import {OWN_COUNTERS, type Region, sizeOf} from '../model/region.ts';
import {type Draft, usageDelta, wholeRegion} from './draft.ts';
import {fate, type Fate, sameName} from '../model/same.ts';
import type {ChangeKind} from '../model/change.ts';
import {flagChange} from '../model/flags.ts';

export interface Swept {
  readonly drafts: Draft[];
  /** Regions that are the same on both sides. */
  readonly unchanged: number;
}

/**
 * Names what happened between two listings, range by range, in one pass.
 *
 * @param slide added to the addresses of `before`: 0 for two moments of one process, an object's displacement for two
 *   runs
 */
export function sweep(before: readonly Region[], after: readonly Region[], slide = 0): Swept {
  const drafts: Draft[] = [];
  let unchanged = after.length;
  for (const cluster of clusters(before, after, slide)) {
    if (isSamePair(cluster, slide)) {
      const draft = samePlace(cluster.before[0]!, cluster.after[0]!, slide);
      if (!draft) continue;
      drafts.push(draft);
    } else if (cluster.after.length === 0) {
      drafts.push(wholeRegion('gone', cluster.before[0]!));
    } else if (cluster.before.length === 0) {
      drafts.push(wholeRegion('new', cluster.after[0]!));
    } else {
      // Not push(...): a large region can fall into more pieces than a call has arguments.
      for (const draft of reshaped(cluster, slide)) drafts.push(draft);
    }
    unchanged -= cluster.after.length;
  }
  return {drafts, unchanged};
}

/** One region on each side, with the same borders and the same memory: by far the most common case. */
function isSamePair({before, after}: Cluster, slide: number): boolean {
  const [a] = before;
  const [b] = after;
  return (
    before.length === 1 &&
    after.length === 1 &&
    a!.start + slide === b!.start &&
    a!.end + slide === b!.end &&
    fate(a!, b!, slide) === 'kept'
  );
}

function samePlace(before: Region, after: Region, slide: number): Draft | undefined {
  const concerned = {range: {start: after.start, end: after.end}, before: [before], after: [after], size: 0};
  if (slide !== 0) {
    const from = {start: before.start, end: before.end};
    return {kind: 'moved', ...concerned, from, slide, usage: usageDelta([before], [after])};
  }
  if (before === after) return undefined;
  const usage = usageDelta([before], [after]);
  // Absent is not zero: a counter that one side doesn't have can't differ.
  for (const counter in usage) {
    if (before.usage?.[counter] === undefined || after.usage?.[counter] === undefined) delete usage[counter];
  }
  if (flagChange(before, after)) return {kind: 'flagged', ...concerned, usage};
  return OWN_COUNTERS.some((counter) => usage[counter]) ? {kind: 'touched', ...concerned, usage} : undefined;
}

/**
 * The sweep. Both listings are sorted and free of overlaps, so one pass with two indices meets every byte once. It cuts
 * memory at the borders of both listings: between two cuts, nothing changes within a listing, and each such piece has
 * one answer to "what was it, and what is it now?".
 */
interface Piece {
  /** In the addresses of `after`. */
  readonly start: number;
  readonly end: number;
  /** The region it belongs to on each side; undefined where it isn't mapped. */
  readonly before: Region | undefined;
  readonly after: Region | undefined;
  readonly fate: Fate | 'mapped' | 'unmapped';
}

/**
 * Regions of both sides that overlap each other, directly or through others. What happens in one doesn't affect the
 * next.
 */
interface Cluster {
  readonly before: readonly Region[];
  readonly after: readonly Region[];
}

/**
 * All clusters except those of a single region that is the very same object on both sides: there is nothing to say
 * about those, and a watch of 60,000 regions would take three times as long with them.
 *
 * @param slide added to the addresses of `before`
 */
function* clusters(before: readonly Region[], after: readonly Region[], slide: number): Generator<Cluster> {
  let i = 0;
  let j = 0;
  for (;;) {
    if (slide === 0) {
      for (; i < before.length && before[i] === after[j]; i++) j++;
    }
    if (i === before.length && j === after.length) return;
    const firstBefore = i;
    const firstAfter = j;
    // Begin with the lower one; then take in, in turn, what overlaps the last one taken from the other side.
    if ((before[i]?.start ?? Infinity) + slide <= (after[j]?.start ?? Infinity)) i++;
    else j++;
    for (let grew = true; grew;) {
      const from = i + j;
      const reachAfter = j > firstAfter ? after[j - 1]!.end - slide : -Infinity;
      while (i < before.length && before[i]!.start < reachAfter) i++;
      const reachBefore = i > firstBefore ? before[i - 1]!.end + slide : -Infinity;
      while (j < after.length && after[j]!.start < reachBefore) j++;
      grew = i + j > from;
    }
    yield {before: before.slice(firstBefore, i), after: after.slice(firstAfter, j)};
  }
}

/** The pieces of one cluster, in address order and without gaps. */
function piecesOf(cluster: Cluster, slide: number): Piece[] {
  const {before, after} = cluster;
  const pieces: Piece[] = [];
  let i = 0;
  let j = 0;
  let at = -Infinity;
  while (i < before.length || j < after.length) {
    const a = before[i];
    const b = after[j];
    const aStart = a ? a.start + slide : Infinity;
    const aEnd = a ? a.end + slide : Infinity;
    const bStart = b?.start ?? Infinity;
    const bEnd = b?.end ?? Infinity;
    const start = Math.max(at, Math.min(aStart, bStart));
    const inA = a !== undefined && aStart <= start;
    const inB = b !== undefined && bStart <= start;
    const end = Math.min(inA ? aEnd : aStart, inB ? bEnd : bStart);
    pieces.push({
      start,
      end,
      before: inA ? a : undefined,
      after: inB ? b : undefined,
      fate: inA && inB ? fate(a, b, slide) : inA ? 'unmapped' : 'mapped',
    });
    at = end;
    if (aEnd === end) i++;
    if (bEnd === end) j++;
  }
  return pieces;
}

/**
 * Names what happened in a cluster in which borders, permissions or contents changed: neighbouring pieces with one fate
 * are one change.
 *
 * @param slide as for `sweep`
 */
function reshaped(cluster: Cluster, slide: number): Draft[] {
  const pieces = piecesOf(cluster, slide);
  const goOn = new Set(pieces.filter(isKept).flatMap((piece) => [piece.before, piece.after]));
  const drafts: Draft[] = [];
  for (let first = 0; first < pieces.length;) {
    let last = first;
    while (last + 1 < pieces.length && belongTogether(pieces[last]!, pieces[last + 1]!)) last++;
    const draft = runToDraft(pieces, first, last, slide, goOn);
    if (draft) drafts.push(draft);
    first = last + 1;
  }
  // smaps counts whole regions, not ranges. Where a region takes part in several changes its counters can't be divided,
  // so the difference of the whole cluster goes to the first: the sum is right, and each byte is counted once.
  const usage = usageDelta(cluster.before, cluster.after);
  return drafts.map((draft, index) => (index === 0 ? {...draft, usage} : draft));
}

/**
 * May two neighbouring pieces be one change? They share a region on at least one side, or they'd be in two clusters.
 */
function belongTogether(a: Piece, b: Piece): boolean {
  if (a.fate !== b.fate) return false;
  switch (a.fate) {
    case 'reprotected':
      return a.before!.perms === b.before!.perms && a.after!.perms === b.after!.perms;
    case 'renamed':
      return sameName(a.before!, b.before!) && sameName(a.after!, b.after!);
    default:
      return true;
  }
}

/** @param goOn the regions of the cluster that have a part in both listings */
function runToDraft(
  pieces: readonly Piece[],
  first: number,
  last: number,
  slide: number,
  goOn: ReadonlySet<Region | undefined>,
): Draft | undefined {
  const run = pieces.slice(first, last + 1);
  const kind = kindOfRun(run, slide, goOn);
  if (!kind) return undefined;
  // A neighbour into which the same region continues, on one side, is where that region was cut or what it was joined
  // to.
  const concerned = OF_THEIR_OWN.has(kind) ? run : withNeighbours(pieces, first, last);
  const range = {start: run[0]!.start, end: run.at(-1)!.end};
  const length = sizeOf(range);
  const there = {
    before: distinct(concerned.map((piece) => piece.before)),
    after: distinct(concerned.map((piece) => piece.after)),
    usage: {},
  };
  const from = {start: range.start - slide, end: range.end - slide};
  if (kind === 'grown' || kind === 'new') return {kind, range, ...there, size: length};
  if (kind === 'shrunk' || kind === 'gone') return {kind, range: from, ...there, size: -length};
  return slide === 0 ? {kind, range, ...there, size: 0} : {kind, range, from, slide, ...there, size: 0};
}

/** Kinds that say nothing about the regions beside their range. */
const OF_THEIR_OWN: ReadonlySet<ChangeKind> = new Set(['new', 'gone', 'split', 'merged', 'moved', 'flagged']);

function kindOfRun(
  run: readonly Piece[],
  slide: number,
  goOn: ReadonlySet<Region | undefined>,
): ChangeKind | undefined {
  const piece = run[0]!;
  if (piece.fate === 'mapped') return goOn.has(piece.after) ? 'grown' : 'new';
  if (piece.fate === 'unmapped') return goOn.has(piece.before) ? 'shrunk' : 'gone';
  if (piece.fate !== 'kept') return piece.fate;
  if (slide !== 0) return 'moved';
  return splitOrMerged(run) ?? (flagChange(piece.before!, piece.after!) ? 'flagged' : undefined);
}

const isKept = (piece: Piece): boolean =>
  piece.fate === 'kept' || piece.fate === 'reprotected' || piece.fate === 'renamed';

/**
 * Kept bytes whose inner borders changed. With as many regions as before, the first border that came or went decides.
 */
function splitOrMerged(run: readonly Piece[]): 'split' | 'merged' | undefined {
  const before = distinct(run.map((piece) => piece.before)).length;
  const after = distinct(run.map((piece) => piece.after)).length;
  if (before === 1 && after === 1) return undefined;
  if (before !== after) return after > before ? 'split' : 'merged';
  return run[0]!.before === run[1]!.before ? 'split' : 'merged';
}

/**
 * A run with the adjacent pieces into which one of its regions continues: there that region was cut or joined. Other
 * memory that came to lie next to it says nothing about a region, unless there is nothing better.
 */
function withNeighbours(pieces: readonly Piece[], first: number, last: number): Piece[] {
  const below = first > 0 && sharesRegion(pieces[first - 1]!, pieces[first]!) ? pieces[first - 1] : undefined;
  const above =
    last + 1 < pieces.length && sharesRegion(pieces[last + 1]!, pieces[last]!) ? pieces[last + 1] : undefined;
  const hasBetter = [below, above].some((piece) => piece && isKept(piece));
  const counts = (piece: Piece | undefined): Piece[] => (piece && (isKept(piece) || !hasBetter) ? [piece] : []);
  return [...counts(below), ...pieces.slice(first, last + 1), ...counts(above)];
}

const sharesRegion = (a: Piece, b: Piece): boolean =>
  (a.before !== undefined && a.before === b.before) || (a.after !== undefined && a.after === b.after);

function distinct(regions: ReadonlyArray<Region | undefined>): Region[] {
  return [...new Set(regions)].filter((region) => region !== undefined);
}
