import {counted, sizeText} from '../../model/amounts.ts';
import type {ProcessRow, Unread} from '../../model/host/processes.ts';
import type {MeasureKey} from '../../model/measures.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {FEWEST_LOOKS, judge} from '../growth/verdict/judge.ts';
import {safe} from '../../text/safe.ts';
import {Checker, growthResult, tooFewLooks} from './checker.ts';
import type {ProcessRule} from './rules.ts';
import type {Result, Unmeasured} from './result.ts';

/** What a list of all processes says of each, so that nobody has to read its regions. */
const LISTED = ['pss', 'rss', 'privateDirty', 'swap', 'size', 'regions', 'threads'] as const;

type Listed = (typeof LISTED)[number];

/** Counters, which hold up the process that is read. */
const COUNTED: readonly MeasureKey[] = ['pss', 'privateDirty'];

type MaxRule = Extract<ProcessRule, {is: 'max'}>;

const listedBy = (rule: ProcessRule): Listed | undefined =>
  rule.is === 'max' && rule.subject.of === 'total' ? LISTED.find((key) => key === rule.subject.measure) : undefined;

/** Is it about single regions, or sums that only a listing of them has? */
export const isOfRegions = (rule: ProcessRule): boolean => rule.is !== 'no-growth' && listedBy(rule) === undefined;

/** Does it need counters of a list of all processes? */
export const needsCounters = (rule: ProcessRule): boolean => COUNTED.some((key) => key === listedBy(rule));

/** Of regions: does it need their counters? */
export const needsUsage = (rule: ProcessRule): boolean =>
  isOfRegions(rule) &&
  (rule.is === 'max' ? !['size', 'regions'].includes(rule.subject.measure) : rule.is === 'no' && rule.lint === 'swap');

/** Why nothing is known of a process: as in a list of all, or it ended. */
export type Refused = Unread | 'ended';

/** The peaks that the kernel keeps of a process: bytes. */
type Peaks = Partial<Record<Listed, number>>;

/** One process over the samples. */
interface Track {
  readonly pid: number;
  readonly name: string;
  readonly first: number;
  readonly peaks: Map<Listed, {readonly value: number; readonly at: number}>;
  readonly rss: {readonly t: number[]; readonly v: number[]};
  last: number;
  unread: Unread | undefined;
  /** What its regions said, for each rule of regions; or why they were not read. */
  regions: readonly Result[] | Refused | undefined;
  /** Why they were read without counters. */
  uncounted: Unread | undefined;
  kept: Peaks;
}

/**
 * Checks all processes of a machine against rules: what a list of all says in each sample, and regions where needed.
 */
export class HostChecker {
  readonly #rules: readonly ProcessRule[];
  readonly #ofRegions: readonly ProcessRule[];
  readonly #least: number;
  readonly #tracks = new Map<string, Track>();
  readonly #times: number[] = [];

  /** @param least growth by fewer bytes doesn't matter */
  constructor(rules: readonly ProcessRule[], least: number) {
    this.#rules = rules;
    this.#ofRegions = rules.filter(isOfRegions);
    this.#least = least;
  }

  get looks(): number {
    return this.#times.length;
  }

  /** Processes so far. */
  get processes(): number {
    return this.#tracks.size;
  }

