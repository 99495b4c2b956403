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

/** A whole process, from its start to its end, in ms. Its output is discarded. @param codes exit codes that it may have */
export const timed =
  (words, codes = [0]) =>
  () =>
    time(words, codes);

/**
 * The same, with its output going through a pipe to a reader, as it does in scripts; sh and cat are in the time of all
 * contenders. /dev/null won't do: GNU diff checks whether it writes there, and then stops at the first difference.
 */
export const timedInPipe = (words) => () => time(['sh', '-c', '"$@" | cat > /dev/null', 'sh', ...words], [0]);

function time(words, codes) {
  const begin = performance.now();
  const {error, status} = spawnSync(words[0], words.slice(1), {stdio: 'ignore', env: environment});
  const ms = performance.now() - begin;
  if (error || !codes.includes(status)) throw error ?? new Error(`${words.join(' ')} ended with ${status}`);
  return ms;
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
