import {judge, type Verdict} from '../../../src/features/growth/verdict/judge.ts';

/** Random numbers that are the same at each run: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From the standard normal distribution, by Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** Makes the values of a series, in MiB above a base of 50. */
export type Maker = (n: number, random: Random) => number[];

const each = (n: number, value: (index: number) => number): number[] =>
  Array.from({length: n}, (_, index) => value(index));

/** Noise in which each value depends on the one before: autoregressive, of standard deviation 1. */
const dependent = (n: number, phi: number, random: Random): number[] => {
  let x = random.normal();
  return each(n, () => (x = phi * x + Math.sqrt(1 - phi * phi) * random.normal()));
};

const teeth = (n: number, period: number, random: Random, uneven = 0.2): number[] => {
  let phase = random.next() * period;
  let length = period;
  return each(n, () => {
    if (++phase >= length) [phase, length] = [0, period * (1 + uneven * (2 * random.next() - 1))];
    return (10 * phase) / period;
  });
};

const plus = (values: readonly number[], more: (index: number) => number): number[] =>
  values.map((value, index) => value + more(index));

/** These do not grow, or have stopped. */
export const QUIET: Readonly<Record<string, Maker>> = {
  constant: (n) => each(n, () => 0),
  noise: (n, random) => each(n, () => random.normal()),
  'dependent noise, 0.5': (n, random) => dependent(n, 0.5, random),
  'dependent noise, 0.9': (n, random) => dependent(n, 0.9, random),
  spikes: (n, random) => each(n, () => (random.next() < 0.1 ? 20 * random.next() : 0)),
  'sawtooth of 5': (n, random) => teeth(n, 5, random),
  'sawtooth of 17': (n, random) => teeth(n, 17, random),
  'sawtooth, 4 teeth in all': (n, random) => teeth(n, n / 4, random),
  'sawtooth, 2.5 teeth in all': (n, random) => teeth(n, n / 2.5, random),
  'uneven noisy sawtooth': (n, random) => plus(teeth(n, 12, random, 0.6), () => random.normal()),
  'slow wave': (n, random) => {
    const [waves, from] = [2 + 3 * random.next(), 7 * random.next()];
    return each(n, (i) => 5 * Math.sin(from + (2 * Math.PI * waves * i) / n) + 0.5 * random.normal());
  },
  'one step': (n, random) => {
    const at = n * (0.15 + 0.7 * random.next());
    return each(n, (i) => (i > at ? 30 : 0) + 0.1 * random.normal());
  },
  'two steps': (n, random) => {
    const [a, b] = [n * (0.1 + 0.4 * random.next()), n * (0.5 + 0.4 * random.next())];
    return each(n, (i) => (i > a ? 10 : 0) + (i > b ? 10 : 0));
  },
  'warm-up, then flat': (n, random) => {
    const at = n * (0.1 + 0.4 * random.next());
    return each(n, (i) => 30 * Math.min(1, i / at) + 0.2 * random.normal());
  },
  'cache, full after 65 %': (n, random) => each(n, (i) => 30 * Math.min(1, i / (0.65 * n)) + 0.2 * random.normal()),
  'saturating, 3 time constants': (n, random) =>
    each(n, (i) => 30 * (1 - Math.exp((-3 * i) / n)) + 0.2 * random.normal()),
  'saturating, 4 time constants': (n, random) =>
    each(n, (i) => 30 * (1 - Math.exp((-4 * i) / n)) + 0.2 * random.normal()),
  'saturating, 6 time constants': (n, random) =>
    each(n, (i) => 30 * (1 - Math.exp((-6 * i) / n)) + 0.2 * random.normal()),
  shrinking: (n, random) => each(n, (i) => (-20 * i) / n + 0.5 * random.normal()),
};

/** These say nothing, or are still moving: no verdict is wrong here, and how often each is given is worth knowing. */
export const UNSURE: Readonly<Record<string, Maker>> = {
  'dependent noise, 0.97': (n, random) => dependent(n, 0.97, random),
  'random walk': (n, random) => {
    let x = 0;
    return each(n, () => (x += 0.3 * random.normal()));
  },
  'saturating, 2 time constants': (n, random) =>
    each(n, (i) => 30 * (1 - Math.exp((-2 * i) / n)) + 0.2 * random.normal()),
};

const line =
  (rise: number, noise: number): Maker =>
  (n, random) =>
    each(n, (i) => (rise * i) / n + noise * random.normal());

/** These grow to the end. */
export const LEAKS: Readonly<Record<string, Maker>> = {
  'line without noise': line(20, 0),
  'rise of 20 sigma': line(20, 1),
  'rise of 10 sigma': line(10, 1),
  'rise of 5 sigma': line(5, 1),
  'rise of 3 sigma': line(3, 1),
  'rise of 20 sigma, dependent noise, 0.9': (n, random) => plus(dependent(n, 0.9, random), (i) => (20 * i) / n),
  '8 even lumps': (n) => each(n, (i) => Math.floor((8 * i) / n)),
  '20 random lumps': (n, random) => {
    const lumps = each(20, () => n * random.next());
    return each(n, (i) => lumps.filter((at) => at < i).length);
  },
  'behind teeth of 12, rise of 1 tooth': (n, random) => plus(teeth(n, 12, random), (i) => (10 * i) / n),
  'behind teeth of 12, rise of 5 teeth': (n, random) => plus(teeth(n, 12, random), (i) => (50 * i) / n),
  'behind 9 teeth, rise of 1 tooth': (n, random) => plus(teeth(n, n / 9, random), (i) => (10 * i) / n),
  'flat for 45 %, then a leak': (n, random) => each(n, (i) => Math.max(0, i / n - 0.45) * 20 + 0.2 * random.normal()),
  'warm-up for 10 %, then a leak': (n, random) =>
    each(n, (i) => 40 * Math.min(1, (10 * i) / n) + (10 * i) / n + 0.2 * random.normal()),
  'faster and faster': (n, random) => each(n, (i) => (i / n) ** 2 * 20 + 0.2 * random.normal()),
};

export const MIB = 2 ** 20;

/** How often each verdict is given for series of one maker: values in whole pages, looks 250 ms apart, more or less. */
export function verdictsOf(maker: Maker, n: number, runs: number, seed: number): Map<Verdict, number> {
  const random = new Random(seed);
  const counts = new Map<Verdict, number>();
  for (let run = 0; run < runs; run++) {
    const v = maker(n, random).map((mib) => Math.round(((50 + mib) * MIB) / 4096) * 4096);
    const t = v.map((_, i) => i * 250 + Math.floor(20 * random.next()));
    const {verdict} = judge({t, v}, 64 * 1024);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  return counts;
}
