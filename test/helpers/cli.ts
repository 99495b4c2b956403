import {spawn, type SpawnOptions} from 'node:child_process';
import {cpSync} from 'node:fs';
import {join} from 'node:path';

/** memmap as a user has it: the built code, through bin/run.js. */
export const MEMMAP = 'bin/run.js';

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Runs memmap to its end. Standard input is empty unless given. */
export function memmap(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(process.execPath, [`${process.cwd()}/${MEMMAP}`, ...args], options);
}

/**
 * Copies memmap as it is installed: without code caches, which whoever runs it meanwhile writes under another name
 * first (bin/bundle.js).
 */
export function copyPackage(
  place: string,
  parts = ['bin', 'bundle', 'dist', 'package.json', 'oclif.manifest.json'],
): void {
  for (const part of parts)
    cpSync(part, join(place, part), {recursive: true, filter: (file) => !file.includes('cache-')});
}

/** memmap as somebody who may not look at every process: root keeps its number, and loses its capabilities. */
export function withoutRights(args: readonly string[]): Promise<Ran> {
  if (process.getuid!() !== 0) return memmap(args);
  const drop = ['--bounding-set=-all', '--inh-caps=-all', '--'];
  return run('setpriv', [...drop, process.execPath, `${process.cwd()}/bin/run.js`, ...args]);
}

/** What a function gives for an argument, asked once and kept. */
export function once<Argument, Result>(ask: (argument: Argument) => Result): (argument: Argument) => Result {
  const known = new Map<Argument, Result>();
  return (argument) => {
    if (!known.has(argument)) known.set(argument, ask(argument));
    return known.get(argument)!;
  };
}

export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const spawnOptions: SpawnOptions = {
    env: {...userEnvironment(), ...options.env},
    stdio: 'pipe',
    ...(options.cwd && {cwd: options.cwd}),
  };
  const child = spawn(command, args, spawnOptions);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout!.on('data', (part: Buffer) => stdout.push(part));
  child.stderr!.on('data', (part: Buffer) => stderr.push(part));
  child.stdin!.on('error', () => {});
  child.stdin!.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString()}),
    );
  });
}

/** Without what ava and a CI set: a user's shell has no NODE_ENV, and may have colour. */
function userEnvironment(): NodeJS.ProcessEnv {
  const {
    NODE_ENV: _node,
    FORCE_COLOR: _force,
    NO_COLOR: _no,
    CI: _ci,
    NODE_V8_COVERAGE: _coverage,
    ...rest
  } = process.env;
  return rest;
}
