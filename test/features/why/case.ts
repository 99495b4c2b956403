import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {createInterface} from 'node:readline';
import {MEMORY} from '../../helpers/cgroups.ts';
import {once} from '../../helpers/cli.ts';
import type {Lack} from '../../helpers/lack.ts';
import type {Tool} from '../../helpers/programs.ts';
import {until} from '../../helpers/wait.ts';

/** A program with one true answer. */
export interface Case {
  readonly name: string;
  /** What the first sentence must say. */
  readonly says: RegExp;
  /** The row of the table of findings that it must come from. */
  readonly finding: string;
  readonly needs: ReadonlyArray<Tool | Lack | undefined>;
  /** What `memmap why` is asked, once it stands or grows. */
  readonly start: (place: Place) => Promise<readonly string[]>;
  /** Is it quick enough for `npm test`? `grows`: it must be watched for some seconds. */
  readonly in: 'suite' | 'trials';
  readonly grows?: boolean;
}

const PROGRAMS = 'test/programs/why';

/** Where a case runs: its files, its processes and its cgroups, which end with it. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'memmap-why-'));
  readonly #children: ChildProcess[] = [];
  readonly #groups: string[] = [];

  /** Starts a program in a process group of its own, and waits until it says that it is ready. */
  async run(command: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<number> {
    const child = this.spawn(command, args, env);
    const lines = createInterface({input: child.stdout!})[Symbol.asyncIterator]();
    const {value, done} = await lines.next();
    if (done || value !== 'ready') throw new Error(`${command} was not ready`);
    return child.pid!;
  }

  /** The same of one that says nothing: it is waited for until it sleeps, and has for a second had the same memory. */
  async quiet(command: string, args: readonly string[]): Promise<number> {
    const child = this.spawn(command, args, {});
    child.stdout!.resume();
    const read = (file: string): string => readFileSync(`/proc/${child.pid}/${file}`, 'latin1');
    let [memory, since] = ['', Date.now()];
    await until(() => {
      const now = read('statm');
      if (now !== memory || !/\) S /.test(read('stat'))) [memory, since] = [now, Date.now()];
      return Date.now() - since > 1000;
    }, `the sleep of ${command}`);
    return child.pid!;
  }

  spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(command, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {...process.env, ...env},
    });
    child.on('error', () => {});
    this.#children.push(child);
    return child;
  }

  /** A program of ours in C. */
  c(name: string, ...args: string[]): Promise<number> {
    return this.run(compiled(`${PROGRAMS}/${name}.c`), args);
  }

  script(command: string, file: string): Promise<number> {
    return this.run(command, [`${PROGRAMS}/${file}`]);
  }

  file(name: string, content: string | Uint8Array): string {
    writeFileSync(join(this.folder, name), content);
    return join(this.folder, name);
  }

  /** A cgroup of version 1 with a Python in it that runs some code. @param limit in bytes; 0: none */
  async group(name: string, code: string, limit = 0): Promise<{readonly path: string; readonly pid: number}> {
    const path = `/memmap-why-${process.pid}-${name}`;
    mkdirSync(`${MEMORY}${path}`);
    this.#groups.push(`${MEMORY}${path}`);
    if (limit > 0) writeFileSync(`${MEMORY}${path}/memory.limit_in_bytes`, String(limit));
    const enter = `open("${MEMORY}${path}/cgroup.procs", "w").write("0")`;
    const pid = await this.run('python3', [
      '-c',
      `${enter}\n${code}\nprint("ready", flush=True)\nimport time; time.sleep(1000)`,
    ]);
    return {path, pid};
  }

  async end(): Promise<void> {
    for (const {pid} of this.#children) if (pid !== undefined) kill(-pid);
    rmSync(this.folder, {recursive: true, force: true});
    for (const group of this.#groups) {
      if (!existsSync(group)) continue;
      await until(() => readFileSync(`${group}/cgroup.procs`, 'utf8') === '', 'the end of the target');
      rmdirSync(group);
    }
  }
}

function kill(group: number): void {
  try {
    process.kill(group, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

const compiled = once((source: string): string => {
  const program = join(mkdtempSync(join(tmpdir(), 'memmap-why-c-')), basename(source, '.c'));
  execFileSync('gcc', ['-O1', '-o', program, source, '-lpthread']);
  return program;
});

/** The directory of a class of ours in Java. */
export const javaClass = once((name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'memmap-why-java-'));
  execFileSync('javac', ['-d', folder, `${PROGRAMS}/${name}.java`]);
  return folder;
});

/** A program of ours in Go. */
export const goProgram = once((name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'memmap-why-go-'));
  const env = {...process.env, GOCACHE: join(folder, 'cache'), GOPATH: join(folder, 'path')};
  execFileSync('go', ['build', '-o', join(folder, name), `${PROGRAMS}/${name}.go`], {env});
  return join(folder, name);
});
