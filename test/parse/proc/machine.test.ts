import {readFileSync} from 'node:fs';
import {totalmem} from 'node:os';
import test from 'ava';
import {cgroupFolders, parseCgroup, parseMemoryLimit} from '../../../src/parse/proc/cgroup.ts';
import {parseMeminfo} from '../../../src/parse/proc/meminfo.ts';
import {parseMountinfo} from '../../../src/parse/proc/mountinfo.ts';
import {run} from '../../helpers/cli.ts';
import {testIf} from '../../helpers/tools.ts';
import {whileSteady} from '../../helpers/wait.ts';
import {bytesOf} from '../tools.ts';

test('meminfo: RAM is what sysinfo(2) says, which is what mode 0 of vm.overcommit_memory goes by', (t) => {
  const {ram, swap, commitLimit, committed} = parseMeminfo(readFileSync('/proc/meminfo'));
  t.is(ram, totalmem());
  for (const size of [swap, commitLimit, committed]) t.true(Number.isSafeInteger(size));
  t.deepEqual(parseMeminfo(bytesOf('MemTotal: x kB\nconstructor: 5 kB\nSwapTotal: 3 kB\n')), {swap: 3072});
});

testIf('findmnt')('mountinfo: findmnt(8) has the same mounts', async (t) => {
  const words = ['--kernel', '--json', '--list', '--output', 'TARGET,FSTYPE,MAJ:MIN,FSROOT'];
  const [{stdout}, mounts] = await whileSteady(
    () => readFileSync('/proc/self/mountinfo'),
    () => run('findmnt', words),
  );
  const {filesystems} = JSON.parse(stdout) as {filesystems: Array<Readonly<Record<string, string>>>};
  const told = filesystems.map((each) => [each['target'], each['fstype'], each['fsroot']].join(' '));
  const seen = parseMountinfo(mounts).map(({place, type, root}) => `${place} ${type} ${root}`);
  t.deepEqual(seen.toSorted(), told.toSorted());
});

test('mountinfo: optional fields, numbers in decimal, names with blanks', (t) => {
  const line = '36 35 259:10 /a\\040b /mnt\\0112 rw shared:1 master:2 - cgroup cgroup rw,memory,cpu\n';
  t.deepEqual(parseMountinfo(bytesOf(line)), [
    {id: 36, dev: '103:0a', root: '/a b', place: '/mnt\t2', type: 'cgroup', options: ['rw', 'memory', 'cpu']},
  ]);
  t.deepEqual(parseMountinfo(bytesOf('nothing - at all\n')), []);
});

test('cgroup: memory is charged in version 1 where that has the controller, else in version 2', (t) => {
  t.deepEqual(parseCgroup(bytesOf('4:cpu,memory:/a\n0::/b\n')), {version: 1, path: '/a'});
  t.deepEqual(parseCgroup(bytesOf('1:name=systemd:/x\n0::/b:c/d\n')), {version: 2, path: '/b:c/d'});
  t.is(parseCgroup(bytesOf('1:name=memory:/x\n')), undefined);
});

test('cgroup: itself and its ancestors, as far as the mount shows them', (t) => {
  const mount = (root: string) => parseMountinfo(bytesOf(`30 1 0:25 ${root} /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n`));
  const paths = (path: string, root: string) =>
    cgroupFolders({version: 2, path}, mount(root))?.map((each) => `${each.path} ${each.folder}`);
  t.deepEqual(paths('/a/b', '/'), ['/a/b /sys/fs/cgroup/a/b', '/a /sys/fs/cgroup/a', '/ /sys/fs/cgroup']);
  t.deepEqual(paths('/a/b', '/a'), ['/a/b /sys/fs/cgroup/b', '/a /sys/fs/cgroup']);
  t.is(paths('/ab', '/a'), undefined);
  t.is(paths('/../a', '/'), undefined, 'outside of our cgroup namespace');
});

test('cgroup: max and 2^63 less a page are no limit', (t) => {
  const limits = ['max\n', '9223372036854771712\n', '67108864\n', '', 'x'].map(parseMemoryLimit);
  t.deepEqual(limits, [null, null, 67_108_864, undefined, undefined]);
});
