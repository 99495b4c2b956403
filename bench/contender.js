import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {environment} from './command.js';

/**
 * A process that does one thing again and again, so that what is measured is the thing alone, and contenders in several
 * languages can take turns. For each line that it gets it does the thing once and answers with one line: how many regions it
 * found, the ns it took by its own clock, and in how many of them it could run and had no processor: the second number of
 * /proc/thread-self/schedstat (Documentation/scheduler/sched-stats.rst). These are taken out. On a busy machine they would be
 * most of what is measured.
 */
export function contender(words) {
  const child = spawn(words[0], words.slice(1), {stdio: ['pipe', 'pipe', 'inherit'], env: environment});
  child.stdin.on('error', () => {}); // It may end before it reads; its missing answer tells.
  const failed = new Promise((_, reject) => child.once('error', reject));
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  failed.catch(() => {});
  return {
    pid: child.pid,
    /** @returns `{regions, ms}` */
    async ask() {
      child.stdin.write('\n');
      const {done, value} = await Promise.race([lines.next(), failed]);
      if (done) throw new Error(`${words.join(' ')} ended before it answered`);
      const [regions, ns, waited] = value.split(' ').map(Number);
      return {regions, ms: (ns - waited) / 1e6};
    },
    stop: () => child.kill(),
  };
}
