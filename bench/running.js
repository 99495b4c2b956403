import {spawn} from 'node:child_process';
import {readFileSync, readdirSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {environment} from './command.js';

/**
 * ms of processor time that all threads of a process had so far. /proc/PID/schedstat counts ns, where stat has ticks of
 * 10 ms.
 */
export function cpuOf(pid) {
  const folder = `/proc/${pid}/task`;
  const ns = readdirSync(folder).map((tid) =>
    Number(readFileSync(`${folder}/${tid}/schedstat`, 'latin1').split(' ')[0]),
  );
  return ns.reduce((sum, value) => sum + value, 0) / 1e6;
}

/**
 * Commands that run on and on, and are measured from outside, a while at a time: between its turns a command is stopped
 * (SIGSTOP), so that several that look at the same process don't disturb each other.
 */
export class Running {
  #child;
  #said = '';

  constructor(words) {
    this.#child = spawn(words[0], words.slice(1), {stdio: ['ignore', 'ignore', 'pipe'], env: environment});
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#said += text));
  }

  /** Lets it warm up, then stops it. */
  async warmUp(ms) {
    await sleep(ms);
    this.#mustRun();
    this.pause();
  }

  /** Lets it continue while something is measured. */
  async during(measure) {
    this.#child.kill('SIGCONT');
    try {
      return await measure();
    } finally {
      this.#mustRun();
      this.pause();
    }
  }

  pause() {
    this.#child.kill('SIGSTOP');
  }

  /** ms of processor time of all its threads so far. */
  cpu() {
    return cpuOf(this.#child.pid);
  }

  /** The bytes that it has read so far. */
  read() {
    return Number(/^rchar: (\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/io`, 'latin1'))[1]);
  }

  /** The peak of its resident memory, in MiB. */
  peak() {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'latin1'))[1]) / 1024;
  }

  stop() {
    this.#child.kill('SIGKILL');
  }

  #mustRun() {
    const {exitCode, signalCode, spawnargs} = this.#child;
    if (exitCode !== null || signalCode !== null)
      throw new Error(`${spawnargs.join(' ')} ended: ${exitCode ?? signalCode} ${this.#said}`);
  }
}

/**
 * After a moment to find its pace again: how fast a number grows, per second.
 *
 * @param clock in ms; a special clock may leave out what must not count
 */
export async function rate(ms, measure, clock = () => performance.now()) {
  await sleep(150);
  const [from, begin] = [measure(), clock()];
  await sleep(ms);
  return ((measure() - from) / (clock() - begin)) * 1000;
}
