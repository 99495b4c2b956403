import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {MEMMAP, NODE, environment, inner} from '../command.js';
import {ticks} from '../plan.js';
import {row} from '../row.js';
import {writeListing} from '../saved.js';

export const title = 'watch, many looks';

/**
 * How much may grow between a tenth of the looks and all: code gets compiled, and the allocator's memory has holes. A
 * leak is more.
 */
const FLAT = 1.1;

/**
 * Does watching for long need more and more memory? The command itself, with a directory in place of /proc whose
 * listing of 1,000 regions changes at each tenth look, and without waiting between looks.
 */
export async function* run() {
  const all = ticks() > 1000 ? ticks() : 1000;
  const marks = [0.1, 0.5, 1].map((part) => Math.round(all * part));
  const begin = performance.now();
  const told = soak(marks);
  const us = ((performance.now() - begin) / all) * 1000;
  const unit = 'MiB';
  const [early, half, late] = marks.map((mark) => mark.toLocaleString('en'));
  for (const what of ['resident', 'heap in use']) {
    const [at10, at50, at100] = told.map(([, rss, heap]) => [(what === 'resident' ? rss : heap) / 2 ** 20]);
    const limit = what === 'resident' ? undefined : FLAT;
    yield row(`${what}, look ${half}`, at50, {name: `at ${early}`, numbers: at10}, {unit});
    yield row(`${what}, look ${late}`, at100, {name: `at ${early}`, numbers: at10}, {unit, limit});
  }
  for (const [index, what] of [
    [3, 'open descriptors'],
    [4, 'active timers'],
  ])
    yield row(
      `${what}, look ${late}`,
      [told[2][index]],
      {name: `at ${early}`, numbers: [told[0][index]]},
      {unit: '', limit: 1},
    );
  yield row('one look, all told', [us], undefined, {unit: 'µs'});
}

/**
 * @returns for each mark: the look, the resident bytes, the bytes of the heap in use, descriptors, active timers and
 * requests
 */
function soak(marks) {
  const root = falseProc();
  const {status, output, stderr} = spawnSync(
    NODE,
    [
      '--expose-gc',
      '--import',
      inner('no-waiting.js'),
      ...MEMMAP.slice(1),
      'watch',
      '1',
      '--proc-root',
      root,
      '--json',
      '--interval',
      '1ms',
      '--count',
      String(marks.at(-1)),
    ],
    {
      env: {...environment, SOAK_FOLDER: join(root, '1'), SOAK_TICKS: marks.join(',')},
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    },
  );
  const told = output[3]
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  if (status !== 0 || told.length !== marks.length) throw new Error(`watch ended with ${status}: ${stderr}`);
  return told;
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
