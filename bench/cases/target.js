import {MEMMAP, NODE, inner} from '../command.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {Running, rate} from '../running.js';
import {canRunTargets, startTarget} from '../target.js';

export const title = 'cost to the target';

/**
 * A target that maps, touches and unmaps memory as fast as it can, and counts: how many cycles per second are left of
 * those it does undisturbed? The time in which it waits for a processor is subtracted (schedstat has it): what is
 * measured is the lock that a reader holds, not what else runs on the machine. 60,000 regions are too many for smaps,
 * by default; with 6,000, smaps is read within the duty, and a turn is long enough to get its share of those reads.
 */
export async function* run() {
  if (!canRunTargets) return yield missing('target', 'the target is a program for x86-64');
  yield* of(60_000, 'maps', 1500, roundsOf(7, 2), {limit: 0.9});
  if (!isQuick()) yield* of(6000, 'smaps in its duty', 4000, roundsOf(3), {limit: 0.95});
}

async function* of(regions, what, ms, rounds, bounds) {
  const target = await startTarget(regions, 'cycling');
  const pid = String(target.pid);
  const watch = new Running([...MEMMAP, 'watch', pid, '--json', '--interval', '100ms']);
  const bare = new Running([NODE, inner('ticks.js'), `/proc/${pid}/maps`, '100']);
  try {
    await Promise.all([watch, bare].map((one) => one.warmUp(isQuick() ? 2000 : 3000)));
    const [alone, watched, read] = await takeTurns(
      [
        () => rate(ms, target.cycles, target.clock),
        () => watch.during(() => rate(ms, target.cycles, target.clock)),
        () => bare.during(() => rate(ms, target.cycles, target.clock)),
      ],
      rounds,
      0,
    );
    const beside = {name: 'undisturbed', numbers: alone.map(thousands)};
    const options = {unit: 'k/s', more: true};
    const size = regions.toLocaleString('en');
    yield row(`${size}, ${what}`, watched.map(thousands), beside, {...options, ...bounds});
    yield row(`(${size}, a bare reader)`, read.map(thousands), beside, options);
  } finally {
    watch.stop();
    bare.stop();
    target.stop();
  }
}

const thousands = (value) => value / 1000;
