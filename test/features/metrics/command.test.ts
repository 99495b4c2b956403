import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {charged, FILES, MEMORY, OLD, SERVICE, unified} from '../../helpers/cgroups.ts';
import {Child, inState, python} from '../../helpers/child.ts';
import {memmap, MEMMAP, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {type Parsed, PARSER, parsed, valueOf} from './exposition.ts';

async function metrics(t: ExecutionContext, ...args: string[]): Promise<Parsed[]> {
  const {stdout, stderr, code} = await memmap(['metrics', ...args]);
  t.is(code, 0, stderr);
  return parsed(t, stdout);
}

/** A counter of smaps_rollup in bytes, read without memmap. */
const kernel = (pid: number, field: string): number =>
  1024 *
  Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))![1]);

async function stopped(t: ExecutionContext, mebibytes: number): Promise<number> {
  const child = await python(t, `held = bytearray(b"x" * (${mebibytes} << 20))`);
  child.process.kill('SIGSTOP');
  await inState(child.pid, 'T');
  return child.pid;
}

testIf('python3', PARSER)('the samples of stopped processes are the figures of the kernel', async (t) => {
  const pids = [await stopped(t, 8), await stopped(t, 24)];
  const samples = await metrics(t, '--by', 'process', ...pids.map(String));
  for (const pid of pids) {
    const value = (name: string): number | undefined => valueOf(samples, name, {by: 'process', pid: String(pid)});
    t.is(value('memmap_rss_bytes'), kernel(pid, 'Rss'));
    t.is(value('memmap_private_dirty_bytes'), kernel(pid, 'Private_Dirty'));
    t.is(value('memmap_pss_anon_bytes'), kernel(pid, 'Pss_Anon'));
    t.is(value('memmap_swap_bytes'), kernel(pid, 'Swap'));
    const regions = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').length - 1;
    t.is(value('memmap_regions'), regions);
    t.is(value('memmap_process_regions_max'), regions);
    t.is(value('memmap_threads'), 1);
    t.true(value('memmap_sample_age_seconds')! < 10);
    t.is(value('memmap_group_unread_processes'), 0);
  }
  const both = await metrics(t, '--by', 'name', ...pids.map(String));
  t.is(valueOf(both, 'memmap_processes'), 2);
  t.is(
    valueOf(both, 'memmap_private_dirty_bytes'),
    pids.reduce((sum, pid) => sum + kernel(pid, 'Private_Dirty'), 0),
  );
  t.is(valueOf(both, 'memmap_max_map_count'), Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1')));
});

testIf('python3')('a command line is never in it, whatever it is asked for', async (t) => {
  const secret = new Child(t, 'python3', ['-c', 'print("ready", flush=True); input()', '--password=hunter2']);
  await secret.line();
  for (const by of ['auto', 'unit', 'container', 'name', 'user', 'cgroup', 'process']) {
    const ran = await memmap(['metrics', '--by', by, String(secret.pid)]);
    t.is(ran.code, 0);
    t.notRegex(ran.stdout + ran.stderr, /hunter2/);
    const json = await memmap(['metrics', '--json', '--by', by]);
    t.notRegex(json.stdout, /hunter2/);
    conforms(t, 'metrics', JSON.parse(json.stdout));
  }
});

testIf('python3', PARSER)('what could not be read is counted, and bounds what the sums lack', async (t) => {
  const pid = await stopped(t, 96);
  const samples = await metrics(t, '--max-stall', '1ms', String(pid));
  t.is(valueOf(samples, 'memmap_pss_bytes'), undefined, 'not known is not 0');
  t.is(valueOf(samples, 'memmap_unread_processes', {reason: 'stall'}), 1);
  t.is(valueOf(samples, 'memmap_unread_processes', {reason: 'denied'}), 0);
  t.is(valueOf(samples, 'memmap_group_unread_processes'), 1);
  // status has it by counters of each processor, which lag (proc_pid_status(5)).
  const rss = valueOf(samples, 'memmap_group_unread_rss_bytes')!;
  t.true(Math.abs(rss - kernel(pid, 'Rss')) < 0.02 * rss);
  t.is(rss, valueOf(samples, 'memmap_rss_bytes')!);
  t.is(valueOf(samples, 'memmap_sample_age_seconds'), undefined);
  t.is(valueOf(samples, 'memmap_stall_seconds_total'), 0);
});

testIf(
  'python3',
  OLD,
  PARSER,
)('a cgroup has its usage, limit and headroom as the kernel has them', async (t) => {
  const {place, child} = await charged(t, 'metered');
  await child.ask('held = bytearray(b"x" * (32 << 20))');
  writeFileSync(`${place}/memory.limit_in_bytes`, String(256 << 20));
  child.process.kill('SIGSTOP');
  await inState(child.pid, 'T');
  const path = place.slice(MEMORY.length);
  const usage = (): number => Number(readFileSync(`${place}/memory.usage_in_bytes`, 'latin1'));
  const before = usage();
  const samples = await metrics(t, '--by', 'cgroup', `cgroup:${path}`);
  const labels = {group: path, by: 'cgroup'};
  const used = valueOf(samples, 'memmap_cgroup_usage_bytes', labels)!;
  // Reading a process may be charged to it, and what each processor charges is rounded up to 64 pages.
  t.true(Math.abs(used - before) <= 1 << 20, `${used} beside ${before}`);
  t.is(valueOf(samples, 'memmap_cgroup_limit_bytes', labels), 256 << 20);
  const room = valueOf(samples, 'memmap_cgroup_headroom_bytes', labels)!;
  t.true(room <= (256 << 20) - before + (1 << 20) && room > 0);
  t.is(valueOf(samples, 'memmap_cgroup_oom_kills_total', labels), 0);
});

testIf('python3', PARSER)('version 2: the headroom is what the limit above leaves', async (t) => {
  const child = await python(t);
  const root = unified(t, child, SERVICE, FILES);
  const samples = await metrics(t, '--proc-root', root);
  const labels = {group: 'app.service', by: 'unit'};
  t.is(valueOf(samples, 'memmap_cgroup_usage_bytes', labels), 340_000_000);
  t.is(valueOf(samples, 'memmap_cgroup_limit_bytes', labels), undefined, 'it has none of its own');
  t.is(valueOf(samples, 'memmap_cgroup_headroom_bytes', labels), 536_870_912 - 524_288_000);
  t.is(valueOf(samples, 'memmap_cgroup_oom_kills_total', labels), 2);
  t.is(valueOf(samples, 'memmap_processes', labels), 1);
});

testIf(PARSER)('-o: readable for all, replaced by rename, and the count of stalls goes on', async (t) => {
  const place = folder(t);
  const file = join(place, 'memmap.prom');
  const write = (): Promise<{code: number | null; stderr: string}> =>
    run('sh', ['-c', `umask 077; exec ${process.execPath} ${MEMMAP} metrics -o ${file} ${process.pid}`]);
  const {code, stderr} = await write();
  t.is(code, 0, stderr);
  t.is(statSync(file).mode & 0o777, 0o644);
  const total = async (): Promise<number> =>
    valueOf(await parsed(t, readFileSync(file, 'utf8')), 'memmap_stall_seconds_total')!;
  const [first, inode] = [await total(), statSync(file).ino];
  t.true(first > 0);
  t.is((await write()).code, 0);
  t.true((await total()) > first, 'a counter never goes back');
  t.not(statSync(file).ino, inode);
  t.deepEqual(readdirSync(place), ['memmap.prom'], 'nothing else is left');
});

test('-o replaces no file but its own', async (t) => {
  const place = folder(t);
  const other = join(place, 'other.prom');
  writeFileSync(other, '# TYPE up gauge\nup 1\n');
  const self = String(process.pid);
  const refused = await memmap(['metrics', '-o', other, self]);
  t.is(refused.code, 7);
  t.regex(refused.stderr, /memmap metrics did not write what is there[^]*--force/);
  t.is(readFileSync(other, 'utf8'), '# TYPE up gauge\nup 1\n');
  t.is((await memmap(['metrics', '-o', other, '--force', self])).code, 0);
  t.regex(readFileSync(other, 'utf8'), /^# memmap metrics\n/);
  const empty = join(place, 'empty.prom');
  writeFileSync(empty, '');
  t.is((await memmap(['metrics', '-o', empty, self])).code, 0);
  const link = join(place, 'link.prom');
  symlinkSync(other, link);
  t.is((await memmap(['metrics', '-o', link, self])).code, 7);
  t.is((await memmap(['metrics', '-o', place, self])).code, 7);
  t.is((await memmap(['metrics', '-o', join(place, 'nowhere', 'a.prom'), self])).code, 7);
});

testIf(ROOT, 'setpriv')('-o where nothing may be written says why', async (t) => {
  const place = folder(t);
  mkdirSync(join(place, 'closed'));
  chmodSync(place, 0o755);
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, `${process.cwd()}/${MEMMAP}`];
  const file = join(place, 'closed', 'a.prom');
  const {code, stderr} = await run('setpriv', [...nobody, 'metrics', '-o', file]);
  t.is(code, 7);
  t.regex(stderr, /permission denied/);
});

test('targets that mean nothing, and groups that are not there, are said', async (t) => {
  t.is((await memmap(['metrics', 'no-such-process'])).code, 3);
  t.is((await memmap(['metrics', 'unit:no-such-unit'])).code, 3);
  t.is((await memmap(['metrics', '--by', 'pid'])).code, 2);
  t.is((await memmap(['metrics', '--count', '2'])).code, 2);
  t.is((await memmap(['metrics', '--every', '0s'])).code, 2);
  t.is((await memmap(['metrics', '--every', '1s', '--count', '1', 'no-such-process'])).code, 3);
});

testIf('python3', PARSER)('--every goes on, reads in turn what it could not, and ends with SIGTERM', async (t) => {
  const pids = [await stopped(t, 64), await stopped(t, 65)];
  const file = join(folder(t), 'memmap.prom');
  // Each is predicted to be held up for some 1.7 ms: in one round there is time for one of the two.
  const args = ['--by', 'process', '--budget', '2ms', '--every', '50ms', '-o', file, ...pids.map(String)];
  const child = new Child(t, process.execPath, [MEMMAP, 'metrics', ...args]);
  const ended = new Promise<number | null>((resolve) => child.process.once('exit', (code) => resolve(code)));
  const known = (): number => (readFileSync(file, 'utf8').match(/^memmap_pss_bytes\{/gm) ?? []).length;
  await until(() => existsSync(file) && known() === 2, 'both read');
  const samples = await parsed(t, readFileSync(file, 'utf8'));
  t.is(valueOf(samples, 'memmap_unread_processes', {reason: 'budget'}), 0);
  for (const pid of pids)
    t.is(valueOf(samples, 'memmap_private_dirty_bytes', {pid: String(pid)}), kernel(pid, 'Private_Dirty'));
  child.process.kill('SIGTERM');
  t.is(await ended, 143);
  t.true(existsSync(file), 'what was said last stays, with its time');
});

test('SIGKILL at any moment leaves a whole file, and the next run is not in its way', async (t) => {
  const place = folder(t);
  const file = join(place, 'memmap.prom');
  const last = /\n# TYPE memmap_group_unread_rss_bytes gauge\n(?:memmap_\w+\{[^\n]*\} \d+\n)+/;
  for (let kill = 0; kill < 8; kill++) {
    const child = new Child(t, process.execPath, [MEMMAP, 'metrics', '--every', '1ms', '-o', file]);
    const ended = new Promise((resolve) => child.process.once('exit', resolve));
    const seen = (): number => (existsSync(file) ? statSync(file).ino : 0);
    const before = seen();
    await until(() => seen() !== before, 'a write');
    await new Promise((resolve) => setTimeout(resolve, 7 * kill));
    child.process.kill('SIGKILL');
    await ended;
    t.regex(readFileSync(file, 'utf8'), last, `after kill ${kill}`);
  }
});
