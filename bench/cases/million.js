import {spawnSync} from 'node:child_process';
import {MEMMAP, NODE, environment, inner, timedInPipe} from '../command.js';
import {contender} from '../contender.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {row} from '../row.js';
import {writeListing} from '../saved.js';

export const title = '1,000,000 regions, saved';

/**
 * Does the cost grow in step with the listing? A listing of 1,000,000 regions beside one of 500,000, and beside reading
 * the file.
 */
export async function* run() {
  const [half, whole] = [writeListing('half', 500_000), writeListing('whole', 1_000_000)];
  const [ofHalf, ofWhole] = await parseBoth([half, whole]);
  const linear = {limit: 2.2};
  yield row('parse alone', ofWhole, {name: '500,000', numbers: ofHalf}, linear);
  if (isQuick()) return;
  const show = (file) => [...MEMMAP, 'show', file];
  const read = (file) => [NODE, '-e', 'fs.readFileSync(process.argv[1])', file];
  const [showHalf, showWhole, bare] = await takeTurns(
    [show(half), show(whole), read(whole)].map(timedInPipe),
    roundsOf(2, 1),
    0,
  );
  yield row('show', showWhole, {name: '500,000', numbers: showHalf}, linear);
  yield row('show', showWhole, {name: 'readFileSync', numbers: bare});
  const [peakHalf, peakWhole, peakBare] = [show(half), show(whole), read(whole)].map((words) => [peakOf(words)]);
  const unit = 'MiB';
  yield row('show, peak', peakWhole, {name: '500,000', numbers: peakHalf}, {unit, ...linear});
  yield row('show, peak', peakWhole, {name: 'readFileSync', numbers: peakBare}, {unit});
}

async function parseBoth(files) {
  const contenders = files.map((file) => contender([NODE, inner('parse.js'), 'alone', file]));
  try {
    return await takeTurns(
      contenders.map((one) => async () => (await one.ask()).ms),
      roundsOf(5, 2),
    );
  } finally {
    for (const one of contenders) one.stop();
  }
}

function peakOf([, ...args]) {
  const {status, output, stderr} = spawnSync(NODE, ['--import', inner('peak.js'), ...args], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return Number(output[3]);
}
