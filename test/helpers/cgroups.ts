import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {ExecutionContext} from 'ava';
import {type Child, python} from './child.ts';
import {folder} from './listings.ts';
import {unless} from './lack.ts';
import {until} from './wait.ts';

export const MEMORY = '/sys/fs/cgroup/memory';
export const OLD = unless(
  existsSync(`${MEMORY}/memory.limit_in_bytes`) && process.getuid?.() === 0,
  'no cgroup of version 1 can be made here',
);

/** A cgroup of this machine with a Python in it. @param name its directory, and those above it */
export async function charged(
  t: ExecutionContext,
  name: string,
): Promise<{readonly place: string; readonly child: Child}> {
  const top = `memmap-test-${process.pid}-${name}`;
  const place = `${MEMORY}/${top}`;
  mkdirSync(place, {recursive: true});
  const child = await python(t);
  t.teardown(async () => {
    child.process.kill('SIGKILL');
    for (let path = place; path.length > MEMORY.length && path.includes('memmap-test-'); path = dirname(path)) {
      if (!existsSync(path)) continue;
      await until(() => readFileSync(`${path}/cgroup.procs`, 'utf8') === '', 'the end of the target');
      rmdirSync(path);
    }
  });
  writeFileSync(`${place}/cgroup.procs`, String(child.pid));
  return {place, child};
}

/** A directory like /proc with one process, and a tree of version 2 as the kernel's documentation describes it. */
export function unified(
  t: ExecutionContext,
  child: Child,
  path: string,
  files: Readonly<Record<string, string>>,
): string {
  const root = folder(t);
  const write = (name: string, content: string | Buffer): void => {
    mkdirSync(dirname(`${root}/${name}`), {recursive: true});
    writeFileSync(`${root}/${name}`, content);
  };
  for (const name of ['maps', 'smaps_rollup', 'status', 'stat', 'cmdline'])
    write(`${child.pid}/${name}`, readFileSync(`/proc/${child.pid}/${name}`));
  write(`${child.pid}/cgroup`, `0::${path}\n`);
  write('self/cgroup', `0::${path}\n`);
  write('self/mountinfo', `30 1 0:25 / ${root}/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`);
  write('cgroup/cgroup.controllers', 'cpu memory pids\n');
  for (const [name, content] of Object.entries(files)) write(`cgroup/${name}`, content);
  return root;
}

/** memory.stat in the form of Documentation/admin-guide/cgroup-v2.rst. */
export const STAT = `anon 104857600
file 209715200
kernel 20971520
kernel_stack 1048576
pagetables 2097152
sec_pagetables 0
percpu 524288
sock 4194304
vmalloc 0
shmem 0
file_mapped 31457280
file_dirty 0
slab_reclaimable 8388608
slab_unreclaimable 4194304
slab 12582912
workingset_refault_anon 0
`;

export const SERVICE = '/system.slice/app.service';

export const FILES = {
  'system.slice/memory.max': '536870912\n',
  'system.slice/memory.current': '524288000\n',
  'system.slice/app.service/memory.current': '340000000\n',
  'system.slice/app.service/memory.stat': STAT,
  'system.slice/app.service/memory.max': 'max\n',
  'system.slice/app.service/memory.high': '419430400\n',
  'system.slice/app.service/memory.peak': '400000000\n',
  'system.slice/app.service/memory.swap.current': '8192\n',
  'system.slice/app.service/memory.swap.max': '1048576\n',
  'system.slice/app.service/memory.events': 'low 0\nhigh 7\nmax 3\noom 1\noom_kill 2\noom_group_kill 0\n',
  'system.slice/app.service/memory.pressure':
    'some avg10=0.00 avg60=1.25 avg300=0.40 total=7213\nfull avg10=0.00 avg60=0.50 avg300=0.10 total=1213\n',
};
