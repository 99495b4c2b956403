import {execFileSync, spawnSync} from 'node:child_process';
import {chmodSync, cpSync} from 'node:fs';
import {constants} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {refusal, noTracepointsFor, type Standing} from '../../src/trace/why-not.ts';
import {temporaryFolder} from '../elf/helper-file.ts';
import {has} from '../helpers/programs.ts';
import {ROOT, testIf, X64} from '../helpers/tools.ts';
import {acting, compiled, perfLack} from './target.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const acts = has('gcc') ? compiled('test/trace/acts.c') : '';
const refuse = has('gcc') ? compiled('test/trace/refuse.c') : '';

const {EACCES, EINVAL, EMFILE, ENOSYS, EPERM, ENOENT} = constants.errno;
const USER: Standing = {paranoid: 2, isPrivileged: false, mayLock: false, isFiltered: false, uid: 1000};
const ADMIN: Standing = {...USER, isPrivileged: true, mayLock: true, uid: 0};

test('each refusal says why, and what to do next', (t) => {
  const said: ReadonlyArray<readonly [Parameters<typeof refusal>[1], number, Standing, RegExp, RegExp]> = [
    ['own', EACCES, {...USER, paranoid: 3}, /perf_event_paranoid is 3/, /sudo.*sysctl/],
    ['own', EPERM, {...ADMIN, isFiltered: true}, /seccomp/, /--cap-add PERFMON/],
    ['own', EPERM, ADMIN, /not on the host/, /on the host/],
    ['own', ENOSYS, USER, /CONFIG_PERF_EVENTS/, /another kernel/],
    ['own', ENOSYS, {...USER, isFiltered: true}, /seccomp filter hides/, /host/],
    ['process', EACCES, USER, /not yours/, /sudo/],
    ['process', EMFILE, USER, /descriptor/, /ulimit -n/],
    ['tracepoint', ENOENT, ADMIN, /CONFIG_FTRACE_SYSCALLS/, /mount -t tracefs/],
    ['tracepoint', EINVAL, ADMIN, /Linux 4\.1/, /newer/],
    ['ring', EPERM, USER, /RLIMIT_MEMLOCK/, /ulimit -l/],
    ['own', 99, USER, /errno 99/, /sudo/],
  ];
  for (const [step, errno, who, why, next] of said) {
    const trouble = refusal(42, step, errno, who);
    t.is(trouble.kind, 'denied');
    t.is(trouble.message, 'Cannot watch the memory calls of process 42.');
    t.regex(trouble.why, why);
    t.regex(trouble.next, next);
    t.true(trouble.why.endsWith('.'));
  }
  t.regex(noTracepointsFor(42, USER).why, /plain user/);
  t.regex(noTracepointsFor(42, ADMIN).why, /CONFIG_FTRACE_SYSCALLS/);
});

/** A script that traces the process of its argument, and says what came of it as JSON. */
const script = (build: string): string => `
  import {Trace} from ${JSON.stringify(build)};
  const said = {calls: 0};
  try {
    const trace = await Trace.start(Number(process.argv[1]), {onEvent: (event) => { if (event.kind === 'call') said.calls++; }});
    console.log('ready');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    Object.assign(said, await trace.stop());
  } catch (error) {
    said.why = error.why;
    console.log('ready');
  }
  console.log(JSON.stringify(said));
  process.exit();`;

const build = fileURLToPath(new URL('../../src/trace/trace.js', import.meta.url));

for (const [errno, why] of [
  [EPERM, /seccomp/],
  [ENOSYS, /seccomp filter hides/],
] as const) {
  testIf(...NEEDS).serial(
    `where a filter answers with errno ${errno}, as in a container, it is refused with the reason`,
    (t) => {
      const node = [process.execPath, '--input-type=module', '-e', script(build), String(process.pid)];
      const {stdout} = spawnSync(refuse, [String(errno), ...node], {encoding: 'utf8'});
      t.regex(stdout, why);
    },
  );
}

/** The code, and a program, where a plain user may read them. */
function readable(t: ExecutionContext): {trace: string; program: string} {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  cpSync(join(dirname(build), '../..'), join(folder, 'build'), {recursive: true});
  cpSync('dist/helpers', join(folder, 'dist/helpers'), {recursive: true});
  cpSync('package.json', join(folder, 'package.json'));
  cpSync(acts, join(folder, 'acts'));
  return {trace: join(folder, 'build/src/trace/trace.js'), program: join(folder, 'acts')};
}

/** Starts a program as a user, and traces it as one: an own, or another. */
async function tracedBy(t: ExecutionContext, owner: readonly string[], tracer: readonly string[]) {
  const {trace, program} = readable(t);
  const child = await acting(t, owner[0]!, ...owner.slice(1), program, 'step');
  const node = ['--input-type=module', '-e', script(trace), String(child.pid)];
  const watcher = await acting(t, tracer[0]!, ...tracer.slice(1), process.execPath, ...node);
  return {child, watcher};
}

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

testIf(...NEEDS, 'setpriv').serial('a plain user sees the calls of processes of his own', async (t) => {
  const {child, watcher} = await tracedBy(t, NOBODY, NOBODY);
  await child.ask('go');
  const said = JSON.parse(await watcher.ask('stop')) as {calls: Record<string, unknown>; lost: number};
  if (Number(execFileSync('cat', ['/proc/sys/kernel/perf_event_paranoid'])) > 2)
    t.regex(JSON.stringify(said), /paranoid/);
  else t.like(said, {calls: {mmap: {counted: 1, seen: 1}}, lost: 0});
});

testIf(...NEEDS, 'setpriv').serial('a plain user is refused the processes of others', async (t) => {
  const {watcher} = await tracedBy(t, ['env'], NOBODY);
  t.regex(await watcher.line(), /is not yours|perf_event_paranoid/);
});

testIf(...NEEDS, 'unshare').serial('who is root in a user namespace alone is a plain user', async (t) => {
  const {child, watcher} = await tracedBy(t, ['env'], ['unshare', '--user', '--map-root-user', '--']);
  await child.ask('go');
  const said = await watcher.ask('stop');
  t.regex(said, /"mmap":\{"counted":1,"seen":1\}|"why"/);
});
