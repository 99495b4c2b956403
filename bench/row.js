import {summary} from './rounds.js';

/**
 * A row is noisy if the slowest and the fastest run of what we are compared with differ by more than this fraction of
 * the median.
 */
const NOISY = 0.3;

/**
 * One line of the table: ours beside something else.
 *
 * @param what what was done
 * @param ours one for each round: a number, or `{ms, cpu}`
 * @param beside `{name, numbers}`; undefined where there is nothing to compare with
 * @param options `unit`: ms by default. `limit`, `goal`: for the ratio of the medians; with `on: 'cpu'`, for that of the
 *   processor times; with `on: 'ours'`, for our own median. `more`: more is better.
 */
export function row(what, ours, beside, options = {}) {
  const {unit = 'ms', limit, goal, on = 'ratio', more = false} = options;
  const left = summary(ours.map(wall));
  const right = beside && {name: beside.name, ...summary(beside.numbers.map(wall))};
  const cpu = beside && cpuRatio(ours, beside.numbers);
  // Nothing beside nothing is as much of it.
  const ratio = right && (left.median === right.median ? 1 : left.median / right.median);
  const spread = right && (right.max - right.min) / right.median;
  const measured = {ours: left.median, cpu: cpu?.ratio, ratio}[on];
  return {
    what,
    unit,
    ours: left,
    beside: right,
    ratio,
    spread,
    cpu,
    isNoisy: spread !== undefined && spread > NOISY,
    limit,
    goal,
    on,
    more,
    verdict: verdictOf(measured, limit, goal, more),
  };
}

const wall = (run) => run.ms ?? run;

/** The medians of processor time, and their ratio; undefined where it was not measured on both sides. */
function cpuRatio(ours, others) {
  if ([...ours, ...others].some(({cpu}) => cpu === undefined)) return undefined;
  const [left, right] = [ours, others].map((runs) => summary(runs.map(({cpu}) => cpu)).median);
  return {ours: left, beside: right, ratio: left / right};
}

/** A row that could not be measured, and why. */
export const missing = (what, why) => ({what, missing: why});

function verdictOf(measured, limit, goal, more) {
  if (measured === undefined || limit === undefined) return undefined;
  const isWithin = (bound) => (more ? measured >= bound : measured <= bound);
  if (goal !== undefined && isWithin(goal)) return 'goal';
  return isWithin(limit) ? 'ok' : 'missed';
}
