import {readdirSync} from 'node:fs';
import {ProcessHandle} from '../../src/procfs/handle.ts';
import {readCounted} from '../../src/procfs/details/counted.ts';
import {python} from '../helpers/child.ts';
import {unified} from '../helpers/cgroups.ts';
import {testIf} from '../helpers/tools.ts';

testIf('python3')('tasks of a cgroup and of those above it that have a limit: pids.max, its own first', async (t) => {
  const child = await python(t);
  const root = unified(t, child, '/a/b/c', {
    'a/pids.max': '100\n',
    'a/pids.current': '99\n',
    'a/b/pids.max': 'max\n',
    'a/b/pids.current': '98\n',
    'a/b/c/pids.max': '64\n',
    'a/b/c/pids.current': '2\n',
  });
  const handle = new ProcessHandle(child.pid, root);
  t.teardown(() => handle.close());
  t.deepEqual(readCounted(handle), {
    pids: [
      {path: '/a/b/c', used: 2, max: 64},
      {path: '/a', used: 99, max: 100},
    ],
  });
});

testIf('python3')('open files are as many as /proc/PID/fd lists', async (t) => {
  const child = await python(t, "kept = [open('/dev/null') for _ in range(20)]");
  const handle = new ProcessHandle(child.pid);
  t.teardown(() => handle.close());
  const limit = Number(
    await child.ask("answer = __import__('resource').getrlimit(__import__('resource').RLIMIT_NOFILE)[0]"),
  );
  t.deepEqual(readCounted(handle).files, {used: readdirSync(`/proc/${child.pid}/fd`).length, max: limit});
});
