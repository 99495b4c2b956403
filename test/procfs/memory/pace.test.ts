import test from 'ava';
import {Pace} from '../../../src/procfs/memory/pace.ts';

const NO_RATE = 1e15;
const PAGES = 16;

/** Sleeps, as a thread does that waits for a lock. */
function sleep(times: number): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let time = 0; time < times; time++) Atomics.wait(nobody, 0, 0, 1);
}

test('who had to sleep while it read rests for much longer, and does not take its rests for waiting', (t) => {
  const pace = new Pace(NO_RATE, 1e9);
  sleep(12);
  const begin = performance.now();
  pace.after(1, PAGES);
  t.true(pace.rested >= 12, `${pace.rested} ms`);
  t.true(performance.now() - begin >= pace.rested - 1);
  const {rested} = pace;
  for (let time = 0; time < 50; time++) pace.after(1, PAGES);
  // A collection of garbage may wait for its helpers.
  t.true(pace.rested < 2 * rested, `${pace.rested} after ${rested} ms`);
});

test('sleeping for another reason is not counted', (t) => {
  const pace = new Pace(NO_RATE, 1e9);
  sleep(20);
  pace.restart();
  pace.after(1, PAGES);
  t.true(pace.rested < 20, `${pace.rested} ms`);
});

test('a page can be met at once only: one rest is bounded', (t) => {
  const pace = new Pace(NO_RATE, 1e9);
  sleep(200);
  pace.after(1, PAGES);
  t.true(pace.rested < 200, `${pace.rested} ms`);
});

test('rests become shorter once they have taken as long as was allowed', (t) => {
  const [patient, hasty] = [new Pace(NO_RATE, 1e9), new Pace(NO_RATE, 1)];
  for (const pace of [patient, hasty]) {
    for (let time = 0; time < 3; time++) {
      pace.restart();
      sleep(10);
      pace.after(1, PAGES);
    }
  }
  t.true(hasty.rested < patient.rested / 2, `${hasty.rested} and ${patient.rested} ms`);
});

test('at most so many bytes a second, beside a tenth of a second at first', (t) => {
  const pace = new Pace(1e6, 1e9);
  const begin = performance.now();
  for (let piece = 0; piece < 40; piece++) pace.after(10_000, PAGES);
  t.true(performance.now() - begin >= 290, `${performance.now() - begin} ms for 400 KB`);
});
