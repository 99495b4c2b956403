import {MEMMAP, NODE, find, inner, timedInPipe} from '../command.js';
import {contender} from '../contender.js';
import {peakOf} from '../peak.js';
import {program} from '../peers.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {writeListing} from '../saved.js';

export const title = '1,000,000 regions, saved';

/** It says what a command it started took: peak.js. */
const PYTHON = 'python3 is missing: apt-get install python3';

const LINEAR = {limit: 2.2};
const OUR_PEAK = {unit: 'MB', on: 'ours', limit: 300, goal: 200};

/**
 * Does the cost grow in step with the listing? A listing of 1,000,000 regions beside one of 500,000, and beside reading
 * the file; and a comparison of two of them, 2000 lines of which differ, beside GNU diff.
 */
export async function* run() {
  const [half, whole, other] = [
    writeListing('half', 500_000),
    writeListing('whole', 1_000_000),
    writeListing('other', 1_000_000, 1),
  ];
  const [ofHalf, ofWhole] = await parseBoth([half, whole]);
  yield row('parse alone', ofWhole, {name: '500,000', numbers: ofHalf}, LINEAR);
  if (isQuick()) return;
  yield* shown(half, whole);
  yield* compared(whole, other);
}

async function* shown(half, whole) {
  const show = (file, ...flags) => [...MEMMAP, 'show', file, ...flags];
  const read = [NODE, inner('bare.js'), '0', whole];
  const commands = [show(half), show(whole), show(half, '--json'), show(whole, '--json'), read];
  const [textHalf, text, jsonHalf, json, bare] = await times(commands);
  yield row('show', text, {name: '500,000', numbers: textHalf}, LINEAR);
  yield row('show', text, {name: 'bare Node', numbers: bare});
  yield row('show --json', json, {name: '500,000', numbers: jsonHalf}, LINEAR);
  yield row('show --json', json, {name: 'bare Node', numbers: bare});
  if (!find('python3')) return yield missing('peak', PYTHON);
  const [peakHalf, peak, , peakJson, peakBare] = commands.map(peakOf);
  yield row('show, peak', [peak], {name: 'bare Node', numbers: [peakBare]}, OUR_PEAK);
  yield row('show --json, peak', [peakJson], {name: 'bare Node', numbers: [peakBare]}, {unit: 'MB'});
  yield row('show, peak', [peak], {name: '500,000', numbers: [peakHalf]}, {unit: 'MB', ...LINEAR});
}

async function* compared(whole, other) {
  const gnu = program('diff', 'diffutils');
  if (!gnu.words) return yield missing('diff', gnu.missing);
  const commands = [
    [...MEMMAP, 'diff', whole, other],
    [NODE, inner('bare.js'), '0', whole, other],
    [...gnu.words, whole, other],
  ];
  const [ours, bare, theirs] = await times(commands);
  const beside = {name: 'GNU diff', numbers: theirs};
  yield row('diff', ours, beside, {limit: 2, goal: 1.2});
  yield row('(bare Node)', bare, beside);
  if (!find('python3')) return yield missing('diff, peak', PYTHON);
  const [peak, , peakOfGnu] = commands.map(peakOf);
  yield row('diff, peak', [peak], {name: 'GNU diff', numbers: [peakOfGnu]}, {unit: 'MB'});
}

/** Whole processes, into a pipe. */
const times = (commands) =>
  takeTurns(
    commands.map((words) => timedInPipe(words, [0, 1])),
    roundsOf(2, 1),
    0,
  );

async function parseBoth(files) {
  const contenders = files.map((file) => contender([NODE, inner('parse.js'), 'alone', file]));
  try {
    return await takeTurns(
      contenders.map((one) => () => one.ask()),
      roundsOf(5, 2),
    );
  } finally {
    for (const one of contenders) one.stop();
  }
}
