import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Child} from '../helpers/child.ts';
import {TUTORIAL} from '../helpers/listings.ts';
import {traced, type Point, type Traced} from './inject-run.ts';
import {markdown} from './report.ts';
import {missing} from './run-row.ts';
import {clean, Scene} from './scene.ts';

/** Errors at each system call that memmap makes on a file that it uses for its work, one at a time. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  openat: ['EACCES', 'EMFILE', 'EIO', 'ENOMEM'],
  read: ['EIO', 'EINTR', 'ESRCH'],
  pread64: ['EIO', 'EINTR', 'ESRCH'],
  readlink: ['EACCES', 'EIO'],
  write: ['ENOSPC', 'EIO', 'EINTR'],
  pwrite64: ['ENOSPC', 'EIO', 'EINTR'],
  fsync: ['EIO', 'ENOSPC'],
  rename: ['EACCES', 'ENOSPC', 'EIO'],
  statx: ['EACCES', 'EIO'],
};

interface Call {
  readonly name: string;
  /** Words of bash: $1 is a folder that contains before.txt and an old out.json. */
  readonly args: (pid: number) => string;
  /** The file that it writes, whole or not at all. */
  readonly makes?: string;
  /** `run` ends with the target's code, whatever happens to the watching. */
  readonly keepsCode?: boolean;
  /** A lesson that can't be shown ends with 1, and says why. */
  readonly mayTell?: RegExp;
}

const COMMANDS: readonly Call[] = [
  {name: 'show', args: (pid) => `show ${pid}`},
  {name: 'show FILE --json', args: () => 'show --json "$1/before.txt"'},
  {name: 'diff', args: (pid) => `diff "$1/before.txt" ${pid}`},
  {name: 'snapshot -o', args: (pid) => `snapshot ${pid} -o "$1/out.json"`, makes: 'out.json'},
  {name: 'watch', args: (pid) => `watch ${pid} --count 3 --interval 20ms`},
  {name: 'watch --json', args: (pid) => `watch ${pid} --json --count 2 --interval 20ms`},
  {name: 'run -o', args: () => 'run -o "$1/out.json" -- sleep 0.05', makes: 'out.json', keepsCode: true},
  {name: 'demo touch', args: () => 'demo touch', mayTell: /Resident memory was not read/},
  {name: 'show --map', args: (pid) => `show ${pid} --map`},
  {name: 'show --room', args: (pid) => `show ${pid} --room`},
  {name: 'explain', args: (pid) => `explain ${pid}`},
  {name: 'pages', args: (pid) => `pages ${pid}`},
  {name: 'demo --emit', args: () => 'demo touch --emit "$1/out.json"', makes: 'out.json'},
];

/** The table of what memmap answered; `failed` if something was not as expected. */
export async function injectionTable(): Promise<{text: string; failed: boolean}> {
  const title = '## Errors of system calls, one at a time\n\n';
  const lacks = missing('strace');
  if (lacks !== undefined) return {text: `${title}Not run: ${lacks}.\n`, failed: false};
  // All commands at once: most of the time is waiting.
  const answers = await Promise.all(COMMANDS.map(answersOf));
  const rows = answers.flatMap((answer) => answer.rows);
  const bad = answers.flatMap((answer) => answer.bad);
  const runs = answers.reduce((sum, answer) => sum + answer.runs, 0);
  for (const each of bad) process.stderr.write(`FAILED    ${each}\n`);
  const text = `${title}\`strace -e inject=…\`, ${runs} runs: each call that memmap itself makes on a file of /proc, its input or its output fails, the first, the
second and the last time that it is made, in a run of its own. Besides the code it is checked that there is one message of three parts and no stack
trace, and that a file has its final name only when it is whole. EINTR must change nothing.

${markdown(['command', 'call', 'on', 'exit code'], rows)}

${bad.length === 0 ? 'All as expected.' : `${bad.length} not as expected:\n\n${bad.map((each) => `- ${each}`).join('\n')}`}
`;
  return {text, failed: bad.length > 0};
}

interface Answers {
  readonly rows: string[][];
  /** What was not as expected. */
  readonly bad: string[];
  readonly runs: number;
}

/** One command, by its index in the list. */
export const answersTo = (name: string): Promise<Answers> => answersOf(COMMANDS.find((each) => each.name === name)!);

async function answersOf(command: Call): Promise<Answers> {
  const scene = new Scene();
  const rows: string[][] = [];
  const bad: string[] = [];
  let runs = 0;
  const child = new Child(scene.test, 'cat', []);
  await child.ask('ready');
  // One folder for the run that counts and those that fail: paths are the same.
  const folder = join(scene.folder(), 'w');
  const call = (injection?: {path: string; inject: string}) => oneCall(scene, folder, command, child.pid, injection);
  const normal = await call();
  assert.ok(normal.code! <= 1 && normal.points.length > 0, `${command.name} does not work: ${normal.stderr}`);
  for (const point of normal.points) {
    const answers: string[] = [];
    for (const error of ERRORS[point.call] ?? []) {
      const codes = new Set<string>();
      for (const when of moments(point.count)) {
        const seen = await call({path: point.path, inject: `${point.call}:error=${error}:when=${when}`});
        if (!seen.injected) continue;
        runs++;
        const fault = judge(command, folder, point, error, when, normal, seen);
        if (fault !== undefined)
          process.stderr.write(`${command.name}: ${error} of ${point.call} no. ${when} on ${named(point)}: ${fault}\n`);
        if (fault !== undefined)
          bad.push(`${command.name}: ${error} of ${point.call} no. ${when} on ${named(point)}: ${fault}`);
        codes.add(`${seen.code}${fault === undefined ? '' : ' **FAILED**'}`);
      }
      if (codes.size > 0) answers.push(`${error} ${[...codes].join(' or ')}`);
    }
    if (answers.length > 0) add(rows, [command.name, point.call, named(point), answers.join(' · ')]);
  }
  scene.close();
  process.stderr.write(
    `inject: ${command.name}, ${normal.points.length} calls, ${runs} runs, ${bad.length} not as expected\n`,
  );
  return {rows, bad, runs};
}

