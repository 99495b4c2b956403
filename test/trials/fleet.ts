import {execFileSync, spawn, type SpawnOptions} from 'node:child_process';
import {once} from 'node:events';
import {chownSync, existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {idsOf, postgresFolder, processes} from '../classify/real.ts';
import {until} from '../helpers/wait.ts';

/** A process of a real program. */
export interface Member {
  readonly name: string;
  readonly pid: number;
}

/** Starts a command in a group of its own. @returns its PID */
type Start = (command: string, args: readonly string[], options?: SpawnOptions) => number;

interface Fleet {
  readonly name: string;
  readonly needs: readonly string[];
  /** @param place a directory of its own */
  readonly start: (place: string, start: Start) => Promise<Member[]>;
}

const JAVA = `public class Idle {
  public static void main(String[] words) throws Exception {
    byte[][] kept = new byte[64][];
    for (int i = 0; i < kept.length; i++) kept[i] = new byte[1 << 19];
    for (int i = 0; i < 4; i++) new Thread(() -> { try { Thread.sleep(600000); } catch (Exception e) {} }).start();
    Thread.sleep(600000 + kept.length);
  }
}
`;
const GO = `package main
import "time"
var kept [][]byte
func main() {
  for i := 0; i < 64; i++ { kept = append(kept, make([]byte, 1<<19)); go func() { time.Sleep(time.Hour) }() }
  time.Sleep(time.Hour)
}
`;
const PYTHON = `import threading, time
kept = [bytes(1000) for _ in range(50000)]
for _ in range(4): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
time.sleep(600)`;
const NODE = `const {Worker} = require('worker_threads');
const kept = Array.from({length: 2e5}, (_, i) => ({i, text: 'x' + i}));
new Worker('setInterval(() => {}, 1e6)', {eval: true});
setInterval(() => kept.length, 1e6);`;
const NGINX_CONF = (
  place: string,
): string => `worker_processes 1; daemon off; pid ${place}/pid; error_log ${place}/error;
events { worker_connections 64; }
http { access_log off; client_body_temp_path ${place}/a; proxy_temp_path ${place}/b; fastcgi_temp_path ${place}/c;
  uwsgi_temp_path ${place}/d; scgi_temp_path ${place}/e; server { listen unix:${place}/socket; } }
`;

/** Not in CI: a trial says so where they are not installed. */
const [REDIS, NGINX] = ['redis-server', 'nginx'];

/** The process whose command line has such a word, of those that were started in `place`. */
const waitFor = (what: string, isIt: (words: readonly string[], parent: number) => boolean): Promise<number> =>
  until(() => processes().find(({words, parent}) => isIt(words, parent))?.pid, what);

/** Real programs of many makers, that come to rest by themselves. */
export const FLEETS: readonly Fleet[] = [
  {
    name: 'node',
    needs: [],
    start: async (_, start) => [{name: 'node, with a worker', pid: start(process.execPath, ['-e', NODE])}],
  },
  {
    name: 'python',
    needs: ['python3'],
    start: async (_, start) => [{name: 'python3, five threads', pid: start(pythonItself(), ['-c', PYTHON])}],
  },
  {
    name: 'java',
    needs: ['java', 'javac'],
    start: async (place, start) => {
      writeFileSync(join(place, 'Idle.java'), JAVA);
      execFileSync('javac', ['Idle.java'], {cwd: place});
      return [{name: 'java', pid: start('java', ['-Xmx256m', '-cp', place, 'Idle'])}];
    },
  },
  {
    name: 'go',
    needs: ['go'],
    start: async (place, start) => {
      writeFileSync(join(place, 'idle.go'), GO);
      const env = {...process.env, GOCACHE: join(place, 'cache'), GO111MODULE: 'off'};
      execFileSync('go', ['build', 'idle.go'], {cwd: place, env});
      return [{name: 'go', pid: start(join(place, 'idle'), [])}];
    },
  },
  {
    name: 'chromium',
    needs: ['chromium'],
    start: async (place, start) => {
      const args = ['--headless', '--no-sandbox', '--remote-debugging-port=0', `--user-data-dir=${place}`];
      const browser = start('chromium', [...args, 'data:text/html,<p>x'], {env: {...process.env, HOME: place}});
      const ours = (type: string): Promise<number> =>
        waitFor(type, (words) => words.includes(`--type=${type}`) && words.some((word) => word.includes(place)));
      const [gpu, renderer] = [await ours('gpu-process'), await ours('renderer')];
      return [
        {name: 'chromium, browser', pid: browser},
        {name: 'chromium, renderer', pid: renderer},
        {name: 'chromium, GPU', pid: gpu},
      ];
    },
  },
  {
    name: 'redis',
    needs: [REDIS],
    start: async (place, start) => {
      const socket = join(place, 'socket');
      return [
        {
          name: 'redis',
          pid: start(REDIS, ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', place]),
        },
      ];
    },
  },
  {
    name: 'postgresql',
    needs: ['initdb'],
    start: async (place, start) => {
      const ids = process.getuid?.() === 0 ? (idsOf('postgres') ?? idsOf('nobody')) : undefined;
      if (ids) chownSync(place, ids.uid, ids.gid);
      const data = join(place, 'data');
      const [bin, options] = [postgresFolder(), {...ids, cwd: place}];
      const words = ['-D', data, '-A', 'trust', '-N', '--no-instructions'];
      execFileSync(`${bin}initdb`, words, {...options, stdio: 'ignore'});
      const server = start(`${bin}postgres`, ['-D', data, '-k', place, '-h', ''], options);
      const checkpointer = await waitFor(
        'a server process',
        (title, parent) => title[0] === 'postgres:' && title.includes('checkpointer') && parent === server,
      );
      return [
        {name: 'postgres, server', pid: server},
        {name: 'postgres, checkpointer', pid: checkpointer},
      ];
    },
  },
  {
    name: 'nginx',
    needs: [NGINX],
    start: async (place, start) => {
      writeFileSync(join(place, 'conf'), NGINX_CONF(place));
      const master = start(NGINX, ['-p', place, '-c', join(place, 'conf')]);
      const worker = await waitFor('a worker', (words, parent) => words[0] === 'nginx:' && parent === master);
      return [
        {name: 'nginx, master', pid: master},
        {name: 'nginx, worker', pid: worker},
      ];
    },
  },
];

/** What `python3` is a script or a link to. */
export const pythonItself = (): string =>
  execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {encoding: 'utf8'}).trim();

/**
 * Starts a fleet, does something with its processes, and ends them.
 *
 * @returns undefined if a program is not installed
 */
export async function withFleet<Result>(
  fleet: Fleet,
  use: (members: readonly Member[]) => Promise<Result>,
): Promise<Result | undefined> {
  const isThere = (need: string): boolean => (need === 'initdb' ? postgresFolder() !== '' : isInstalled(need));
  if (!fleet.needs.every(isThere)) return undefined;
  const place = mkdtempSync(join(tmpdir(), 'memmap-fleet-'));
  const groups: Array<{readonly pid: number; readonly ended: Promise<unknown>}> = [];
  try {
    const members = await fleet.start(place, (command, args, options = {}) => {
      const child = spawn(command, args, {stdio: 'ignore', detached: true, cwd: place, ...options});
      groups.push({pid: child.pid!, ended: once(child, 'exit')});
      return child.pid!;
    });
    return await use(members);
  } finally {
    for (const {pid, ended} of groups) {
      process.kill(-pid, 'SIGKILL');
      await ended;
    }
    rmSync(place, {recursive: true, force: true, maxRetries: 5});
  }
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
