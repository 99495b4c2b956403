import {growthOf, type Growth} from '../growth/growth.ts';
import {MEASURES, type MeasureKey} from '../../model/measures.ts';
import {rangeText, type Region} from '../../model/region.ts';
import type {Seen} from '../../history/seen.ts';
import {Series} from '../../history/series.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {isCount, isForbidden, type Rule, type Subject} from './rules.ts';
import type {Result} from './result.ts';
import {peakOf} from '../run/peak.ts';
import type {ProcessEnd} from '../watch/events.ts';
import {sizeText} from '../../model/amounts.ts';
import {totalsByKind} from '../../model/totals.ts';

type MaxRule = Extract<Rule, {is: 'max'}>;
type NoRule = Extract<Rule, {is: 'no'}>;
type GrowthRule = Extract<Rule, {is: 'no-growth'}>;

interface Found {
  readonly count: number;
  readonly region: Region;
  readonly at: number;
}

/** Checks one look after another against the rules. */
export class Checker {
  looks = 0;
  readonly #rules: readonly Rule[];
  readonly #least: number;
  readonly #peaks = new Map<Rule, Peak>();
  /** An upper bound of a rule's amount, where only the size of the memory was seen. */
  readonly #bounds = new Map<Rule, number>();
  readonly #found = new Map<Rule, Found>();
  readonly #told = new Set<Rule>();
  #series: Series | undefined;
  #last: Snapshot | undefined;
  /** Memory was replaced by another program's: what its peak was after the last look at it is not known. */
  #isCut = false;
  #end: ProcessEnd | undefined;

  /** @param least growth by fewer bytes doesn't matter */
  constructor(rules: readonly Rule[], least: number) {
    this.#rules = rules;
    this.#least = least;
    this.#begin();
  }

  /** Another program began: what grew before is not its growth. Peaks stay. */
  restart(): void {
    this.#isCut = true;
    this.#begin();
  }

  /** The process ended. What the kernel told about its peak counts as well, if it was told. */
  end(how: ProcessEnd): void {
    this.#end = how;
  }