/** Calls on several files with the same answers are one row. */
function add(rows: string[][], row: readonly [string, string, string, string]): void {
  const alike = rows.find(([command, call, , answers]) => command === row[0] && call === row[1] && answers === row[3]);
  if (!alike) rows.push([...row]);
  else if (!alike[2]!.split(', ').includes(row[2])) alike[2] += `, ${row[2]}`;
}

const moments = (count: number): number[] => [...new Set([1, Math.min(2, count), count])];

async function oneCall(
  scene: Scene,
  folder: string,
  {args}: Call,
  pid: number,
  injection?: {path: string; inject: string},
): Promise<Traced> {
  rmSync(folder, {recursive: true, force: true});
  mkdirSync(folder, {recursive: true});
  writeFileSync(join(folder, 'before.txt'), TUTORIAL[0]);
  writeFileSync(join(folder, 'out.json'), 'precious');
  return traced(scene, folder, args(pid), injection);
}

const OUTPUT = /\/w\/(out|out\.json|\.out\.json\.\$\$\.tmp)$/;

/** A path as the table names it. */
function named({path}: Point): string {
  if (path.endsWith('/w/before.txt')) return 'the input file';
  if (path.endsWith('/w/out')) return 'standard output';
  if (path.endsWith('.tmp')) return 'the temporary file';
  if (path.endsWith('/w/out.json')) return 'the output file';
  if (/^\/proc\/self\/fd\/\d+$/.test(path)) return 'a mapped file';
  return path
    .replace(/^\/proc\/(self\/fd\/\d+|\d+)$/, '/proc/PID')
    .replace(/^\/proc\/(self\/fd\/\d+|\d+)\//, '/proc/PID/')
    .replace(/map_files\/.*|root\/.*/, '…')
    .replace(/task\/\d+/, 'task/TID');
}

/** The parts of a snapshot that memmap can do without. */
const CAN_DO_WITHOUT =
  /boot_id|\/exe$|mountinfo|auxv|limits|sys\/vm|sys\/kernel|meminfo|cgroup|ns\/|\/task|map_files|\/root|syscall|comm$|smaps|cmdline|children|pagemap|kpage/;

/** @returns what is wrong; undefined if nothing is */
function judge(
  command: Call,
  folder: string,
  point: Point,
  error: string,
  when: number,
  normal: Traced,
  seen: Traced,
): string | undefined {
  try {
    clean(seen.stderr);
    assert.ok(!seen.files.some((file) => file.endsWith('.tmp')), `left: ${seen.files.join(' ')}`);
    if (command.makes !== undefined) wholeOrOld(command, folder, seen);
    if (seen.code === 1 && command.mayTell?.test(seen.stdout)) return undefined;
    const allowed = codesFor(command, point, error, when, normal.code!);
    assert.ok(
      allowed.includes(seen.code!),
      `ended with ${seen.code}, not ${allowed.join(' or ')}: ${seen.stderr.slice(0, 300)}`,
    );
    if (seen.code !== normal.code && seen.code !== 5)
      assert.equal(
        [...seen.stderr.matchAll(/^memmap: .+\n {2}why: {2}.+\n {2}next: .+$/gm)].length,
        1,
        `not one message: ${seen.stderr}`,
      );
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

function wholeOrOld({makes, name}: Call, folder: string, {files}: Traced): void {
  assert.ok(files.includes(makes!), 'neither the old file nor a new one is there');
  const text = readFileSync(join(folder, makes!), 'latin1');
  const isWhole =
    name === 'demo --emit'
      ? text.startsWith('\x7fELF')
      : name === 'run -o'
        ? text.startsWith('memmap run')
        : text.endsWith('}\n');
  assert.ok(text === 'precious' || isWhole, `a part: ${JSON.stringify(text.slice(0, 60))}`);
}

function codesFor({keepsCode}: Call, {call, path}: Point, error: string, when: number, normal: number): number[] {
  if (error === 'EINTR') return [normal];
  if (OUTPUT.test(path)) return [7];
  const byErrno = {EACCES: [4], EMFILE: [8], ENOMEM: [8], EIO: [6], ESRCH: [3, 5]}[error] ?? [];
  // The first time, the question is whether it is a recording; what can't be read is not one.
  if (path.endsWith('/before.txt'))
    return when === 1 || call === 'statx' || call === 'pread64' ? [6, 8, normal] : [6, 8];
  // A descriptor by its name: of a mapped file, whose headers determine kinds.
  if (/^\/proc\/self\/fd\/\d+$/.test(path)) return [normal];
  if (keepsCode || CAN_DO_WITHOUT.test(path)) return [normal, 5, ...byErrno];
  // A second try may succeed where the first failed; and a watch that sees its process end, ends well.
  return error === 'ESRCH' ? [3, 5, normal] : byErrno;
}