  /**
   * Those that came later, or ended before the last sample: nothing can be said of what they do over the whole time.
   */
  get passing(): number {
    return [...this.#tracks.values()].filter((track) => !this.#isWhole(track)).length;
  }

  /**
   * A sample: rows of all processes.
   *
   * @param t ms since the first one
   * @returns those that were not there before, whose regions are to be looked at
   */
  add(rows: readonly ProcessRow[], t: number): ProcessRow[] {
    this.#times.push(t);
    return rows.filter((row) => this.#addRow(row, t));
  }

  /**
   * What the regions of a process say, or why they were not read.
   *
   * @param uncounted why their counters were not
   */
  addRegions(row: ProcessRow, read: Snapshot | Refused, uncounted?: Unread): void {
    const track = this.#tracks.get(keyOf(row));
    if (!track) return;
    track.uncounted = uncounted;
    if (typeof read === 'string') {
      track.regions = read;
      return;
    }
    const checker = new Checker(this.#ofRegions, this.#least);
    checker.add({t: 0, snapshot: read});
    // A listing that is torn may show what was wrong, but not that nothing was.
    track.regions = checker
      .results()
      .map((result) =>
        read.isWhole || result.verdict !== 'ok' ? result : {...result, verdict: 'not measured', detail: TORN},
      );
  }

  /** What the kernel kept of a process that is there at the end. */
  addPeaks(row: ProcessRow, peaks: Peaks): void {
    const track = this.#tracks.get(keyOf(row));
    if (track) track.kept = peaks;
  }

  /**
   * Of each rule: a result for each process that breaks it, the worst first; one for all of which it could not be
   * measured; and if there is neither, one that it holds, with the process that comes closest.
   */
  results(): Result[] {
    return this.#rules.flatMap((rule) => {
      if (rule.is === 'no-growth' && this.looks < FEWEST_LOOKS) return [tooFewLooks(rule, this.looks)];
      const tracks = [...this.#tracks.values()].filter((track) => rule.is !== 'no-growth' || this.#isWhole(track));
      const all = tracks.map((track) => this.#resultOf(rule, track)).filter((result) => result !== undefined);
      const worst = all.toSorted((a, b) => weightOf(b) - weightOf(a));
      const broken = worst.filter(({verdict}) => verdict === 'broken');
      const unmeasured = worst.filter(({verdict}) => verdict === 'not measured');
      const untold = unmeasured.length > 0 ? [togetherOf(rule, unmeasured)] : [];
      if (broken.length + untold.length > 0) return [...broken, ...untold];
      const [closest] = rule.is === 'max' ? worst : [];
      if (closest) return [closest];
      const ok = {rule, verdict: 'ok', isExact: false} as const;
      if (rule.is === 'no') return [{...ok, measured: 0}];
      if (this.#tracks.size === 0) return [{...ok, ...NOBODY}];
      // Each one came or ended meanwhile.
      return [tracks.length === 0 ? {...ok, verdict: 'not measured', ...PASSING} : ok];
    });
  }

  /** @returns is it new? */
  #addRow(row: ProcessRow, t: number): boolean {
    const {pid, name, unread, rss} = row;
    const known = this.#tracks.get(keyOf(row));
    const track: Track = known ?? {
      pid,
      name,
      first: t,
      last: t,
      unread,
      regions: undefined,
      uncounted: undefined,
      kept: {},
      peaks: new Map(),
      rss: {t: [], v: []},
    };
    if (!known) this.#tracks.set(keyOf(row), track);
    track.last = t;
    track.unread = unread;
    for (const key of LISTED) {
      const value = row[key];
      if (value !== undefined && value > (track.peaks.get(key)?.value ?? -1)) track.peaks.set(key, {value, at: t});
    }
    if (rss !== undefined) {
      track.rss.t.push(t);
      track.rss.v.push(rss);
    }
    return !known;
  }

  #isWhole({first, last}: Track): boolean {
    return first === this.#times[0] && last === this.#times.at(-1);
  }

  /** @returns undefined for a process that ended before anything was known of it */
  #resultOf(rule: ProcessRule, track: Track): Result | undefined {
    const {pid, name} = track;
    const process = {pid, name};
    const base = {rule, process, isExact: false} as const;
    const listed = listedBy(rule);
    if (rule.is === 'no-growth') return {...this.#growth(rule, track), process};
    if (listed !== undefined) return this.#listedResult(rule as MaxRule, listed, track);
    const {regions} = track;
    if (regions === 'ended') return undefined;
    if (regions === undefined || typeof regions === 'string')
      return {...base, verdict: 'not measured', detail: WHY[regions ?? 'deadline']};
    const result = regions[this.#ofRegions.indexOf(rule)]!;
    const isUncounted = result.verdict === 'not measured' && track.uncounted !== undefined;
    return {...result, process, ...(isUncounted && {detail: WHY[track.uncounted!]})};
  }

  #listedResult(rule: MaxRule, key: Listed, {pid, name, peaks, kept, unread}: Track): Result {
    const process = {pid, name};
    const peak = peaks.get(key);
    const told = kept[key];
    const measured = peak === undefined && told === undefined ? undefined : Math.max(peak?.value ?? 0, told ?? 0);
    const isExact = told !== undefined;
    if (measured !== undefined) {
      const at = this.looks > 1 && measured === peak?.value ? peak.at : undefined;
      return {rule, process, verdict: measured > rule.limit ? 'broken' : 'ok', measured, at, isExact};
    }
    // Neither can be more than is resident.
    const most = COUNTED.includes(key) ? peaks.get('rss')?.value : undefined;
    if (most !== undefined && most <= rule.limit)
      return {rule, process, verdict: 'ok', isExact: false, bound: most, detail: boundWords(most)};
    return {rule, process, verdict: 'not measured', isExact: false, detail: WHY[unread ?? 'deadline']};
  }

  #growth(rule: Extract<ProcessRule, {is: 'no-growth'}>, {rss}: Track): Result {
    const judged = judge(rss, this.#least, {from: this.#times[0]!, to: this.#times.at(-1)!});
    const line = {...judged, points: rss, first: rss.v[0] ?? 0, last: rss.v.at(-1) ?? 0};
    return growthResult(rule, line, this.looks);
  }
}

/** Of a rule that no process could break. */
const NOBODY = {detail: 'there is no other process'} as const;

/** Of growth that nobody could be judged by. */
const PASSING = {detail: 'no process was there all the time'} as const;

const boundWords = (rss: number): string => `it can't be more than resident memory, which was ${sizeText(rss)} at most`;

const TORN = 'its regions changed while they were read, or not all were understood';

const keyOf = ({pid, startTime}: ProcessRow): string => `${pid}:${startTime ?? ''}`;

/** How bad it is, or may be, among results of one rule. */
const weightOf = ({measured, bound, slope}: Result): number => measured ?? bound ?? slope?.slope ?? -1;

const WHY: Readonly<Record<Refused, string>> = {
  denied: 'not permitted',
  stall: 'one reading would hold it up for longer than --max-stall',
  budget: 'the time of --budget was used up',
  blocked: 'a thread sleeps uninterruptibly',
  deadline: 'the reading failed, or took too long',
  ended: 'it ended',
};

/** At most this many processes are named. */
const MOST_NAMES = 3;

/** One result for all processes of which a rule could not be measured. */
function togetherOf(rule: ProcessRule, results: readonly Result[]): Result {
  const unmeasured: Unmeasured[] = results.map(({process, detail = ''}) => ({...process!, why: detail}));
  const reasons = [...new Set(unmeasured.map(({why}) => why))].map((why) => {
    const them = unmeasured.filter((each) => each.why === why);
    const names = them.slice(0, MOST_NAMES).map(({pid, name}) => `${safe(name)} (pid ${pid})`);
    const more = them.length > MOST_NAMES ? ` and ${them.length - MOST_NAMES} more` : '';
    return `${names.join(', ')}${more}: ${why}`;
  });
  const detail = `it is not known of ${counted(results.length, 'process', 'processes')}: ${reasons.join('; ')}`;
  return {rule, verdict: 'not measured', isExact: false, detail, unmeasured};
}