  #begin(): void {
    this.#series = this.#rules.some(({is}) => is === 'no-growth') ? new Series(['rss'], 'rss') : undefined;
  }

  add(seen: Seen): void {
    this.looks++;
    this.#series?.add(seen);
    const isSame = seen.snapshot === this.#last;
    this.#last = seen.snapshot;
    for (const rule of this.#rules) {
      if (rule.is === 'max' && (!isSame || rule.subject.of === 'total')) this.#addPeak(rule, seen);
      else if (rule.is === 'no' && !isSame) this.#find(rule, seen);
    }
  }

  /** @param hasEnded the process did: what it gave back at the very end is no sign that it doesn't grow */
  results(hasEnded = false): Result[] {
    const growth = this.#series && growthOf(this.#series, 'rss', this.#least, hasEnded);
    return this.#rules.map((rule) => {
      const told = rule.is === 'max' ? this.#toldResult(rule) : undefined;
      if (told) return told;
      if (this.looks === 0) return {rule, verdict: 'not measured', isExact: false, detail: 'no sample was taken'};
      if (rule.is === 'max') return this.#maxResult(rule, hasEnded);
      return rule.is === 'no' ? this.#noResult(rule) : growthResult(rule, growth!);
    });
  }

  #addPeak(rule: MaxRule, seen: Seen): void {
    const peak = amountAt(seen, rule.subject);
    if (!peak) this.#addBound(rule, seen);
    const before = this.#peaks.get(rule);
    if (peak && (!before || peak.value > before.value)) this.#peaks.set(rule, peak);
  }

  /** No more can be resident, dirty or swapped than there is. A short command may end before more can be read. */
  #addBound(rule: MaxRule, seen: Seen): void {
    const size = amountAt(seen, {of: rule.subject.of, measure: 'size'})?.value;
    if (size !== undefined && !isCount(rule.subject.measure))
      this.#bounds.set(rule, Math.max(size, this.#bounds.get(rule) ?? 0));
  }

  #find(rule: NoRule, {snapshot, t}: Seen): void {
    const told = snapshot.regions.map((region) => isForbidden(rule.lint, region));
    const index = told.indexOf(true);
    if (told.some((answer) => answer !== undefined)) this.#told.add(rule);
    const count = told.filter((answer) => answer === true).length;
    if (index < 0 || (this.#found.get(rule)?.count ?? 0) >= count) return;
    const at = this.#found.get(rule)?.at ?? t;
    this.#found.set(rule, {count, region: snapshot.regions[index]!, at});
  }

  /** With a single look, the time says nothing. */
  #when(at: number): number | undefined {
    return this.looks > 1 ? at : undefined;
  }

  /**
   * RSS of a command, as the kernel told it at the end. Of several processes it tells how much the largest had, and not
   * how much all had together: then only a limit below that is decided.
   *
   * @returns undefined if it told nothing of what the rule is about
   */
  #toldResult(rule: MaxRule): Result | undefined {
    const {of, measure} = rule.subject;
    if (!this.#end?.usage || of !== 'total' || measure !== 'rss') return undefined;
    const sampled = this.#peaks.get(rule);
    const {value, isExact, isTold} = peakOf(this.#end, sampled?.value ?? 0)!;
    const isBroken = value > rule.limit;
    if (!isBroken && !isExact)
      return {
        rule,
        verdict: 'not measured',
        isExact,
        detail: `it started others, and how much all had together is not known: one of them had ${sizeText(value)}`,
      };
    const at = isTold || !sampled ? undefined : this.#when(sampled.at);
    return {rule, verdict: isBroken ? 'broken' : 'ok', measured: value, at, isExact, isLeast: isTold && !isExact};
  }

  #maxResult(rule: MaxRule, hasEnded: boolean): Result {
    const peak = this.#peaks.get(rule);
    const bound = this.#bounds.get(rule) ?? Infinity;
    if (!peak && bound <= rule.limit)
      return {
        rule,
        verdict: 'ok',
        isExact: false,
        detail: `it was not measured, but cannot be more than its address space, ${sizeText(bound)}`,
      };
    if (!peak) return {rule, verdict: 'not measured', isExact: false, detail: notRead(rule.subject.measure)};
    const {value, at} = peak;
    // The kernel keeps the peak of a program, but not beyond its end.
    const isExact = peak.isExact && !hasEnded && !this.#isCut;
    return {rule, verdict: value > rule.limit ? 'broken' : 'ok', measured: value, at: this.#when(at), isExact};
  }

  #noResult(rule: NoRule): Result {
    const found = this.#found.get(rule);
    if (!found && !this.#told.has(rule))
      return {rule, verdict: 'not measured', isExact: false, detail: notRead('swap')};
    if (!found) return {rule, verdict: 'ok', measured: 0, isExact: false};
    const {region, count, at} = found;
    const name = region.name || region.label || region.kind;
    const detail = `${rangeText(region)} ${region.perms} ${name}`;
    return {rule, verdict: 'broken', measured: count, at: this.#when(at), isExact: false, detail};
  }
}

function notRead(measure: MeasureKey): string {
  const [first] = MEASURES[measure].listings;
  return `${first}, which has ${first === 'smaps' ? 'the counters' : 'that'}, was not read or is not in the file`;
}

function growthResult(rule: GrowthRule, growth: Growth): Result {
  const line = rule.of === 'total' ? growth.total : growth.kinds.find(({kind}) => kind === rule.of);
  const base = {rule, isExact: false} as const;
  if (!line && growth.looks > 1) return {...base, verdict: 'ok', detail: 'there was none'};
  if (!line || (line.verdict === 'not enough data' && line.slope === undefined))
    return {
      ...base,
      verdict: 'not measured',
      detail:
        `${growth.looks === 1 ? 'one sample does' : `${growth.looks} samples do`} not show what grows; ` +
        `at least 12 are needed`,
    };
  const {verdict, slope, since: at} = line;
  if (verdict === 'not enough data')
    return {
      ...base,
      verdict: 'not measured',
      slope,
      detail: 'it rose, but not evenly enough to call it steady, and had not stopped',
    };
  if (verdict === 'steady growth') return {...base, verdict: 'broken', slope, at, detail: verdict};
  return {...base, verdict: 'ok', detail: verdict};
}

/** The highest amount seen. */
interface Peak {
  readonly value: number;
  /** ms */
  readonly at: number;
  readonly isExact: boolean;
}

/**
 * How much there is of something at one moment; or its peak up to then, where the kernel keeps it.
 *
 * @returns undefined if the moment doesn't say
 */
function amountAt({snapshot, status = snapshot.status, t}: Seen, {of, measure}: Subject): Peak | undefined {
  const {ofTotals, ofStatus, peakOfStatus} = MEASURES[measure];
  const total = ofTotals(snapshot.totals);
  if (of !== 'total') {
    if (total === undefined) return undefined;
    return {value: ofTotals(totalsByKind(snapshot.regions).get(of)) ?? 0, at: t, isExact: false};
  }
  const [highest, now] = [peakOfStatus(status), ofStatus(status)];
  // The vsyscall page is listed, and is not part of the process: status leaves it out, the sum doesn't.
  const sum = measure === 'size' && (highest ?? now) !== undefined ? undefined : total;
  const known = [highest, now, sum].filter((value) => value !== undefined);
  return known.length === 0 ? undefined : {value: Math.max(...known), at: t, isExact: highest !== undefined};
}
