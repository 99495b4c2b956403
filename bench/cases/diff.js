import {MEMMAP, NODE, inner, outputOf, timedInPipe} from '../command.js';
import {contender} from '../contender.js';
import {program} from '../peers.js';
import {roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {writeListing} from '../saved.js';

export const title = 'diff';

const REGIONS = 60_000;
const CHANGED = 120;

/** Two files of which 120 lines in 60,000 differ: whole processes, and our comparison alone. */
export async function* run() {
  const files = [writeListing('before', REGIONS, 0), writeListing('after', REGIONS, 1)];
  const changes = JSON.parse(outputOf([...MEMMAP, 'diff', '--json', ...files], [1])).changes.length;
  const written = outputOf([...MEMMAP, 'diff', ...files], [1]).length;
  if (changes !== CHANGED) throw new Error(`${changes} changes instead of ${CHANGED}`);
  const gnu = program('diff', 'diffutils');
  const ways = [
    ['60,000 regions a side', [...MEMMAP, 'diff', ...files], {limit: 5, goal: 4}],
    ['60,000 a side, --json', [...MEMMAP, 'diff', '--json', ...files], {limit: 5, goal: 4}],
    ['(bare Node)', [NODE, inner('bare.js'), String(written), ...files], {}],
    ['(node -e 0)', [NODE, '-e', '0'], {}],
  ];
  const alone = contender([NODE, inner('diff.js'), ...files]);
  try {
    const contenders = ways.map(([, words]) => timedInPipe(words, [0, 1]));
    if (gnu.words) contenders.push(timedInPipe([...gnu.words, ...files], [1]));
    const numbers = await takeTurns(contenders, roundsOf(11, 3));
    const beside = {name: 'GNU diff', numbers: numbers[ways.length]};
    for (const [index, [what, , bounds]] of ways.entries())
      yield gnu.words ? row(what, numbers[index], beside, bounds) : missing(what, gnu.missing);
    const [inside] = await takeTurns([() => alone.ask()], roundsOf(15), 5);
    yield row('compared, once parsed', inside);
  } finally {
    alone.stop();
  }
}
