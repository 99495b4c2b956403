import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {closeSync, ftruncateSync, openSync, readFileSync, readSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {write} from '../dist/elf/file/write.js';
import {folder} from './folder.js';
import {targetProgram} from './target-program.js';

/** The program is x86-64 code; elsewhere the cases that need a process with that many regions say so. */
export const canRunTargets = process.arch === 'x64';

let made = 0;

/**
 * Starts a process with about this many regions.
 *
 * @param regions a few of its own are added: headers, code, stack, vdso, …
 * @param does `still`, `toggling` or `cycling`; target-program.js says what that is
 */
export async function startTarget(regions, does = 'still') {
  const name = join(folder(), `memmap-bench-target-${++made}`);
  const counter = openSync(`${name}.count`, 'w+');
  ftruncateSync(counter, 4096);
  const buildId = (file) => createHash('sha1').update(file).digest();
  writeFileSync(name, write(targetProgram(regions, does), buildId), {mode: 0o700});
  const child = spawn(name, [], {stdio: ['pipe', 'pipe', 'ignore', counter]});
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('close', (code, signal) => reject(new Error(`the target ended: ${code ?? signal}`)));
  });
  const count = Buffer.alloc(8);
  return {
    pid: child.pid,
    name,
    /** How many cycles it has done so far. */
    cycles: () => Number((readSync(counter, count, 0, 8, 0), count.readBigUInt64LE())),
    /**
     * The ms that passed, without those in which it was ready to run but had no processor, since other work had them
     * all.
     */
    clock: () => performance.now() - Number(readFileSync(`/proc/${child.pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6,
    stop: () => (closeSync(counter), child.kill('SIGKILL')),
  };
}
