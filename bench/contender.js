import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {environment} from './command.js';
import {cpuOf} from './running.js';

/**
 * A process that does one thing again and again, so that only this thing is measured, and contenders in several
 * languages can take turns. For each line that it gets it does the thing once and answers with one line: how many
 * regions it found, the ns it took by its own clock, and for how many of them it was ready to run but had no processor:
 * the second number of /proc/thread-self/schedstat (Documentation/scheduler/sched-stats.rst). These are subtracted. On
 * a busy machine they would be most of what is measured.
 */
export function contender(words) {
  const child = spawn(words[0], words.slice(1), {stdio: ['pipe', 'pipe', 'inherit'], env: environment});
  child.stdin.on('error', () => {}); // It may end before it reads; then its answer is missing.
  const failed = new Promise((_, reject) => child.once('error', reject));
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  failed.catch(() => {});
  return {
    pid: child.pid,
    /** @returns `{regions, ms, cpu}`: `cpu` is the processor time in ms of all its threads, as the kernel has it */
    async ask() {
      const before = cpuOf(child.pid);
      child.stdin.write('\n');
      const {done, value} = await Promise.race([lines.next(), failed]);
      if (done) throw new Error(`${words.join(' ')} ended before it answered`);
      const [regions, ns, waited] = value.split(' ').map(Number);
      return {regions, ms: (ns - waited) / 1e6, cpu: cpuOf(child.pid) - before};
    },
    stop: () => child.kill(),
  };
}
