import test from 'ava';
import {pause} from '../../../src/procfs/sampling/poll.ts';

test('a pause that is longer than a timer of Node can be lasts until it is ended', async (t) => {
  const over = new AbortController();
  const waited = pause(2 ** 33, over.signal);
  // With a timer of 32 bits it would end after 1 ms.
  t.is(await Promise.race([waited, pause(100, undefined).then(() => 'waits')]), 'waits');
  over.abort();
  t.false(await waited);
});
