import {MEMMAP, outputOf, timedInPipe} from '../command.js';
import {program} from '../peers.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {canRunTargets, startTarget} from '../target.js';

export const title = 'show';

/**
 * Whole processes that show a large process. By default memmap spares a process of 60,000 regions and reads only maps,
 * while pmap -x reads smaps; with --max-stall 10s both do the same. cat shows how long the kernel takes to print smaps.
 */
export async function* run() {
  if (!canRunTargets) return yield missing('show', 'the target is a program for x86-64');
  for (const regions of [1000, 60_000]) yield* ofSize(regions, regions === 60_000);
}

async function* ofSize(regions, isLarge) {
  const target = await startTarget(regions);
  try {
    const pid = String(target.pid);
    const pmap = program('pmap', 'procps');
    const smem = program('smem', 'smem');
    const ways = waysOf(pid, isLarge);
    for (const [, args] of ways) check(args, regions);
    const peers = [
      ['pmap -x', pmap.words && [...pmap.words, '-x', pid]],
      ['cat smaps', ['cat', `/proc/${pid}/smaps`]],
      ['smem -m', isLarge && !isQuick() && smem.words && [...smem.words, '-m', '-P', `^${target.name}`]],
    ].filter(([, words]) => words);
    const contenders = ways.map(([, args]) => MEMMAP.concat(args)).concat(peers.map(([, words]) => words));
    const numbers = await takeTurns(contenders.map(timedInPipe), isLarge ? roundsOf(7, 2) : roundsOf(9, 2));
    const besides = new Map(peers.map(([name], index) => [name, {name, numbers: numbers[ways.length + index]}]));
    for (const [index, [what, , bounds]] of ways.entries()) {
      if (!pmap.words) yield missing(what, pmap.missing);
      else yield row(what, numbers[index], besides.get('pmap -x'), bounds);
    }
    const [last] = numbers.slice(ways.length - 1);
    yield row(ways.at(-1)[0], last, besides.get('cat smaps'));
    if (besides.has('smem -m')) yield row(ways.at(-1)[0], last, besides.get('smem -m'));
    else if (isLarge && !smem.words) yield missing('smem', smem.missing);
  } finally {
    target.stop();
  }
}

/** What we measure of memmap: a name, the arguments, the bounds. The last one reads smaps, as the peers do. */
function waysOf(pid, isLarge) {
  const size = isLarge ? '60,000' : '1,000';
  const bounds = isLarge ? {limit: 0.6, goal: 0.3} : {};
  const all = outputOf([...MEMMAP, 'show', '--help']).includes('--all');
  const ways = [
    [size, ['show', pid], bounds],
    ...(all ? [[`${size}, --all`, ['show', pid, '--all'], bounds]] : []),
    [`${size}, --json`, ['show', pid, '--json'], bounds],
  ];
  if (!isLarge || isQuick()) return ways;
  const smaps = ['--max-stall', '10s'];
  return [
    ...ways,
    [`${size}, smaps, --json`, ['show', pid, '--json', ...smaps]],
    [`${size}, smaps`, ['show', pid, ...smaps]],
  ];
}

/** Does it really show that many regions? */
function check(args, regions) {
  const output = outputOf([...MEMMAP, ...args]).toString();
  const count = args.includes('--json')
    ? JSON.parse(output).regions.length
    : Number(/([\d,]+) regions/.exec(output)[1].replaceAll(',', ''));
  if (!(count >= regions && count < regions + 20)) throw new Error(`${args.join(' ')} shows ${count} regions`);
}
