import {readdirSync} from 'node:fs';
import test from 'ava';
import {waitingNode} from '../helpers/child.ts';
import {memmap} from '../helpers/cli.ts';

test('the ID of a thread stands for its process, and that is said', async (t) => {
  const child = await waitingNode(t);
  const thread = readdirSync(`/proc/${child.pid}/task`).find((tid) => tid !== String(child.pid))!;
  const {stdout, stderr, code} = await memmap(['show', thread, '--json']);
  t.is(code, 0);
  t.regex(
    stderr,
    new RegExp(`^memmap: ${thread} is a thread \\(.+\\) of process ${child.pid}, which is looked at instead\\.$`, 'm'),
  );
  t.is((JSON.parse(stdout) as {process: {pid: number}}).process.pid, child.pid);
});
