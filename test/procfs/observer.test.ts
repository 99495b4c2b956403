import {chmodSync, copyFileSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {parse} from '../../src/parse/parse.ts';
import {asleep, Child} from '../helpers/child.ts';
import {MEMMAP, type Ran, run} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';
import {ROOT, testIf} from '../helpers/tools.ts';

/** A Node of which nobody else maps the file: what others do on this machine changes none of its counts. */
function ownNode(t: ExecutionContext): string {
  const path = join(folder(t), 'node');
  copyFileSync(process.execPath, path);
  chmodSync(path, 0o755);
  chmodSync(join(path, '..'), 0o755);
  return path;
}

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const WAITS = ['-e', "console.log('ready'); require('fs').readSync(0, Buffer.alloc(1))"];

/** A command line, run as we are (`as` is empty) or as somebody else. */
function commandOf(as: readonly string[], words: readonly [string, ...string[]]): [string, string[]] {
  const [command, ...args] = as.length === 0 ? words : ([...as, ...words] as [string, ...string[]]);
  return [command, args];
}

/** memmap in that Node's file, so that it shares the file with the others. */
function memmapIn(node: string, as: readonly string[], args: readonly string[]): Promise<Ran> {
  const [command, rest] = commandOf(as, [node, join(process.cwd(), MEMMAP), ...args]);
  return run(command, rest);
}

interface Figures {
  readonly pss: number;
  readonly private: number;
  readonly shared: number;
}

/** The kernel's own sums, read here while no memmap is there: this test runs in another Node's file. */
function truthOf(pid: number): Figures {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const kib = (...fields: string[]): number =>
    fields.reduce((sum, field) => sum + 1024 * Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(text)![1]), 0);
  return {
    pss: kib('Pss'),
    private: kib('Private_Clean', 'Private_Dirty'),
    shared: kib('Shared_Clean', 'Shared_Dirty'),
  };
}

