import {readFileSync} from 'node:fs';
import test from 'ava';
import {diff} from '../../../src/diff/diff.ts';
import {changeJSON} from '../../../src/model/change.ts';
import {regionJSON} from '../../../src/model/region.ts';
import {LONGEST_PAUSE} from '../../../src/procfs/sampling/budget.ts';
import {poll} from '../../../src/procfs/sampling/poll.ts';
import {Session, type Look, type SessionOptions} from '../../../src/procfs/sampling/session.ts';
import {Child, python, waitingShell} from '../../helpers/child.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

test('the snapshot is the very same object while nothing changes', async (t) => {
  const child = await waitingShell(t);
  const session = new Session(child.pid, {maxDuty: 0});
  t.teardown(() => session.close());
  const first = session.look();
  const second = session.look();
  t.is(first.saw, 'process');
  t.is((first as Look & {saw: 'process'}).snapshot, (second as Look & {saw: 'process'}).snapshot);
});

testIf('python3')('a mapping that comes is seen at the next look, and its pages once smaps may be read', async (t) => {
  const child = await python(t);
  const session = new Session(child.pid, {maxDuty: 0});
  t.teardown(() => session.close());
  const before = session.snapshot;
  await child.ask('m = mmap.mmap(-1, 1 << 20)');
  const look = session.look();
  if (look.saw !== 'process') return t.fail(look.saw);
  const news = diff(before, look.snapshot).changes.filter((change) => change.kind === 'new');
  t.deepEqual(
    news.map((change) => [change.after[0]!.name, change.delta.size]),
    [['/dev/zero (deleted)', 1 << 20]],
  );
});

testIf('python3')('a session whose user keeps the last look alone sees what any other sees', async (t) => {
  const child = await python(t, 'import random\nmaps = []');
  const [one, other] = [true, false].map((keepsLast) => new Session(child.pid, {maxDuty: 0, keepsLast})) as [
    Session,
    Session,
  ];
  t.teardown(() => [one, other].forEach((session) => session.close()));
  let [before, there] = [one.snapshot, other.snapshot];
  let changed = 0;
  for (let look = 0; look < 60; look++) {
    if (look % 3 > 0)
      await child.ask(
        'maps.append(mmap.mmap(-1, 4096 * random.randrange(1, 9))); ' +
          'random.random() < 0.5 and maps.pop(random.randrange(len(maps))).close()',
      );
    t.is(one.look().saw, 'process');
    t.is(other.look().saw, 'process');
    const [now, here] = [one.snapshot, other.snapshot];
    const changes = diff(before, now).changes.map(changeJSON);
    t.deepEqual(changes, diff(there, here).changes.map(changeJSON));
    t.deepEqual([...now.table].map(regionJSON), here.regions.map(regionJSON));
    changed += changes.length;
    [before, there] = [now, here];
  }
  t.true(changed > 20);
});

testIf('python3')(
  'a change after looks at which nothing changed is seen, though the listing is as long as before',
  async (t) => {
    const child = await python(
      t,
      'libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p; libc.mprotect.argtypes = [ctypes.c_void_p, ' +
        'ctypes.c_size_t, ctypes.c_int]',
    );
    await child.ask(
      'p = libc.mmap(ctypes.c_void_p(0x200000000000), ctypes.c_size_t(8*4096), 3, 0x100022, -1, ctypes.c_long(0))',
    );
    const session = new Session(child.pid, {maxDuty: 0});
    t.teardown(() => session.close());
    const permissions = (): string | undefined => {
      const look = session.look();
      return look.saw === 'process'
        ? look.snapshot.regions.find(({start}) => start === 0x200000000000)?.perms
        : look.saw;
    };
    for (const [protection, perms] of [
      [1, 'r--p'],
      [3, 'rw-p'],
      [5, 'r-xp'],
      [1, 'r--p'],
    ] as const) {
      for (let still = 0; still < 3; still++) permissions();
      await child.ask(`libc.mprotect(p, 8*4096, ${protection})`);
      t.is(permissions(), perms);
      t.is(permissions(), perms);
    }
  },
);

test('exec is told from exit: the same process with another program', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x; exec sleep 60']);
  await child.line();
  const session = new Session(child.pid);
  t.teardown(() => session.close());
  t.is(session.look().saw, 'process');
  child.process.stdin!.write('\n');
  let look = session.look();
  await until(() => (look = look.saw === 'exec' ? look : session.look()).saw === 'exec', 'the exec');
  t.is(look.saw, 'exec');
  if (look.saw === 'exec') t.is(look.snapshot.process.comm, 'sleep');
  child.process.kill();
  await until(() => (look = session.look()).saw === 'exit', 'the exit');
  t.is(look.saw, 'exit');
});

test('polling ends at its count, its time, a signal, and with the process', async (t) => {
  const child = await waitingShell(t);
  const session = new Session(child.pid);
  t.teardown(() => session.close());
  const run = async (options: Parameters<typeof poll>[1]): Promise<[number, string]> => {
    const looks = poll(session, options);
    for (let count = 0; ; count++) {
      const next = await looks.next();
      if (next.done) return [count, next.value];
    }
  };
  t.deepEqual(await run({interval: 5, count: 3}), [3, 'count']);
  const [, reason] = await run({interval: 5, duration: 40});
  t.is(reason, 'for');
  t.deepEqual(await run({interval: 10_000, duration: 1}), [0, 'for']);
  t.deepEqual(await run({interval: 5, signal: AbortSignal.abort()}), [0, 'stopped']);
  child.process.kill();
  t.is((await run({interval: 5}))[1], 'exit');
});

