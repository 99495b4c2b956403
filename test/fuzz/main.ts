import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {fileURLToPath} from 'node:url';
import {BATCH, type Report} from './worker.ts';

/**
 * `npm run fuzz -- --count 1000000 [--seed N] [--workers 2]`: random inputs through every reader. A worker is a process of its
 * own, so that a hang can be ended; it does batches, each with a seed that makes it again. Ends with 1 if something was found.
 */

/** ms of processor time: a batch takes a few seconds, and a minute if something was found; this much is a hang. */
const PATIENCE = 180_000;

const {values} = parseArgs({
  options: {
    count: {type: 'string', default: '20000'},
    seed: {type: 'string', default: String(Date.now() % 2 ** 31)},
    workers: {type: 'string', default: '2'},
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const workers = Number(values.workers);

await allWorkers();

async function allWorkers(): Promise<void> {
  const begin = performance.now();
  process.stderr.write(`fuzz: ${count} inputs, seed ${seed}, ${workers} workers\n`);
  const reports: Report[] = [];
  const findings = new Map<string, string>();
  const found = (what: string, batch: number): void => {
    const key = what.split('\n')[0]!;
    if (findings.has(key)) return;
    findings.set(key, what);
    process.stderr.write(
      `\nfound: ${what.slice(0, 6000)}\n  again: npm run fuzz -- --count ${BATCH} --seed ${seed + batch}\n`,
    );
  };
  const take = (report: Report): void => {
    reports.push(report);
    for (const finding of report.findings) found(finding, report.batch);
    if (process.stderr.isTTY || reports.length % 50 === 0) {
      const done = reports.length * BATCH;
      process.stderr.write(`\r${done} inputs, ${Math.round((done / (performance.now() - begin)) * 1000)} a second `);
    }
  };
  const codes = await Promise.all(Array.from({length: workers}, (_, worker) => oneWorker(worker, take, found)));
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: Report) => number): number =>
    reports.reduce((most, report) => Math.max(most, of(report)), 0);
  const inputs = sum((report) => report.snapshots + report.refused + report.known);
  process.stdout.write(
    `\n${inputs} inputs (${Math.round(sum(({bytes}) => bytes) / 2 ** 20)} MiB) in ${Math.round((performance.now() - begin) / 1000)} s, seed ${seed}: ` +
      `${sum(({snapshots}) => snapshots)} were snapshots, ${sum(({refused}) => refused)} were refused with a reason; ` +
      `the slowest took ${Math.round(most(({slowest}) => slowest))} ms, a worker had ${Math.round(most(({rss}) => rss) / 2 ** 20)} MiB at most. ` +
      `${findings.size} findings.\n`,
  );
  process.exitCode = findings.size > 0 || inputs < count || codes.some((code) => code !== 0) ? 1 : 0;
}

function oneWorker(
  worker: number,
  take: (report: Report) => void,
  found: (what: string, batch: number) => void,
): Promise<number> {
  const file = fileURLToPath(new URL('worker.js', import.meta.url));
  const args = [count, seed, workers, worker].map(String);
  const child = spawn(process.execPath, [file, ...args], {stdio: ['ignore', 'pipe', 'inherit']});
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
