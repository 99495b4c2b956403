import {spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {MEMMAP} from '../../helpers/cli.ts';
import {until} from '../../helpers/wait.ts';

/**
 * Runs the leak with `run --cause --record`, round by round: each begins when the changes of the one before were seen.
 *
 * @param file the recording, by which that is known
 */
export async function driven(
  t: ExecutionContext,
  {leak, file, flags, rounds}: {leak: string; file: string; flags: readonly string[]; rounds: number},
): Promise<void> {
  const words = ['run', '--cause', '--interval', '20ms', '--record', file, ...flags, '--', leak];
  const child = spawn(process.execPath, [MEMMAP, ...words], {stdio: ['pipe', 'ignore', 'ignore']});
  t.teardown(() => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const changes = (): number => (existsSync(file) ? readFileSync(file, 'utf8').split('"event":"causes"').length : 0);
  await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('"event":"kept"'), 'the first moment');
  for (let round = 0; round < rounds; round++) {
    const before = changes();
    child.stdin.write('\n');
    await until(() => changes() > before, 'a change');
  }
  child.stdin.end();
  t.is(await ended, 0);
}
