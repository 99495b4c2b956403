import {execFileSync, spawn, type SpawnOptions} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {KINDS} from '../../src/model/kind.ts';
import type {Region} from '../../src/model/region.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {capture} from '../../src/procfs/capture.ts';

/** Starts a real program, which is ended with the test together with its children. @returns its PID */
export function start(
  t: ExecutionContext,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): number {
  const child = spawn(command, args, {stdio: 'ignore', detached: true, ...options});
  child.on('error', (error) => t.log(String(error)));
  t.teardown(async () => {
    if (child.exitCode !== null || child.pid === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Its own group, and nothing else.
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  });
  return child.pid!;
}

/** PIDs, those of their parents, and command lines, as ps has them. */
export function processes(): Array<{pid: number; parent: number; words: string[]}> {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const parent = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1]);
      return [{pid: Number(name), parent, words: readFileSync(`/proc/${name}/cmdline`, 'latin1').split(/[\0 ]/)}];
    } catch {
      return [];
    }
  });
}

/** A capture in which each region must have a kind of the closed set, and a reason. */
export function capturedWhole(t: ExecutionContext, pid: number): Snapshot {
  const snapshot = capture(pid, {usage: true});
  const silent = snapshot.regions.filter(({kind, evidence}) => !evidence || !KINDS.includes(kind));
  t.deepEqual(silent, []);
  const unnamed = snapshot.regions.filter(({kind, name, label}) => kind === 'anon' && name === '' && !label);
  t.deepEqual(unnamed, [], 'anonymous memory that cannot be told has its neighbours named');
  return snapshot;
}

export const at = (snapshot: Snapshot, address: number): Region | undefined =>
  snapshot.regions.find(({start: from, end}) => from <= address && address < end);

export const kindsOf = (snapshot: Snapshot): Set<string> => new Set(snapshot.regions.map(({kind}) => kind));

/** Debian keeps the server's programs out of PATH, a folder for each version. */
export function postgresFolder(): string {
  const place = '/usr/lib/postgresql';
  const versions = existsSync(place)
    ? readdirSync(place).filter((name) => existsSync(`${place}/${name}/bin/initdb`))
    : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? '' : `${place}/${newest}/bin/`;
}

/** The IDs of a user, if there is one. */
export function idsOf(user: string): {uid: number; gid: number} | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(execFileSync('id', [flag, user], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})),
    );
    return {uid: uid!, gid: gid!};
  } catch {
    return undefined;
  }
}
