/*
 * Books of an address space: which call last changed each byte, and which call mapped each byte that is still there.
 * Both to the byte: each has exactly one last change, and, while it is mapped, one owner.
 *
 * Events come in the order of their times. A call has the time at which it returned, and the kernel did its work
 * somewhat earlier: where two threads are at work at once, a range may be told as mapped by one before it is told as
 * released by the other. As the kernel doesn't map anything where something is, unless it is told to (MAP_FIXED), such
 * a release is owed, and does nothing when it comes.
 */
import type {Change, Done, Owner, Piece, Report} from './books.ts';
import {effectOf, type Effect, hasFailed, type LedgerCall, type Mark, partOf} from './effect.ts';
import {Debts} from './debts.ts';
import {type Range, type Span, Spans} from './spans.ts';

interface LedgerOptions {
  /** Bytes of a page. */
  readonly page: number;
  readonly hugePage?: number;
  /** Where the program break is, if that is known: the end of [heap], or start_brk of /proc/PID/stat. */
  readonly brk?: number | undefined;
  /** What is mapped already. */
  readonly regions?: readonly Range[];
}

/** Is told of each change of what somebody has mapped, in bytes: more or less than before. */
type OnKept<Cause> = (owner: Owner<Cause>, bytes: number) => void;

/** Did it put memory where it is? */
export const isPut = ({what}: Change<unknown>): boolean => what === 'mapped' || what === 'moved';

const HUGE_PAGE = 2 * 2 ** 20;
const MAP_GROWSDOWN = 0x100;

export class Ledger<Cause> {
  readonly #sizes: {readonly page: number; readonly hugePage: number};
  readonly #onKept: OnKept<Cause> | undefined;
  readonly #last = new Spans<Change<Cause>>();
  readonly #held = new Spans<Owner<Cause>>();
  readonly #debts = new Debts<Owner<Cause>>();
  /** Attached segments, by their start. */
  readonly #attached = new Map<number, {readonly range: Range; readonly owner: Owner<Cause>}>();
  /** What the kernel reported of a thread since its last call. */
  readonly #reports = new Map<number, Report[]>();
  #brk: number | undefined;
  #exec: {readonly tid: number; readonly owner: Owner<Cause>} | undefined;

  constructor({page, hugePage = HUGE_PAGE, brk, regions = []}: LedgerOptions, onKept?: OnKept<Cause>) {
    this.#sizes = {page, hugePage};
    this.#onKept = onKept;
    this.#brk = brk;
    for (const range of regions) this.#hold(range, {by: 'before', cause: undefined, mapped: 0, kept: 0});
  }

