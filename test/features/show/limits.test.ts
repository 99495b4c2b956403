import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {totalmem} from 'node:os';
import type {ExecutionContext} from 'ava';
import {parseMeminfo} from '../../../src/parse/proc/meminfo.ts';
import {memmap} from '../../helpers/cli.ts';
import {ROOT, testIf, unless, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {roomOf, RoomTarget, type RowName} from './room-target.ts';

// The outside maker is the kernel: room.c finds by bisection the largest mmap, brk and mlock that succeed, and grows its
// stack until SIGSEGV. memmap must have said the same before, to the page.

const MIB = 2 ** 20;
const PAGE = 4096;
const USUAL = ['mapping', 'reserving', 'brk', 'stack'] as const;

const sysctl = (name: string): string => {
  const path = `/proc/sys/vm/${name}`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
};
const isMode0 = sysctl('overcommit_memory') === '0';
const MODE_0 = unless(isMode0, 'vm.overcommit_memory is not 0 here');

/** Nobody's program: without capabilities. */
const NOBODY = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];

/** What binds each row, and that the kernel gives just what memmap said. The stack comes last: it changes the others. */
async function agrees(
  t: ExecutionContext,
  target: RoomTarget,
  binding: Partial<Record<(typeof USUAL)[number] | 'locked', string>>,
): Promise<void> {
  const said = await roomOf(t, target.pid);
  for (const row of Object.keys(binding) as Array<(typeof USUAL)[number]>) {
    t.is(said[row].binding?.name, binding[row], row);
    t.is(said[row].precision, 'exact', row);
    t.is(said[row].left, await target.real(row), `${row}: ${JSON.stringify(said[row])}`);
  }
}

testIf(
  'gcc',
  X64,
  MODE_0,
)('without limits: RAM and swap in one call, the largest hole, RLIMIT_STACK', async (t) => {
  await agrees(t, await RoomTarget.launch(t, ['prlimit', '--stack=8388608:']), {
    mapping: 'vm.overcommit_memory',
    reserving: 'addresses',
    brk: 'vm.overcommit_memory',
    stack: 'RLIMIT_STACK',
  });
});

testIf(
  'gcc',
  'prlimit',
  X64,
  MODE_0,
)('RLIMIT_DATA bounds private writable memory: mmap and brk', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', `--data=${50 * MIB + 1234}`]);
  await target.act(t, `map ${10 * MIB}`);
  await target.act(t, `sbrk ${MIB + 100}`);
  await agrees(t, target, {
    mapping: 'RLIMIT_DATA',
    reserving: 'addresses',
    brk: 'RLIMIT_DATA',
    stack: 'RLIMIT_STACK',
  });
});

testIf(
  'gcc',
  'prlimit',
  X64,
)('a heap that was made read-only still counts for brk', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', `--data=${50 * MIB}`]);
  await target.act(t, `sbrk ${20 * MIB}`);
  await target.act(t, `read-only-heap ${10 * MIB}`);
  await agrees(t, target, {mapping: 'RLIMIT_DATA', brk: 'RLIMIT_DATA'});
});

testIf(
  'gcc',
  'prlimit',
  X64,
)('where the soft RLIMIT_DATA is 0 mmap has the hard one, and brk nothing', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', `--data=0:${30 * MIB}`]);
  await target.act(t, `map ${4 * MIB}`);
  await agrees(t, target, {mapping: 'RLIMIT_DATA', brk: 'RLIMIT_DATA'});
});

testIf(
  'gcc',
  'prlimit',
  X64,
)('RLIMIT_AS bounds mmap, brk and the stack', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', `--as=${20 * MIB + 4095}`, '--stack=67108864']);
  await target.act(t, `map ${5 * MIB}`);
  await agrees(t, target, {mapping: 'RLIMIT_AS', reserving: 'RLIMIT_AS', brk: 'RLIMIT_AS', stack: 'RLIMIT_AS'});
  const {stdout} = await memmap(['show', String(target.pid), '--summary', '--room']);
  t.regex(stdout, /^brk .* RLIMIT_AS = 20 MiB/m);
});

testIf(
  'gcc',
  'prlimit',
  X64,
)('a library-free static program: mmap_base is where the vdso is', async (t) => {
  await agrees(t, await RoomTarget.launch(t, [], ['-static', '-no-pie']), {reserving: 'addresses'});
});

