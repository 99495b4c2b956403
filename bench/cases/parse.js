import {readFileSync} from 'node:fs';
import {NODE, inner} from '../command.js';
import {contender} from '../contender.js';
import * as peers from '../peers.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {saveProc} from '../saved.js';
import {canRunTargets, startTarget} from '../target.js';

export const title = 'parse, 60,000 regions';

/**
 * The same bytes for all: what /proc said about a process, saved. Our parser alone is compared with the kernel's part
 * of the work, a bare read from /proc itself; and with other libraries, where each opens, reads and parses the saved
 * file. These are in-process times, after five rounds that don't count; the first parse of a process is a row of its
 * own, since that is what `show` does.
 */
export async function* run() {
  if (!canRunTargets) return yield missing('parse', 'the target is a program for x86-64');
  const target = await startTarget(60_000);
  try {
    const pid = String(target.pid);
    const root = saveProc(pid);
    yield* ofMaps(root, pid);
    yield* ofSmaps(root, pid);
  } finally {
    target.stop();
  }
}

async function* ofMaps(root, pid) {
  const path = `${root}/${pid}/maps`;
  const lines = readFileSync(path, 'latin1').split('\n').length - 1;
  const ours = (how) => [NODE, inner('parse.js'), how, path];
  const read = [NODE, inner('read.js'), `/proc/${pid}/maps`];
  const first = once([NODE, inner('parse.js'), 'kinds', path]);
  const [[alone, kinds, besides, bare], [cold]] = [
    await measure([ours('alone'), ours('kinds'), ours('beside'), read], roundsOf(21, 7)),
    await takeTurns([first], roundsOf(7, 2)),
  ];
  const beside = {name: 'bare read', numbers: bare};
  const bounds = {limit: 0.6, goal: 0.4, on: 'cpu'};
  yield row('maps alone', alone, beside, bounds);
  yield row('maps, and kinds', kinds, beside, bounds);
  yield row('maps, 100 lines changed', besides, beside);
  yield row('maps and kinds, the first time', cold, beside);
  const others = [
    ['Rust procfs', peers.rust()],
    ['Go procfs', peers.go()],
  ];
  yield* against('maps from a file', ours('read'), others, [root, pid, 'maps'], lines, roundsOf(21, 7));
  const [library] = await measure([ours('library')], roundsOf(11, 3));
  yield row('maps by the library, parse()', library, beside);
}

async function* ofSmaps(root, pid) {
  const path = `${root}/${pid}/smaps`;
  const bytes = readFileSync(path);
  const lines = bytes.toString('latin1').match(/^VmFlags/gm).length;
  const ours = (how) => [NODE, inner('parse.js'), how, path];
  const [alone, bare] = await measure([ours('alone'), [NODE, inner('read.js'), `/proc/${pid}/smaps`]], roundsOf(7, 2));
  yield row('smaps alone', alone, {name: 'bare read', numbers: bare});
  yield row(
    'smaps alone, MB/s',
    alone.map(({ms}) => bytes.length / ms / 1000),
    undefined,
    {unit: 'MB/s'},
  );
  const others = [
    ['Rust procfs', peers.rust()],
    ['psutil', isQuick() ? {missing: 'psutil takes a second each time: left out with --quick'} : peers.psutil()],
  ];
  yield* against('smaps from a file', ours('read'), others, [root, pid, 'smaps'], lines, roundsOf(5, 2));
}

/** By processor time: Go and V8 have threads that collect what is no longer used. */
const BESIDE_LIBRARIES = {limit: 1, goal: 0.6, on: 'cpu'};

/** Ours beside other libraries, all on the same file. */
async function* against(what, ours, others, args, lines, rounds) {
  const there = others.filter(([, {words}]) => words);
  const all = await measure([ours, ...there.map(([, {words}]) => [...words, ...args])], rounds, lines);
  for (const [index, [name]] of there.entries())
    yield row(what, all[0], {name, numbers: all[index + 1]}, BESIDE_LIBRARIES);
  for (const [, peer] of others) if (peer.missing) yield missing(what, peer.missing);
}

/** @param lines how many regions each must find, where it says so */
async function measure(commands, rounds, lines) {
  const contenders = commands.map(contender);
  try {
    return await takeTurns(
      contenders.map((one, index) => async () => {
        const run = await one.ask();
        const {regions} = run;
        if (lines !== undefined && regions !== lines)
          throw new Error(`${commands[index].join(' ')} found ${regions} of ${lines} regions`);
        return run;
      }),
      rounds,
      Math.min(rounds, 5),
    );
  } finally {
    for (const one of contenders) one.stop();
  }
}

/** A contender that is asked only once. */
const once = (words) => async () => {
  const one = contender(words);
  const run = await one.ask();
  one.stop();
  return run;
};
