import {MEMMAP, NODE, inner, outputOf, timedInPipe} from '../command.js';
import {program} from '../peers.js';
import {isQuick, roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';
import {canRunTargets, startTarget} from '../target.js';

export const title = 'show';

/**
 * Whole processes that show a large process. By default memmap spares a process of 60,000 regions and reads only maps,
 * as plain pmap does, while pmap -x and -X read smaps; with --max-stall 10s all do the same. cat shows how long the
 * kernel takes to print smaps, and a Node that only reads and writes what can't be saved.
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
    if (!pmap.words) return yield missing(`show, ${regions} regions`, pmap.missing);
    const ways = waysOf(pid, isLarge);
    const written = ways.map(({args}) => checked(args, regions));
    const all = isLarge && !isQuick();
    const peers = [
      ['pmap', [...pmap.words, pid]],
      ['pmap -x', [...pmap.words, '-x', pid]],
      ...(all ? [['pmap -X', [...pmap.words, '-X', pid]]] : []),
      ['cat smaps', ['cat', `/proc/${pid}/smaps`]],
      ...(all && smem.words ? [['smem -m', [...smem.words, '-m', '-P', `^${target.name}`]]] : []),
    ];
    const bare = (file, bytes) => [NODE, inner('bare.js'), String(bytes), `/proc/${pid}/${file}`];
    const bares = ways.map(({args}, index) => bare(args.includes('--max-stall') ? 'smaps' : 'maps', written[index]));
    const commands = [...ways.map(({args}) => [...MEMMAP, ...args]), ...bares, ...peers.map(([, words]) => words)];
    const rounds = isLarge ? roundsOf(7, 2) : roundsOf(9, 2);
    const runs = await takeTurns(
      commands.map((words) => timedInPipe(words)),
      rounds,
    );
    const besides = new Map(peers.map(([name], index) => [name, {name, numbers: runs[2 * ways.length + index]}]));
    for (const [index, {what, beside, bounds}] of ways.entries())
      for (const [at, name] of beside.filter((peer) => besides.has(peer)).entries())
        yield row(what, runs[index], besides.get(name), at === 0 ? bounds : {});
    for (const [index, {what}] of ways.entries())
      if (isLarge)
        yield row(
          `(bare Node${what.replace('60,000', '').replace(',', ':')})`,
          runs[ways.length + index],
          besides.get('pmap -x'),
        );
    if (all && !smem.words) yield missing('smem', smem.missing);
  } finally {
    target.stop();
  }
}

/** What we measure of memmap: a name, the arguments, what it is beside, and the bounds beside the first of these. */
function waysOf(pid, isLarge) {
  const size = isLarge ? '60,000' : '1,000';
  const [text, json, smaps] = isLarge
    ? [
        {limit: 0.35, goal: 0.25},
        {limit: 0.45, goal: 0.3},
        {limit: 1, goal: 0.8},
      ]
    : [{}, {}, {}];
  const maps = ['pmap -x', 'pmap'];
  const ways = [
    {what: size, args: ['show', pid], beside: maps, bounds: text},
    {what: `${size}, --all`, args: ['show', pid, '--all'], beside: ['pmap -x'], bounds: text},
    {what: `${size}, --json`, args: ['show', pid, '--json'], beside: ['pmap -x'], bounds: json},
  ];
  if (!isLarge) return ways;
  const read = ['--max-stall', '10s'];
  const same = ['pmap -x', 'pmap -X', 'cat smaps', 'smem -m'];
  const shown = {what: `${size}, smaps`, args: ['show', pid, ...read], beside: same, bounds: smaps};
  if (isQuick()) return [...ways, shown];
  const asJson = {
    what: `${size}, smaps, --json`,
    args: ['show', pid, '--json', ...read],
    beside: ['pmap -x'],
    bounds: {},
  };
  return [...ways, asJson, shown];
}

/** Does it really show that many regions? @returns the bytes that it writes */
function checked(args, regions) {
  const output = outputOf([...MEMMAP, ...args]);
  const count = args.includes('--json')
    ? JSON.parse(output).regions.length
    : Number(/([\d,]+) regions/.exec(output.toString('latin1'))[1].replaceAll(',', ''));
  if (!(count >= regions && count < regions + 20)) throw new Error(`${args.join(' ')} shows ${count} regions`);
  return output.length;
}
