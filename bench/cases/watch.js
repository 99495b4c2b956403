import {readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {MEMMAP, NODE, inner} from '../command.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {Running} from '../running.js';
import {canRunTargets, startTarget} from '../target.js';

export const title = 'watch, 60,000 regions, 10 Hz';

/** The longest turn, in ms. */
const LONGEST = 10_000;

/**
 * Processor time of one look, all threads, in steady state, at a process that does nothing and at one that maps and
 * unmaps something 50 times a second; and the peak of resident memory. Beside: a Node that reads maps at the same
 * ticks, and does nothing with it. Looks are counted by the bytes that were read: on a busy machine some are skipped.
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
    await Promise.all(running.map((one) => look(one, isQuick() ? 15 : 40, pid)));
    const turns = running.map((one) => () => look(one, 20, pid));
    const [bare, ...ours] = await takeTurns(turns, roundsOf(5, 1), 0);
    const peaks = running.map((one) => [one.peak()]);
    for (const [index, {what}] of ways.entries()) {
      const bounds = does === 'still' ? {limit: 1.1, goal: 1} : {limit: 1.3, goal: 1.15};
      yield row(what, ours[index], {name: 'bare reader', numbers: bare}, bounds);
    }
    for (const [index, {what}] of ways.entries()) {
      const bounds = {unit: 'MiB', on: 'ours', limit: 75, goal: 60};
      yield row(`${what}, peak`, peaks[index + 1], {name: 'bare reader', numbers: peaks[0]}, bounds);
    }
  } finally {
    for (const one of running) one.stop();
    target.stop();
  }
}

/**
 * ms of processor time for one look at maps, averaged over several. At 10 Hz they take 2 s; a machine that is too busy
 * to keep the pace gets more time, up to a limit.
 */
async function look(one, count, pid) {
  const bytes = readFileSync(`/proc/${pid}/maps`).length;
  const looks = () => one.read() / bytes;
  return one.during(async () => {
    await sleep(150);
    const [from, cpu, begin] = [looks(), one.cpu(), performance.now()];
    while (looks() - from < count && performance.now() - begin < LONGEST) await sleep(50);
    return (one.cpu() - cpu) / (looks() - from);
  });
}
