import test from 'ava';
import {isInGroup, membershipOf, memoryMount, parseCgroup} from '../../../src/parse/proc/cgroup.ts';
import {containerAt, isUnit, namesIn} from '../../../src/parse/proc/cgroup-path.ts';
import {parseKeyed, parsePressure} from '../../../src/parse/proc/memory-stat.ts';
import {parseMountinfo} from '../../../src/parse/proc/mountinfo.ts';

const ID = 'c0ffee'.padEnd(64, '1');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Paths as the runtimes make them, with the systemd driver and with cgroupfs. */
const PATHS: ReadonlyArray<readonly [path: string, names: ReturnType<typeof namesIn>]> = [
  ['/', {}],
  ['/system.slice/nginx.service', {unit: 'nginx.service'}],
  ['/user.slice/user-1000.slice/session-3.scope', {unit: 'session-3.scope'}],
  ['/user.slice/user-1000.slice/user@1000.service/app.slice/my.service', {unit: 'my.service'}],
  [`/system.slice/docker-${ID}.scope`, {unit: `docker-${ID}.scope`, container: ID, runtime: 'docker'}],
  [`/docker/${ID}`, {container: ID, runtime: 'docker'}],
  [`/docker/${ID}/system.slice/sshd.service`, {unit: 'sshd.service', container: ID, runtime: 'docker'}],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${ID}.scope`,
    {unit: `cri-containerd-${ID}.scope`, container: ID, runtime: 'cri-containerd'},
  ],
  [`/kubepods/burstable/pod5f7/${ID}`, {container: ID}],
  [
    `/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:${ID}`,
    {unit: 'containerd.service', container: ID, runtime: 'cri-containerd'},
  ],
  [`/kubepods.slice/crio-${ID}.scope/container`, {unit: `crio-${ID}.scope`, container: ID, runtime: 'crio'}],
  [`/machine.slice/libpod-${ID}.scope/container`, {unit: `libpod-${ID}.scope`, container: ID, runtime: 'libpod'}],
  [`/machine.slice/libpod-conmon-${ID}.scope`, {unit: `libpod-conmon-${ID}.scope`}],
  [
    '/machine.slice/systemd-nspawn@web.service/payload',
    {unit: 'systemd-nspawn@web.service', container: 'web', runtime: 'systemd-nspawn'},
  ],
  ['/machine.slice/machine-my\\x2dvm.scope', {unit: 'machine-my\\x2dvm.scope', container: 'my-vm', runtime: 'machine'}],
  ['/lxc.payload.box', {container: 'box', runtime: 'lxc'}],
];

test('a path names its unit and its container', (t) => {
  for (const [path, names] of PATHS) t.deepEqual(namesIn(path), names, path);
});

test('the directory of a container is one, and those in it are not', (t) => {
  t.is(containerAt(`/docker/${ID}`), ID);
  t.is(containerAt(`/machine.slice/libpod-${ID}.scope/container`), undefined);
  t.true(isUnit('nginx.service', 'nginx'));
  t.true(isUnit('_memory.service', 'memory.service'), 'a name that a file of the kernel could have');
  t.true(isUnit('system.slice', 'system.slice'));
  t.false(isUnit('nginx.socket', 'nginx'));
});

test('the hierarchy of memory counts, and the first that names a unit', (t) => {
  const hybrid = `12:memory:/a b/x\n5:cpu,cpuacct:/\n2:name=my own:/wrong\n1:name=systemd:/system.slice/x.service\n0::/\n`;
  t.deepEqual(membershipOf(bytes(hybrid)), {memory: {version: 1, path: '/a b/x'}, names: {unit: 'x.service'}});
  t.deepEqual(membershipOf(bytes('0::/u.slice/y.service\n')), {
    memory: {version: 2, path: '/u.slice/y.service'},
    names: {unit: 'y.service'},
  });
  t.deepEqual(membershipOf(bytes('')), {memory: undefined, names: {}});
});

test('a group has what is in it and below, and not what only begins alike', (t) => {
  t.true(isInGroup('/a/b', '/a'));
  t.true(isInGroup('/a', '/a'));
  t.true(isInGroup('/a', '/'));
  t.false(isInGroup('/ab', '/a'));
});

test('memory is charged in version 1 where that has the controller', (t) => {
  const v2 = '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
  const v1 = '35 31 0:32 /docker/x /sys/fs/cgroup/my\\040memory rw - cgroup cgroup rw,memory\n';
  const named = '36 31 0:33 / /sys/fs/cgroup/named rw - cgroup cgroup rw,name=my\\040own\n';
  t.is(memoryMount(parseMountinfo(bytes(named))), undefined);
  t.like(memoryMount(parseMountinfo(bytes(named + v2))), {version: 2, place: '/sys/fs/cgroup/unified'});
  t.deepEqual(memoryMount(parseMountinfo(bytes(v2 + named + v1))), {
    version: 1,
    root: '/docker/x',
    place: '/sys/fs/cgroup/my memory',
  });
});

test('keyed files and pressure', (t) => {
  t.deepEqual(
    [...parseKeyed(bytes('anon 12\nfile 0\nodd\nx -1\n'))],
    [
      ['anon', 12],
      ['file', 0],
    ],
  );
  const some = {avg10: 1.5, avg60: 0.25, avg300: 0, total: 77};
  t.deepEqual(parsePressure(bytes('some avg10=1.50 avg60=0.25 avg300=0.00 total=77\n')), {some});
  t.is(parsePressure(bytes('')), undefined);
});

test('names with blanks: of a hierarchy, of a controller, and of a cgroup', (t) => {
  const lines = bytes('7:name=my own tree:/some where\n6:my ctl,memory:/a b/c d\n0::/u v\n');
  t.deepEqual(parseCgroup(lines), {version: 1, path: '/a b/c d'});
  t.deepEqual(parseCgroup(bytes('7:name=my own tree:/x\n0::/u v\n')), {version: 2, path: '/u v'});
});
