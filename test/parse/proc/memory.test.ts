import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {parseMemory, parseStatus} from '../../../src/parse/proc/status.ts';

test('the lines of memory alone are as they are in the whole status, of every process that is here', (t) => {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  let read = 0;
  for (const pid of pids) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(`/proc/${pid}/status`);
    } catch {
      continue; // It has ended.
    }
    const whole = parseStatus(bytes);
    const memory = Object.entries(whole).filter(([name]) => /^(vm|rss)/.test(name));
    t.deepEqual(parseMemory(bytes), Object.fromEntries(memory));
    read++;
  }
  t.true(read > 1);
});
