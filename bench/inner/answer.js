import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';

/**
 * The contender's side of contender.js: for each line on standard input, does its thing once, and answers with regions
 * and times.
 */
export function answerWith(act) {
  createInterface({input: process.stdin}).on('line', () => {
    const waited = waitedFor();
    const begin = process.hrtime.bigint();
    const regions = act();
    const ns = process.hrtime.bigint() - begin;
    process.stdout.write(`${regions} ${ns} ${waitedFor() - waited}\n`);
  });
}

const waitedFor = () => Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]);
