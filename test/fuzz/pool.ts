import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {BATCH, type Report, type Scope} from './worker.ts';

/** ms of processor time: a batch takes a few seconds, and a minute if something was found; this much is a hang. */
const PATIENCE = 180_000;

/** Of garbage Node keeps as much as it may: in MiB, what it may have of JavaScript's memory. Buffers come on top. */
const SMALL = ['--max-old-space-size=200', '--max-semi-space-size=8'];

interface Fuzzing {
  readonly count: number;
  readonly seed: number;
  readonly workers: number;
  readonly scope: Scope;
}

interface Fuzzed {
  readonly reports: readonly Report[];
  /** Each finding once. */
  readonly findings: readonly string[];
  /** Did each worker come to its end? */
  readonly isWhole: boolean;
}

/** Random inputs in several processes, so that a hang can be ended. Progress and findings go to standard error. */
export async function fuzzed(fuzzing: Fuzzing): Promise<Fuzzed> {
  const {count, seed, workers, scope} = fuzzing;
  const begin = performance.now();
  process.stderr.write(`fuzz: ${count} inputs, seed ${seed}, ${workers} workers\n`);
  const reports: Report[] = [];
  const findings = new Map<string, string>();
  const found = (what: string, batch: number): void => {
    const key = what.split('\n')[0]!;
    if (findings.has(key)) return;
    findings.set(key, what);
    const again = `npm run fuzz -- --scope ${scope} --count ${BATCH * (batch + 1)} --seed ${seed}`;
    process.stderr.write(`\nfound: ${what.slice(0, 6000)}\n  again: ${again}\n`);
  };
  const take = (report: Report): void => {
    reports.push(report);
    for (const finding of report.findings) found(finding, report.batch);
    if (process.stderr.isTTY || reports.length % 50 === 0) {
      const done = reports.length * BATCH;
      process.stderr.write(`\r${done} inputs, ${Math.round((done / (performance.now() - begin)) * 1000)} a second `);
    }
  };
  const codes = await Promise.all(
    Array.from({length: workers}, (_, worker) => oneWorker(fuzzing, worker, take, found)),
  );
  return {reports, findings: [...findings.values()], isWhole: codes.every((code) => code === 0)};
}

function oneWorker(
  {count, seed, workers, scope}: Fuzzing,
  worker: number,
  take: (report: Report) => void,
  found: (what: string, batch: number) => void,
): Promise<number> {
  const file = fileURLToPath(new URL('worker.js', import.meta.url));
  const args = [count, seed, workers, worker, scope].map(String);
  const child = spawn(process.execPath, [...SMALL, file, ...args], {stdio: ['ignore', 'pipe', 'inherit']});
  let batch = worker;
  let rest = '';
  const isStuck = (): void => {
    found(`batch ${batch} did not end in ${PATIENCE / 1000} s`, batch);
    child.kill('SIGKILL');
  };
  // Its own time counts, not what passes: the machine may be busy with others.
  let since = 0;
  const watch = setInterval(() => {
    if (processorTime(child.pid!) - since > PATIENCE) isStuck();
  }, 5000);
  child.stdout.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) take(JSON.parse(line) as Report);
    batch += workers * lines.length;
    since = processorTime(child.pid!);
  });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearInterval(watch);
      resolve(code ?? 1);
    });
  });
}

/** Of a process, in ms: fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms. */
function processorTime(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0; // It has ended.
  }
}
