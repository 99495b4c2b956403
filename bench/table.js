/** The table as text: 110 columns. */
const WIDTHS = {what: 32, ours: 10, beside: 10, name: 12, ratio: 8, spread: 5, cpu: 7, limit: 8, goal: 8};

const line = (what, ours, beside, name, ratio, spread, cpu, limit, goal, verdict) =>
  [
    what.padEnd(WIDTHS.what),
    ours.padStart(WIDTHS.ours),
    beside.padStart(WIDTHS.beside),
    `  ${name.padEnd(WIDTHS.name)}`,
    ratio.padStart(WIDTHS.ratio),
    spread.padStart(WIDTHS.spread),
    cpu.padStart(WIDTHS.cpu),
    limit.padStart(WIDTHS.limit),
    goal.padStart(WIDTHS.goal),
    `  ${verdict}`,
  ]
    .join('')
    .trimEnd();

/** A case's title above its columns. */
export const heading = (title) => line(title, 'memmap', 'beside', '', 'ratio', '±', 'cpu', 'limit', 'goal', '');

export function rowText(row) {
  const {what, missing, unit, ours, beside, ratio, spread, cpu, isNoisy, limit, goal, on, more, verdict} = row;
  const label = `  ${what}`;
  if (missing !== undefined) return `${label.padEnd(WIDTHS.what)} not measured: ${missing}`;
  const bound = (value) =>
    value === undefined
      ? ''
      : `${more ? '≥' : '≤'}${on === 'ours' ? `${Math.round(value)} ${unit}` : value}${on === 'cpu' ? '*' : ''}`;
  return line(
    label,
    figure(ours.median, unit),
    beside ? figure(beside.median, unit) : '',
    beside?.name ?? '',
    ratio === undefined ? '' : `${isNoisy ? '~' : ''}${ratio.toFixed(2)}`,
    spread === undefined || beside.rounds === 1 ? '' : `${Math.min(999, Math.round(spread * 100))}%`,
    cpu === undefined ? '' : cpu.ratio.toFixed(2),
    bound(limit),
    bound(goal),
    verdict ?? '',
  );
}

const figure = (value, unit) =>
  unit === '' ? String(value) : `${value >= 100 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2)} ${unit}`;

export const machineText = ({cpu, cores, kernel, arch, node, at, load}) =>
  `memmap bench, ${at.slice(0, 16).replace('T', ' ')} UTC: ${cpu}, ${cores} cores, ${arch}, Linux ${kernel}, Node ` +
  `${node}; load ${load[0]}`;

/** The outcome, and how to read it. */
export function verdictsText(rows, before, after) {
  const judged = rows.filter(({verdict}) => verdict);
  const missed = judged.filter(({verdict}) => verdict === 'missed');
  const goals = judged.filter(({verdict}) => verdict === 'goal');
  const seconds = Math.round((new Date(after.at) - new Date(before.at)) / 1000);
  return [
    `${judged.length - missed.length} of ${judged.length} limits held, ${goals.length} ` +
      `${goals.length === 1 ? 'goal' : 'goals'} reached.`,
    'ratio  of the medians of runs that took turns',
    '±      slowest minus fastest run of what is beside, as part of its median; ~ if that is more than 30 %: noisy',
    'cpu    the same ratio of processor time, all threads; * in a limit: it is for this one',
    'ok     within the limit; goal: within the goal too',
    `Took ${seconds} s; load ${before.load[0]} at the start, ${after.load[0]} at the end.`,
  ].join('\n');
}
