import {readFileSync} from 'node:fs';
import {setTimeout as pause} from 'node:timers/promises';
import type {ProcessRow} from '../../../src/model/host/processes.ts';
import {HostWatch} from '../../../src/procfs/host/host.ts';
import {HostDescriptors} from '../../../src/procfs/host/holds.ts';
import {python} from '../../helpers/child.ts';
import {testIf} from '../../helpers/tools.ts';
import {PATIENCE} from '../../helpers/wait.ts';

testIf('python3')('where the time is short nobody is asked twice before all were asked once', async (t) => {
  const children = [await python(t), await python(t), await python(t)];
  const descriptors = new HostDescriptors(0.001);
  const known = children.map((): ReturnType<HostDescriptors['of']> => null);
  const asked: number[] = [];
  for (let look = 0; look < 6; look++) {
    descriptors.begin();
    for (const [index, {pid}] of children.entries()) {
      const holds = descriptors.of((file) => `/proc/${pid}/${file}`, readFileSync(`/proc/${pid}/maps`), known[index]);
      if (holds && holds !== known[index]) asked.push(index);
      known[index] = holds;
    }
    t.is(descriptors.earlier, Math.min(look, 2));
  }
  t.deepEqual(asked, [0, 1, 2, 0, 1, 2]);
});

testIf('python3')('what is spared is not read, and keeps its counters with their age', async (t) => {
  const [one, other] = [await python(t, 'x = b"x" * 10_000_000'), await python(t)];
  const opened = new Set<number>();
  const watch = new HostWatch({
    root: '/proc',
    pids: new Set([one.pid, other.pid]),
    maxStall: 50,
    budget: 1000,
    spares: (pid) => opened.has(pid),
  });
  // Where others use the processors a reading takes longer, and so does the time until the next one is allowed.
  const look = async (isDone: (row: ProcessRow) => boolean): Promise<ProcessRow> => {
    for (const end = Date.now() + PATIENCE; ;) {
      // Longer than 2 % of it is what one reading may take.
      await pause(300);
      const {rows} = watch.look();
      const [mine, others] = [one, other].map((each) => rows.find(({pid}) => pid === each.pid)!);
      if (Date.now() < end && (others!.late !== undefined || !isDone(mine!))) continue;
      t.is(others!.late, undefined);
      return mine!;
    }
  };
  const isRead = ({late}: ProcessRow): boolean => late === undefined;
  const first = await look(isRead);
  t.is(first.late, undefined);
  opened.add(one.pid);
  await one.ask('y = b"y" * 20_000_000');
  const spared = await look(() => true);
  t.like(spared, {late: 'budget', pss: first.pss, readAt: first.readAt});
  t.true(spared.rss! > first.rss! + 19_000_000, 'status holds up nobody');
  opened.clear();
  // Not PSS: that falls when another python starts and shares the libraries.
  t.true((await look(isRead)).privateDirty! > first.privateDirty! + 19_000_000);
});

testIf('python3')('what is spared before it was ever read has no counters', async (t) => {
  const {pid} = await python(t);
  const watch = new HostWatch({root: '/proc', pids: new Set([pid]), maxStall: 50, budget: 1000, spares: () => true});
  t.like(watch.look().rows[0], {unread: 'budget', pss: undefined, regions: undefined});
});
