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

/** VmFlags that no mapping has from the start: madvise(2), mseal(2) and userfaultfd(2) set them. */
const LATER: ReadonlySet<string> = new Set(['dc', 'gu', 'rr', 'sl', 'sr', 'ui', 'um', 'uw', 'wf']);

/**
 * The calls behind a change, byte by byte. Memory that became mapped is whose who mapped it, whatever was done to it
 * since; else it is the last call that did something to it, of those that can have done this. It is asked again while
 * the books continue, as a sample is not a single moment: of each byte the first answer counts.
 */
export class Question {
  readonly change: Change;
  readonly #since: number;
  readonly #isShared: boolean;
  readonly #bytes = new Map<CauseCall, number>();
  #open: Array<{readonly range: Range; readonly became: Became}>;

  /**
   * @param since ns: earlier calls don't count
   * @param isShared others may have changed the memory too: what a call mapped, they may have replaced since
   */
  constructor(change: Change, since: number, isShared = false) {
    this.change = change;
    this.#since = since;
    this.#isShared = isShared;
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
    this.#ask(books, true);
  }

  /** @param isStrict what has other permissions than were asked for is not taken for what a call mapped */
  #ask(books: Books, isStrict: boolean): void {
    this.#open = this.#open.flatMap(({range, became}) =>
      books.explain(range, this.#since).flatMap((piece) => {
        const open = became === 'mapped' ? this.#mapped(books, piece, isStrict) : this.#other(piece, became);
        return open.map((each) => ({range: each, became}));
      }),
    );
  }

  /** @param left why no call is known of what is left; or whose it is, where that is gone */
  answer(books: Books, left: WhyNot | CauseCall): Explained {
    const {kind} = this.change;
    // The memory of regions that were split or merged may be as it was: a neighbour was changed.
    const isCut = kind === 'split' || kind === 'merged';
    if (left !== 'lost-events' && !this.#isShared) this.#ask(books, false);
    if (left === 'unknown') this.#suspect(books);
    const known = this.isOpen ? this.#near(books, isCut).flatMap(({cause}) => cause ?? []) : [];
    const near = [...new Set(isCut && known.length === 0 ? this.#bytes.keys() : known)];
    const open = this.#open.reduce((sum, {range: {start, end}}) => sum + end - start, 0);
    for (const call of near) this.#add(call, call === near[0] ? open : 0);
    const why = typeof left === 'string' ? left : 'unknown';
    const isGone = BECAME[kind] === 'gone' && open > 0 && near.length === 0;
    if (isGone && typeof left !== 'string') this.#add(left, open);
    const unexplained = near.length > 0 || (isGone && typeof left !== 'string') ? 0 : open;
    const causes = [...this.#bytes].map(([call, bytes]) => ({call, bytes})).sort((a, b) => b.bytes - a.bytes);
    const isDrivers = why === 'unknown' && this.#isDrivers(books);
    return {causes, unexplained, ...(unexplained > 0 && {why: isDrivers ? 'driver' : why})};
  }

  /** Changes of a part of it, or beside it, that are a cause of the whole. */
  #near(books: Books, isCut: boolean): Last<CauseCall>[] {
    const {kind, range, before, after} = this.change;
    if (isCut) return books.beside(range, this.#since);
    // Guard pages of a part are a flag of the whole mapping (mm/madvise.c).
    if (kind !== 'flagged' || !flagChange(before[0]!, after[0]!)?.set.includes('gu')) return [];
    const changes = books.explain(range, this.#since).flatMap(({change}) => [...chain(change)]);
    return changes.filter(({flags, time}) => time >= this.#since && flags?.includes('gu'));
  }

  /** Was some of what is left mapped without a call? */
  #isDrivers(books: Books): boolean {
    return this.#open.some(({range}) => books.explain(range, this.#since).some(({change}) => change?.by === 'kernel'));
  }

  #add(call: CauseCall, bytes: number): void {
    this.#bytes.set(call, (this.#bytes.get(call) ?? 0) + bytes);
  }

  /** Who mapped a piece, where that was since then. @returns the parts of which that isn't known */
  #mapped(books: Books, piece: Range & {readonly change: Last<CauseCall> | undefined}, isStrict: boolean): Range[] {
    const {change, start, end} = piece;
    if (!change || (isStrict && this.#isOther(change, piece))) return [piece];
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
    const change = kind === 'flagged' ? flagChange(before[0]!, after[0]!) : undefined;
    if (!change) return true;
    if (what === 'mapped' && change.cleared.length === 0 && change.set.every((flag) => LATER.has(flag))) return false;
    return !flags || [...change.set, ...change.cleared].some((flag) => flags.includes(flag));
  }

  /**
   * Has memory other permissions than the last call asked for? Then something else has been done to it since: another
   * call while the sample was taken, which is entered later, or what is not seen.
   */
  #isOther(change: Last<CauseCall>, {start}: Range): boolean {
    const last = [...chain(change)].find(({cause}) => cause && TAKES_PROT.has(cause.name));
    const region = this.change.after.find((each) => each.start <= start && start < each.end);
    return last?.cause !== undefined && region !== undefined && !asksFor(last.cause, region.perms);
  }

  /** Does a call ask for the permissions that the memory has now? */
  #gives({cause}: Last<CauseCall>): boolean {
    const {kind, range, after} = this.change;
    const perms = after.find(({start, end}) => start <= range.start && range.start < end)?.perms;
    return kind !== 'reprotected' || perms === undefined || !cause || asksFor(cause, perms);
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
    if (what === 'moved') return became === 'other' ? this.#able(change, became) : change;
    // Where memory is said to have moved from, it is gone: `other`.
    const isLeft = became === 'gone' || (became === 'other' && this.change.kind === 'moved');
    if (what === 'unmapped') return isLeft ? change : undefined;
    return became === 'other' ? this.#able(change, became) : undefined;
  }

  #settle(books: Books, {start, end}: Range, change: Last<CauseCall>, became: Became): void {
    const cause = change.cause!;
    const isGone = became === 'gone' || change.what === 'unmapped';
    const bytes = isGone ? start - end : became === 'mapped' ? end - start : 0;
    this.#add(cause, end - start);
    cause.done = more(cause.done, {what: isGone ? 'unmapped' : change.what, start, end, bytes});
    if (became !== 'other' || isPut(change) || isGone) books.suspects.confirm({start, end}, change, isGone);
  }
}

/** Can a call have given these permissions? */
function asksFor({name, args}: CauseCall, perms: string): boolean {
  const prot = TAKES_PROT.has(name) ? args?.[2] : undefined;
  if (prot === undefined) return true;
  const has = (letter: string, bit: bigint): boolean => perms.includes(letter) === ((prot & bit) !== 0n);
  // READ_IMPLIES_EXEC of personality(2).
  return has('r', 1n) && has('w', 2n) && (has('x', 4n) || (perms.includes('x') && (prot & 1n) !== 0n));
}

/** What a call did, as it becomes known. */
function more(done: Done | undefined, part: Done): Done {
  if (!done) return part;
  const parts = [...(done.parts ?? [done]), part].map(({start, end}) => ({start, end}));
  const [start, end] = [Math.min(done.start, part.start), Math.max(done.end, part.end)];
  return {what: done.what, start, end, bytes: done.bytes + part.bytes, parts};
}
