import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {MEMMAP, NODE, environment, inner} from '../command.js';
import {ticks} from '../plan.js';
import {row} from '../row.js';
import {writeListing} from '../saved.js';

export const title = 'watch, many looks';

/** By how much resident memory may differ, in the second half of the looks: the collector doesn't run for us when we look. */
const FLAT = 1.1;

/**
 * Does watching for long need more and more memory? The command itself, with a folder in the place of /proc whose listing of
 * 1,000 regions changes at each tenth look, and without waiting between looks.
 */
export async function* run() {
  const all = ticks() > 1000 ? ticks() : 1000;
  const marks = [0.1, 0.5, 1].map((part) => Math.round(all * part));
  const begin = performance.now();
  const rss = soak(marks);
  const us = ((performance.now() - begin) / all) * 1000;
  const [early, half, late] = rss.map((bytes) => [bytes / 2 ** 20]);
  const unit = 'MiB';
  const [at10, at50, at100] = marks.map((mark) => mark.toLocaleString('en'));
  yield row(`resident at look ${at50}`, half, {name: `at ${at10}`, numbers: early}, {unit});
  yield row(`resident at look ${at100}`, late, {name: `at ${at10}`, numbers: early}, {unit});
  yield row(`resident at look ${at100}`, late, {name: `at ${at50}`, numbers: half}, {unit, limit: FLAT});
  yield row('one look, all told', [us], undefined, {unit: 'µs'});
}

function soak(marks) {
  const root = falseProc();
  const {status, output, stderr} = spawnSync(
    NODE,
    ['--import', inner('no-waiting.js'), ...MEMMAP.slice(1), 'watch', '1', '--proc-root', root, '--json', '--interval', '1ms', '--count', String(marks.at(-1))],
    {
      env: {...environment, SOAK_FOLDER: join(root, '1'), SOAK_TICKS: marks.join(',')},
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    },
  ); // prettier-ignore
  const rss = output?.[3]?.toString().trim().split('\n').map((line) => Number(line.split(' ')[1])); // prettier-ignore
  if (status !== 0 || rss.length !== marks.length) throw new Error(`watch ended with ${status}: ${stderr}`);
  return rss;
}

const COUNTERS =
  'Size: 32 kB\nRss: 4 kB\nPss: 4 kB\nPrivate_Dirty: 4 kB\nAnonymous: 4 kB\nSwap: 0 kB\nVmFlags: rd wr mr\n';

function falseProc() {
  const listing = writeListing('soak', 1000);
  const root = join(dirname(listing), 'soak-proc');
  mkdirSync(join(root, '1'), {recursive: true});
  for (const file of ['stat', 'status']) writeFileSync(join(root, '1', file), readFileSync(`/proc/self/${file}`));
  const maps = readFileSync(listing, 'latin1');
  writeFileSync(join(root, '1/maps'), maps);
  writeFileSync(join(root, '1/smaps'), maps.replaceAll('\n', `\n${COUNTERS}`));
  return root;
}
