const BARS = '▁▂▃▄▅▆▇█';

/**
 * Numbers as a row of small bars, the newest at the right: the lowest of those shown is the lowest bar, the highest the
 * highest, so it says how they moved and not how large they are. Where all are the same, all bars are low.
 *
 * @param values the newest last; undefined leaves a blank
 * @returns exactly `width` columns; where there are fewer values, they are at the right
 */
export function sparkline(values: ReadonlyArray<number | undefined>, width: number): string {
  if (width < 1) return '';
  const shown = values.slice(-width);
  const {least, most} = extremes(shown, width);
  const bars = shown.map((value) => (value === undefined ? ' ' : bar(value, least, most)));
  return bars.join('').padStart(width);
}

/** The least and the most of what a sparkline of this width shows; both 0 where it shows nothing. */
export function extremes(values: ReadonlyArray<number | undefined>, width: number): {least: number; most: number} {
  const shown = values.slice(-width).filter((value) => value !== undefined);
  return shown.length === 0 || width < 1 ? {least: 0, most: 0} : {least: Math.min(...shown), most: Math.max(...shown)};
}

const bar = (value: number, least: number, most: number): string =>
  BARS[most === least ? 0 : Math.round(((value - least) / (most - least)) * (BARS.length - 1))]!;
