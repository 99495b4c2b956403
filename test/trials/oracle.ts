import {rmSync} from 'node:fs';
import {release} from 'node:os';
import {compiled} from '../diff/oracle/program.ts';
import {follow, outcomeOf} from '../diff/oracle/run.ts';
import {markdown} from '../faults/report.ts';
import type {Trial} from './runs.ts';

/** A process each, which does so many operations. */
const [PROCESSES, OPERATIONS] = [50, 400];

/** Random operations on memory, and what a diff says of them. @param seed of the first process */
export async function oracleTrial(seed: number): Promise<Trial> {
  const folder = compiled();
  const outcome = outcomeOf();
  try {
    for (let turn = 0; turn < PROCESSES; turn++) {
      await follow(folder, seed + turn, OPERATIONS, outcome);
      process.stderr.write(`oracle: ${outcome.operations} operations, ${outcome.faults.length} false\n`);
    }
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
  const {operations, diffs, sentences, kinds, calls, guesses, faults} = outcome;
  const listed = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const rows = [
    ['operations', String(operations)],
    ['processes, each executes itself at its end', String(PROCESSES)],
    ['diffs, half of one operation and half of two to five', String(diffs)],
    ['sentences', String(sentences)],
    ['**false words, figures and silences, broken laws**', `**${faults.length}**`],
    ['guesses that memory moved: right, wrong', `${guesses.right}, ${guesses.wrong}`],
    ['changes', listed(kinds)],
    ['calls that succeeded', listed(calls)],
  ];
  const text = `## Whatever a process does to its memory

A program (test/programs/oracle.c) does random things to its memory and keeps the truth: which memory lies at each page,
under an identity that no file of /proc has. Each sentence of each diff is judged by it, by its calls, and by smaps read
without memmap; and the laws of a diff must hold. Linux ${release().split('-')[0]}, seed ${seed}.

${markdown(['what', 'count'], rows)}
`;
  return {text, faults};
}
