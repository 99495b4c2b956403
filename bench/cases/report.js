import {MEMMAP, NODE, inner, outputOf, timed} from '../command.js';
import {roundsOf} from '../plan.js';
import {writeRecording} from '../recorded.js';
import {takeTurns} from '../rounds.js';
import {row} from '../row.js';

export const title = 'report, an hour at 100 ms';

const SAMPLES = 36_000;

/** 6 s and 4 s where JSON.parse takes 0.2 s, as on the machine on which these were asked for. */
const BOUNDS = {limit: 30, goal: 20, on: 'cpu'};

/** The page and the growth of a long recording, beside a Node that only reads it and parses its lines. */
export async function* run() {
  const file = writeRecording(SAMPLES);
  const {looks} = JSON.parse(outputOf([...MEMMAP, 'growth', file, '--json']));
  if (looks !== SAMPLES) throw new Error(`${looks} of ${SAMPLES} samples were read`);
  const commands = [
    [...MEMMAP, 'report', file, '-o', '-'],
    [...MEMMAP, 'growth', file],
    [NODE, inner('decode.js'), file],
  ];
  const contenders = commands.map((words) => timed(words));
  const [report, growth, decode] = await takeTurns(contenders, roundsOf(5, 1), 0);
  const beside = {name: 'JSON.parse', numbers: decode};
  const what = SAMPLES.toLocaleString('en');
  yield row(`report, ${what} samples`, report, beside, BOUNDS);
  yield row(`growth, ${what} samples`, growth, beside);
}
