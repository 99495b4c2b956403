import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {processes} from '../classify/real.ts';
import {until} from '../helpers/wait.ts';

export const PID = 4242;

/**
 * A folder in the form of /proc with one process, which can be made to look as if it held the lock of its memory map: a thread
 * in state D, and a maps that lets nobody read it. A FIFO without a writer does that.
 */
export class LockedRoot {
  readonly path: string;
  readonly #place: string;

  constructor(folder: string) {
    this.path = folder;
    this.#place = `${folder}/${PID}`;
    mkdirSync(`${this.#place}/task/${PID}`, {recursive: true});
    this.sleep('S');
    this.put('maps', readFileSync('test/fixtures/maps/sleep.txt'));
    for (const folder of ['.', `task/${PID}`]) writeFileSync(`${this.#place}/${folder}/wchan`, 'folio_wait_bit_common');
  }

  put(file: string, bytes: string | Uint8Array): void {
    execFileSync('rm', ['-f', `${this.#place}/${file}`]);
    writeFileSync(`${this.#place}/${file}`, bytes);
  }

  /** A FIFO takes the place of a file: opening it waits. */
  block(file: string): void {
    execFileSync('sh', ['-c', 'rm -f "$1" && mkfifo "$1"', 'sh', `${this.#place}/${file}`]);
  }

  /** @param switches how often the thread has switched so far */
  sleep(state: string, switches = 7): void {
    const stat = readFileSync('test/fixtures/proc/sleep-stat.txt', 'latin1');
    const status = readFileSync('test/fixtures/proc/sleep-status.txt', 'latin1');
    for (const folder of [this.#place, `${this.#place}/task/${PID}`]) {
      replace(`${folder}/stat`, stat.replace(/^\d+/, String(PID)).replace(/\) [A-Z] /, `) ${state} `));
      const text = status.replace(/^voluntary_ctxt_switches:.*$/m, `voluntary_ctxt_switches:\t${switches}`);
      replace(`${folder}/status`, text);
    }
  }

  lock(): void {
    this.sleep('D');
    this.block('maps');
  }
}

/** Waits until a process has a child: memmap's asks whether the lock is free. */
export const hasChild = (pid: number): Promise<boolean> =>
  until(() => processes().some(({parent}) => parent === pid), `a child of ${pid}`).then(Boolean);

/** Whoever reads it meanwhile sees the old text or the new one. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, 'latin1');
  renameSync(`${path}.new`, path);
}
