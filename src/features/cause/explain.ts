import type {Change} from '../../model/change.ts';
import type {Change as Last} from './books.ts';
import type {Ledger} from './ledger.ts';
import type {CauseCall, Explained, WhyNot} from './news.ts';
import type {Range} from './spans.ts';

/** When a look began and ended: ms of performance.now(). */
export interface Between {
  readonly began: number;
  readonly ended: number;
}

type Books = Ledger<CauseCall>;

/** What a change says of each byte of its range: became mapped, is no longer, or is the same memory otherwise. */
const MAPPED: ReadonlySet<Change['kind']> = new Set(['new', 'grown', 'replaced', 'moved']);
const GONE: ReadonlySet<Change['kind']> = new Set(['gone', 'shrunk']);

/**
 * The calls behind a change, byte by byte. Memory that became mapped is whose who mapped it, whatever was done to it
 * since; else it is the last call that did something to it, of those that can have done this.
 *
 * @param since ns: earlier calls don't count
 */
export function explain(books: Books, change: Change, since: number): Explained {
  const {kind, range, from} = change;
  const sum = new Map<CauseCall, number>();
  const add = (call: CauseCall, bytes: number): void => void sum.set(call, (sum.get(call) ?? 0) + bytes);
  let unexplained = 0;
  let why: WhyNot | undefined;
  const ask = (asked: Range, became: 'mapped' | 'gone' | 'other'): void => {
    for (const piece of books.explain(asked, since)) {
      const bytes = piece.end - piece.start;
      const call = became === 'mapped' ? undefined : piece.change && fits(piece.change, became);
      if (became === 'mapped') unexplained += mapped(books, piece, since, add);
      else if (call) add(call, bytes);
      else unexplained += bytes;
      if (piece.change?.by === 'kernel' && !call) why = 'driver';
    }
  };
  ask(range, MAPPED.has(kind) ? 'mapped' : GONE.has(kind) ? 'gone' : 'other');
  if (from) ask(from, 'other');
  if (unexplained > 0 && (kind === 'split' || kind === 'merged')) {
    // The memory may be as it was: a neighbour was changed.
    const near = books.beside({start: range.start, end: range.end}, since).flatMap(({cause}) => cause ?? []);
    for (const call of near) add(call, 0);
    if (near.length > 0) add(near[0]!, unexplained);
    if (near.length > 0) unexplained = 0;
  }
  const causes = [...sum].map(([call, bytes]) => ({call, bytes})).sort((a, b) => b.bytes - a.bytes);
  return {causes, unexplained, ...(unexplained > 0 && why && {why})};
}

/** Who mapped a piece, where that was since then. @returns bytes of which that isn't known */
function mapped(
  books: Books,
  piece: Range & {readonly change: Last<CauseCall> | undefined},
  since: number,
  add: (call: CauseCall, bytes: number) => void,
): number {
  const {change, start, end} = piece;
  if (!change) return end - start;
  let known = 0;
  for (const {start: from, end: to, value} of books.holders(piece)) {
    // What moved keeps its owner, and is here by the call that moved it.
    const owner = value.cause && value.cause.time >= since ? value.cause : undefined;
    const call = change.what === 'moved' || change.what === 'mapped' ? (change.cause ?? owner) : owner;
    if (!call) continue;
    add(call, to - from);
    known += to - from;
  }
  return end - start - known;
}

const fits = ({what, cause}: Last<CauseCall>, became: 'gone' | 'other'): CauseCall | undefined =>
  became === 'gone' && what !== 'unmapped' ? undefined : cause;
