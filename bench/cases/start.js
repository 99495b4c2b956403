import {spawn} from 'node:child_process';
import {MEMMAP, NODE, timed} from '../command.js';
import {program} from '../peers.js';
import {roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';

export const title = 'start';

/** Whole processes that have almost nothing to do, beside a Node that has nothing to do at all. */
export async function* run() {
  const sleeper = spawn('sleep', ['600'], {stdio: 'ignore'});
  try {
    const pid = String(sleeper.pid);
    const pmap = program('pmap', 'procps');
    const [bare, version, help, show, peer] = await takeTurns(
      [
        timed([NODE, '-e', '0']),
        timed([...MEMMAP, '--version']),
        timed([...MEMMAP, '--help']),
        timed([...MEMMAP, 'show', pid]),
        ...(pmap.words ? [timed([...pmap.words, '-x', pid])] : []),
      ],
      roundsOf(15, 4),
    );
    const beside = {name: 'node -e 0', numbers: bare};
    const bounds = {limit: 2.4, goal: 1.5};
    yield row('memmap --version', version, beside, bounds);
    yield row('memmap --help', help, beside, bounds);
    yield row('memmap show, 20 regions', show, beside, bounds);
    yield peer ? row('memmap show, 20 regions', show, {name: 'pmap -x', numbers: peer}) : missing('pmap', pmap.missing);
  } finally {
    sleeper.kill();
  }
}
