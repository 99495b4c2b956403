import {missedPeak, NEARLY, notReadOf, ruleAmount} from './unread.ts';
import {FamilySeries} from '../growth/family.ts';
import {growthOf, type Growth, type GrowthLine} from '../growth/growth.ts';
import {FEWEST_LOOKS, type Judgement} from '../growth/verdict/judge.ts';
import {whyNot} from '../growth/words.ts';
import {isKinMeasure, type FamilySample, type KinMeasure} from '../../model/kin/kin.ts';
import {KinPeaks} from '../../model/kin/peaks.ts';
import {MEASURES, type MeasureKey} from '../../model/measures.ts';
import {rangeText, type Region} from '../../model/region.ts';
import type {Seen} from '../../history/seen.ts';
import {Series} from '../../history/series.ts';
import {hasRollup} from '../../model/columns/regions.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {isCount, isForbidden, type ProcessRule, type Rule, type Subject} from './rules.ts';
import type {Result} from './result.ts';
import {peakOf} from '../run/peak.ts';
import type {ProcessEnd} from '../watch/events.ts';
import {sizeText} from '../../model/amounts.ts';
import {totalsByKind} from '../../model/totals.ts';

type MaxRule = Extract<ProcessRule, {is: 'max'}>;
type NoRule = Extract<ProcessRule, {is: 'no'}>;
type GrowthRule = Extract<ProcessRule, {is: 'no-growth'}>;

interface Found {
  readonly count: number;
  readonly region: Region;
  readonly at: number;
}

/** Checks one look after another against the rules. */
export class Checker {
  looks = 0;
  readonly #rules: readonly ProcessRule[];
  readonly #least: number;
  readonly #peaks = new Map<Rule, Peak>();
  /** An upper bound of a rule's amount, where only the size of the memory was seen. */
  readonly #bounds = new Map<Rule, number>();
  readonly #found = new Map<Rule, Found>();
  readonly #told = new Set<Rule>();
  readonly #family = new KinPeaks();
  readonly #growing = new FamilySeries();
  /** The clock of the family's samples at our 0. */
  #zero = 0;
  #series: Series | undefined;
  #last: Snapshot | undefined;
  /** Memory was replaced by another program's: what its peak was after the last look at it is not known. */
  #isCut = false;
  #end: ProcessEnd | undefined;

