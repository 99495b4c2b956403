import type {Points} from '../../../history/series.ts';

/** The sums of the squares and of the products of distances to the mean. */
export function squaresOf({t, v}: Points): {readonly xx: number; readonly xy: number; readonly yy: number} {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mt, mv] = [mean(t), mean(v)];
  let [xx, xy, yy] = [0, 0, 0];
  for (const [index, time] of t.entries()) {
    const [dt, dv] = [time - mt, v[index]! - mv];
    xx += dt * dt;
    xy += dt * dv;
    yy += dv * dv;
  }
  return {xx, xy, yy};
}

/** A straight line by least squares: its slope, and the sum of the squares that it leaves. */
export function lineThrough(t: readonly number[], v: readonly number[]): {slope: number; squares: number} {
  const {xx, xy, yy} = squaresOf({t, v});
  const slope = xx > 0 ? xy / xx : 0;
  return {slope, squares: Math.max(0, yy - slope * xy)};
}