/** Bytes of files but the program's own that are resident, as smaps has them. */
const residentLibraries = (pid: number, program: string): number =>
  readFileSync(`/proc/${pid}/smaps`, 'latin1')
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((region) => / \//.test(region.split('\n')[0]!) && !region.split('\n')[0]!.endsWith(` ${program}`))
    .reduce((sum, region) => sum + 1024 * Number(/^Rss: +(\d+)/m.exec(region)![1]), 0);

interface Document {
  readonly totals: Readonly<Record<string, number>>;
  readonly observer?: {certain: boolean; pss: {low: number; high: number}; kernel: {totals: Record<string, number>}};
  readonly notes?: readonly string[];
}

const figuresOf = ({pss, privateClean, privateDirty, sharedClean, sharedDirty}: Document['totals']): Figures => ({
  pss: pss!,
  private: privateClean! + privateDirty!,
  shared: sharedClean! + sharedDirty!,
});

/** Two readings of the truth, before and after: libraries are everybody's, and others start and end meanwhile. */
type Truth = readonly [Figures, Figures];

/** Within half a percent of PSS, or of what is resident, from what was true before or after. */
function close(t: ExecutionContext, said: Figures, truth: Truth, what: string): void {
  const [before, after] = truth;
  const resident = before.private + before.shared;
  for (const [key, whole] of [
    ['pss', before.pss],
    ['private', resident],
    ['shared', resident],
  ] as const) {
    const [low, high] = [Math.min(before[key], after[key]), Math.max(before[key], after[key])];
    const text = `${what}: ${key} ${said[key]} beside ${low} to ${high}`;
    t.true(said[key] >= low - 0.005 * whole && said[key] <= high + 0.005 * whole, text);
  }
}

async function compare(t: ExecutionContext, as: readonly string[]): Promise<void> {
  const node = ownNode(t);
  const nodes: Child[] = [];
  for (let count = 1; count <= 3; count++) {
    const child = new Child(t, ...commandOf(as, [node, ...WAITS]));
    await child.line();
    await asleep(child.pid);
    nodes.push(child);
    const {pid} = nodes[0]!;
    const before = truthOf(pid);
    const {stdout, code} = await memmapIn(node, as, ['show', String(pid), '--json']);
    t.is(code, 0);
    const document = JSON.parse(stdout) as Document;
    conforms(t, 'snapshot', document);
    const truth: Truth = [before, truthOf(pid)];
    const {certain, pss} = document.observer!;
    const isUnsure = document.notes?.some((note) => note.startsWith('memmap itself maps up to ')) ?? false;
    t.is(isUnsure, !certain, 'what is not certain is said');
    // Nobody tells the other mappers of libraries to a user who may not ask, and these come and go: then the bounds are
    // apart, by what is resident of libraries at most.
    const apart = pss.high - pss.low;
    t.true(certain || (as.length > 0 && apart < residentLibraries(pid, node)), `${apart} bytes apart`);
    t.true(pss.low <= 1.005 * Math.max(...truth.map((each) => each.pss)), `${pss.low} is the least`);
    t.true(pss.high >= 0.995 * Math.min(...truth.map((each) => each.pss)), `${pss.high} is the most`);
    if (certain) close(t, figuresOf(document.totals), truth, `${count} of them`);
    // What the kernel printed while memmap was there is kept.
    const kernel = document.observer!.kernel.totals;
    t.true(kernel['pss']! < 0.95 * before.pss, `${kernel['pss']} is the kernel's`);
    t.deepEqual(JSON.parse(JSON.stringify(parse(stdout).observed)).kernel.totals, kernel);
  }
}

testIf(ROOT)(
  "PSS, private and shared of one, two and three Nodes, seen by root, are the kernel's without memmap",
  (t) => compare(t, []),
);

testIf(ROOT, 'setpriv')('the same, seen by somebody who may not ask how often a page is mapped', (t) =>
  compare(t, NOBODY),
);

testIf(ROOT)('a text says what the kernel says while memmap is there', async (t) => {
  const node = ownNode(t);
  const child = new Child(t, node, WAITS);
  await child.line();
  await asleep(child.pid);
  const {stdout, code} = await memmapIn(node, [], ['show', String(child.pid), '--summary']);
  t.is(code, 0);
  t.regex(stdout, /^PSS, private and shared are without memmap, which maps [\d.]+ MiB of the same pages while it/m);
});

/** Forks once; both wait. */
const FORKS = `
const {fork} = require('node:child_process');
if (process.argv[2] === 'child') { process.send('ready'); setInterval(() => {}, 1e6); }
else {
  const child = fork(__filename, ['child']);
  child.once('message', () => { console.log(child.pid); require('node:fs').readSync(0, Buffer.alloc(1)); });
}`;

testIf(ROOT, 'setpriv')('a family of Nodes: each of them, for root and for others', async (t) => {
  const node = ownNode(t);
  const script = join(node, '..', 'forks.js');
  writeFileSync(script, FORKS);
  for (const as of [[], NOBODY]) {
    const parent = new Child(t, ...commandOf(as, [node, script]));
    const pids = [parent.pid, Number(await parent.line())];
    t.teardown(() => process.kill(pids[1]!, 'SIGKILL'));
    for (const pid of pids) await asleep(pid);
    const before = pids.map(truthOf);
    const {stdout, stderr, code} = await memmapIn(node, as, ['show', String(parent.pid), '--children', '--json']);
    t.deepEqual([code, stderr], [0, '']);
    const {processes, ...rest} = JSON.parse(stdout) as {
      processes: Array<{pid: number; usage: Record<string, number>; observer: {certain: boolean}}>;
    };
    conforms(t, 'family', {processes, ...rest});
    processes.forEach(({pid, usage, observer}, place) => {
      t.is(pid, pids[place]!);
      if (observer.certain) close(t, figuresOf(usage), [before[place]!, truthOf(pid)], `${pid}`);
    });
    t.true(as.length > 0 || processes.every(({observer}) => observer.certain));
  }
});
