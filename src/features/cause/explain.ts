import type {Change} from '../../model/change.ts';
import {flagChange} from '../../model/flags.ts';
import type {Change as Last, Done} from './ledger/books.ts';
import {chain, isPut} from './ledger/changes.ts';
import type {Ledger} from './ledger/ledger.ts';
import type {CauseCall, Explained, WhyNot} from './news.ts';
import {type Range, Spans} from './ledger/spans.ts';

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

/** Calls whose third argument is PROT_…. */
const TAKES_PROT: ReadonlySet<string> = new Set(['mmap', 'mprotect', 'pkey_mprotect']);

const PUT = ['mapped', 'moved'] as const;

/** What a call must have done to have had such an effect; nothing is said of kinds that many calls may have. */
const EFFECTS: Readonly<Partial<Record<Change['kind'], ReadonlyArray<Last<unknown>['what']>>>> = {
  reprotected: ['protected', ...PUT],
  renamed: ['named', ...PUT],
  flagged: ['protected', 'advised', 'locked', 'unlocked', 'sealed', ...PUT],
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
    if (left === 'unknown') this.#suspect(books);
    const beside = isCut && this.isOpen ? books.beside(range, this.#since) : [];
    const known = beside.flatMap(({cause}) => cause ?? []);
    const near = [...new Set(isCut && known.length === 0 ? this.#bytes.keys() : known)];
    const open = this.#open.reduce((sum, {range: {start, end}}) => sum + end - start, 0);
    for (const call of near) this.#add(call, call === near[0] ? open : 0);
    const why = typeof left === 'string' ? left : 'unknown';
    const isGone = BECAME[kind] === 'gone' && open > 0 && near.length === 0;
    if (isGone && typeof left !== 'string') this.#add(left, open);
    const unexplained = near.length > 0 || (isGone && typeof left !== 'string') ? 0 : open;
    const causes = [...this.#bytes].map(([call, bytes]) => ({call, bytes})).sort((a, b) => b.bytes - a.bytes);
    return {causes, unexplained, ...(unexplained > 0 && {why: this.#isDrivers(books) ? 'driver' : why})};
  }

  /** Was some of what is left mapped without a call? */
  #isDrivers(books: Books): boolean {
    return this.#open.some(({range}) => books.explain(range, this.#since).some(({change}) => change?.by === 'kernel'));
  }

  #add(call: CauseCall, bytes: number): void {
    this.#bytes.set(call, (this.#bytes.get(call) ?? 0) + bytes);
  }

  /** Who mapped a piece, where that was since then. @returns the parts of which that isn't known */
  #mapped(books: Books, piece: Range & {readonly change: Last<CauseCall> | undefined}): Range[] {
    const {change, start, end} = piece;
    if (!change) return [piece];
    // What was marked since is here by the call that put it here.
    const put = [...chain(change)].find(isPut);
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
    const able = change && this.#able(change, became);
    if (!able?.cause) return [piece];
    this.#add(able.cause, end - start);
    return [];
  }

  /** The last change since then that can have had this effect; of permissions, if it gave those that there are. */
  #able(change: Last<CauseCall>, became: Became): Last<CauseCall> | undefined {
    const able = [...chain(change)].find((each) => each.time >= this.#since && this.#can(each, became));
    return able && this.#gives(able) ? able : undefined;
  }

  #can({what, flags}: Last<CauseCall>, became: Became): boolean {
    if (became === 'gone') return what === 'unmapped';
    const {kind, before, after} = this.change;
    if (EFFECTS[kind]?.includes(what) === false) return false;
    if (kind !== 'flagged' || !flags) return true;
    const change = flagChange(before[0]!, after[0]!);
    return !change || [...change.set, ...change.cleared].some((flag) => flags.includes(flag));
  }

  /** Does a call ask for the permissions that the memory has now? */
  #gives({cause}: Last<CauseCall>): boolean {
    const {kind, range, after} = this.change;
    const perms = after.find(({start, end}) => start <= range.start && range.start < end)?.perms;
    const prot = cause && TAKES_PROT.has(cause.name) ? cause.args?.[2] : undefined;
    if (kind !== 'reprotected' || perms === undefined || prot === undefined) return true;
    const has = (letter: string, bit: bigint): boolean => perms.includes(letter) === ((prot & bit) !== 0n);
    return has('r', 1n) && has('w', 2n) && has('x', 4n);
  }

  /** Bytes that no other call explains: a call that failed has done a part of its work there. */
  #suspect(books: Books): void {
    this.#open = this.#open.flatMap(({range, became}) => {
      const left = new Spans<true>();
      left.set(range, true);
      for (const {start, end, value} of books.suspects.within(range, this.#since)) {
        const change = this.#perhaps(value, became);
        if (!change?.cause) continue;
        for (const part of left.clear({start, end})) this.#settle(books, part, change, became);
      }
      return left.all.map((each) => ({range: each, became}));
    });
  }

  /** What a call that failed can have done of this. What it moved may have been put over something, which is gone. */
  #perhaps(change: Last<CauseCall>, became: Became): Last<CauseCall> | undefined {
    const {what} = change;
    if (what === 'moved') return became === 'other' ? undefined : change;
    if (what === 'unmapped') return became === 'gone' ? change : undefined;
    return became === 'other' ? this.#able(change, became) : undefined;
  }

  #settle(books: Books, {start, end}: Range, change: Last<CauseCall>, became: Became): void {
    const cause = change.cause!;
    const bytes = became === 'gone' ? start - end : became === 'mapped' ? end - start : 0;
    this.#add(cause, end - start);
    cause.done = more(cause.done, {what: became === 'gone' ? 'unmapped' : change.what, start, end, bytes});
    if (became !== 'other') books.suspects.confirm({start, end}, change, became === 'gone');
  }
}

/** What a call did, as it becomes known. */
function more(done: Done | undefined, part: Done): Done {
  if (!done) return part;
  const parts = [...(done.parts ?? [done]), part].map(({start, end}) => ({start, end}));
  const [start, end] = [Math.min(done.start, part.start), Math.max(done.end, part.end)];
  return {what: done.what, start, end, bytes: done.bytes + part.bytes, parts};
}
