import type {Change} from '../../model/change.ts';
import type {Change as Last} from './ledger/books.ts';
import {isPut, type Ledger} from './ledger/ledger.ts';
import type {CauseCall, Explained, WhyNot} from './news.ts';
import type {Range} from './ledger/spans.ts';

/** When a look began and ended: ms of performance.now(). */
export interface Between {
  readonly began: number;
  readonly ended: number;
}

type Books = Ledger<CauseCall>;

/** What became of bytes: mapped, no longer mapped, or the same memory otherwise. */
type Became = 'mapped' | 'gone' | 'other';

const BECAME: Readonly<Partial<Record<Change['kind'], Became>>> = {
  new: 'mapped',
  grown: 'mapped',
  replaced: 'mapped',
  moved: 'mapped',
  gone: 'gone',
  shrunk: 'gone',
};

/**
 * The calls behind a change, byte by byte. Memory that became mapped is whose who mapped it, whatever was done to it
 * since; else it is the last call that did something to it, of those that can have done this. It is asked again while
 * the books continue, as a sample is not a single moment: of each byte the first answer counts.
 */
export class Question {
  readonly change: Change;
  readonly #since: number;
  readonly #bytes = new Map<CauseCall, number>();
  #open: Array<{readonly range: Range; readonly became: Became}>;
  #why: WhyNot | undefined;

  /** @param since ns: earlier calls don't count */
  constructor(change: Change, since: number) {
    this.change = change;
    this.#since = since;
    const {range, from, kind} = change;
    this.#open = [{range, became: BECAME[kind] ?? 'other'}, ...(from ? [{range: from, became: 'other'} as const] : [])];
  }

  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /** Is a range of those of which nothing is known yet? */
  concerns({start, end}: Range): boolean {
    return this.#open.some(({range}) => range.start < end && start < range.end);
  }

  ask(books: Books): void {
    this.#open = this.#open.flatMap(({range, became}) =>
      books.explain(range, this.#since).flatMap((piece) => {
        const open = became === 'mapped' ? this.#mapped(books, piece) : this.#other(piece, became);
        return open.map((each) => ({range: each, became}));
      }),
    );
  }

  /** @param left why no call is known of what is left; or whose it is, where that is gone */
  answer(books: Books, left: WhyNot | CauseCall): Explained {
    const {kind, range} = this.change;
    // The memory of regions that were split or merged may be as it was: a neighbour was changed.
    const isCut = kind === 'split' || kind === 'merged';
    const near = isCut && this.isOpen ? books.beside(range, this.#since).flatMap(({cause}) => cause ?? []) : [];
    const open = this.#open.reduce((sum, {range: {start, end}}) => sum + end - start, 0);
    for (const call of near) this.#add(call, call === near[0] ? open : 0);
    const why = typeof left === 'string' ? left : 'unknown';
    const isGone = BECAME[kind] === 'gone' && open > 0 && near.length === 0;
    if (isGone && typeof left !== 'string') this.#add(left, open);
    const unexplained = near.length > 0 || (isGone && typeof left !== 'string') ? 0 : open;
    const causes = [...this.#bytes].map(([call, bytes]) => ({call, bytes})).sort((a, b) => b.bytes - a.bytes);
    return {causes, unexplained, ...(unexplained > 0 && {why: this.#why ?? why})};
  }

  #add(call: CauseCall, bytes: number): void {
    this.#bytes.set(call, (this.#bytes.get(call) ?? 0) + bytes);
  }

  /** Who mapped a piece, where that was since then. @returns the parts of which that isn't known */
  #mapped(books: Books, piece: Range & {readonly change: Last<CauseCall> | undefined}): Range[] {
    const {change, start, end} = piece;
    if (!change) return [piece];
    if (change.by === 'kernel') this.#why = 'driver';
    // What was marked since is here by the call that put it here.
    const put = isPut(change) ? change : change.put;
    const mover = put && put.time >= this.#since ? put.cause : undefined;
    const open: Range[] = [];
    let at = start;
    for (const {start: from, end: to, value} of books.holders(piece)) {
      if (from > at) open.push({start: at, end: from});
      at = to;
      // What moved keeps its owner, and is here by the call that moved it.
      const owner = value.cause && value.cause.time >= this.#since ? value.cause : undefined;
      const call = mover ?? owner;
      if (call) this.#add(call, to - from);
      else open.push({start: from, end: to});
    }
    if (end > at) open.push({start: at, end});
    return open;
  }

  #other(piece: Range & {readonly change: Last<CauseCall> | undefined}, became: Became): Range[] {
    const {change, start, end} = piece;
    if (change?.by === 'kernel') this.#why = 'driver';
    if (!change?.cause || (became === 'gone' && change.what !== 'unmapped')) return [piece];
    this.#add(change.cause, end - start);
    return [];
  }
}
