import {spawn} from 'node:child_process';
import test, {type ExecutionContext} from 'ava';
import {diff} from '../../src/diff/diff.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {capture} from '../../src/procfs/capture.ts';
import {inState} from '../helpers/child.ts';
import {testIf, X64} from '../helpers/tools.ts';
import {serverFile, SyscallServer} from '../steps/server.ts';
import {shortForm} from './tools.ts';

/**
 * The same program, run 20 times and compared pairwise: nothing but `moved`. And with one more allocation: exactly that one
 * more. The programs: position-independent and dynamically linked (sleep), and static at a fixed address (ours).
 */
const RUNS = 20;

async function runs(t: ExecutionContext, command: string, ...args: string[]): Promise<Snapshot[]> {
  const children = Array.from({length: RUNS}, () => spawn(command, args, {stdio: 'ignore'}));
  t.teardown(() => children.forEach((child) => child.kill('SIGKILL')));
  await Promise.all(children.map(({pid}) => inState(pid!, 'S', command)));
  return children.map((child) => capture(child.pid!, {usage: false}));
}

const pairs = <Item>(items: readonly Item[]): Array<[Item, Item]> =>
  items.flatMap((a, i) => items.slice(i + 1).map((b): [Item, Item] => [a, b]));

test('20 runs of a position-independent program differ pairwise by nothing but where they lie', async (t) => {
  const all = pairs(await runs(t, 'sleep', '60'));
  t.is(all.length, 190);
  for (const [before, after] of all) {
    const {changes, unchanged, match} = diff(before, after);
    t.is(match, 'layout');
    t.deepEqual(changes.filter(({kind}) => kind !== 'moved').map(shortForm), []);
    t.is(changes.length + unchanged, before.regions.length);
  }
});

testIf(X64)(
  '20 runs of a static program at a fixed address: its own regions are unchanged, the rest moved',
  async (t) => {
    const file = serverFile(t);
    const servers = Array.from({length: RUNS}, () => new SyscallServer(t, file));
    await Promise.all(servers.map((server) => server.call(39)));
    for (const [before, after] of pairs(servers.map(({pid}) => capture(pid, {usage: false})))) {
      const {changes, unchanged} = diff(before, after, {match: 'layout'});
      t.deepEqual(changes.filter(({kind}) => kind !== 'moved').map(shortForm), []);
      const fixed = before.regions.filter(({name, end}) => name === '[vsyscall]' || end <= 0x404000);
      t.is(fixed.length, 5);
      t.is(unchanged, 5);
    }
  },
);

testIf(X64)('one allocation more is exactly one region more, whichever of 20 runs made it', async (t) => {
  const file = serverFile(t);
  const servers = Array.from({length: RUNS}, () => new SyscallServer(t, file));
  const plain = await Promise.all(
    servers.map(async (server) => (await server.call(39), capture(server.pid, {usage: false}))),
  );
  // mmap, anonymous and private, where the kernel likes: a length that nothing else has.
  await Promise.all(servers.map((server) => server.call(9, 0, 37 * 4096, 3, 0x22, -1, 0)));
  const more = servers.map(({pid}) => capture(pid, {usage: false}));
  for (const [index, before] of plain.entries()) {
    const after = more[(index + 7) % RUNS]!;
    const news = diff(before, after, {match: 'layout'}).changes.filter(
      ({kind, delta}) => kind !== 'moved' && delta.size !== 0,
    );
    t.deepEqual(
      news.map(({kind, delta}) => [kind, delta.size]),
      [['new', 37 * 4096]],
    );
  }
});
