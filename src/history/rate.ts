import type {Points} from './series.ts';
import {BLOCKS, blocksOf, mannKendall, type Slope, theilSen} from './trend.ts';

/** Fewer samples than this tell no rate. */
const FEWEST = 12;

/** ms. What memory does in less time is a burst, and no rate. */
const LEAST_SPAN = 5000;

/** Where there was no sample for more than this fraction of the time, what it did then is unknown. */
const LONGEST_GAP = 1 / 8;

/** How likely the trend test may mistake chance for a trend. */
const SURE = 0.001;

/**
 * How fast an amount grows or shrinks: the slope of Theil and Sen over blocks of the samples.
 *
 * It is known only where all of this holds: there are enough samples without a long gap, the trend test of Mann and
 * Kendall is sure, and the slope's bounds of 95 % have one sign and are no further apart than the slope is large. So a
 * single step has no rate, and neither has what goes up and down, or stays.
 *
 * @param points times in ms, ascending
 * @returns bytes (or things) per ms; undefined where it is not known
 */
export function rateOf(points: Points): Slope | undefined {
  const {t, v} = points;
  const span = t.length < FEWEST ? 0 : t.at(-1)! - t[0]!;
  if (span < LEAST_SPAN || longestGap(t) > LONGEST_GAP * span) return undefined;
  const blocks = blocksOf(points, BLOCKS);
  const isRise = v.at(-1)! > v[0]!;
  if (mannKendall(isRise ? blocks.v : blocks.v.map((value) => -value)).p > SURE) return undefined;
  const found = theilSen(blocks.t, blocks.v);
  const {slope, low, high} = found;
  return (low > 0 || high < 0) && high - low <= Math.abs(slope) ? found : undefined;
}

const longestGap = (t: readonly number[]): number =>
  t.reduce((most, time, at) => (at === 0 ? 0 : Math.max(most, time - t[at - 1]!)), 0);

/**
 * The samples of a long time, without keeping all of them: when there are too many, every second one is dropped, and
 * from then on only every second one is kept, and so on. They stay evenly spread.
 */
export class Thinned {
  readonly #most: number;
  #t: number[] = [];
  #v: number[] = [];
  #every = 1;
  #count = 0;

  /** @param most how many are kept at most, an even number */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param t ms, after all before */
  add(t: number, v: number): void {
    if (this.#count++ % this.#every !== 0) return;
    this.#t.push(t);
    this.#v.push(v);
    if (this.#t.length < this.#most) return;
    const isKept = (_: number, at: number): boolean => at % 2 === 0;
    this.#t = this.#t.filter(isKept);
    this.#v = this.#v.filter(isKept);
    this.#every *= 2;
  }

  get points(): Points {
    return {t: this.#t, v: this.#v};
  }
}
