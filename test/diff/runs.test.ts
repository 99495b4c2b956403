import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {setTimeout as pause} from 'node:timers/promises';
import test from 'ava';
import {diff, type Diff} from '../../src/diff/diff.ts';
import type {Change} from '../../src/model/change.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {capture} from '../../src/procfs/capture.ts';
import {asleep} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';
import {shortForm} from './tools.ts';

/** Two runs of a program, each once it has come to rest. One with a script says that it is ready: before, it may be a shell's. */
async function twoRuns(command: string, ...args: string[]): Promise<[Snapshot, Snapshot]> {
  const runs = [1, 2].map(() => spawn(command, args, {stdio: ['pipe', 'pipe', 'ignore']}));
  try {
    if (args.some((arg) => arg.includes('ready'))) await Promise.all(runs.map((run) => once(run.stdout, 'data')));
    const [first, second] = await Promise.all(runs.map(atRest));
    return [first!, second!];
  } finally {
    for (const run of runs) run.kill('SIGKILL');
  }
}

/** A program has come to rest if all its threads sleep, and did nothing to its memory since they did so before. */
async function atRest(run: ChildProcess): Promise<Snapshot> {
  for (let last: Snapshot | undefined; ; await pause(50)) {
    await asleep(run.pid!);
    if (run.exitCode !== null) throw new Error(`${run.spawnfile} has ended`);
    const next = capture(run.pid!);
    if (last && diff(last, next).changes.length === 0) return next;
    last = next;
  }
}

for (const [command, ...args] of [
  ['sleep', '60'],
  ['bash', '--norc', '-c', 'echo ready; read line'],
  ['cat'],
] as const) {
  test(`Two runs of ${command} differ by where they lie, and by nothing else`, async (t) => {
    const [before, after] = await twoRuns(command, ...args);
    const result = diff(before, after);
    t.is(result.match, 'layout');
    t.regex(result.why, /elsewhere, so these are two runs/);
    t.deepEqual(result.changes.filter(({kind}) => kind !== 'moved').map(shortForm), []);
    t.is(result.changes.length + result.unchanged, before.regions.length);
    t.true(result.changes.every(({slide, before, after}) => slide !== 0 && before[0]?.name === after[0]?.name));
  });
}

for (const [command, ...args] of [
  ['python3', '-c', 'import time; print("ready", flush=True); time.sleep(60)'],
  ['node', '-e', 'console.log("ready"); setInterval(() => {}, 60_000)'],
] as const) {
  testIf(command === 'python3' ? command : undefined)(
    `Two runs of ${command} have the same files, which moved`,
    async (t) => {
      // Starting up is not always the same: threads race. A pair in which one did otherwise is tried again.
      let [before, after] = await twoRuns(command, ...args);
      for (let tries = 1; tries < 5 && fileChanges(diff(before, after)).length > 0; tries++)
        [before, after] = await twoRuns(command, ...args);
      const result = diff(before, after);
      t.is(result.match, 'layout');
      const others = otherChanges(result);
      t.log(`${others.length} of ${result.changes.length} changes are not "moved"`);
      const files = fileChanges(result);
      t.deepEqual(files.map(shortForm), []);
      t.true(result.changes.length - others.length > before.regions.length / 2);
    },
  );
}

/** An executable that isn't position-independent stays where it is; how much of it is in memory is chance. */
const otherChanges = ({changes}: Diff): Change[] => changes.filter(({kind}) => kind !== 'moved' && kind !== 'touched');

/** The kernel aligns large mappings to 2 MiB, so the gaps differ, and unnamed memory merges with other neighbours: only files count. */
const fileChanges = (result: Diff): Change[] =>
  otherChanges(result).filter(({before, after}) => [...before, ...after].some((region) => region.name.startsWith('/')));