  /** Enters a call. @returns what it did to memory; undefined if nothing */
  call(call: LedgerCall, cause: Cause): Done | undefined {
    const effect = effectOf(call, this.#sizes);
    const owner: Owner<Cause> = {by: 'call', cause, mapped: 0, kept: 0};
    const done = effect && !hasFailed(call) ? this.#apply(effect, call, owner) : this.#applyPart(effect, call, owner);
    this.exit(call.tid);
    if (this.#exec?.tid === call.tid) this.#exec = undefined;
    this.#debts.returned(call);
    return done;
  }

  /**
   * Enters a mapping that the kernel reports: before the call that made it returns, or without one.
   *
   * @param cause of a stack that grew
   */
  report(report: Report, cause?: Cause): void {
    const {file, flags, tid, time} = report;
    const isStack = file === '[stack]' || (flags & MAP_GROWSDOWN) !== 0;
    if (isStack && this.#exec?.tid !== tid)
      this.#fill(report, 'growth', {by: 'growth', cause, mapped: 0, kept: 0}, time);
    else this.#reports.set(tid, [...(this.#reports.get(tid) ?? []), report]);
  }

  /** Another program: nothing is left of what was mapped. */
  exec(tid: number, cause: Cause | undefined): void {
    for (const {start, end, value} of this.#held.all) this.#keep(value, start - end);
    for (const spans of [this.#held, this.#last]) spans.filter(() => false);
    for (const map of [this.#attached, this.#reports, this.#debts]) map.clear();
    this.#brk = undefined;
    this.#exec = {tid, owner: {by: 'exec', cause, mapped: 0, kept: 0}};
  }

  /** A thread has ended, or returned from a call. */
  exit(tid: number): void {
    this.#settle(tid);
    this.#reports.delete(tid);
  }

  /**
   * Who last changed each byte of a range?
   *
   * @param since ns: earlier changes don't count
   * @returns pieces without gaps, in ascending order
   */
  explain(range: Range, since = 0): Piece<Cause>[] {
    for (const tid of this.#reports.keys()) this.#settle(tid);
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
    for (const tid of this.#reports.keys()) this.#settle(tid);
    return this.#held.within(range);
  }

  /** Who mapped what is mapped now, in ascending order. */
  get held(): readonly Span<Owner<Cause>>[] {
    for (const tid of this.#reports.keys()) this.#settle(tid);
    return this.#held.all;
  }

  /** Forgets changes of memory that is no longer mapped, from before a time: a diff that begins there doesn't ask. */
  forget(before: number): void {
    this.#last.filter(({what, time}) => what !== 'unmapped' || time >= before);
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
        return this.#mark(effect.what, effect.range, call, owner);
      case 'brk':
        return this.#setBreak(effect.to, call, owner);
      case 'attach':
        return this.#attach(effect.start, call, owner);
      case 'detach': {
        const attached = this.#attachedAt(effect.start);
        if (!attached) return undefined;
        this.#attached.delete(effect.start);
        const own = this.#held.within(attached.range).filter(({value}) => value === attached.owner);
        for (const piece of own) this.#release(piece, call, owner);
        const bytes = own.reduce((sum, {start, end}) => sum + start - end, 0);
        return {what: 'unmapped', ...attached.range, bytes};
      }
    }
  }

  /** A call that failed may have treated a part of its range. */
  #applyPart(effect: Effect | undefined, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    const part = partOf(call);
    if (effect?.do !== 'mark' || part === undefined) return undefined;
    const gaps = this.#held.gapsIn(effect.range);
    const end = part === 'first' ? (gaps[0]?.start ?? effect.range.end) : effect.range.end;
    return this.#mark(effect.what, {...effect.range, end}, call, owner);
  }

  #change(what: Change<Cause>['what'], range: Range, {time}: LedgerCall, {by, cause}: Owner<Cause>): void {
    this.#last.set(range, {what, by, cause, time});
  }

  #hold(range: Range, owner: Owner<Cause>): void {
    const size = range.end - range.start;
    if (size <= 0) return;
    this.#keep(owner, size);
    for (const {start, end, value} of this.#held.set(range, owner)) this.#keep(value, start - end);
  }

  #keep(owner: Owner<Cause>, bytes: number): void {
    owner.kept += bytes;
    this.#onKept?.(owner, bytes);
  }

  #drop(range: Range): Span<Owner<Cause>>[] {
    const dropped = this.#held.clear(range);
    for (const {start, end, value} of dropped) this.#keep(value, start - end);
    return dropped;
  }

  #map(range: Range, over: boolean, call: LedgerCall, owner: Owner<Cause>): Done {
    const before = this.#held.within(range);
    if (!over) this.#debts.owe(before, call);
    owner.mapped += range.end - range.start;
    this.#hold(range, owner);
    this.#change('mapped', range, call, owner);
    const replaced = over ? before.reduce((sum, {start, end}) => sum + end - start, 0) : 0;
    return {what: 'mapped', ...range, bytes: range.end - range.start - replaced};
  }

  #release(range: Range, call: LedgerCall, owner: Owner<Cause>): Done {
    const {rest, paid} = this.#debts.pay(range, call);
    let bytes = paid.reduce((sum, {start, end}) => sum + start - end, 0);
    for (const part of rest) {
      for (const {start, end} of this.#drop(part)) bytes -= end - start;
      this.#change('unmapped', part, call, owner);
    }
    return {what: 'unmapped', ...range, bytes};
  }

  /** Memory keeps its owner when it moves; what it grows by is the call's. */
  #move(effect: Effect & {do: 'move'}, call: LedgerCall, owner: Owner<Cause>): Done {
    const {from, range, over, copies} = effect;
    const [before, after] = [from.end - from.start, range.end - range.start];
    if (copies) return {...this.#map(range, over, call, owner), from};
    if (range.start === from.start) {
      if (after <= before) return this.#release({start: range.end, end: from.end}, call, owner);
      const growth = {start: from.end, end: range.end};
      return this.#map(growth, false, call, owner);
    }
    const {rest, paid} = this.#debts.pay(from, call);
    const pieces = [...paid, ...rest.flatMap((part) => this.#drop(part))];
    for (const part of rest) this.#change('unmapped', part, call, owner);
    const there = this.#held.within(range);
    if (over) this.#drop(range);
    else this.#debts.owe(there, call);
    const slide = range.start - from.start;
    owner.mapped += Math.max(0, after - before);
    this.#hold(range, owner);
    for (const {start, end, value} of pieces)
      this.#hold({start: start + slide, end: Math.min(end + slide, range.end)}, value);
    this.#change('moved', range, call, owner);
    const replaced = over ? there.reduce((sum, {start, end}) => sum + end - start, 0) : 0;
    return {what: 'moved', ...range, from, bytes: after - before - replaced};
  }

  /** What the books don't have, and is mapped all the same: it was there before, or its call was lost. */
  #know(range: Range): void {
    for (const gap of this.#held.gapsIn(range)) this.#hold(gap, {by: 'before', cause: undefined, mapped: 0, kept: 0});
  }

  /** Only what is mapped can be marked. */
  #mark(what: Mark, range: Range, call: LedgerCall, owner: Owner<Cause>): Done {
    const pieces = this.#held.within(range);
    for (const piece of pieces) {
      const last = this.#last.within(piece);
      this.#change(what, piece, call, owner);
      for (const {start, end, value} of last) {
        const put = isPut(value) ? value : value.put;
        if (put) this.#last.set({start, end}, {what, by: owner.by, cause: owner.cause, time: call.time, put});
      }
    }
    const [start, end] = [pieces[0]?.start ?? range.start, pieces.at(-1)?.end ?? range.start];
    return {what, start, end, bytes: 0};
  }

  #setBreak(to: number, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    const {page} = this.#sizes;
    const before = this.#brk ?? this.#reportOf(call.tid, ({file}) => file === '[heap]')?.start ?? to;
    this.#brk = to;
    const [old, now] = [Math.ceil(before / page) * page, Math.ceil(to / page) * page];
    if (old === now) return undefined;
    if (now > old) return this.#map({start: old, end: now}, false, call, owner);
    return this.#release({start: now, end: old}, call, owner);
  }

  #attach(at: number | undefined, call: LedgerCall, owner: Owner<Cause>): Done | undefined {
    const report = this.#reportOf(call.tid, ({start}) => at === undefined || start === at);
    if (!report) return undefined;
    const range = {start: report.start, end: report.end};
    this.#attached.set(range.start, {range, owner});
    return this.#map(range, false, call, owner);
  }

  /** A segment, also one of before the ledger began. */
  #attachedAt(at: number): {readonly range: Range; readonly owner: Owner<Cause>} | undefined {
    const known = this.#attached.get(at);
    if (known) return known;
    const span = this.#held.within({start: at, end: at + 1})[0];
    const whole = span && this.#held.all.find(({value, start}) => value === span.value && start === at);
    return whole && whole.value.by === 'before' ? {range: whole, owner: whole.value} : undefined;
  }

  /** The last report of a thread since its last call. */
  #reportOf(tid: number, passes: (report: Report) => boolean): Report | undefined {
    return this.#reports.get(tid)?.findLast(passes);
  }

  /**
   * What the kernel reported and no call accounts for was mapped by exec, or by a driver; or by a call that has not
   * returned yet, and then takes it over.
   */
  #settle(tid: number): void {
    const reports = this.#reports.get(tid) ?? [];
    const isExec = this.#exec?.tid === tid;
    for (const report of reports)
      this.#fill(report, isExec ? 'exec' : 'kernel', isExec ? this.#exec?.owner : undefined, report.time);
  }

  #fill(range: Range, by: 'growth' | 'exec' | 'kernel', owner: Owner<Cause> | undefined, time: number): void {
    const later = new Spans<true>();
    for (const {start, end, value} of this.#last.within(range)) if (value.time > time) later.set({start, end}, true);
    for (const gap of this.#held.gapsIn(range).flatMap((each) => later.gapsIn(each))) {
      const mine = owner ?? {by, cause: undefined, mapped: 0, kept: 0};
      mine.mapped += gap.end - gap.start;
      this.#hold(gap, mine);
      this.#last.set(gap, {what: 'mapped', by, cause: mine.cause, time});
    }
  }
}
