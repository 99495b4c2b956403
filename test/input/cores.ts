import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {Child} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {unless, type Lack} from '../helpers/lack.ts';
import {until} from '../helpers/wait.ts';

/** The kernel writes cores into the directory of the process, and nothing keeps them small. */
export const WRITES_CORES: Lack | undefined = unless(
  /^core(\.%p)?$/.test(pattern()) && spawnSync('sh', ['-c', 'ulimit -c unlimited']).status === 0,
  `the kernel does not leave cores in the directory of a process (core_pattern is ${pattern()})`,
);

function pattern(): string {
  try {
    return readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
  } catch {
    return 'not known';
  }
}

/** A core, and the maps of the process just before. */
export interface Crashed {
  readonly core: string;
  readonly maps: string;
}

export function buildCrash(place: string, ...flags: readonly string[]): string {
  const program = join(place, 'crash');
  execFileSync('gcc', ['-O0', '-w', '-pthread', ...flags, '-o', program, 'test/input/crash.c']);
  return program;
}

/** Lets crash.c end, and finds what the kernel wrote. @param blocks of 1 KiB that the core may have */
export function crash(t: ExecutionContext, how: 'abort' | 'null' | 'overflow', blocks = 'unlimited'): Crashed {
  const place = folder(t);
  const program = buildCrash(place);
  const {stdout} = spawnSync('bash', ['-c', `ulimit -c ${blocks}; exec ${program} ${how}`], {
    cwd: place,
    encoding: 'utf8',
  });
  return {core: coreIn(place), maps: stdout.replace(/end\n$/, '')};
}

const coreIn = (place: string): string =>
  join(
    place,
    readdirSync(place).find((name) => name.startsWith('core'))!,
  );

/** Stops a program once it is idle, notes its maps, and lets the kernel write its core. */
export async function abortWhileIdle(
  t: ExecutionContext,
  command: string,
  args: readonly string[],
  isReady: (pid: number) => boolean,
): Promise<Crashed & {readonly pid: number}> {
  const place = folder(t);
  const child = spawn('bash', ['-c', 'ulimit -c unlimited; exec "$@"', 'bash', command, ...args], {
    cwd: place,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  t.teardown(() => child.kill('SIGKILL'));
  const pid = child.pid!;
  await until(() => isReady(pid), `${command} to be idle`);
  child.kill('SIGSTOP');
  await until(() => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')), `the stop of ${command}`);
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  child.kill('SIGABRT');
  child.kill('SIGCONT');
  await ended;
  return {core: coreIn(place), maps, pid};
}

/** A core of crash.c that gdb's gcore writes while it waits. */
export async function gcore(t: ExecutionContext): Promise<Crashed> {
  const place = folder(t);
  const program = buildCrash(place);
  const child = new Child(t, 'env', ['-C', place, program, 'wait']);
  while ((await child.line()) !== 'end') continue;
  const maps = readFileSync(`/proc/${child.pid}/maps`, 'utf8');
  const prefix = join(place, 'core');
  execFileSync('gdb', ['-nx', '-batch', '-p', String(child.pid), '-ex', `gcore ${prefix}`], {stdio: 'ignore'});
  return {core: prefix, maps};
}

const sleeping = (pid: number, threads: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return stat[0] === 'S' && Number(stat[17]) >= threads;
  } catch {
    return false;
  }
};

/** Idle for a while: of what it was started for nothing is left to do. */
export function idle(threads: number): (pid: number) => boolean {
  let before = '';
  let since = 0;
  return (pid) => {
    if (!sleeping(pid, threads)) return false;
    const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
    if (maps !== before) [before, since] = [maps, performance.now()];
    return performance.now() - since > 1000;
  };
}
