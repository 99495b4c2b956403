import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {closeSync, openSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {oneBatch} from '../fuzz/worker.ts';
import {MANY} from './rows-live.ts';
import {done, refused, type Row, type Scene} from './scene.ts';

/** Files and pipes that are too long, endless, or of another kind. */
export const INPUT_ROWS: readonly Row[] = [
  {
    id: '37',
    fault: 'malformed lines, random bytes',
    how: '3,000 inputs of the fuzzer in the process (`npm run fuzz` for more), 1 MiB of random bytes to show',
    expected: '6, or 5 with the number of each line',
    needs: ['slow'],
    run: async (scene) => {
      const seed = Date.now() % 2 ** 31;
      const reports = [0, 1, 2].map((batch) => oneBatch(seed, batch, 1000));
      assert.deepEqual(
        reports.flatMap(({findings}) => findings),
        [],
      );
      const file = join(scene.folder(), 'random');
      writeFileSync(file, randomBytes(1 << 20));
      refused(await scene.memmap(['show', file]), 6, /not a listing/);
      return `seed ${seed}: nothing found; random bytes: 6`;
    },
  },
  {
    id: '38',
    fault: 'a file of 10 GB, an endless line, /dev/zero, /proc/kcore',
    how:
      'show of a sparse file; of yes with and without newlines, of /dev/zero as a file and as a pipe; of 300 MB of ' +
      'lines without meaning; of 200 MB of JSON; of /proc/kcore; memory measured',
    expected: '6, bounded memory',
    needs: ['python3', 'slow'],
    run: huge,
  },
  {
    id: 'A5',
    fault: 'JSON of 1,000,000 brackets, of 10,000,000 digits, with __proto__ keys',
    how: 'show of each, and as a field of a snapshot',
    expected: '6; memory bounded',
    needs: ['python3', 'slow'],
    run: async (scene) => {
      const depth = '['.repeat(1e6);
      const documents = [
        `{"schema":${depth}`,
        `{"schema":${depth}${']'.repeat(1e6)}}`,
        `{"schema":"memmap.snapshot/1","regions":${depth}${']'.repeat(1e6)}}`,
        `{"schema":${'9'.repeat(1e7)}}`,
        `{"__proto__":{"schema":"memmap.snapshot/1","regions":[]}}`,
        `{"schema":"${'x'.repeat(1e7)}"}`,
      ];
      const file = join(scene.folder(), 'deep.json');
      const seen: Measured[] = [];
      for (const document of documents) {
        writeFileSync(file, document);
        seen.push(await measured(scene, ['show', file]));
      }
      return summary(seen, 500);
    },
  },
  {
    id: '39',
    fault: 'a gzip bomb',
    how: 'show of 256 MiB packed into 261 kB',
    expected: '6: gzip is not read',
    run: async (scene) => {
      const file = join(scene.folder(), 'bomb.gz');
      writeFileSync(file, gzipSync(Buffer.alloc(1 << 24)));
      return refused(await scene.memmap(['show', file]), 6, /not a listing/).slice(0, 43);
    },
  },
  {
    id: '40',
    fault: 'as many regions as the kernel allows (65,530)',
    how: 'a process of 65,400 regions: show, show --json, snapshot, watch',
    expected: '0, memory bounded',
    needs: ['python3', 'slow'],
    run: async (scene) => {
      const child = await scene.python(MANY(65_400, 'time.sleep(900)'));
      const pid = String(child.pid);
      const seen: Measured[] = [];
      for (const args of [
        ['show', pid, '--max-stall', '10s'],
        ['snapshot', pid, '--max-stall', '10s'],
        ['watch', pid, '--count', '3', '--interval', '50ms'],
      ]) {
        seen.push(await measured(scene, args, 0));
      }
      return summary(seen, 600);
    },
  },
  {
    id: 'A6',
    fault: 'a FIFO without a writer as the target',
    how: 'each command that reads a file: SIGINT after 1 s',
    expected: 'it waits for a writer, as cat(1) does, and Ctrl-C ends it at once',
    needs: ['slow'],
    run: async (scene) => {
      const fifo = join(scene.folder(), 'fifo');
      execFileSync('mkfifo', [fifo]);
      const calls = [
        'show',
        'snapshot',
        `diff ${fifo}`,
        'explain',
        'replay',
        'report',
        'export',
        'growth',
        'check --no rwx',
      ];
      for (const call of calls) {
        const {code} = await scene.bash(`timeout -s INT -k 2 1 $MEMMAP ${call} "$1"`, [fifo]);
        assert.equal(code, 124, `${call}: SIGINT did not end it, or it did not wait`);
      }
      return `${calls.length} commands wait, and end with SIGINT`;
    },
  },
];

interface Measured {
  readonly code: number;
  readonly ms: number;
  /** MiB. */
  readonly most: number;
  readonly stderr: string;
}

/** Runs memmap from Python, which can ask the kernel how much memory it used at most. */
async function measured(scene: Scene, args: readonly string[], expected = 6, input = ''): Promise<Measured> {
  const code = `
import json, resource, subprocess, sys, time
begin = time.monotonic()
source = subprocess.Popen(["sh", "-c", sys.argv[1]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) if sys.argv[1] else None
ran = subprocess.Popen(sys.argv[2:], stdin=source.stdout if source else subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
if source: source.stdout.close()
error = ran.stderr.read(); usage = __import__("os").wait4(ran.pid, 0)
if source: source.kill()
print(json.dumps({"code": usage[1] >> 8 if usage[1] & 127 == 0 else 128 + (usage[1] & 127), "ms": round((time.monotonic() - begin) * 1000), "most": round(usage[2].ru_maxrss / 1024), "stderr": error.decode()}))`;
  const {stdout, stderr} = await scene.bash('exec python3 -c "$@"', [
    code,
    input,
    process.execPath,
    `${process.cwd()}/bin/run.js`,
    ...args,
  ]);
  assert.equal(stderr, '');
  const result = JSON.parse(stdout) as Measured;
  assert.equal(result.code, expected, `${args.join(' ')}: ${result.code} ${result.stderr}`);
  if (expected === 6) refused({...result, stdout: '', signal: null}, 6, /./);
  return result;
}

const summary = (seen: readonly Measured[], limit: number): string => {
  const [most, longest] = [Math.max(...seen.map(({most}) => most)), Math.max(...seen.map(({ms}) => ms))];
  assert.ok(most < limit, `${most} MiB`);
  return `${[...new Set(seen.map(({code}) => code))].join(', ')}; at most ${most} MiB and ${longest} ms`;
};

async function huge(scene: Scene): Promise<string> {
  const sparse = join(scene.folder(), 'sparse');
  const fd = openSync(sparse, 'w');
  writeSync(fd, 'x', 10 * 2 ** 30 - 1);
  closeSync(fd);
  const seen = [await measured(scene, ['show', sparse]), await measured(scene, ['show', '/dev/zero'])];
  for (const input of ['yes | tr -d "\\n"', 'cat /dev/zero', 'yes'])
    seen.push(await measured(scene, ['show', '-'], 6, input));
  const nonsense = join(scene.folder(), 'nonsense');
  execFileSync('sh', [
    '-c',
    'yes | head -c 300000000 > "$1"; yes "{}," | head -c 200000000 > "$1.json"; sed -i "1s/^/{\\"a\\":[/" "$1.json"',
    'sh',
    nonsense,
  ]);
  for (const file of [nonsense, `${nonsense}.json`]) seen.push(await measured(scene, ['show', file]));
  if (process.getuid?.() === 0) seen.push(await measured(scene, ['show', '/proc/kcore']));
  done(await scene.memmap(['show', '/proc/self/maps']));
  return summary(seen, 600);
}
