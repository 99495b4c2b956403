/*
 * Books of an address space: which call last changed each byte, and which call mapped each byte that is still there.
 * Both to the byte: each has exactly one last change, and, while it is mapped, one owner.
 *
 * Events come in the order of their times. A call has the time at which it returned, and the kernel did its work
 * somewhat earlier: where two threads are at work at once, a range may be told as mapped by one before it is told as
 * released by the other. As the kernel doesn't map anything where something is, unless it is told to (MAP_FIXED), such
 * a release is owed, and does nothing when it comes.
 */
import {Attachments} from './attached.ts';
import type {Change, Done, Owner, Piece, Report} from './books.ts';
import {LastChanges} from './changes.ts';
import {Debts} from './debts.ts';
import {effectOf, type Effect, hasFailed, type LedgerCall, MAP_GROWSDOWN, type Mark} from './effect.ts';
import {markedPartly, releasedPerhaps} from './failed.ts';
import {flagsOf, isAboutPages} from './flags.ts';
import {Holdings, type OnKept} from './holdings.ts';
import {Reports} from './reports.ts';
import {common, partsOf, type Range, shifted, type Span, Spans} from './spans.ts';
import {Suspects} from './suspects.ts';

interface LedgerOptions {
  /** Bytes of a page. */
  readonly page: number;
  readonly hugePage?: number;
  /** Where the program break is, if that is known: the end of [heap], or start_brk of /proc/PID/stat. */
  readonly brk?: number | undefined;
  /** What is mapped already. */
  readonly regions?: readonly Range[];
}

const HUGE_PAGE = 2 * 2 ** 20;

export class Ledger<Cause> {
  /** What calls that failed may have done. */
  readonly suspects: Suspects<Cause>;
  readonly #sizes: {readonly page: number; readonly hugePage: number};
  readonly #last = new LastChanges<Cause>();
  readonly #held: Holdings<Cause>;
  readonly #debts = new Debts<Owner<Cause>>();
  readonly #attached: Attachments<Cause>;
  readonly #reports: Reports<Cause>;
  #brk: number | undefined;

