import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Scene} from './scene.ts';

/** A system call that memmap makes on a file that it uses for its work, and how often. */
export interface Point {
  readonly call: string;
  /** As strace's -P takes it; $$ stands for memmap's PID. */
  readonly path: string;
  readonly count: number;
}

export interface Traced {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly points: readonly Point[];
  /** Was the error given? */
  readonly injected: boolean;
  /** What is in the folder afterwards. */
  readonly files: readonly string[];
}

const CALLS = 'openat,read,pread64,readlink,write,pwrite64,fsync,rename,statx';

/**
 * Runs memmap under strace, with its output in files of the folder.
 *
 * @param args words of bash, in which $1 is the folder
 * @param inject an error in strace's syntax: `read:error=EIO:when=1`; given only where `path` is concerned
 */
export async function traced(
  scene: Scene,
  folder: string,
  args: string,
  injection?: {readonly path: string; readonly inject: string},
): Promise<Traced> {
  // -D: strace is a grandchild, so that bash becomes memmap, and its PID ($$) is known beforehand.
  const limits = injection ? `-P "${injection.path}" -e inject=${injection.inject}` : '';
  const script =
    `exec strace -D --seccomp-bpf -f -y -qq -s 0 -o "$1.log" -e signal=none -e trace=${CALLS} ${limits} $MEMMAP ` +
    `${args} >"$1/out" 2>"$1.err"`;
  writeFileSync(join(folder, 'out'), '');
  const {code} = await scene.bash(script, [folder]);
  const log = readFileSync(`${folder}.log`, 'latin1');
  return {
    code,
    stdout: readFileSync(join(folder, 'out'), 'utf8'),
    stderr: readFileSync(`${folder}.err`, 'utf8'),
    points: pointsOf(log, folder),
    injected: log.includes('(INJECTED)'),
    files: readdirSync(folder).sort(),
  };
}

function pointsOf(log: string, folder: string): Point[] {
  const own = new RegExp(
    `^(/proc/(\\d+|self/fd/\\d+|self/mountinfo|sys/kernel|sys/vm|meminfo|cmdline)(/|$)|/proc$|${folder}(/|$))`,
  );
  const points = new Map<string, Point>();
  const pid = /^(\d+)/.exec(log)?.[1] ?? '';
  for (const line of log.split('\n')) {
    // `4242 pread64(18</proc/7/maps>, …` or `4242 openat(AT_FDCWD</cwd>, "/proc/7/maps", …`
    const match = /^\d+ +(\w+)\((?:(?:AT_FDCWD<[^>]*>, )?"([^"]*)"|\d+<([^>]*)>)/.exec(line);
    const [, call = '', given, behind] = match ?? [];
    const path = (given ?? behind ?? '').replace(`.${pid}.tmp`, () => '.$$.tmp');
    if (/, 0\) += 0$/.test(line) && call === 'write') continue; // The end of a stream: there is nothing in it.
    if (!own.test(path) || path.startsWith(`/proc/${pid}/`)) continue;
    const key = `${call} ${path}`;
    points.set(key, {call, path, count: (points.get(key)?.count ?? 0) + 1});
  }
  return [...points.values()];
}
