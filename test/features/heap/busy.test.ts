import {mkdtempSync, readlinkSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {execFileSync, spawn} from 'node:child_process';
import type {ExecutionContext} from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {BooksOracle, outside} from './oracle.ts';

interface Document {
  readonly arenas: ReadonlyArray<{readonly torn: boolean}>;
  readonly mmapped: {readonly bytes: number};
  readonly totals: {readonly system: number; readonly free: number};
}

const READS = 5;

/** At work, each read is within what malloc itself says meanwhile (1 % of the whole for what moved), or torn. */
async function within(
  t: ExecutionContext,
  command: (place: string) => readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'memmap-test-'));
  const oracle = new BooksOracle(place);
  const [program, ...args] = command(place);
  const child = spawn(program, args, {
    env: {...process.env, ...oracle.env, ...env},
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  t.teardown(() => {
    child.kill('SIGKILL');
    rmSync(place, {recursive: true, force: true});
  });
  // A command in the PATH may be a script that executes the program: its own malloc, and its oracle, end with that.
  const runs = (): string => basename(readlinkSync(`/proc/${child.pid}/exe`));
  await until(() => runs().startsWith(basename(program)), `${program} itself`);
  for (let read = 0; read < READS; read++) {
    const {told, result} = await oracle.during(child.pid!, () => memmap(['heap', String(child.pid), '--json']));
    const heap = JSON.parse(result.stdout) as Document;
    conforms(t, 'heap', heap);
    const isTorn = heap.arenas.some(({torn}) => torn);
    t.is(result.code, isTorn || heap.arenas.length === 0 ? 5 : 0, result.stderr);
    t.true(told.samples > 0);
    if (result.code !== 0) continue;
    const {system, free} = heap.totals;
    for (const [figure, span] of [
      [system, told.system],
      [free, told.free],
      [heap.mmapped.bytes, told.mmapped],
    ] as const)
      t.true(outside(figure, span) <= told.system[1] / 100, `${figure} is not in ${span.join(' to ')}`);
  }
}

const CHURN = `
import random
held = {}
while True: held[random.randrange(5000)] = bytes(random.randrange(16, 4000))
`;

testIf(
  'gcc',
  'python3',
  X64,
)('a Python at work: every figure is what malloc itself says meanwhile, or torn', (t) =>
  within(t, () => ['python3', '-c', CHURN], {PYTHONMALLOC: 'malloc'}),
);

for (const [how, what] of [
  ['rest', 'a thread that rests now and then'],
  ['churn', 'two threads without any pause'],
] as const)
  testIf('gcc', X64)(`a C program at work, ${what}: every figure is what malloc itself says meanwhile, or torn`, (t) =>
    within(t, (place) => {
      const program = join(place, 'target');
      execFileSync('gcc', ['-O1', '-pthread', '-o', program, 'test/features/heap/target.c']);
      return [program, how];
    }),
  );