testIf(
  'gcc',
  'prlimit',
  X64,
)('where the layout is another one the largest hole may not be found: at most is said', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', '--stack=unlimited']);
  const {reserving} = await roomOf(t, target.pid);
  t.is(reserving.precision, 'atMost');
  t.true((await target.real('reserving')) <= reserving.left!);
});

for (const [what, act, binding] of [
  ['a region below keeps 1 MiB away', `below ${3 * MIB}`, 'addresses'],
  ['memory without access may be touched', `guard-below ${3 * MIB}`, 'addresses'],
  ['far below nothing matters but the limit', `below ${200 * MIB}`, 'RLIMIT_STACK'],
  ['after mprotect in its middle the lowest piece counts', 'split-stack', 'RLIMIT_STACK'],
] as const)
  testIf(
    'gcc',
    'prlimit',
    X64,
  )(`the stack grows by its own rule: ${what}`, async (t) => {
    const target = await RoomTarget.launch(t, ['prlimit', '--stack=16777300']);
    await target.act(t, act);
    await agrees(t, target, {stack: binding});
  });

testIf(
  'gcc',
  'prlimit',
  X64,
)('arguments and environment are in the stack and count', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', '--stack=8388608', 'env', `LONG=${'x'.repeat(120_000)}`]);
  await agrees(t, target, {stack: 'RLIMIT_STACK'});
});

testIf(
  'gcc',
  'prlimit',
  'setpriv',
  X64,
)('RLIMIT_MEMLOCK bounds mlock and a locked stack', async (t) => {
  const target = await RoomTarget.launch(t, [...NOBODY, 'prlimit', `--memlock=${MIB + 100}`, '--stack=16777216']);
  await agrees(t, target, {locked: 'RLIMIT_MEMLOCK'});
  await target.act(t, `lock-stack ${4 * PAGE}`);
  await agrees(t, target, {locked: 'RLIMIT_MEMLOCK', stack: 'RLIMIT_MEMLOCK'});
});

testIf(
  'gcc',
  'prlimit',
  ROOT,
  X64,
)('with CAP_IPC_LOCK there is no limit of mlock', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', `--memlock=${MIB}`]);
  const {locked} = await roomOf(t, target.pid);
  t.like(locked, {left: null, binding: undefined, unknown: []});
  t.true((await target.real('locked')) > 60 * 1024 * MIB, 'of 64 GiB that it asks for');
  const {stdout} = await memmap(['show', String(target.pid), '--summary', '--room']);
  t.regex(stdout, /^mlock +0 +no limit +CAP_IPC_LOCK lifts RLIMIT_MEMLOCK$/m);
});

const USERNS = unless(
  !existsSync('/proc/sys/user/max_user_namespaces') || process.getuid?.() === 0,
  'user namespaces may be forbidden to others than root',
);

testIf(
  'gcc',
  'prlimit',
  'unshare',
  USERNS,
  X64,
)('a capability in another user namespace lifts nothing', async (t) => {
  const target = await RoomTarget.launch(t, ['unshare', '--user', '--map-root-user', 'prlimit', `--memlock=${MIB}`]);
  t.regex(readFileSync(`/proc/${target.pid}/status`, 'utf8'), /^CapEff:\t0*[1-9a-f]/m);
  await agrees(t, target, {locked: 'RLIMIT_MEMLOCK'});
});

