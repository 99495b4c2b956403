import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {diff} from '../../src/diff/diff.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {capture} from '../../src/procfs/capture.ts';
import {type Line, linesOf} from '../diff/oracle/listing.ts';
import {asleep} from '../helpers/child.ts';
import {markdown} from '../faults/report.ts';
import {differences, falseFacts} from './facts.ts';

/** A section of docs/trials.md, and what was false. */
export interface Trial {
  readonly text: string;
  readonly faults: readonly string[];
}

/** How often a program is run; all pairs of the runs are compared. */
const RUNS = 20;

/** A program that says that it is ready, and then waits. */
interface Program {
  readonly name: string;
  /** A file that it is built from, with its text. */
  readonly source?: readonly [name: string, text: string];
  readonly build?: readonly [string, ...string[]];
  readonly command: readonly [string, ...string[]];
}

const JAVA = `public class Idle {
  public static void main(String[] words) throws Exception {
    System.out.println("ready");
    Thread.sleep(600000);
  }
}
`;
const GO = `package main
import ("fmt"; "time")
func main() { fmt.Println("ready"); time.Sleep(time.Hour) }
`;

/** Paths are those of a folder of the program's own. */
const PROGRAMS: readonly Program[] = [
  {name: 'python3', command: ['python3', '-c', 'import time; print("ready", flush=True); time.sleep(600)']},
  {name: 'node', command: ['node', '-e', 'console.log("ready"); setInterval(() => {}, 600_000)']},
  {name: 'java', source: ['Idle.java', JAVA], build: ['javac', 'Idle.java'], command: ['java', '-cp', '.', 'Idle']},
  {name: 'go', source: ['idle.go', GO], build: ['go', 'build', 'idle.go'], command: ['./idle']},
];

interface Run {
  readonly snapshot: Snapshot;
  readonly lines: readonly Line[];
}

interface PairsOutcome {
  readonly pairs: number;
  /** Pairs in which the amounts differ truly. */
  readonly different: number;
  readonly matches: Record<string, number>;
  readonly changes: number;
  readonly folded: number;
  readonly faults: string[];
}

/**
 * Runs a program many times, one after the other, and compares each run with each.
 *
 * @param aslr whether with ASLR
 */
async function pairwise(program: Program, aslr: boolean, runs = RUNS): Promise<PairsOutcome> {
  const folder = mkdtempSync(path.join(tmpdir(), 'memmap-trial-'));
  try {
    const {source, build, command} = program;
    if (source) writeFileSync(path.join(folder, source[0]), source[1]);
    const env = {...process.env, GOCACHE: path.join(folder, 'cache'), GO111MODULE: 'off'};
    if (build) execFileSync(build[0], build.slice(1), {cwd: folder, env});
    const words = aslr ? command : ['setarch', '-R', ...command];
    const seen: Run[] = [];
    for (let turn = 0; turn < runs; turn++) seen.push(await oneRun(words[0], words.slice(1), folder));
    return compared(seen);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

async function oneRun(file: string, args: readonly string[], cwd: string): Promise<Run> {
  const child = spawn(file, args, {cwd, stdio: ['ignore', 'pipe', 'ignore']});
  try {
    await once(child.stdout, 'data');
    return await atRest(child);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit').catch(() => {});
  }
}

/** A program has come to rest if all its threads sleep, and its listing is the same as a moment before. */
async function atRest({pid}: ChildProcess): Promise<Run> {
  for (let last = ''; ; await pause(300)) {
    await asleep(pid!);
    const run = {snapshot: capture(pid!, {usage: true}), lines: linesOf(pid!)};
    const now = run.lines.map(({start, end, perms, name}) => [start, end, perms, name].join(' ')).join('\n');
    if (now === last) return run;
    last = now;
  }
}

function compared(seen: readonly Run[]): PairsOutcome {
  const faults: string[] = [];
  const matches: Record<string, number> = {};
  let [pairs, different, changes, folded] = [0, 0, 0, 0];
  for (const [index, a] of seen.entries()) {
    for (const b of seen.slice(index + 1)) {
      const result = diff(a.snapshot, b.snapshot);
      const truth = differences(a.lines, b.lines);
      pairs++;
      if (truth.size > 0) different++;
      matches[result.match] = (matches[result.match] ?? 0) + 1;
      changes += result.changes.length;
      folded += result.changes.filter(({pieces}) => pieces).length;
      faults.push(...falseFacts(result, truth));
    }
  }
  return {pairs, different, matches, changes, folded, faults};
}

/** Twenty runs of a program, each compared with each. */
export async function runsTrial(): Promise<Trial> {
  const rows: string[][] = [];
  const all: string[] = [];
  for (const program of PROGRAMS) {
    for (const aslr of [true, false]) {
      const row = [program.name, aslr ? 'with' : 'without'];
      try {
        const {pairs, different, matches, changes, folded, faults} = await pairwise(program, aslr);
        const [match] = Object.keys(matches);
        rows.push([...row, ...[pairs, different, match!, changes, folded, faults.length].map(String)]);
        if (aslr) all.push(...faults);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
        rows.push([...row, 'not run: it is not installed', '', '', '', '', '']);
      }
      process.stderr.write(`runs: ${rows.at(-1)!.join(' ')}\n`);
    }
  }
  const titles = ['program', 'ASLR', 'pairs', 'truly different', 'match', 'changes', 'folded', 'false facts'];
  const text = `## Two runs of one program

Each program is run 20 times and waits at the same point; all pairs are compared, with \`--match auto\`. The truth
is what the kernel prints, summed by permissions and name, without addresses: a fact (new, gone, grown, shrunk,
replaced, other permissions, another name) is false if the sums do not bear it out, or if it says that memory came
and went of which both have as much. Folded are changes that say how much there is in how many pieces. Without ASLR
equal addresses are compared, and where a program chooses places by itself (V8), what lies elsewhere is called new
and gone: a control, and not counted. Each JVM truly differs: it maps a file named after its process.

${markdown(titles, rows)}
`;
  return {text, faults: all};
}
