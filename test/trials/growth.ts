import {setTimeout as sleep} from 'node:timers/promises';
import {markdown} from '../faults/report.ts';
import {memmap} from '../helpers/cli.ts';
import {others, sawleaks, start, type Trial} from './programs.ts';

interface Line {
  readonly verdict: string;
  readonly slope?: {readonly perSecond: number; readonly low: number; readonly high: number};
  readonly lowPoints?: true;
}

interface Document {
  readonly looks: number;
  readonly usageLooks: number;
  readonly total: Line;
  readonly kinds: ReadonlyArray<Line & {readonly kind: string}>;
}

/** How long a program warms up before it is watched, and how many are watched at once. */
const WARM = 5000;
const AT_ONCE = 17;

/** Watches programs as a user does, several at once, and says what `memmap growth` said. */
export async function growthTrials(duration: string): Promise<string> {
  const leaking = await watched(sawleaks(), duration);
  const mixed = await watched(others(), duration);
  const all = [...leaking, ...mixed];
  const found = leaking.filter(({said}) => said.total.verdict === 'steady growth').length;
  const [quiet, grown] = [mixed.filter(({trial}) => trial.leak === 0), mixed.filter(({trial}) => trial.leak > 0)];
  const steady = (some: typeof all): number => some.filter(({said}) => said.total.verdict === 'steady growth').length;
  return `## Trials

Real programs, each watched with \`memmap growth PID --for ${duration}\`, ${AT_ONCE} at once on this machine. Written by \`npm run trials\`.
Of ${leaking.length} leaks below a sawtooth ${found} were found, of ${grown.length} other leaks ${steady(grown)}; of ${quiet.length} quiet programs ${steady(quiet)} were said to grow.
\`sawleak 3 20 4096\` goes up by 20 MiB each 3 s, comes down again, and leaks 4,096 KiB a minute (test/trials/sawleak.c).

${markdown(['program', 'grows by, MiB/min', 'verdict', 'slope, MiB/min', 'kinds that grow steadily', 'samples', 'with smaps'], all.map(row))}
`;
}

interface Watched {
  readonly trial: Trial;
  readonly said: Document;
}

async function watched(trials: readonly Trial[], duration: string): Promise<Watched[]> {
  const all: Watched[] = [];
  for (let from = 0; from < trials.length; from += AT_ONCE) {
    const batch = trials.slice(from, from + AT_ONCE);
    all.push(...(await Promise.all(batch.map((trial) => watch(trial, duration)))));
  }
  return all;
}

async function watch(trial: Trial, duration: string): Promise<Watched> {
  const child = start(trial);
  try {
    await sleep(WARM);
    const {code, stdout, stderr} = await memmap(['growth', String(child.pid), '--for', duration, '--json']);
    if (code !== 0) throw new Error(`${trial.name}: ${stderr}`);
    const said = JSON.parse(stdout) as Document;
    process.stderr.write(`${trial.name}: ${said.total.verdict}\n`);
    return {trial, said};
  } finally {
    child.kill('SIGKILL');
  }
}

function row({trial, said: {total, kinds, looks, usageLooks}}: Watched): string[] {
  const {verdict, lowPoints, slope} = total;
  const grown = kinds.filter((each) => each.verdict === 'steady growth').map(({kind}) => kind);
  const perMinute = (bytes: number): string => ((bytes * 60) / 2 ** 20).toFixed(2);
  const rate = verdict === 'steady growth' ? perMinute(slope!.perSecond) : '';
  return [
    trial.name,
    trial.leak === 0 ? '0' : trial.leak.toFixed(2),
    `${verdict}${lowPoints ? ', low points' : ''}`,
    rate,
    grown.join(', '),
    String(looks),
    String(usageLooks),
  ];
}
