import {judge} from '../../src/features/growth/verdict/judge.ts';
import {markdown} from '../faults/report.ts';
import {LEAKS, QUIET, Random, verdictsOf, type Maker} from '../features/growth/synthetic.ts';
import {TIMED_LEAKS, TIMED_QUIET, type TimedMaker} from '../features/growth/timed.ts';

const LENGTHS = [24, 60, 240] as const;
const RUNS = 1000;

const percent = (part: number, all: number): string =>
  `${((100 * part) / all).toFixed(part === 0 || part === all ? 0 : part / all < 0.01 ? 2 : 1)} %`;

const steadyOf = (maker: Maker, n: number, index: number): number =>
  verdictsOf(maker, n, RUNS, 1000 * n + index).get('steady growth') ?? 0;

function steadyOfTimed(maker: TimedMaker, index: number): number {
  const random = new Random(7000 + index);
  let steady = 0;
  for (let run = 0; run < RUNS; run++) if (judge(maker(random), 64 * 1024).verdict === 'steady growth') steady++;
  return steady;
}

/** How often each kind of series is said to grow steadily. */
export function syntheticTables(): string {
  const quiet = Object.values(QUIET);
  const sums = LENGTHS.map((n) => quiet.reduce((sum, maker, index) => sum + steadyOf(maker, n, index), 0));
  const rows = Object.entries(LEAKS).map(([name, maker], index) => [
    name,
    ...LENGTHS.map((n) => percent(steadyOf(maker, n, index), RUNS)),
  ]);
  const all = quiet.length * RUNS;
  const timed = [...Object.entries(TIMED_LEAKS), ...Object.entries(TIMED_QUIET)].map(([name, maker], index) => [
    name in TIMED_QUIET ? `quiet: ${name}` : name,
    percent(steadyOfTimed(maker, index), RUNS),
  ]);
  return `## Synthetic series

Written by \`npm run trials\`: the share that is said to grow steadily, of ${RUNS.toLocaleString('en')} series of each kind, with fixed seeds
(\`test/features/growth/synthetic.ts\` and \`timed.ts\`). The first table has series of this many samples each:

${markdown(
  ['series', ...LENGTHS.map((n) => `${n} samples`)],
  [[`**quiet: false alarms, of ${all.toLocaleString('en')}**`, ...sums.map((sum) => percent(sum, all))], ...rows],
)}

The second has series of 240 to 600 samples in 300 s (the load: in 75 s, the steps: in 20 s). Teeth are 20 MiB high, leaks 0.5 to
8 MiB a minute; both lengths are as often short as long:

${markdown(['series', 'steady growth'], timed)}
`;
}
