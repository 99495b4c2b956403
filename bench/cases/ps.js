import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {MEMMAP, NODE, timed} from '../command.js';
import {program} from '../peers.js';
import {roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';

export const title = 'ps';

/** How many processes there are besides those of the machine, and how many Nodes besides these. */
const PROCESSES = 300;
const NODES = 20;

/**
 * All processes of a machine. What it can't do without: Node's start, what ps(1) reads, and the kernel's own walk over
 * the memory of each process, which is smaps_rollup. Then the same beside Nodes, whose pages memmap maps too: it takes
 * itself out of their PSS.
 */
export async function* run() {
  const ps = program('ps', 'procps');
  if (!ps.words) return yield missing('ps', ps.missing);
  const smem = program('smem', 'smem');
  const others = Array.from({length: PROCESSES}, () => spawn('sleep', ['600'], {stdio: 'ignore'}));
  try {
    yield* beside(`memmap ps, ${PROCESSES} processes`, ps, smem);
    for (let count = 0; count < NODES; count++) others.push(await waitingNode());
    yield* beside(`memmap ps, and ${NODES} Nodes`, ps, smem);
  } finally {
    for (const other of others) other.kill();
  }
}

async function* beside(what, ps, smem) {
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
  const sum = (of) => (start, round) => 2.5 * start[of] + 2 * (listing[round][of] + walk[round][of]);
  const needed = bare.map((start, round) => ({ms: sum('ms')(start, round), cpu: sum('cpu')(start, round)}));
  yield row(what, ours, {name: '2.5 node + 2 (ps + rollup)', numbers: needed}, {limit: 1.3, goal: 1});
  yield row(what, ours, {name: 'ps aux', numbers: listing});
  yield peer ? row(what, ours, {name: 'smem', numbers: peer}, {limit: 1}) : missing('smem', smem.missing);
}

/** A Node that has started. */
async function waitingNode() {
  const node = spawn(NODE, ['-e', "console.log('ready'); setTimeout(() => {}, 6e5)"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(node.stdout, 'data');
  return node;
}
