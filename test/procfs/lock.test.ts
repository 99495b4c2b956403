import test from 'ava';
import {Trouble} from '../../src/model/trouble.ts';
import {capture} from '../../src/procfs/capture.ts';
import {setDeadline} from '../../src/procfs/open.ts';
import {findByName} from '../../src/procfs/find.ts';
import {ProcessHandle} from '../../src/procfs/handle.ts';
import {poll} from '../../src/procfs/sampling/poll.ts';
import {Session} from '../../src/procfs/sampling/session.ts';
import {Child} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {hasChild, LockedRoot, PID} from './locked-root.ts';

test.beforeEach(() => setDeadline(700));

test.serial('a map whose lock is kept by a thread in state D ends the look at the deadline, which is said', (t) => {
  const root = new LockedRoot(folder(t));
  root.lock();
  const begin = performance.now();
  const error = t.throws(() => capture(PID, {root: root.path}), {instanceOf: Trouble});
  t.is(error.kind, 'deadline');
  t.regex(error.why, /within 0\.7 s: thread 4242 \(sleep\).*state D.* in folio_wait_bit_common/);
  t.true(performance.now() - begin >= 700);
});

test.serial('a thread in state D that does not keep the lock is no reason not to look', (t) => {
  const root = new LockedRoot(folder(t));
  root.sleep('D');
  setDeadline(30_000);
  t.true(capture(PID, {root: root.path}).regions.length > 10);
});

test.serial('a sleep in state D that is over at once is not asked about', (t) => {
  const root = new LockedRoot(folder(t));
  root.lock();
  const handle = new ProcessHandle(PID, root.path);
  t.teardown(() => handle.close());
  const stat = handle.stat();
  root.sleep('S');
  setDeadline(30_000);
  t.notThrows(() => handle.lock.ask(stat)); // A child would wait for the FIFO until the deadline.
});

test.serial('who was found not to keep the lock is not asked again while it sleeps on', async (t) => {
  const root = new LockedRoot(folder(t));
  root.sleep('D');
  const handle = new ProcessHandle(PID, root.path);
  t.teardown(() => handle.close());
  setDeadline(30_000);
  await handle.lock.wait(undefined);
  root.block('maps');
  await t.notThrowsAsync(handle.lock.wait(undefined));
  t.notThrows(() => handle.lock.ask(handle.stat()));
  root.sleep('D', 8); // It has run in between, and sleeps anew.
  setDeadline(500);
  await t.throwsAsync(handle.lock.wait(undefined), {message: /Cannot read the memory map/});
});

test.serial('while a watch waits for the lock, its program goes on, and can end it', async (t) => {
  const root = new LockedRoot(folder(t));
  const session = new Session(PID, {root: root.path, maxDuty: 0});
  t.teardown(() => session.close());
  setDeadline(600_000);
  const stop = new AbortController();
  const looks = poll(session, {interval: 10, signal: stop.signal});
  t.is((await looks.next()).done, false);
  root.lock();
  const next = looks.next();
  await hasChild(process.pid);
  stop.abort();
  t.deepEqual(await next, {done: true, value: 'stopped'});
});

test.serial('a lock that is taken while a process is watched ends the watch at the deadline', async (t) => {
  const root = new LockedRoot(folder(t));
  const session = new Session(PID, {root: root.path, maxDuty: 0});
  t.teardown(() => session.close());
  root.lock();
  const looks = poll(session, {interval: 10});
  const error = await t.throwsAsync(looks.next(), {instanceOf: Trouble});
  t.is(error.kind, 'deadline');
});

test.serial('what is not a regular file is refused, and nobody waits for it', (t) => {
  setDeadline(30_000);
  for (const file of ['maps', 'stat', 'status']) {
    const root = new LockedRoot(folder(t));
    root.block(file);
    const error = t.throws(() => capture(PID, {root: root.path}), {instanceOf: Trouble});
    t.is(error.kind, 'input');
    t.regex(error.message, new RegExp(`/4242/${file}\\.$`));
    t.regex(error.why, /not a regular file/);
  }
  const root = new LockedRoot(folder(t));
  for (const file of ['smaps', 'auxv', 'limits', `task/${PID}/comm`, `task/${PID}/syscall`]) root.block(file);
  const {notes, regions} = capture(PID, {root: root.path});
  t.true(regions.length > 10);
  t.regex(notes.join(), /Resident memory was not read: it is not a regular file/);
});

test.serial('a process is found by its name without its command line, which waits for the same lock', (t) => {
  const root = new LockedRoot(folder(t));
  root.lock();
  root.block('cmdline');
  setDeadline(30_000);
  const found = findByName('sleep', root.path);
  t.is(found.length, 1);
  t.like(found[0], {pid: PID, comm: 'sleep', command: ''});
});

test.serial('a listing that is not whole at the deadline is refused', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  setDeadline(1e-6);
  const error = t.throws(() => capture(child.pid), {instanceOf: Trouble});
  t.is(error.kind, 'deadline');
  t.regex(error.message, /Cannot read all of \/proc\/\d+\/maps/);
});
