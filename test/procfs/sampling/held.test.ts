import {readFileSync} from 'node:fs';
import {release} from 'node:os';
import test from 'ava';
import {whileHeld} from '../../../src/procfs/sampling/held.ts';
import {kernelRelease, mapsTakesLock} from '../../../src/procfs/machine/kernel.ts';

/** ms that this thread ran on a processor, as the scheduler counts them (its first number, ns). */
const ranFor = (): number => Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6;

const heldBy = (read: () => void): number => {
  let held = NaN;
  whileHeld(read, (ms) => (held = ms));
  return held;
};

test('a read that waits holds up nobody', (t) => {
  const sleep = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  t.true(heldBy(sleep) < 150);
});

test('a read that runs is counted as the scheduler counts it, at least', (t) => {
  const before = ranFor();
  const held = heldBy(() => {
    while (ranFor() < before + 60);
  });
  // The scheduler's own number is renewed at ticks, of at most 10 ms.
  t.true(held >= 40, String(held));
});

test('a read that fails is paid for', (t) => {
  let held = NaN;
  const read = (): never => {
    throw new Error('no');
  };
  t.throws(() => whileHeld(read, (ms) => (held = ms)));
  t.true(held >= 0);
});

test('maps takes the lock before Linux 6.17, and where regions have no lock of their own', (t) => {
  for (const release of ['2.6.32', '4.9.0-19-amd64', '5.15.167.4-microsoft', '6.8.0-45-generic', '6.16.12', '', 'odd'])
    t.true(mapsTakesLock(release, 'x64'), release);
  for (const release of ['6.17', '6.17.0-rc1', '6.18.44', '7.0.1', '10.2'])
    t.false(mapsTakesLock(release, 'arm64'), release);
  t.true(mapsTakesLock('6.18.0', 'arm'));
});

test('the release is that of uname(2)', (t) => {
  t.is(kernelRelease('/proc'), release());
  t.is(kernelRelease('/nowhere'), kernelRelease('/proc'));
});