testIf('gcc', X64)('regions: one more than vm.max_map_count, and then no mmap and no brk', async (t) => {
  const target = await RoomTarget.launch(t);
  const {left} = (await roomOf(t, target.pid)).regions;
  t.is(await target.regions(left! - 3), left! - 3);
  t.is((await roomOf(t, target.pid)).regions.left, 3);
  t.is(await target.regions(10), 3);
  await agrees(t, target, {mapping: 'vm.max_map_count', reserving: 'vm.max_map_count', brk: 'vm.max_map_count'});
  const {stdout} = await memmap(['show', String(target.pid), '--summary']);
  t.regex(stdout, /^Room for: mmap 0, brk 0, .* 0 regions \(see/m);
});

const MEMORY_CGROUP = '/sys/fs/cgroup/memory';
const CGROUP = unless(
  existsSync(`${MEMORY_CGROUP}/memory.limit_in_bytes`) && process.getuid?.() === 0,
  'no cgroup of version 1 can be made here',
);

testIf(
  'gcc',
  CGROUP,
  X64,
)('a cgroup bounds what can be touched, not what can be mapped', async (t) => {
  const outer = `${MEMORY_CGROUP}/memmap-test-${process.pid}`;
  const inner = `${outer}/inner`;
  mkdirSync(inner, {recursive: true});
  const target = await RoomTarget.launch(t);
  t.teardown(async () => {
    process.kill(target.pid, 'SIGKILL');
    await until(() => readFileSync(`${inner}/cgroup.procs`, 'utf8') === '', 'the end of the target');
    rmdirSync(inner);
    rmdirSync(outer);
  });
  writeFileSync(`${outer}/memory.limit_in_bytes`, String(32 * MIB));
  writeFileSync(`${inner}/memory.limit_in_bytes`, String(48 * MIB));
  writeFileSync(`${inner}/cgroup.procs`, String(target.pid));
  const {touching, mapping} = await roomOf(t, target.pid);
  t.like(touching.binding, {name: 'cgroup', value: 32 * MIB, path: `/memmap-test-${process.pid}`});
  t.like(touching.others, [{name: 'cgroup', value: 48 * MIB, path: `/memmap-test-${process.pid}/inner`}]);
  t.true(mapping.left! > 32 * MIB);
  const {stdout} = await memmap(['show', String(target.pid), '--summary', '--room']);
  t.regex(
    stdout,
    /^touch .* memory\.limit_in_bytes = 32 MiB \(cgroup\)$[^]*^The cgroup \/memmap-test-\d+ bounds what can be touched, not/m,
  );
  // Page tables count too, and a CPU charges 64 pages at once.
  const touched = await target.touch(64 * MIB);
  t.true(Math.abs(touched - touching.left!) < MIB, `${touched} of ${touching.left}`);
});

const committed = (): number => parseMeminfo(readFileSync('/proc/meminfo')).committed!;

const TRIAL = unless(
  process.env['MEMMAP_TRIALS'] === '1' && process.getuid?.() === 0,
  'vm.overcommit_memory is changed only by root and with MEMMAP_TRIALS=1',
);

for (const wrap of [[], NOBODY])
  testIf('gcc', 'setpriv', TRIAL, X64).serial(
    `mode 2 of vm.overcommit_memory: CommitLimit less the reserves${wrap === NOBODY ? ', as nobody' : ''}`,
    async (t) => {
      const before = ['overcommit_kbytes', 'overcommit_ratio', 'overcommit_memory'].map((name) => [name, sysctl(name)]);
      t.teardown(() => {
        // Either of kbytes and ratio sets the other to 0.
        for (const [name, value] of before)
          if (name !== 'overcommit_ratio' || value !== '0') writeFileSync(`/proc/sys/vm/${name}`, value!);
      });
      const target = await RoomTarget.launch(t, wrap);
      await target.act(t, `map ${4096 * MIB}`);
      writeFileSync('/proc/sys/vm/overcommit_kbytes', String(64 * 2 ** 20));
      writeFileSync('/proc/sys/vm/overcommit_memory', '2');
      const said = await roomOf(t, target.pid);
      for (const row of ['mapping', 'brk'] as const) {
        t.like(said[row].binding, {name: 'vm.overcommit_memory', mode: 2});
        t.is(said[row].precision, 'about');
        // The machine's other processes commit and release memory meanwhile: Committed_AS before and after.
        const {left, used} = {left: said[row].left!, used: said[row].binding!.used!};
        const around = [used, committed()];
        const real = await target.real(row);
        around.push(committed());
        const [least, most] = [left + used - Math.max(...around), left + used - Math.min(...around)];
        t.log(row, 'said', left, 'real', real, 'as others moved', least, most);
        const held = totalmem() / 256 + 64 * MIB;
        t.true(real > least - held && real < most + held, `${row}: ${real} of ${left}`);
      }
      writeFileSync('/proc/sys/vm/overcommit_memory', '1');
      await agrees(t, target, {mapping: 'addresses', brk: 'addresses'});
    },
  );

testIf('gcc', X64)('what is left is said for a person too, with what ends it first', async (t) => {
  const target = await RoomTarget.launch(t, ['prlimit', `--data=${50 * MIB}`]);
  const {stdout} = await memmap(['show', String(target.pid), '--summary']);
  t.regex(stdout, /^Room for: mmap 4\d(\.\d)? MiB, brk 4\d(\.\d)? MiB, stack .* regions \(see --room\)\.$/m);
  const names: RowName[] = ['mapping', 'brk'];
  const said = await roomOf(t, target.pid);
  for (const name of names) t.like(said[name].binding, {name: 'RLIMIT_DATA', value: 50 * MIB});
});
