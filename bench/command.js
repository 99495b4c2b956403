import {spawnSync} from 'node:child_process';
import {accessSync, constants} from 'node:fs';
import {fileURLToPath} from 'node:url';

export const NODE = process.execPath;
export const MEMMAP = [NODE, fileURLToPath(new URL('../bin/run.js', import.meta.url))];
export const inner = (name) => fileURLToPath(new URL(`inner/${name}`, import.meta.url));

/**
 * A user's environment. NODE_EXTRA_CA_CERTS would slow each start of Node 20 down by 77 ms, ours and the bare one,
 * which would make our ratio look better than it is.
 */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(NODE_EXTRA_CA_CERTS|NODE_OPTIONS|NODE_ENV|NODE_V8_COVERAGE|FORCE_COLOR|NO_COLOR)$/.test(name),
  ),
);

/**
 * A whole process, from its start to its end. Its output is discarded.
 *
 * @param codes exit codes that it may have
 * @returns a function that runs it once: `ms` by the clock, and `cpu`, the ms of the processor that all its threads had
 */
export const timed =
  (words, codes = [0]) =>
  () =>
    time(words, codes, '/dev/null');

/**
 * The same, with its output going through a pipe to a reader, as it does in scripts; the reader's processor time is not
 * counted. /dev/null won't do: GNU diff checks whether it writes there, and then stops at the first difference.
 */
export const timedInPipe =
  (words, codes = [0]) =>
  () =>
    time(words, codes, '>(cat > /dev/null)');

/**
 * Bash starts it, since Node does not say what a child cost: `time` has that from wait4(2), with all threads, those of
 * V8's collector too. Bash itself is in neither of the times.
 */
function time(words, codes, output) {
  const script =
    `TIMEFORMAT='%U %S'; b=$EPOCHREALTIME; time "$@" > ${output} 2> /dev/null; c=$?; echo "$b $EPOCHREALTIME $c" ` +
    '>&2';
  const {error, stderr} = spawnSync('bash', ['-c', script, 'bash', ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {...environment, LC_ALL: 'C'},
    encoding: 'utf8',
  });
  if (error) throw error;
  const [user, system, begin, end, code] = stderr.trim().split(/\s+/).map(Number);
  if (!codes.includes(code)) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`);
  return {ms: (end - begin) * 1000, cpu: (user + system) * 1000};
}

/** Runs a command once, to check that it does what is to be measured. @returns its standard output */
export function outputOf(words, codes = [0]) {
  const {error, status, stdout, stderr} = spawnSync(words[0], words.slice(1), {
    env: environment,
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error || !codes.includes(status)) throw error ?? new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** Where a program is; undefined if it isn't there. */
export function find(name) {
  const places = (process.env.PATH ?? '').split(':').map((folder) => `${folder}/${name}`);
  return places.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
