import {MEMMAP, NODE, inner} from '../command.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {Running} from '../running.js';
import {canRunTargets, startTarget} from '../target.js';

export const title = 'watch, 60,000 regions, 10 Hz';

/**
 * Processor time per second of watching, all threads, in steady state, of a process that stands still and of one that maps
 * and unmaps something 50 times a second; and the most memory that was resident. Beside: a Node that reads maps at the same
 * ticks, and does nothing with it.
 */
export async function* run() {
  if (!canRunTargets) return yield missing('watch', 'the target is a program for x86-64');
  yield* of('unchanged', 'still');
  yield* of('changing', 'toggling');
}

async function* of(name, does) {
  const target = await startTarget(60_000, does);
  const pid = String(target.pid);
  const watch = [...MEMMAP, 'watch', pid, '--interval', '100ms'];
  const ways = [{what: name, words: watch}];
  if (!isQuick()) ways.push({what: `${name}, --json`, words: [...watch, '--json']});
  const running = [[NODE, inner('ticks.js'), `/proc/${pid}/maps`, '100'], ...ways.map(({words}) => words)].map(
    (words) => new Running(words),
  );
  try {
    await Promise.all(running.map((one) => one.warmUp(isQuick() ? 2500 : 5000)));
    const turns = running.map((one) => () => one.turn(2000));
    const [bare, ...ours] = await takeTurns(turns, roundsOf(5, 1), 0);
    const peaks = running.map((one) => [one.peak()]);
    for (const [index, {what}] of ways.entries()) {
      const bounds = {unit: 'ms/s', limit: 1.2, goal: 1.05};
      yield row(what, ours[index], {name: 'bare reader', numbers: bare}, bounds);
    }
    for (const [index, {what}] of ways.entries()) {
      const bounds = {unit: 'MiB', on: 'ours', limit: 90, goal: peaks[0][0] + 12};
      yield row(`${what}, peak`, peaks[index + 1], {name: 'bare reader', numbers: peaks[0]}, bounds);
    }
  } finally {
    for (const one of running) one.stop();
    target.stop();
  }
}
