import {mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {ExecutionContext} from 'ava';
import {python, type Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';
import {roomOf} from './room-target.ts';

// Machines that this one is not: a directory like /proc with the files of a real process, and others as such a machine
// has them.

const MIB = 2 ** 20;

/** @param files by path in the root; undefined: not there */
function falseRoot(t: ExecutionContext, {pid}: Child, files: Readonly<Record<string, string>>): string {
  const root = folder(t);
  const write = (name: string, content: string | Buffer): void => {
    mkdirSync(dirname(`${root}/${name}`), {recursive: true});
    writeFileSync(`${root}/${name}`, content);
  };
  for (const name of ['maps', 'smaps', 'status', 'stat', 'limits', 'auxv', 'cgroup'])
    write(`${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`));
  // The first user namespace: capabilities count there.
  mkdirSync(`${root}/${pid}/ns`);
  symlinkSync('user:[4026531837]', `${root}/${pid}/ns/user`);
  for (const [name, content] of Object.entries(files)) write(name, content.replaceAll('ROOT', root));
  return root;
}

/** /proc/meminfo of a machine with 8 GiB of RAM and 2 of swap. */
const MEMINFO = `MemTotal:        8388608 kB
SwapTotal:       2097152 kB
CommitLimit:     6291456 kB
Committed_AS:    5242880 kB
`;

const MACHINE = {
  meminfo: MEMINFO,
  cmdline: 'root=/dev/sda1 stack_guard_gap=512 quiet\n',
  'sys/kernel/osrelease': '6.1.0-13-amd64\n',
  'sys/vm/overcommit_memory': '0\n',
  'sys/vm/max_map_count': '65530\n',
  'sys/vm/admin_reserve_kbytes': '8192\n',
  'sys/vm/user_reserve_kbytes': '131072\n',
};

testIf('python3')('what the machine says is taken from the root that was given', async (t) => {
  const child = await python(t);
  const root = falseRoot(t, child, MACHINE);
  const said = await roomOf(t, child.pid, '--proc-root', root);
  t.like(said['mapping'].binding, {name: 'vm.overcommit_memory', mode: 0, value: 10_240 * MIB});
  const strict = falseRoot(t, child, {...MACHINE, 'sys/vm/overcommit_memory': '2\n'});
  const {stdout} = await memmap(['show', String(child.pid), '--summary', '--room', '--proc-root', strict]);
  t.regex(stdout, /^mmap +\S+ \w+ +≈ 1\S* (MiB|GiB) +CommitLimit = 6 GiB \(overcommit 2\)$/m);
  const old = falseRoot(t, child, {...MACHINE, 'sys/kernel/osrelease': '4.19.0\n'});
  t.deepEqual((await roomOf(t, child.pid, '--proc-root', old))['mapping'].unknown, ['vm.overcommit_memory']);
  // Another file system may lie over meminfo, as lxcfs does.
  rmSync(`${root}/meminfo`);
  symlinkSync('/sys/kernel/mm/transparent_hugepage/enabled', `${root}/meminfo`);
  t.deepEqual((await roomOf(t, child.pid, '--proc-root', root))['mapping'].unknown, ['vm.overcommit_memory']);
});

testIf('python3')('what a root does not have is unknown, and said', async (t) => {
  const child = await python(t);
  const root = falseRoot(t, child, {});
  rmSync(`${root}/${child.pid}/limits`);
  rmSync(`${root}/${child.pid}/ns/user`);
  const said = await roomOf(t, child.pid, '--proc-root', root);
  t.deepEqual(said['mapping'].unknown, ['vm.max_map_count', 'RLIMIT_AS', 'RLIMIT_DATA', 'vm.overcommit_memory']);
  t.is(said['mapping'].precision, 'atMost');
  t.deepEqual(said['touching'], {others: [], unknown: ['cgroup']});
  const {stdout} = await memmap(['show', String(child.pid), '--summary', '--room', '--proc-root', root]);
  t.regex(stdout, /^Not known here, and may bind first: .*RLIMIT_MEMLOCK \(mlock\).*cgroup \(touch\)/m);
});

testIf('python3')('version 2 of cgroups: each ancestor, and one without the controller', async (t) => {
  const child = await python(t);
  const files = {
    ...MACHINE,
    [`${child.pid}/cgroup`]: '0::/system.slice/app.service/inner\n',
    'self/mountinfo': '30 1 0:25 / ROOT/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n',
    'cgroup/cgroup.procs': '',
    'cgroup/system.slice/memory.max': 'max\n',
    'cgroup/system.slice/app.service/memory.max': '104857600\n',
    'cgroup/system.slice/app.service/memory.current': '94371840\n',
    'cgroup/system.slice/app.service/inner/cgroup.procs': '',
  };
  const root = falseRoot(t, child, files);
  mkdirSync(`${root}/self/ns`);
  symlinkSync('cgroup:[4026531835]', `${root}/self/ns/cgroup`);
  const {touching} = await roomOf(t, child.pid, '--proc-root', root);
  t.like(touching, {used: 90 * MIB, left: 10 * MIB, precision: 'exact', others: [], unknown: []});
  t.like(touching.binding, {path: '/system.slice/app.service'});
  const {stdout} = await memmap(['show', String(child.pid), '--summary', '--proc-root', root]);
  t.regex(stdout.replaceAll(/\s+/g, ' '), /, 10 MiB to touch \(cgroup\) \(see --room\)\./);
  // Another cgroup namespace may hide ancestors.
  rmSync(`${root}/self/ns/cgroup`);
  symlinkSync('cgroup:[4026532200]', `${root}/self/ns/cgroup`);
  t.like((await roomOf(t, child.pid, '--proc-root', root)).touching, {left: 10 * MIB, precision: 'atMost'});
});
