import type {Points} from '../../../src/history/series.ts';
import type {Random} from './synthetic.ts';

/** MiB at a time in seconds. */
type Course = (seconds: number) => number;

/** Something that memory does over 300 s, as it is drawn by lot. */
export type TimedMaker = (random: Random) => Points;

/** Whole pages above a base of 50 MiB, sampled about evenly; a timer is late by up to 20 ms. */
export function sampled(random: Random, samples: number, seconds: number, course: Course): Points {
  const t = Array.from({length: samples}, (_, at) => (at * seconds * 1000) / samples + Math.floor(20 * random.next()));
  return {t, v: t.map((ms) => Math.round((50 + course(ms / 1000)) * 256) * 4096)};
}

/** Only a part of the samples, as where smaps is read at some of them. */
export function some({t, v}: Points, part: number, random: Random): Points {
  const kept = t.map(() => random.next() < part);
  return {t: t.filter((_, at) => kept[at]), v: v.filter((_, at) => kept[at])};
}

/** From `low` to `high`, as many of each order of magnitude. */
const spread = (random: Random, low: number, high: number): number => low * (high / low) ** random.next();

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.next();

const samplesOf = (random: Random): number => Math.round(between(random, 240, 600));

/** The program of sawleak.c: it looks at the clock 20 times a second. */
export function sawtooth(random: Random, tooth: number, mib: number, leak: number, uneven = 0): Course {
  const begun = [-tooth * random.next()];
  while (begun.at(-1)! < 300) begun.push(begun.at(-1)! + tooth * (1 + uneven * (2 * random.next() - 1)));
  let at = 0;
  return (seconds) => {
    const tick = Math.floor(seconds * 20) / 20;
    while (at > 0 && begun[at]! > tick) at--;
    while (begun[at + 1]! <= tick) at++;
    return mib * Math.min(1, (tick - begun[at]!) / tooth) + (leak * tick) / 60;
  };
}

/** They grow to the end, by 0.5 to 8 MiB a minute. */
export const TIMED_LEAKS: Readonly<Record<string, TimedMaker>> = {
  'below teeth of 3 to 60 s': (random) =>
    sampled(random, samplesOf(random), 300, sawtooth(random, spread(random, 3, 60), 20, spread(random, 0.5, 8))),
  'below uneven teeth of 3 to 60 s': (random) =>
    sampled(random, samplesOf(random), 300, sawtooth(random, spread(random, 3, 60), 20, spread(random, 0.5, 8), 0.2)),
  'below teeth of 3 to 60 s, 42 to 64 % of the samples': (random) =>
    some(
      sampled(random, samplesOf(random), 300, sawtooth(random, spread(random, 3, 60), 20, spread(random, 0.5, 8))),
      between(random, 0.42, 0.64),
      random,
    ),
  'flat for 100 of 300 s, then 3 MiB/min': (random) =>
    sampled(random, samplesOf(random), 300, (seconds) => (3 * Math.max(0, seconds - 100)) / 60),
};

/** They do not grow, or have stopped. */
export const TIMED_QUIET: Readonly<Record<string, TimedMaker>> = {
  'teeth of 3 to 60 s': (random) =>
    sampled(random, samplesOf(random), 300, sawtooth(random, spread(random, 3, 60), 20, 0)),
  'uneven teeth of 3 to 60 s': (random) =>
    sampled(random, samplesOf(random), 300, sawtooth(random, spread(random, 3, 60), 20, 0, 0.4)),
  'teeth of 3 to 60 s, 42 to 64 % of the samples': (random) =>
    some(
      sampled(random, samplesOf(random), 300, sawtooth(random, spread(random, 3, 60), 20, 0)),
      between(random, 0.42, 0.64),
      random,
    ),
  'loaded until 62 of 75 s': (random) => sampled(random, samplesOf(random), 75, (seconds) => 2 * Math.min(62, seconds)),
  'loaded until 62 of 75 s, with noise': (random) =>
    sampled(random, samplesOf(random), 75, (seconds) => 2 * Math.min(62, seconds) + random.normal()),
  'three steps': (random) =>
    sampled(random, samplesOf(random), 20, (seconds) => 10 * [5, 10, 15].filter((at) => at <= seconds).length),
};
