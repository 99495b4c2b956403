import {duration, kinds, looksOf, page, type Measure} from './data.ts';

/** What the chart draws: for each layer a value at each time. */
export interface Layers {
  /** Seconds since the beginning. */
  readonly times: readonly number[];
  /** The largest first. */
  readonly layers: ReadonlyArray<{readonly kind: string; readonly values: readonly number[]}>;
}

/** More colours than this can't be told apart; the rest is one layer. */
const MOST = 8;

/** The kinds that have something of a measure, the largest ones for themselves and the others together. */
export function layersOf(measure: Measure): Layers {
  const looks = looksOf(measure);
  // The last value holds until the end of the recording.
  const times = [...looks.map((look) => page.times[look]! / 1000), duration / 1000];
  const all = kinds
    .map((each) => ({kind: each.kind as string, values: [...each[measure], each[measure].at(-1) ?? 0]}))
    .map((layer) => ({...layer, peak: Math.max(0, ...layer.values)}))
    .filter(({peak}) => peak > 0)
    .sort((a, b) => b.peak - a.peak);
  if (all.length <= MOST) return {times, layers: all};
  const rest = all.slice(MOST - 1);
  const other = times.map((_, at) => rest.reduce((sum, layer) => sum + layer.values[at]!, 0));
  return {times, layers: [...all.slice(0, MOST - 1), {kind: 'other', values: other}]};
}

/** Each layer on top of those before it. */
export function stacked(layers: Layers['layers']): number[][] {
  const tops: number[][] = [];
  for (const {values} of layers) {
    const below = tops.at(-1);
    tops.push(values.map((value, at) => value + (below?.[at] ?? 0)));
  }
  return tops;
}
