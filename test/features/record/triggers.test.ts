import test from 'ava';
import fc from 'fast-check';
import {parseTriggers, Triggers} from '../../../src/features/record/triggers.ts';

const STALLED = {avg60: 0, avg300: 0, total: 0};

/** What the kernel tells, as a test sets it. */
function machine(): {
  some: number;
  used: number;
  killed: {cgroup: number | undefined; machine: number};
  stress: ConstructorParameters<typeof Triggers>[1];
} {
  const now = {some: 0, used: 0, killed: {cgroup: 0 as number | undefined, machine: 0}};
  return Object.assign(now, {
    stress: {
      pressure: () => ({of: 'machine' as const, stalled: {some: {avg10: now.some, ...STALLED}}}),
      limits: () => [{path: '/a', file: 'memory.max', limit: 1000, used: now.used}],
      kills: () => ({...now.killed}),
    },
  });
}

const pace = {pause: 1000, most: 100};

test('a condition counts when it begins, and not before the pause after the last saving is over', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({min: 1, max: 900}), fc.integer({min: 0, max: 20}))), (steps) => {
      const kernel = machine();
      const triggers = new Triggers(parseTriggers(['psi=some:10%']), kernel.stress, pace);
      let [now, last, isTold] = [0, -Infinity, false];
      for (const [after, some] of steps) {
        now += after;
        kernel.some = some;
        const isSaved = triggers.check(now) !== undefined;
        if (some < 10) isTold = false;
        t.is(isSaved, some >= 10 && !isTold && now - last >= pace.pause);
        if (isSaved) [isTold, last] = [true, now];
      }
    }),
  );
});

test('no more is saved than is allowed, but for the end of the process', (t) => {
  const kernel = machine();
  const triggers = new Triggers(parseTriggers(['limit=90%,oom']), kernel.stress, {pause: 1, most: 2});
  const said = [];
  for (let now = 0; now < 1000; now += 10) {
    kernel.used = now % 20 === 0 ? 900 : 899;
    said.push(triggers.check(now));
  }
  t.deepEqual(said.filter(Boolean), [
    'limit: cgroup /a has 900 B of 1000 B (page cache too)',
    'limit: cgroup /a has 900 B of 1000 B (page cache too)',
  ]);
  kernel.used = 0;
  kernel.killed.cgroup = 1;
  t.is(triggers.check(2000), undefined);
  t.is(triggers.check(2010, true), 'oom: the OOM killer killed 1 in its cgroup, and the process ended');
});

test('a kill elsewhere on the machine says nothing of a process that is still there', (t) => {
  const kernel = machine();
  kernel.killed.cgroup = undefined;
  const triggers = new Triggers(parseTriggers(['oom']), kernel.stress, pace);
  kernel.killed.machine = 3;
  t.is(triggers.check(0), undefined);
  t.is(triggers.check(1, true), 'oom: the OOM killer killed 3 on the machine, and the process ended');
  const other = machine();
  const calm = new Triggers(parseTriggers(['oom']), other.stress, pace);
  t.is(calm.check(0, true), undefined, 'nothing was killed');
});

test('a kill is said once', (t) => {
  const kernel = machine();
  const triggers = new Triggers(parseTriggers(['oom']), kernel.stress, {pause: 1, most: 9});
  kernel.killed.cgroup = 2;
  t.is(triggers.check(0), 'oom: the OOM killer killed 2 in its cgroup');
  t.is(triggers.check(10), undefined);
  t.is(triggers.check(20, true), undefined);
});