test('looks that are eager come close together after the start of a program, and again after each exec', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x; exec sh -c "echo ready; read y"']);
  await child.line();
  const session = new Session(child.pid);
  t.teardown(() => session.close());
  // Were they not, this would end after hours.
  const looks = poll(session, {interval: 3_600_000, isEager: true});
  for (let count = 0; count < 5; count++) t.like((await looks.next()).value, {saw: 'process'});
  await child.ask('');
  let look = await looks.next();
  for (; !look.done && look.value.saw === 'process'; look = await looks.next());
  t.like(look.value, {saw: 'exec'});
  for (let count = 0; count < 5; count++) t.like((await looks.next()).value, {saw: 'process'});
});

/** Does something within the longest pause between two readings, after which smaps may be read whatever was spent. */
function withinOnePause<Result>(act: () => Result): Result {
  for (;;) {
    const begin = performance.now();
    const result = act();
    // A machine on which that took longer does it again.
    if (performance.now() - begin < LONGEST_PAUSE) return result;
  }
}

test('smaps is read within its budget, and what was left out is counted', async (t) => {
  const child = await waitingShell(t);
  const {usageReads, usageSkipped, looks} = withinOnePause(() => {
    const thrifty = new Session(child.pid, {maxDuty: 1e-9});
    t.teardown(() => thrifty.close());
    for (let look = 0; look < 20; look++) thrifty.look();
    return thrifty.cost;
  });
  t.deepEqual([usageReads, usageSkipped, looks], [1, 20, 20]);
});

test('a look that is due reads smaps whatever was spent, unless the read would take too long', async (t) => {
  const child = await waitingShell(t);
  const formats = (options: SessionOptions): string[] => {
    const session = new Session(child.pid, options);
    t.teardown(() => session.close());
    return [false, true, false].map((isDue) => {
      session.look(isDue);
      return session.snapshot.source.format;
    });
  };
  t.deepEqual(
    withinOnePause(() => formats({maxDuty: 1e-9})),
    ['maps', 'smaps', 'maps'],
  );
  t.deepEqual(formats({maxDuty: 0}), ['maps', 'maps', 'maps']);
  t.deepEqual(formats({maxDuty: 1, maxStall: 0}), ['maps', 'maps', 'maps']);
});

testIf('python3')(
  'memory that is no longer resident may be read again, though maps alone was read since',
  async (t) => {
    const child = await python(t);
    // 8 ms, at 16 ms per GiB.
    await child.ask('m = mmap.mmap(-1, 512 << 20, 0x22); m.write(b"x" * (512 << 20))');
    const session = new Session(child.pid, {maxDuty: 1, maxStall: 4});
    t.teardown(() => session.close());
    session.look();
    t.is(session.snapshot.source.format, 'maps');
    t.is(session.cost.usageTooLong, 1);
    await child.ask('m.close()');
    session.look();
    t.is(session.snapshot.source.format, 'smaps');
  },
);

test('the first look after exec has smaps', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x; exec sleep 60']);
  await child.line();
  const session = new Session(child.pid, {maxDuty: 0.0001});
  t.teardown(() => session.close());
  child.process.stdin!.write('\n');
  const look = await until(() => {
    const seen = session.look();
    return seen.saw === 'exec' && seen;
  }, 'the exec');
  t.is(look.snapshot.source.format, 'smaps');
  t.true(look.snapshot.totals['rss']! > 0);
});

testIf('python3')('where maps takes the lock too, looks rest in proportion to what it took', async (t) => {
  const child = await python(t);
  const {length} = await regionsOf(child, 10_000);
  t.true(length >= 10_000);
  const rests = ['6.8.0', '6.18.0'].map((kernel) => {
    const session = new Session(child.pid, {kernel, maxDuty: 0.02, maxStall: 0});
    t.teardown(() => session.close());
    const begin = performance.now();
    session.look();
    // Of its rest what has passed since is over.
    const {rest} = session;
    return {rest, passed: performance.now() - begin, lock: session.cost.mapsLock};
  });
  t.like(rests[1], {rest: 0, lock: undefined});
  const [{rest, passed, lock}] = rests as [(typeof rests)[0]];
  t.is(lock?.kernel, '6.8.0');
  // Half of the duty is for maps: it rests for 100 times as long as it held the lock, twice here (it was opened too).
  t.true(rest + passed > 20 * lock!.held && rest <= 5000, `${rest} ms after ${lock!.held}`);
});

/** Has a Python map so many regions that can't merge. */
async function regionsOf(child: Child, count: number): Promise<readonly string[]> {
  await child.ask(`r = [mmap.mmap(-1, 4096, 0x22, 1 + i % 2) for i in range(${count})]`);
  return readFileSync(`/proc/${child.pid}/maps`, 'latin1').trimEnd().split('\n');
}