  /** @param least growth by fewer bytes doesn't matter */
  constructor(rules: readonly ProcessRule[], least: number) {
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

  /** What was seen of the family; undefined if it was not followed. */
  get family(): KinPeaks | undefined {
    return this.#family.samples > 0 ? this.#family : undefined;
  }

  /** @param family of the same sample */
  add(seen: Seen, family?: FamilySample): void {
    this.looks++;
    if (family) this.#family.add(family);
    if (family && this.#series) this.#growing.add(family.t, family);
    if (family) this.#zero = family.t - seen.t;
    this.#series?.add(seen);
    const isSame = seen.snapshot === this.#last;
    this.#last = seen.snapshot;
    for (const rule of this.#rules) {
      if (rule.is === 'max' && (!isSame || rule.subject.of === 'total')) this.#addPeak(rule, seen);
      else if (rule.is === 'no' && !isSame) this.#find(rule, seen);
    }
  }

  /** @param hasEnded the process did: what it gave back at the very end is not a sign that it doesn't grow */
  results(hasEnded = false): Result[] {
    const growth = this.#series && growthOf(this.#series, 'rss', this.#least, hasEnded);
    return this.#rules.map((rule) => {
      const told = rule.is === 'max' ? this.#toldResult(rule) : undefined;
      if (told) return told;
      if (this.looks === 0) return {rule, verdict: 'not measured', isExact: false, detail: 'no sample was taken'};
      if (rule.is === 'max') return this.#maxResult(rule, hasEnded);
      return rule.is === 'no' ? this.#noResult(rule) : this.#growthResult(rule, growth!, hasEnded);
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

  #maxResult(rule: MaxRule, hasEnded: boolean): Result {
    const {of, measure} = rule.subject;
    if (of === 'total' && isKinMeasure(measure) && this.#family.isFamily) return this.#familyResult(rule, measure);
    const result = this.#ownResult(rule, hasEnded);
    // What the kernel kept is of the process alone, and it had children that nobody saw.
    return this.#family.last?.missed && of === 'total' ? {...result, isExact: false} : result;
  }

  /** Of a family, all members together are judged; kinds are those of the first process. */
  #growthResult(rule: GrowthRule, growth: Growth, hasEnded: boolean): Result {
    if (rule.of !== 'total') {
      const line = growth.kinds.find(({kind}) => kind === rule.of);
      if ((line || growth.looks === 1) && growth.measure !== growth.asked)
        return {rule, verdict: 'not measured', isExact: false, detail: readTooSeldom(growth)};
      return growthResult(rule, line, growth.looks);
    }
    if (!this.#family.isFamily) return growthResult(rule, growth.total, growth.looks);
    const {total, samples, most} = this.#growing.growth('rss', this.#least, hasEnded);
    return {...growthResult(rule, total, samples), family: {processes: most, age: 0}};
  }

  /** What was known of all members, and the most that can have been where something was never read. */
  #familyResult(rule: MaxRule, measure: KinMeasure): Result {
    const {value, at, processes, age, most} = this.#family.peak(measure)!;
    const own = this.#peaks.get(rule);
    // One of them alone may have had more than a sample saw of all: the kernel told that when it ended.
    const told = measure === 'rss' && this.#end ? peakOf(this.#end, 0)?.value : undefined;
    const alone = Math.max(own?.value ?? 0, told ?? 0);
    const measured = Math.max(value, alone);
    const isOwn = measured > value;
    const isTold = isOwn && measured !== own?.value;
    const when = isTold ? undefined : this.#when(isOwn ? own!.at : Math.max(0, at - this.#zero));
    const family = {processes: isOwn ? 1 : processes, age};
    const base = {rule, isExact: false, isLeast: isTold, family} as const;
    const seen = {...base, measured, at: when};
    if (measured > rule.limit) return {...seen, verdict: 'broken'};
    if (isTold && measured > (1 + NEARLY) * value)
      return {...base, verdict: 'not measured', detail: missedPeak(measured, value)};
    if (most === value) return {...seen, verdict: 'ok'};
    const unread = this.#family.unread(measure);
    if (most <= rule.limit) {
      const detail = `${notReadOf(unread)}, but all of it cannot be more than ${sizeText(most)}`;
      return {...base, verdict: 'ok', detail};
    }
    return {
      ...base,
      verdict: 'not measured',
      detail: `${notReadOf(unread)}; the rest had ${ruleAmount(value, measure)}`,
    };
  }

  /**
   * RSS of a command, as the kernel told it at the end. Of several processes it tells how much the largest had, and not
   * how much all had together: then only a limit below that is decided, unless samples saw them together.
   *
   * @returns undefined if it told nothing of what the rule is about
   */
  #toldResult(rule: MaxRule): Result | undefined {
    const {of, measure} = rule.subject;
    if (!this.#end?.usage || of !== 'total' || measure !== 'rss') return undefined;
    const sampled = this.#peaks.get(rule);
    const {value, isExact, isTold} = peakOf(this.#end, sampled?.value ?? 0)!;
    if (!isExact && (this.#family.isFamily || !this.family)) return undefined;
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

  #ownResult(rule: MaxRule, hasEnded: boolean): Result {
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
      return {
        rule,
        verdict: 'not measured',
        isExact: false,
        detail: notRead(rule.lint === 'swap' ? 'swap' : 'regions'),
      };
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

/** What was judged: of the process, or of its family. */
export type Grown = Judgement & Pick<GrowthLine, 'points' | 'first' | 'last'>;

/** @param line undefined for a kind that was never there */
export function growthResult(rule: Extract<Rule, {is: 'no-growth'}>, line: Grown | undefined, looks: number): Result {
  const base = {rule, isExact: false} as const;
  if (!line && looks > 1) return {...base, verdict: 'ok', detail: 'there was none'};
  if (!line || line.points.t.length < FEWEST_LOOKS) return tooFewLooks(rule, looks);
  if (line.verdict === 'not enough data')
    return {...base, verdict: 'not measured', slope: line.slope, detail: whyNot(line)};
  const {verdict, slope, since: at} = line;
  if (verdict === 'steady growth') return {...base, verdict: 'broken', slope, at, detail: verdict};
  return {...base, verdict: 'ok', detail: verdict};
}

/** What so few samples say of growth. */
export const tooFewLooks = (rule: Rule, looks: number): Result => ({
  rule,
  isExact: false,
  verdict: 'not measured',
  detail:
    `${looks === 1 ? 'one sample does' : `${looks} samples do`} not show what grows; ` +
    `at least ${FEWEST_LOOKS} are needed`,
});

/** The size of memory doesn't say what is resident of it. */
const readTooSeldom = ({usageLooks, looks}: Growth): string =>
  `resident memory by kind was read at ${usageLooks} of ${looks} samples, which is not enough ` +
  `(a higher --max-duty reads it more often)`;

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
  const isSum = hasRollup(snapshot.table);
  const total = isSum && (measure === 'size' || measure === 'regions') ? undefined : ofTotals(snapshot.totals);
  if (of !== 'total') {
    if (total === undefined || isSum) return undefined;
    return {value: ofTotals(totalsByKind(snapshot.regions).get(of)) ?? 0, at: t, isExact: false};
  }
  const [highest, now] = [peakOfStatus(status), ofStatus(status)];
  // The vsyscall page is listed, and is not part of the process: status leaves it out, the sum doesn't.
  const sum = measure === 'size' && (highest ?? now) !== undefined ? undefined : total;
  const known = [highest, now, sum].filter((value) => value !== undefined);
  return known.length === 0 ? undefined : {value: Math.max(...known), at: t, isExact: highest !== undefined};
}
