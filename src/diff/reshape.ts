import type {ChangeKind} from '../model/change.ts';
import {sizeOf, type Region} from '../model/region.ts';
import {usageDelta, type Draft} from './draft.ts';
import {piecesOf, type Cluster, type Piece} from './pieces.ts';
import {sameName} from './same.ts';

/**
 * Names what happened in a cluster in which borders, permissions or contents changed: neighbouring pieces with one fate are
 * one change.
 *
 * @param slide as for `sweep`
 */
export function reshaped(cluster: Cluster, slide: number): Draft[] {
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
  // smaps counts whole regions, not ranges. Where a region takes part in several changes its counters can't be divided, so
  // the difference of the whole cluster goes to the first: the sum is right, and each byte is counted once.
  const usage = usageDelta(cluster.before, cluster.after);
  return drafts.map((draft, index) => (index === 0 ? {...draft, usage} : draft));
}

/** May two neighbouring pieces be one change? They share a region on at least one side, or they'd be in two clusters. */
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
  // A neighbour in which the same region goes on, on one side, is where that region was cut or to which it was joined.
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
const OF_THEIR_OWN: ReadonlySet<ChangeKind> = new Set(['new', 'gone', 'split', 'merged', 'moved']);

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
  return splitOrMerged(run);
}

const isKept = (piece: Piece): boolean =>
  piece.fate === 'kept' || piece.fate === 'reprotected' || piece.fate === 'renamed';

/** Kept bytes whose inner borders changed. With as many regions as before, the first border that came or went decides. */
function splitOrMerged(run: readonly Piece[]): 'split' | 'merged' | undefined {
  const before = distinct(run.map((piece) => piece.before)).length;
  const after = distinct(run.map((piece) => piece.after)).length;
  if (before === 1 && after === 1) return undefined;
  if (before !== after) return after > before ? 'split' : 'merged';
  return run[0]!.before === run[1]!.before ? 'split' : 'merged';
}

/**
 * A run with the pieces beside it in which one of its regions goes on: there that region was cut, or joined to. What else
 * came to lie beside it is no news about a region, unless nothing better is there.
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
