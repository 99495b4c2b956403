/*
 * Loaded before `memmap watch` (--import): makes a day of watching pass in a minute. Every pause between two looks is
 * over at once; every tenth time the watched listing has changed meanwhile. At some looks it reports on descriptor 3
 * how many bytes are resident, how many bytes of the heap are in use after a garbage collection, how many descriptors
 * are open, and how many timers, requests and the like are active.
 *
 *   SOAK_FOLDER   the directory that replaces /proc/PID
 *   SOAK_TICKS    the looks at which memory is reported, ascending, separated by commas
 */
import {openSync, readdirSync, writeSync} from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';
import {setImmediate} from 'node:timers/promises';
import timers from 'node:timers/promises';

const ticks = process.env.SOAK_TICKS.split(',').map(Number);
const listings = ['maps', 'smaps'].map((file) => openSync(`${process.env.SOAK_FOLDER}/${file}`, 'r+'));
let looks = 0;

timers.setTimeout = async () => {
  looks++;
  // In a line of maps, the permissions begin 26 bytes after the start of an address of 12 digits.
  if (looks % 10 === 0) for (const listing of listings) writeSync(listing, looks % 20 === 0 ? 'rw-p' : 'r-xp', 26);
  if (looks === ticks[0]) tell(ticks.shift());
  await setImmediate();
};
syncBuiltinESMExports();

function tell(look) {
  const {rss} = process.memoryUsage();
  globalThis.gc();
  const descriptors = readdirSync('/proc/self/fd').length;
  writeSync(
    3,
    `${look} ${rss} ${process.memoryUsage().heapUsed} ${descriptors} ${process.getActiveResourcesInfo().length}\n`,
  );
}
