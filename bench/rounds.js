import {turnsLimit} from './plan.js';

/**
 * Lets contenders take turns, so that what disturbs the machine disturbs all of them. In each round every contender
 * runs once; which one goes first changes from round to round.
 *
 * @param contenders functions that run once and return (a promise of) a number: ms, or whatever is compared
 * @param rounds how many count; on a machine so busy that they would take too long, fewer, but at least three
 * @param warm how many come before and don't count: files get cached, code gets compiled
 * @returns for each contender, its numbers in the order of the rounds
 */
export async function takeTurns(contenders, rounds, warm = 1) {
  const numbers = contenders.map(() => []);
  const begin = performance.now();
  for (let round = -warm; round < rounds; round++) {
    if (round >= 3 && performance.now() - begin > turnsLimit()) break;
    for (let turn = 0; turn < contenders.length; turn++) {
      const who = (turn + round + warm) % contenders.length;
      const number = await contenders[who]();
      if (round >= 0) numbers[who].push(number);
    }
  }
  return numbers;
}

/** The median of some numbers and their spread. */
export function summary(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return {median, min: sorted[0], max: sorted.at(-1), rounds: sorted.length};
}
