// npm run bench: how long memmap takes, beside the limit (a bare Node) and beside pmap and diff. Everything is a ratio of
// medians of runs that take turns, since machines are noisy. It installs nothing; a peer that is missing is left out.
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {diff, parse} from '../dist/index.js';

const ROUNDS = 11;
const REGIONS = 60_000;
const memmap = fileURLToPath(new URL('../bin/run.js', import.meta.url));
// It makes each start of Node 20 slower by 77 ms, ours and the bare one.
delete process.env.NODE_EXTRA_CA_CERTS;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function timed(act) {
  const begin = performance.now();
  act();
  return performance.now() - begin;
}

/** Runs the acts in turn, several rounds, after one that doesn't count. @returns the median of each, in ms */
function inTurns(acts, rounds = ROUNDS) {
  const times = acts.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    acts.forEach((act, index) => {
      const ms = timed(act);
      if (round > 0) times[index].push(ms);
    });
  }
  return times.map(median);
}

const command =
  (...words) =>
  () => {
    const {error} = spawnSync(words[0], words.slice(1), {stdio: 'ignore'});
    if (error) throw error;
  };
const ours = (...args) => command(process.execPath, memmap, ...args);
const isThere = (name) => spawnSync('sh', ['-c', `command -v ${name}`], {stdio: 'ignore'}).status === 0;

const rows = [];
function compare(what, ourAct, peer, peerAct, rounds) {
  if (!peerAct) return rows.push({case: what, ours: '', beside: `${peer} is missing`, ratio: ''});
  const [a, b] = inTurns([ourAct, peerAct], rounds);
  rows.push({case: what, ours: `${a.toFixed(1)} ms`, beside: `${peer}: ${b.toFixed(1)} ms`, ratio: (a / b).toFixed(2)});
}

const bare = command(process.execPath, '-e', '0');
const pmap = isThere('pmap') ? (pid) => command('pmap', '-x', String(pid)) : () => undefined;

compare('--version', ours('--version'), 'node -e 0', bare);
compare('--help', ours('--help'), 'node -e 0', bare);
const sleeper = spawn('sleep', ['600'], {stdio: 'ignore'});
compare('show, small process', ours('show', String(sleeper.pid)), 'node -e 0', bare);
compare('show, small process', ours('show', String(sleeper.pid)), 'pmap -x', pmap(sleeper.pid));
sleeper.kill();

const listing = (seed) =>
  Array.from({length: REGIONS}, (_, index) => {
    const start = 0x7f0000000000 + index * 0x9000;
    const end = start + (index % 1000 === seed ? 0x7000 : 0x8000);
    return `${start.toString(16)}-${end.toString(16)} ${index % 2 ? 'rw-p' : 'r--p'} 00000000 00:00 0 \n`;
  }).join('');
const folder = mkdtempSync(join(tmpdir(), 'memmap-bench-'));
const [before, after] = ['before', 'after'].map((name, index) => {
  const path = join(folder, name);
  writeFileSync(path, listing(index));
  return path;
});
const gnuDiff = isThere('diff') ? command('diff', before, after) : undefined;
compare(`diff, ${REGIONS} regions a side`, ours('diff', before, after), 'diff', gnuDiff);
rmSync(folder, {recursive: true});

const bytes = Buffer.from(listing(0));
const [a, b] = [parse(bytes), parse(Buffer.from(listing(1)))];
const [parseMs, diffMs] = inTurns([() => parse(bytes), () => diff(a, b)], 31);
rows.push({
  case: `parse alone, ${REGIONS} regions`,
  ours: `${parseMs.toFixed(1)} ms`,
  beside: `${(bytes.length / parseMs / 1000).toFixed(0)} MB/s`,
  ratio: '',
});
rows.push({
  case: `diff alone, ${REGIONS} regions a side`,
  ours: `${diffMs.toFixed(1)} ms`,
  beside: `${(REGIONS / diffMs / 1000).toFixed(1)} M regions/s`,
  ratio: '',
});

const machine = {node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length};
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({machine, rows}, null, 2)}\n`);
else {
  process.stdout.write(`Node ${machine.node}, ${machine.cores} cores, ${machine.cpu}; medians of runs in turn\n`);
  for (const row of rows)
    process.stdout.write(`${row.case.padEnd(36)} ${row.ours.padStart(10)}   ${row.beside.padEnd(24)} ${row.ratio}\n`);
}
