import {spawn} from 'node:child_process';
import {MEMMAP, NODE, timed} from '../command.js';
import {program} from '../peers.js';
import {roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';

export const title = 'ps';

/** How many processes there are besides those of the machine. */
const PROCESSES = 300;

/**
 * All processes of a machine. What it can't do without: Node's start, what ps(1) reads, and the kernel's own walk over
 * the memory of each process, which is smaps_rollup.
 */
export async function* run() {
  const sleepers = Array.from({length: PROCESSES}, () => spawn('sleep', ['600'], {stdio: 'ignore'}));
  try {
    const ps = program('ps', 'procps');
    if (!ps.words) return yield missing('ps', ps.missing);
    const smem = program('smem', 'smem');
    const [bare, listing, walk, ours, peer] = await takeTurns(
      [
        timed([NODE, '-e', '0']),
        timed([...ps.words, 'aux']),
        timed(['sh', '-c', 'cat /proc/[0-9]*/smaps_rollup 2> /dev/null || true']),
        timed([...MEMMAP, 'ps']),
        ...(smem.words ? [timed(smem.words)] : []),
      ],
      roundsOf(15, 4),
    );
    const what = `memmap ps, ${PROCESSES} processes`;
    const sum = (of) => (start, round) => 2.5 * start[of] + 2 * (listing[round][of] + walk[round][of]);
    const needed = bare.map((start, round) => ({ms: sum('ms')(start, round), cpu: sum('cpu')(start, round)}));
    yield row(what, ours, {name: '2.5 node + 2 (ps + rollup)', numbers: needed}, {limit: 1.3, goal: 1});
    yield row(what, ours, {name: 'ps aux', numbers: listing});
    yield peer ? row(what, ours, {name: 'smem', numbers: peer}, {limit: 1}) : missing('smem', smem.missing);
  } finally {
    for (const sleeper of sleepers) sleeper.kill();
  }
}
