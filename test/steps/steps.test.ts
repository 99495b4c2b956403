import {diff} from '../../src/diff/diff.ts';
import type {Change, ChangeKind} from '../../src/model/change.ts';
import {rangeText} from '../../src/model/region.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {parseListing} from '../../src/parse/reader.ts';
import type {ProcFile} from '../../src/procfs/file.ts';
import {ProcessHandle} from '../../src/procfs/handle.ts';
import {testIf, X64} from '../helpers/tools.ts';
import {PAGE, Playground, type Expected, type Step} from './playground.ts';
import {PATH, SyscallServer} from './server.ts';

/**
 * The kernel as judge: a process makes thousands of random calls, and after each the diff must name the step and exactly the
 * pages that it concerned; from maps, and from smaps also what became resident. More of it:
 *
 *     MEMMAP_STEPS=10000 MEMMAP_SEEDS=20 npx ava build/test/steps/steps.test.js --timeout 1h
 */
const STEPS = Number(process.env['MEMMAP_STEPS'] ?? 1500);
const SEEDS = Number(process.env['MEMMAP_SEEDS'] ?? 2);
const FIRST_SEED = Number(process.env['MEMMAP_SEED'] ?? Math.floor(Date.now() / 1000));

for (const file of ['maps', 'smaps'] as const) {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    testIf(X64).serial(
      `${STEPS} random steps, seed ${seed}: each is named, with its exact range, from ${file}`,
      async (t) => {
        t.timeout(600_000);
        const server = new SyscallServer(t);
        const fd = await server.call(2, PATH, 0);
        const heapStart = await server.call(12, 0);
        const playground = new Playground(randomFrom(seed), fd, heapStart);
        const handle = new ProcessHandle(server.pid);
        const source = handle.open(file);
        let before = look(source, file);
        for (let number = 0; number < STEPS; number++) {
          const step = playground.next(before.regions);
          const result = await server.call(...step.call);
          const after = look(source, file);
          const expected =
            result < 0 && result > -4096
              ? playground.expected({...step, after: playground.pages})
              : playground.expected(step);
          const problem = compare(step, expected, before, after, playground, file === 'smaps');
          if (problem)
            return t.fail(
              `step ${number}, ${step.name}(${step.call.map((value) => value.toString(16)).join(', ')}) = ` +
                `${result}: ${problem}\nbefore:\n${listing(before)}\nafter:\n${listing(after)}`,
            );
          if (result >= 0 || result <= -4096) playground.pages = step.after;
          before = after;
        }
        source.close();
        handle.close();
        t.pass();
      },
    );
  }
}

function look(source: ProcFile, format: string): Snapshot {
  const {regions, torn} = parseListing(source.read(), 'proc');
  if (torn > 0) throw new Error('torn, though nothing moved');
  return new Snapshot({source: {from: 'process', format}, regions});
}

/** @returns what is wrong, or undefined */
function compare(
  step: Step,
  expected: Expected,
  before: Snapshot,
  after: Snapshot,
  playground: Playground,
  hasUsage: boolean,
): string | undefined {
  const {changes, delta} = diff(before, after, {match: 'address'});
  const ours = changes.filter(
    (change) => playground.contains(change.range.start) || (change.from && playground.contains(change.from.start)),
  );
  const elsewhere = changes.filter((change) => !ours.includes(change) && change.kind !== 'touched');
  if (elsewhere.length > 0)
    return `it reports what did not happen: ${elsewhere.map((change) => change.text).join(' ')}`;
  const of = (...kinds: ChangeKind[]): Change[] => ours.filter((change) => kinds.includes(change.kind));
  const seen = {
    come: pagesIn([...of('new', 'grown'), ...of('moved')].map(({range}) => range)),
    gone: pagesIn([...of('gone', 'shrunk').map(({range}) => range), ...of('moved').map(({from}) => from!)]),
    reprotected: pagesIn(of('reprotected').map(({range}) => range)),
    replaced: pagesIn(of('replaced').map(({range}) => range)),
  };
  for (const what of ['come', 'gone', 'reprotected', 'replaced'] as const) {
    if (String(seen[what]) !== String(expected[what]))
      return `${what}: it says pages ${hexes(seen[what])}, and they were ${hexes(expected[what])}`;
  }
  const reshaped = of('split', 'merged');
  if (reshaped.length > 0 && !step.mayReshape) return `it reports ${reshaped.map((change) => change.text).join(' ')}`;
  if (of('renamed').length > 0) return 'it reports another name';
  const resident = ours.reduce((sum, change) => sum + (change.delta['rss'] ?? 0), 0);
  if (hasUsage && resident !== expected.resident)
    return `resident: it says ${resident}, and it was ${expected.resident}`;
  const sum = changes.reduce((total, change) => total + change.delta.size, 0);
  return sum === delta.size ? undefined : 'the deltas do not add up';
}

const pagesIn = (ranges: ReadonlyArray<{start: number; end: number}>): number[] =>
  ranges
    .flatMap(({start, end}) => Array.from({length: (end - start) / PAGE}, (_, index) => start / PAGE + index))
    .sort((a, b) => a - b);

const hexes = (pages: readonly number[]): string => `[${pages.map((page) => page.toString(16)).join(' ')}]`;

const listing = ({regions}: Snapshot): string =>
  regions.map((region) => `${rangeText(region)} ${region.perms} ${region.name}`).join('\n');

/** Random numbers that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