  constructor({page, hugePage = HUGE_PAGE, brk, regions = []}: LedgerOptions, onKept?: OnKept<Cause>) {
    this.#sizes = {page, hugePage};
    this.#held = new Holdings(onKept);
    this.suspects = new Suspects(this.#last, this.#held);
    this.#attached = new Attachments(this.#held);
    this.#reports = new Reports(this.#held, this.#last);
    this.#brk = brk;
    for (const range of regions) this.#held.hold(range, {by: 'before', cause: undefined, mapped: 0, kept: 0});
  }

  /** Enters a call. @returns what it did to memory; undefined if nothing */
  call(call: LedgerCall, cause: Cause): Done | undefined {
    const effect = effectOf(call, this.#sizes);
    const owner: Owner<Cause> = {by: 'call', cause, mapped: 0, kept: 0};
    const done = effect && !hasFailed(call) ? this.#apply(effect, call, owner) : this.#applyPart(effect, call, owner);
    this.#reports.returned(call.tid);
    this.#debts.returned(call);
    return done;
  }

  /**
   * Enters a mapping that the kernel reports: before the call that made it returns, or without one.
   *
   * @param cause of a stack that grew
   */
  report(report: Report, cause?: Cause): void {
    this.#reports.add(report, cause);
  }

  /** Another program: nothing is left of what was mapped. */
  exec(tid: number, cause: Cause | undefined): void {
    for (const books of [this.#held, this.#last, this.#attached, this.#reports, this.#debts]) books.clear();
    this.#brk = undefined;
    this.#reports.exec(tid, cause);
  }

  /** The program of exec was seen to run: what is reported from now on is not exec's. */
  begun(): void {
    this.#reports.begun();
  }

  /** A thread has begun: it is in no call that began before. */
  birth(tid: number, time: number): void {
    this.#debts.returned({tid, time});
  }

  /** A thread has ended, or returned from a call. */
  exit(tid: number): void {
    this.#reports.end(tid);
  }

  /**
   * Who last changed each byte of a range?
   *
   * @param since ns: earlier changes don't count
   * @returns pieces without gaps, in ascending order
   */
  explain(range: Range, since = 0): Piece<Cause>[] {
    this.#reports.settle();
    const known = this.#last.within(range).filter(({value}) => value.time >= since);
    const pieces: Piece<Cause>[] = [];
    let at = range.start;
    for (const {start, end, value} of [...known, {start: range.end, end: range.end, value: undefined}]) {
      if (start > at) pieces.push({start: at, end: start, change: undefined});
      if (value) pieces.push({start, end, change: value});
      at = end;
    }
    return pieces;
  }

  /**
   * What may have split or merged the regions of a range: the changes in it and right beside it. The memory in it may
   * be the same as before, as only a neighbour was changed.
   */
  beside({start, end}: Range, since = 0): Change<Cause>[] {
    const {page} = this.#sizes;
    const pieces = this.explain({start: start - page, end: end + page}, since);
    return [...new Set(pieces.flatMap(({change}) => change ?? []))];
  }

  /** Who mapped a range, as far as it is mapped, in ascending order. */
  holders(range: Range): readonly Span<Owner<Cause>>[] {
    this.#reports.settle();
    return this.#held.within(range);
  }

  /** Who mapped what is mapped now, in ascending order. */
  get held(): readonly Span<Owner<Cause>>[] {
    this.#reports.settle();
    return this.#held.all;
  }

  /**
   * A sample lists what is mapped, and some of what was done before is not known: what it lacks is no longer mapped.
   *
   * @param before ns: when the sample began; what was mapped since then it may not have
   */
  drop(mapped: Iterable<Range>, before: number): void {
    const listed = new Spans<true>();
    for (const {start, end} of mapped) listed.set({start, end}, true);
    for (const gap of this.held.flatMap((span) => listed.gapsIn(span)))
      for (const {start, end, change} of this.explain(gap))
        if (!change || change.time < before) this.#held.drop({start, end});
  }

  /** Forgets what changed before a time, of memory that is no longer mapped: a diff that begins there doesn't ask. */
  forget(before: number): void {
    this.#last.forget(before);
  }

  #apply(effect: Effect, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    switch (effect.do) {
      case 'map':
        return this.#map(effect.range, effect.over, call, owner);
      case 'release':
        return this.#release(effect.range, call, owner);
      case 'move':
        return this.#move(effect, call, owner);
      case 'mark':
        if (!effect.hasHoles) this.#know(effect.range);
        if (effect.below) this.#suspectBelow(effect, call, owner);
        return this.#mark(effect.what, effect.range, call, owner);
      case 'brk':
        return this.#setBreak(effect.to, call, owner);
      case 'attach':
        return this.#attach(effect.start, call, owner);
      case 'detach':
        return this.#detach(effect.start, call, owner);
    }
  }

  /** A call that failed may have treated a part of its range. */
  #applyPart(effect: Effect | undefined, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    const about = {by: owner.by, cause: owner.cause, time: call.time};
    for (const {what, slide, ...range} of hasFailed(call) ? releasedPerhaps(call, this.#sizes.page) : [])
      this.#last.suspect(range, {what, slide, ...about});
    const part = markedPartly(call);
    if (effect?.do !== 'mark' || part === undefined || isAboutPages(call)) return undefined;
    const gap = this.#held.gapsIn(effect.range)[0];
    const end = part === 'all' ? effect.range.end : (gap?.start ?? effect.range.end);
    const range = {...effect.range, end};
    // Where there is no hole, it failed for another reason, before it came to the end or right away.
    if (part !== 'perhaps' && gap) return this.#mark(effect.what, range, call, owner);
    for (const piece of this.#held.within(range))
      this.#last.suspect(piece, {what: effect.what, flags: flagsOf(call), ...about});
    return undefined;
  }

  /** How far down a mapping reaches, the books don't say: what is right below it, the call may have treated too. */
  #suspectBelow({what, range}: Effect & {do: 'mark'}, call: LedgerCall, {by, cause}: Owner<Cause>): void {
    let at = range.start;
    for (const piece of this.#held.within({start: 0, end: range.start}).toReversed()) {
      if (piece.end !== at) return;
      this.#last.suspect(piece, {what, by, cause, time: call.time, flags: flagsOf(call)});
      at = piece.start;
    }
  }

  #change(what: Change<Cause>['what'], range: Range, {time}: LedgerCall, {by, cause}: Owner<Cause>): void {
    this.#last.set(range, {what, by, cause, time});
  }

  #map(range: Range, over: boolean, call: LedgerCall, owner: Owner<Cause>): Done {
    const before = this.#held.within(range);
    if (!over) this.#debts.owe(before, call);
    owner.mapped += range.end - range.start;
    this.#held.hold(range, owner);
    this.#reports.mapped(range, call.name === 'mmap' && (Number(call.args?.[3] ?? 0n) & MAP_GROWSDOWN) !== 0);
    this.#change('mapped', range, call, owner);
    const replaced = over ? before.reduce((sum, {start, end}) => sum + end - start, 0) : 0;
    return {what: 'mapped', ...range, bytes: range.end - range.start - replaced};
  }

  #release(range: Range, call: LedgerCall, owner: Owner<Cause>): Done {
    const {rest, paid} = this.#debts.pay(range, call);
    let bytes = paid.reduce((sum, {start, end}) => sum + start - end, 0);
    const parts = new Spans<true>();
    for (const part of rest) for (const each of this.#releasable(part)) parts.set(each, true);
    for (const {start, end} of parts.all) {
      for (const dropped of this.#held.drop({start, end})) bytes -= dropped.end - dropped.start;
      this.#change('unmapped', {start, end}, call, owner);
    }
    return {what: 'unmapped', ...range, bytes, ...partsOf(parts.all, range)};
  }

  /** What of a range may be mapped: all but what is known to have been released already. */
  #releasable(range: Range): Range[] {
    const known = this.#last.within(range).filter(({value}) => value.what === 'unmapped');
    const holes = new Spans<true>();
    for (const {start, end} of known) for (const gap of this.#held.gapsIn({start, end})) holes.set(gap, true);
    return holes.gapsIn(range);
  }

  /** Memory keeps its owner when it moves; what it grows by is the call's. */
  #move(effect: Effect & {do: 'move'}, call: LedgerCall, owner: Owner<Cause>): Done {
    const {from, range, over, copies} = effect;
    const [before, after] = [from.end - from.start, range.end - range.start];
    const slide = range.start - from.start;
    if (slide === 0 && !copies) {
      if (after <= before) return this.#release({start: range.end, end: from.end}, call, owner);
      return this.#map({start: from.end, end: range.end}, false, call, owner);
    }
    const sources = over && before === after ? this.#movable(from) : [from];
    const targets = sources[0] === from ? [range] : sources.map((each) => shifted(each, slide));
    if (copies) {
      const bytes = targets.reduce((sum, each) => sum + this.#map(each, over, call, owner).bytes, 0);
      return {what: 'mapped', ...range, from, bytes, ...partsOf(targets, range)};
    }
    const {rest, paid} = this.#debts.pay(from, call);
    const pieces = [...paid, ...rest.flatMap((part) => this.#held.drop(part))];
    for (const part of rest) for (const each of sources) this.#change('unmapped', common(part, each), call, owner);
    const there = targets.flatMap((each) => this.#held.within(each));
    if (!over) this.#debts.owe(there, call);
    owner.mapped += Math.max(0, after - before);
    for (const each of targets) this.#held.hold(each, owner);
    for (const {start, end, value} of pieces)
      this.#held.hold({start: start + slide, end: Math.min(end + slide, range.end)}, value);
    for (const each of targets) this.#change('moved', each, call, owner);
    const replaced = over ? there.reduce((sum, {start, end}) => sum + end - start, 0) : 0;
    return {what: 'moved', ...range, from, bytes: after - before - replaced, ...partsOf(targets, range)};
  }

  /**
   * What of a range moves to a chosen place: since Linux 6.17 these may be several mappings. Holes between them leave
   * what is at the other place as it is (mm/mremap.c). One of which the books don't know the start may be any.
   */
  #movable(from: Range): Range[] {
    const gaps = this.#held.gapsIn(from);
    if (gaps.length === 0 || gaps[0]!.start === from.start) return [from];
    const known = new Spans<true>();
    for (const gap of gaps) known.set(gap, true);
    return known.gapsIn(from);
  }

  /** What the books don't have, and is mapped all the same: it was there before, or its call was lost. */
  #know(range: Range): void {
    for (const gap of this.#held.gapsIn(range))
      this.#held.hold(gap, {by: 'before', cause: undefined, mapped: 0, kept: 0});
  }

  /** Only what is mapped can be marked. */
  #mark(what: Mark, range: Range, call: LedgerCall, owner: Owner<Cause>): Done {
    const pieces = this.#held.within(range);
    const change = {what, by: owner.by, cause: owner.cause, time: call.time, flags: flagsOf(call)};
    if (!isAboutPages(call)) for (const piece of pieces) this.#last.mark(piece, change);
    const [start, end] = [pieces[0]?.start ?? range.start, pieces.at(-1)?.end ?? range.start];
    return {what, start, end, bytes: 0};
  }

  #setBreak(to: number, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    const {page} = this.#sizes;
    const before = this.#brk ?? this.#reports.of(call.tid, ({file}) => file === '[heap]')?.start ?? to;
    this.#brk = to;
    const [old, now] = [Math.ceil(before / page) * page, Math.ceil(to / page) * page];
    if (old === now) return undefined;
    if (now > old) return this.#map({start: old, end: now}, false, call, owner);
    return this.#release({start: now, end: old}, call, owner);
  }

  #attach(at: number | undefined, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    const report = this.#reports.of(call.tid, ({start}) => at === undefined || start === at);
    if (!report) return undefined;
    const range = {start: report.start, end: report.end};
    this.#attached.attach(range, owner);
    return this.#map(range, false, call, owner);
  }

  /** Where its place was taken before the call returned, it is not the one that is there now. */
  #detach(start: number, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    const now = this.#attached.at(start);
    if (!now) return undefined;
    const paid = now.earlier ? this.#debts.pay(now.earlier.range, call).paid : [];
    const gone = now.earlier !== undefined && paid.length > 0 ? now.earlier : now;
    if (gone === now) this.#attached.detach(start);
    else this.#attached.detachEarlier(start);
    const {range, owner: attacher} = gone;
    const own = this.#held.within(range).filter(({value}) => value === attacher);
    for (const piece of own) this.#release(piece, call, owner);
    const bytes = [...own, ...paid].reduce((sum, piece) => sum + piece.start - piece.end, 0);
    return {what: 'unmapped', ...range, bytes, ...partsOf(own, range)};
  }
}
