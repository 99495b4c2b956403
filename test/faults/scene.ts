import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {Child} from '../helpers/child.ts';
import {MEMMAP, run, type Ran, type RunOptions} from '../helpers/cli.ts';
import {CONTROL} from '../fuzz/properties.ts';

/** What a fault needs besides a shell; if anything, it is left to `npm run test:faults`. */
export type Need = 'root' | 'slow' | 'strace' | 'python3' | 'gcc';

/** One fault of the table: made for real, and judged. */
export interface Row {
  /** The number in the list of faults; with a letter before it for those that were added later. */
  readonly id: string;
  readonly fault: string;
  /** How it is made. */
  readonly how: string;
  /** What a correct tool does, with its exit code. */
  readonly expected: string;
  readonly needs?: readonly Need[];
  /**
   * @returns what was seen, in a few words
   * @throws if it isn't what was expected
   */
  readonly run?: (scene: Scene) => Promise<string>;
  /** Why it is not run: what it concerns doesn't exist yet, or can't. */
  readonly not?: string;
}

/** A failure of memmap, not of the test, and known: it is in the table. */
export class Unmet extends Error {}

export const isRoot = process.getuid?.() === 0;

/** The user as whom permission faults are tried. */
export const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;

/** Where a fault is made: whatever is started here is ended with it, and whatever is written is removed. */
export class Scene {
  readonly #undo: Array<() => void> = [];

  /** As in a test, for the helpers of tests. */
  teardown(undo: () => void): void {
    this.#undo.push(undo);
  }

  get test(): ExecutionContext {
    return this as unknown as ExecutionContext;
  }

  close(): void {
    for (const undo of this.#undo.reverse()) undo();
  }

  folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'memmap-fault-'));
    // Not Node's own rm: a path may be longer than a system call takes.
    this.teardown(() => void execFileSync('rm', ['-rf', path]));
    return path;
  }

  memmap(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return run(process.execPath, [MAIN, ...args], options);
  }

  /** As an ordinary user, who may be this one. */
  asUser(args: readonly string[]): Promise<Ran> {
    const call = [process.execPath, MAIN, ...args];
    return isRoot ? run(NOBODY[0], [...NOBODY.slice(1), ...call]) : run(call[0]!, call.slice(1));
  }

  /** A script of bash, in which $MEMMAP calls memmap; its arguments are $1, $2, … */
  bash(script: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> {
    const env = {...options.env, MEMMAP: `${process.execPath} ${MAIN}`, NODE: process.execPath};
    return run('bash', ['-c', script, 'bash', ...args], {...options, env});
  }

  /** The same in a mount namespace of its own. */
  inNamespace(script: string, flags: readonly string[] = ['-m']): Promise<Ran> {
    const env = {MEMMAP: `${process.execPath} ${MAIN}`, AS: NOBODY.join(' '), NODE: process.execPath};
    return run('unshare', [...flags, 'bash', '-c', script], {env});
  }

  /** A Python that runs `code`, which prints a line when it is ready and then waits or works. */
  async python(code: string, prefix: readonly string[] = []): Promise<Child> {
    // Another user may not have access to root's.
    const python = prefix.length > 0 && existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
    const [command, ...args] = [...prefix, python, '-c', `import ctypes, mmap, os, sys, time\n${code}`];
    const child = new Child(this.test, command, args);
    await child.line();
    return child;
  }
}

const MAIN = `${process.cwd()}/${MEMMAP}`;

/** memmap refused: no data, one message of three parts, and nothing of its internals. */
export function refused({code, stdout, stderr}: Ran, expected: number, words: RegExp): string {
  assert.equal(code, expected, `ended with ${code}: ${stderr}`);
  assert.equal(stdout, '', 'there is no data');
  assert.match(stderr, /^memmap: .+\n {2}why: {2}.+\n( {4}.*\n)*(memmap: .*\n)* {2}next: .+\n$/);
  assert.match(stderr, words);
  clean(stderr);
  return `${expected}: ${/why: {2}(.*)/.exec(stderr)![1]!}`;
}

/** The regions may not be read: what everybody may read is shown, and it is said that this is all. */
export function denied(ran: Ran, words: RegExp): string {
  assert.match(ran.stdout, /^Not seen: /m);
  clean(ran.stdout);
  return refused({...ran, stdout: ''}, 4, words);
}

/** Nothing that a terminal would obey, and no stack trace. */
export function clean(text: string): void {
  const found = CONTROL.exec(text);
  assert.equal(found && JSON.stringify(text.slice(Math.max(0, found.index - 30), found.index + 10)), null);
  assert.doesNotMatch(text, /^\s+at .*[(:]\d+\)?$/m, 'a raw stack trace');
}

/** It did what was asked. */
export function done({code, stdout, stderr}: Ran, expected = 0): string {
  assert.equal(code, expected, `ended with ${code}: ${stderr}`);
  clean(stderr);
  assert.notEqual(stdout, '');
  return stdout;
}
