import {KIN_MEASURES, kinAmount, kinKey, kinSum, type FamilySample, type Kin, type KinMeasure} from './kin.ts';

/** The highest amount that a family had of a measure. */
interface KinPeak {
  /** What was added up of those that are known: the family had at least this. */
  readonly value: number;
  /** When, in ms by the clock of the samples. */
  readonly at: number;
  /** How many processes it then had. */
  readonly processes: number;
  /** ms: how much older than the sample the oldest reading in it was. */
  readonly age: number;
  /** The samples saw no more than this: what was never read of a member is counted as high as it can have been. */
  readonly most: number;
}

/** A member over its whole life, as far as samples saw it. Bytes, or things. */
export interface KinLife {
  /** As it was seen last. */
  readonly kin: Kin;
  readonly peaks: Readonly<Partial<Record<KinMeasure, number>>>;
  /** When samples first and last saw it, in ms. */
  readonly from: number;
  readonly to: number;
  readonly hasEnded: boolean;
}

interface Life {
  kin: Kin;
  readonly peaks: Partial<Record<KinMeasure, number>>;
  readonly from: number;
  to: number;
  hasEnded: boolean;
}

/** A sample of which not all was known: those that were not, and the most that each can have had. */
interface Gap {
  readonly least: number;
  readonly unknown: ReadonlyArray<readonly [key: string, bound: number]>;
}

interface Running {
  value: number;
  at: number;
  processes: number;
  age: number;
  gaps: Gap[];
  /** What samples that are no longer kept may have had. */
  floor: number;
  /** Members of `gaps` that were read later. */
  readonly read: Set<string>;
}

/** At most this many members that have ended are kept with their peaks: the largest ones. */
const MOST_ENDED = 200;

/** At most this many samples with unknown members are kept; those that leave the most open. */
const MOST_GAPS = 500;

/** What a family and its members used at most, over all samples. */
export class KinPeaks {
  /** The most processes that a sample saw. */
  most = 0;
  samples = 0;
  /** The latest sample. */
  last: FamilySample | undefined;
  readonly #lives = new Map<string, Life>();
  readonly #running = new Map<KinMeasure, Running>(
    KIN_MEASURES.map((measure) => [
      measure,
      {value: 0, at: 0, processes: 0, age: 0, gaps: [], floor: 0, read: new Set()},
    ]),
  );

  /** Did any sample see more than the first process? */
  get isFamily(): boolean {
    return (this.last?.seen ?? 0) > 1;
  }

  add(sample: FamilySample): void {
    this.samples++;
    this.last = sample;
    this.most = Math.max(this.most, sample.members.length);
    for (const member of sample.members) this.#live(member, sample.t);
    for (const member of sample.went) this.#end(member, sample.t);
    for (const measure of KIN_MEASURES) this.#addTo(measure, sample);
  }

  /** @returns undefined before the first sample */
  peak(measure: KinMeasure): KinPeak | undefined {
    if (this.samples === 0) return undefined;
    const running = this.#running.get(measure)!;
    const {value, at, processes, age, gaps, floor} = running;
    const most = gaps.reduce((highest, gap) => Math.max(highest, widthOf(gap, running.read)), Math.max(value, floor));
    return {value, at, processes, age, most};
  }

  /** Those of which nothing of a measure was ever read, the largest first. */
  unread(measure: KinMeasure): readonly Kin[] {
    return this.lives('rss')
      .filter(({peaks}) => peaks[measure] === undefined)
      .map(({kin}) => kin);
  }

  /** All members, those with the most of a measure first; of very many that have ended, the largest. */
  lives(measure: KinMeasure): readonly KinLife[] {
    const amount = ({peaks}: KinLife): number => peaks[measure] ?? 0;
    return [...this.#lives.values()].sort((a, b) => amount(b) - amount(a));
  }

  #live(kin: Kin, t: number): void {
    const key = kinKey(kin);
    const life: Life = this.#lives.get(key) ?? {kin, peaks: {}, from: t, to: t, hasEnded: false};
    this.#lives.set(key, life);
    life.kin = kin;
    life.to = t;
    for (const measure of KIN_MEASURES) {
      const amount = kinAmount(kin, measure);
      const highest = measure === 'rss' && kin.missing !== 'borrowed' ? Math.max(amount ?? 0, kin.peak ?? 0) : amount;
      if (amount === undefined || highest === undefined) continue;
      const {gaps, read} = this.#running.get(measure)!;
      if (life.peaks[measure] === undefined && gaps.length > 0) read.add(key);
      life.peaks[measure] = Math.max(highest, life.peaks[measure] ?? 0);
    }
  }

  #end(kin: Kin, t: number): void {
    const life = this.#lives.get(kinKey(kin));
    if (life) [life.hasEnded, life.to] = [true, t];
    const ended = [...this.#lives].filter(([, {hasEnded}]) => hasEnded);
    if (ended.length < 2 * MOST_ENDED) return;
    ended.sort(([, a], [, b]) => (b.peaks.rss ?? 0) - (a.peaks.rss ?? 0));
    for (const [key] of ended.slice(MOST_ENDED)) this.#lives.delete(key);
  }

  #addTo(measure: KinMeasure, sample: FamilySample): void {
    const running = this.#running.get(measure)!;
    const {least, unknown, age} = kinSum(sample, measure);
    const value = measure === 'rss' ? Math.max(least, ...sample.members.map(ownPeak)) : least;
    if (value > running.value) Object.assign(running, {value, at: sample.t, processes: sample.members.length, age});
    if (unknown.length === 0) return;
    running.gaps.push({least, unknown: unknown.map((kin) => [kinKey(kin), boundOf(kin, measure)])});
    if (running.gaps.length >= 2 * MOST_GAPS) thin(running);
  }
}

/** Leaves out the samples of which all is known by now; and of very many, those that leave the least open. */
function thin(running: Running): void {
  const {read, floor} = running;
  const open = running.gaps.filter(({unknown}) => unknown.some(([key]) => !read.has(key)));
  open.sort((a, b) => widthOf(b, read) - widthOf(a, read));
  running.floor = open.slice(MOST_GAPS).reduce((most, gap) => Math.max(most, widthOf(gap, read)), floor);
  running.gaps = open.slice(0, MOST_GAPS);
}

/** The most that the family can have had. */
const widthOf = ({least, unknown}: Gap, read: ReadonlySet<string>): number =>
  unknown.reduce((sum, [key, bound]) => (read.has(key) ? sum : sum + bound), least);

/** A member's own peak, which the kernel keeps, may have been between two samples. */
const ownPeak = ({peak = 0, missing}: Kin): number => (missing === 'borrowed' ? 0 : peak);

/** The most that a member can have of what was not read of it: of its pages, no more than it has resident. */
const boundOf = (kin: Kin, measure: KinMeasure): number =>
  measure === 'pss' || measure === 'privateDirty' ? (kin.rss ?? Infinity) : Infinity;
