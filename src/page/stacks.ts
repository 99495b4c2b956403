import {duration, isCounted, kinds, page, type Measure} from './data.ts';

/** What the chart draws: for each layer a value at each time. */
export interface Layers {
  /** Seconds since the beginning. */
  readonly times: readonly number[];
  /** The largest first; null where a counter was not read. */
  readonly layers: readonly Layer[];
  /** The whole process's resident memory as status has it, which is known oftener than that of the kinds. */
  readonly total: ReadonlyArray<number | null> | undefined;
}

export interface Layer {
  readonly kind: string;
  readonly values: ReadonlyArray<number | null>;
}

/** More colours than this can't be told apart; the rest is one layer. */
const MOST = 8;

/** The kinds that have something of a measure, the largest ones for themselves and the others together. */
export function layersOf(measure: Measure): Layers {
  const times = [...page.times, duration].map((time) => time / 1000);
  const all = kinds
    .map((each) => ({kind: each.kind as string, values: spread(measure, each[measure])}))
    .map((layer) => ({...layer, peak: layer.values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)}))
    .filter(({peak}) => peak > 0)
    .sort((a, b) => b.peak - a.peak);
  const total = measure === 'rss' && page.resident.some((bytes) => bytes !== null) ? [...page.resident, page.resident.at(-1)!] : undefined;
  if (all.length <= MOST) return {times, total, layers: all};
  const rest = all.slice(MOST - 1).map(({values}) => values);
  return {times, total, layers: [...all.slice(0, MOST - 1), {kind: 'other', values: rest.reduce<Values>(plus, rest[0]!.map((value) => (value === null ? null : 0)))}]};
} // prettier-ignore

/** Values at the looks that have them; the last one holds until the end of the recording, unless more is known. */
function spread(measure: Measure, values: readonly number[]): Array<number | null> {
  const last = values.at(-1) ?? null;
  if (!isCounted(measure)) return [...values, last];
  const isKnownToEnd = page.knownUntil >= page.duration;
  const all: Array<number | null> = [...page.times.map(() => null), isKnownToEnd ? last : null];
  for (const [at, look] of page.usageAt.entries()) all[look] = values[at]!;
  return all;
}

type Values = ReadonlyArray<number | null>;

const plus = (a: Values, b: Values): Values =>
  a.map((value, at) => (value === null || b[at] === null ? null : value + b[at]!));

/** Each layer on top of those before it. */
export function stacked(layers: readonly Layer[]): Values[] {
  const tops: Values[] = [];
  for (const {values} of layers) tops.push(tops.length === 0 ? values : plus(tops.at(-1)!, values));
  return tops;
}
