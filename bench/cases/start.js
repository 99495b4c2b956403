import {spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {MEMMAP, NODE, timed} from '../command.js';
import {folder} from '../folder.js';
import {program} from '../peers.js';
import {roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';

export const title = 'start';

/** What a start may cost: beside a Node that has nothing to do at all. */
const TEXT = {limit: 1.3, goal: 1.05};
const SHOW = {limit: 2.1, goal: 1.8};
const DIFF = {limit: 1.9, goal: 1.6};

/** Whole processes that have almost nothing to do. */
export async function* run() {
  const sleeper = spawn('sleep', ['600'], {stdio: 'ignore'});
  try {
    const pid = String(sleeper.pid);
    const [before, after] = savedTwice();
    const pmap = program('pmap', 'procps');
    const calls = [
      {what: '--version', words: ['--version'], bounds: TEXT},
      {what: '--help', words: ['--help'], bounds: TEXT},
      {what: 'show --help', words: ['show', '--help'], bounds: TEXT},
      {what: 'show FILE', words: ['show', before], bounds: SHOW},
      {what: 'show PID, 20 regions', words: ['show', pid], bounds: SHOW},
      {what: 'diff FILE FILE', words: ['diff', before, after], bounds: DIFF, codes: [1]},
    ];
    const [bare, peer, ...ours] = await takeTurns(
      [
        timed([NODE, '-e', '0']),
        timed(pmap.words ? [...pmap.words, '-x', pid] : ['true']),
        ...calls.map(({words, codes}) => timed([...MEMMAP, ...words], codes)),
      ],
      roundsOf(15, 4),
    );
    const beside = {name: 'node -e 0', numbers: bare};
    for (const [index, {what, bounds}] of calls.entries()) yield row(`memmap ${what}`, ours[index], beside, bounds);
    const what = 'memmap show PID, 20 regions';
    yield pmap.words ? row(what, ours[4], {name: 'pmap -x', numbers: peer}) : missing('pmap', pmap.missing);
  } finally {
    sleeper.kill();
  }
}

/** The listing of a process, and the same without its heap. */
function savedTwice() {
  const [before, after] = ['before', 'after'].map((name) => join(folder(), name));
  const maps = readFileSync('/proc/self/maps', 'utf8');
  writeFileSync(before, maps);
  writeFileSync(after, maps.replace(/.*\[heap\]\n/, ''));
  return [before, after];
}
