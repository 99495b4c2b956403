import {spawn} from 'node:child_process';
import {inState, python} from '../../helpers/child.ts';
import {testIf} from '../../helpers/tools.ts';
import {Trouble} from '../../../src/model/trouble.ts';
import {allPages} from './look.ts';

// Processes that don't hold still.

testIf('python3')(
  'a process that is killed while it is read is whole, incomplete or gone, and never said to have lost its pages',
  async (t) => {
    const PAGES = 40_000;
    let [whole, incomplete] = [0, 0];
    for (let delay = 0; delay < 6; delay++) {
      const child = await python(t, 'import time');
      await child.ask(`m = mmap.mmap(-1, ${PAGES * 4096}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m.madvise(15)`);
      await child.ask(`for at in range(0, ${PAGES * 4096}, 4096): m[at] = 1`);
      const begin = performance.now();
      t.true(allPages(child.pid).isWhole);
      const seconds = ((performance.now() - begin) / 1000) * (0.3 + delay / 3);
      child.process.stdin!.write(`time.sleep(${seconds}); os.kill(os.getpid(), 9)\n`);
      // It is read again and again, until it ends in the middle of a reading or between two.
      for (let isOver = false; !isOver;) {
        try {
          const {totals, regions, isWhole} = allPages(child.pid);
          const large = regions.find((each) => each.totals.pages >= PAGES)!;
          t.is(large.totals.present + large.totals.unread, large.totals.pages, 'no page was given back');
          if (isWhole) t.is(large.totals.unread, 0);
          else t.true(totals.unread > 1);
          if (isWhole) whole++;
          else incomplete++;
          isOver = !isWhole;
        } catch (error) {
          if (!(error instanceof Trouble)) throw error;
          t.is(error.kind, 'gone');
          isOver = true;
        }
      }
    }
    t.log(`${whole} readings were whole, ${incomplete} incomplete`);
  },
);

testIf('bash')('a process that execs again and again is seen as one of its programs, never as a mixture', async (t) => {
  const script = 'n=$((${1:-0} + 1)); [ $n -gt 400 ] && exec sleep 60; exec bash -c "$0" "$0" $n';
  const child = spawn('bash', ['-c', script, script], {stdio: 'ignore'});
  t.teardown(() => child.kill('SIGKILL'));
  let whole = 0;
  // After 400 programs it rests, so in the end it is seen whole on the slowest machine.
  for (const end = Date.now() + 1500; Date.now() < end || (whole === 0 && Date.now() < end + 60_000);) {
    try {
      const pages = allPages(child.pid!);
      if (!pages.isWhole) continue;
      whole++;
      const stack = pages.regions.find(({region}) => region.name === '[stack]')!;
      t.true(stack.totals.present > 0, 'a living program has pages on its stack');
      t.is(
        pages.totals.unread,
        pages.regions.reduce((sum, {totals, unread}) => sum + (unread ? totals.unread : 0), 0),
      );
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      t.is(error.kind, 'gone');
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(whole > 0);
});

testIf('python3')('a process whose first thread has ended is read through another thread', async (t) => {
  const script =
    'import threading, time, ctypes\nthreading.Thread(target=time.sleep, ' +
    'args=(600,)).start()\nctypes.CDLL(None).syscall(60, 0)';
  const child = spawn('python3', ['-c', script], {stdio: 'ignore'});
  t.teardown(() => child.kill('SIGKILL'));
  await inState(child.pid!, 'Z');
  const pages = allPages(child.pid!);
  t.true(pages.totals.present > 100);
  t.true(pages.isWhole);
});
