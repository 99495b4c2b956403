import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {openCore} from '../../src/input/core.ts';
import {hasNoAccess, rangeText, type Region} from '../../src/model/region.ts';
import {parse, parseDump} from '../../src/parse/parse.ts';
import {folder} from '../helpers/listings.ts';
import {abortWhileIdle, crash, gcore, idle, WRITES_CORES, type Crashed} from '../input/cores.ts';
import {markdown} from '../faults/report.ts';
import {FLEETS, pythonItself, withFleet} from './fleet.ts';
import type {Trial} from './runs.ts';

type Scene = ExecutionContext;

/** Runs with what a test has of its end; a trial is none. */
async function inScene<Result>(run: (scene: Scene) => Result | Promise<Result>): Promise<Result> {
  const ends: Array<() => unknown> = [];
  try {
    return await run({teardown: (end: () => unknown) => void ends.push(end)} as unknown as Scene);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

const NODE = ['-e', 'setInterval(() => {}, 1e6)'];
const PYTHON = [
  '-c',
  'import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\ntime.sleep(600)',
];
const JAVA = 'public class Idle { public static void main(String[] a) throws Exception { Thread.sleep(600000); } }';

/** Cores that the kernel writes: of programs that a signal ends. */
const BY_KERNEL: Readonly<Record<string, (scene: Scene) => Crashed | Promise<Crashed>>> = {
  'C, abort()': (scene) => crash(scene, 'abort'),
  'C, its stack overflowed': (scene) => crash(scene, 'overflow'),
  node: (scene) => abortWhileIdle(scene, process.execPath, NODE, idle(5)),
  python3: (scene) => abortWhileIdle(scene, pythonItself(), PYTHON, idle(2)),
  java: (scene) => {
    const place = folder(scene);
    execFileSync('sh', ['-c', `echo '${JAVA}' > Idle.java && javac Idle.java`], {cwd: place});
    return abortWhileIdle(scene, 'java', ['-Xmx64m', '-cp', place, 'Idle'], idle(10));
  },
};

interface Compared {
  readonly row: readonly string[];
  readonly faults: readonly string[];
}

/** Cores beside maps read just before: of whom, and by whom they were written. */
export async function coresTrial(): Promise<Trial> {
  const all: Compared[] = [];
  const add = (compared: Compared): void => {
    all.push(compared);
    process.stderr.write(`cores: ${compared.row.join(' | ')}\n`);
  };
  for (const [name, make] of Object.entries(WRITES_CORES ? {} : BY_KERNEL))
    await inScene(async (scene) => add(await compare(name, 'the kernel', await make(scene))));
  await inScene(async (scene) => add(await compare('C, it waits', 'gdb', await gcore(scene))));
  for (const fleet of FLEETS.filter(({name}) => ['node', 'python', 'java'].includes(name)))
    await withFleet(fleet, async ([member]) =>
      inScene(async (scene) => add(await compare(member!.name, 'gdb', await gcoreOf(scene, member!.pid)))),
    );
  const titles = ['program', 'written by', 'regions in maps', 'the same in the core', 'only in maps', 'different'];
  const rows = all.map(({row}) => row);
  const text = `## Core files beside maps

Programs are stopped, /proc/PID/maps is read, and then the kernel or gdb (\`gcore\`) writes the core. The same are regions whose
addresses, access, offset and file are equal, to the byte; of what gdb marks as only readable, access is not known and not
compared. The kernel lists all regions; gdb leaves out [vvar], and what MADV_DONTDUMP keeps out of a core. Written by \`npm run trials -- --only cores\`.

${markdown(titles, rows)}
`;
  return {
    text: WRITES_CORES ? `${text}\nNot by the kernel: ${WRITES_CORES.why}.\n` : text,
    faults: all.flatMap(({faults}) => faults),
  };
}

/** gdb stops the process while it writes. */
async function gcoreOf(scene: Scene, pid: number): Promise<Crashed> {
  const isIdle = idle(1);
  while (!isIdle(pid)) await new Promise((resolve) => setTimeout(resolve, 100));
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const core = join(folder(scene), 'core');
  execFileSync('gdb', ['-nx', '-batch', '-p', String(pid), '-ex', `gcore ${core}`], {stdio: 'ignore'});
  return {core, maps};
}

async function compare(name: string, writer: string, {core, maps}: Crashed): Promise<Compared> {
  const file = (await openCore(core))!;
  const regions = parseDump(file.read, file.size)!.regions;
  file.close();
  const before = new Map(parse(maps).regions.map((region) => [region.start, region]));
  const {size} = before;
  const different: string[] = [];
  let same = 0;
  for (const region of regions) {
    const then = before.get(region.start);
    before.delete(region.start);
    if (then && isSame(region, then)) same++;
    else different.push(`${rangeText(region)} ${region.perms} ${region.name}`);
  }
  const left = [...before.values()];
  const count = (what: string, some: readonly Region[]): string[] =>
    some.length > 0 ? [`${some.length} ${what}`] : [];
  const closed = left.filter(hasNoAccess);
  const kernels = left.filter(({name: own}) => own.startsWith('[v'));
  const others = left.filter((region) => !closed.includes(region) && !kernels.includes(region));
  // crash.c asks for 36 KiB not to be dumped; V8 and the JVM ask for some of theirs.
  const only = [
    ...count('without access', closed),
    ...count("of the kernel's", kernels),
    ...count('not dumped', others),
  ];
  const isKernels = writer === 'the kernel';
  return {
    row: [name, writer, String(size), String(same), only.join(', '), String(different.length)],
    faults: [...different, ...(isKernels ? left : []).map((region) => rangeText(region))].map(
      (what) => `${name}, ${writer}: ${what}`,
    ),
  };
}

/** gdb names the page at 0xffffffffff600000 by no file, and says that it may be read. */
function isSame(region: Region, then: Region): boolean {
  const isAccess = region.perms === '????' || region.perms.slice(0, 3) === then.perms.slice(0, 3);
  const file = then.name.startsWith('/') ? then.name : '';
  const own = region.name.startsWith('/') ? region.name : '';
  if (then.name === '[vsyscall]') return region.end === then.end;
  return region.end === then.end && isAccess && own === file && region.offset === then.offset;
}
