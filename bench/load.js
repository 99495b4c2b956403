import {spawn} from 'node:child_process';
import {setTimeout as sleep} from 'node:timers/promises';

/**
 * Keeps this many cores busy, or tries to, until it is stopped. The processes die with the bench in any case: their
 * input ends.
 */
export async function startLoad(count) {
  const busy =
    'process.stdin.on("end", () => process.exit()).resume(); setInterval(() => {for (const end = Date.now() + 50; ' +
    'Date.now() < end;);}, 1)';
  const children = Array.from({length: count}, () =>
    spawn(process.execPath, ['-e', busy], {stdio: ['pipe', 'ignore', 'ignore']}),
  );
  if (count > 0) await sleep(2000);
  return {stop: () => children.forEach((child) => child.kill())};
}
