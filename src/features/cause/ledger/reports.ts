/*
 * Mappings that the kernel reports beside calls: before the call that made one returns, or without a call.
 */
import type {Owner, Report} from './books.ts';
import {MAP_GROWSDOWN} from './effect.ts';
import type {LastChanges} from './changes.ts';
import type {Holdings} from './holdings.ts';
import {type Range, Spans} from './spans.ts';

export class Reports<Cause> {
  /** Of each thread since its last call. */
  readonly #reports = new Map<number, Report[]>();
  readonly #held: Holdings<Cause>;
  readonly #last: LastChanges<Cause>;
  /** What was mapped with MAP_GROWSDOWN: of a mapping, the kernel's reports don't say it. */
  readonly #growing = new Spans<true>();
  /** The thread that executes another program, until it returns from its first call. */
  #exec: {readonly tid: number; readonly owner: Owner<Cause>} | undefined;

  constructor(held: Holdings<Cause>, last: LastChanges<Cause>) {
    this.#held = held;
    this.#last = last;
  }

  /** @param cause of a stack that grew */
  add(report: Report, cause: Cause | undefined): void {
    const {file, flags, tid, time} = report;
    const isStack = file === '[stack]' || (flags & MAP_GROWSDOWN) !== 0 || this.#growing.within(report).length > 0;
    if (isStack && this.#exec?.tid !== tid)
      this.#fill(report, 'growth', {by: 'growth', cause, mapped: 0, kept: 0}, time);
    else this.#reports.set(tid, [...(this.#reports.get(tid) ?? []), report]);
  }

  /** A call has mapped something. */
  mapped(range: Range, growsDown: boolean): void {
    if (growsDown) this.#growing.set(range, true);
    else this.#growing.clear(range);
  }

  /** The last of a thread since its last call. */
  of(tid: number, passes: (report: Report) => boolean): Report | undefined {
    return this.#reports.get(tid)?.findLast(passes);
  }

  /** A thread executes another program: what is reported of it until its first call is exec's. */
  exec(tid: number, cause: Cause | undefined): void {
    this.#exec = {tid, owner: {by: 'exec', cause, mapped: 0, kept: 0}};
  }

  /** What is reported from now on is not exec's. */
  begun(): void {
    if (this.#exec) this.returned(this.#exec.tid);
  }

  /** A thread has returned from a call. */
  returned(tid: number): void {
    this.end(tid);
    if (this.#exec?.tid === tid) this.#exec = undefined;
  }

  /** No call of a thread accounts any longer for what was reported of it. */
  end(tid: number): void {
    this.#settle(tid);
    this.#reports.delete(tid);
  }

  /**
   * What the kernel reported and no call accounts for was mapped by exec, or by a driver, where it is a file; or by a
   * call that has not returned yet, and then takes it over.
   */
  settle(): void {
    for (const tid of this.#reports.keys()) this.#settle(tid);
  }

  clear(): void {
    this.#reports.clear();
    this.#growing.filter(() => false);
  }

  #settle(tid: number): void {
    const isExec = this.#exec?.tid === tid;
    for (const report of this.#reports.get(tid) ?? [])
      this.#fill(report, isExec ? 'exec' : byOf(report), isExec ? this.#exec?.owner : undefined, report.time);
  }

  #fill(range: Range, by: Owner<Cause>['by'], owner: Owner<Cause> | undefined, time: number): void {
    const later = new Spans<true>();
    for (const {start, end, value} of this.#last.within(range)) if (value.time > time) later.set({start, end}, true);
    for (const gap of this.#held.gapsIn(range).flatMap((each) => later.gapsIn(each))) {
      const mine = owner ?? {by, cause: undefined, mapped: 0, kept: 0};
      mine.mapped += gap.end - gap.start;
      this.#held.hold(gap, mine);
      this.#last.set(gap, {what: 'mapped', by, cause: mine.cause, time});
    }
  }
}

/** No driver maps anonymous memory: that is a call that is not seen, as one of a 32-bit program is. */
const byOf = ({file}: Report): 'kernel' | 'unknown' => (/^(\/\/anon$|\[)/.test(file) ? 'unknown' : 'kernel');
