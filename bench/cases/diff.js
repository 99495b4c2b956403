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
  if (changes !== CHANGED) throw new Error(`${changes} changes instead of ${CHANGED}`);
  const gnu = program('diff', 'diffutils');
  const ways = [
    ['60,000 regions a side', [...MEMMAP, 'diff', ...files]],
    ['60,000 a side, --json', [...MEMMAP, 'diff', '--json', ...files]],
  ];
  const alone = contender([NODE, inner('diff.js'), ...files]);
  try {
    const contenders = ways.map(([, words]) => timedInPipe(words));
    if (gnu.words) contenders.push(timedInPipe([...gnu.words, ...files]));
    const numbers = await takeTurns(contenders, roundsOf(11, 3));
    const beside = {name: 'GNU diff', numbers: numbers[ways.length]};
    for (const [index, [what]] of ways.entries())
      yield gnu.words ? row(what, numbers[index], beside, {limit: 3, goal: 1.5}) : missing(what, gnu.missing);
    const [inside] = await takeTurns([async () => (await alone.ask()).ms], roundsOf(15), 5);
    yield row('compared, once parsed', inside);
  } finally {
    alone.stop();
  }
}
