import {diff, type Diff} from '../../../src/diff/diff.ts';
import type {Snapshot} from '../../../src/model/snapshot.ts';
import {capture} from '../../../src/procfs/capture.ts';
import {LAWS} from '../laws.ts';
import {type Case, disagreement, falsehoods, isSameMemory, type Moment} from './judge.ts';
import {linesOf} from './listing.ts';
import {Oracle} from './program.ts';

export interface Outcome {
  operations: number;
  diffs: number;
  sentences: number;
  /** How often each kind of change was told. */
  readonly kinds: Record<string, number>;
  /** Unnamed memory that is said to have moved, by guess: how often it was that memory, and how often other memory. */
  readonly guesses: {right: number; wrong: number};
  /** How often each call succeeded. */
  readonly calls: Record<string, number>;
  readonly faults: string[];
}

export const outcomeOf = (): Outcome => ({
  operations: 0,
  diffs: 0,
  sentences: 0,
  kinds: {},
  guesses: {right: 0, wrong: 0},
  calls: {},
  faults: [],
});

/**
 * Lets one program do so many operations, and compares what each diff says with what was done. Half of the looks come
 * after each operation, the others after two to five.
 *
 * @param folder what `compiled` gave
 * @param outcome is added to
 */
export async function follow(folder: string, seed: number, operations: number, outcome: Outcome): Promise<void> {
  const oracle = await Oracle.start(folder, seed);
  try {
    let [last, moment] = look(oracle, await told(oracle, 0));
    for (let done = 0, turn = 0; done < operations; turn++) {
      const count = Math.min(turn % 2 === 0 ? 1 : 2 + ((seed + turn) % 4), operations - done);
      const answer = await oracle.do(count);
      const [next, now] = look(oracle, answer.told);
      done += count;
      outcome.operations += count;
      const scene = {before: moment, after: now, calls: answer.calls, windows: oracle.windows};
      judge(diff(last, next), scene, outcome, `seed ${seed}, after ${done} operations`);
      [last, moment] = [next, now];
    }
    await oracle.exec();
    judgeExec(diff(last, capture(oracle.pid, {usage: true})), outcome, `seed ${seed}, exec`);
  } finally {
    oracle.end();
  }
}

const told = async (oracle: Oracle, count: number): Promise<Moment['told']> => (await oracle.do(count)).told;

const look = (oracle: Oracle, told: Moment['told']): [Snapshot, Moment] => [
  capture(oracle.pid, {usage: true}),
  {told, lines: linesOf(oracle.pid)},
];

function judge(result: Diff, scene: Case, outcome: Outcome, when: string): void {
  outcome.diffs++;
  outcome.sentences += result.changes.length;
  for (const {kind} of result.changes) outcome.kinds[kind] = (outcome.kinds[kind] ?? 0) + 1;
  for (const {name, result} of scene.calls) if (result === 0) outcome.calls[name] = (outcome.calls[name] ?? 0) + 1;
  for (const {range, from, text} of result.changes) {
    if (!from || !text.includes('guess')) continue;
    const [a, b] = [scene.before.told.pages.get(from.start), scene.after.told.pages.get(range.start)];
    outcome.guesses[isSameMemory(a, b) ? 'right' : 'wrong']++;
  }
  const odd = disagreement(scene.after, scene.windows);
  if (odd !== undefined) throw new Error(`${when}: the program is wrong: ${odd}`);
  const faults = [
    result.match === 'address' ? [] : [`compared by ${result.match}`],
    falsehoods(result, scene),
    broken(result),
  ].flat();
  const calls = scene.calls.map(({name, start, end, result}) =>
    [name, `${start.toString(16)}-${end.toString(16)}`, result].join(' '),
  );
  for (const fault of faults) outcome.faults.push(`${when} (${calls.join('; ')}): ${fault}`);
}

/** A program that executed itself is another run: nothing was done to what was there. */
function judgeExec(result: Diff, outcome: Outcome, when: string): void {
  outcome.diffs++;
  outcome.sentences += result.changes.length;
  if (result.match !== 'layout') outcome.faults.push(`${when}: compared by ${result.match}`);
  for (const {text} of result.changes)
    if (/\b(?:brk|munmap|mmap|mprotect|touched|grew|lost|went from)\b/.test(text))
      outcome.faults.push(`${when}: ${text}`);
  for (const fault of broken(result)) outcome.faults.push(`${when}: ${fault}`);
}

function broken(result: Diff): string[] {
  return Object.entries(LAWS).flatMap(([title, law]) => {
    try {
      law(result, result);
      return [];
    } catch (error) {
      return [`"${title}" does not hold: ${String(error).slice(0, 600)}`];
    }
  });
}
