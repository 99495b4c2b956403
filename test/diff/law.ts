import process from 'node:process';
import type {ExecutionContext} from 'ava';
import fc from 'fast-check';
import {diff, type Diff} from '../../src/diff/diff.ts';
import {pairs, type Pair} from './pairs.ts';

const RUNS = Number(process.env['MEMMAP_RUNS'] ?? 4000);

/** Throws where it does not hold. */
export type Law = (diff: Diff, pair: Pick<Pair, 'before' | 'after'>) => void;

/** Tries a law on random pairs, compared in both ways. A failure prints the smallest pair, and the seed with which to see it again. */
export const holds = (law: Law) => (t: ExecutionContext) => {
  const seed = Number(process.env['MEMMAP_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.log(`MEMMAP_SEED=${seed}: ${RUNS} pairs`);
  const property = fc.property(pairs, (pair) => {
    for (const match of ['address', 'layout'] as const) law(diff(pair.before, pair.after, {match}), pair);
  });
  fc.assert(property, {seed, numRuns: RUNS});
  t.pass();
};

/** An assertion that throws: fast-check looks for the smallest pair only where a law throws, and ava's own are recorded. */
export function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

export function same(actual: unknown, expected: unknown, message: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(a === b, `${message}:\n  is        ${a}\n  should be ${b}`);
}
