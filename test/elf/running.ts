import {spawn, type ChildProcess} from 'node:child_process';
import {EventEmitter, once} from 'node:events';
import {readFileSync} from 'node:fs';

/** One line of /proc/PID/maps, without device and inode. */
export interface MapsLine {
  readonly range: string;
  readonly perms: string;
  readonly offset: string;
  readonly name: string;
}

/** How a process ended: its code, or the name of the signal. */
export type End = number | NodeJS.Signals | 'not started';

/** A helper that was started and speaks with us over pipes. */
export class Running {
  readonly end: Promise<End>;
  readonly #child: ChildProcess;
  #said = '';
  /** Says `news` when it has said something. */
  readonly #news = new EventEmitter();
  #ended = false;

  constructor(path: string, args: readonly string[]) {
    const child = spawn(path, args, {stdio: ['pipe', 'pipe', 'ignore']});
    this.#child = child;
    // What it no longer reads is no fault of the test: how it ended is what counts.
    child.stdin?.on('error', () => {});
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#said += text;
      this.#news.emit('news');
    });
    this.end = new Promise((resolve) => {
      child.on('error', () => resolve('not started'));
      child.on('close', (code, signal) => resolve(code ?? signal ?? 'not started'));
    });
    void this.end.then(() => (this.#ended = true));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The next line it says, or undefined if it ends before. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const newline = this.#said.indexOf('\n');
      if (newline >= 0) {
        const line = this.#said.slice(0, newline);
        this.#said = this.#said.slice(newline + 1);
        return line;
      }
      if (this.#ended) return undefined;
      await Promise.race([once(this.#news, 'news'), this.end]);
    }
  }

  /** One byte: it takes its next step. */
  step(): void {
    this.#child.stdin?.write('\n');
  }

  /** The end of its input. */
  close(): void {
    this.#child.stdin?.end();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Its mappings now. None if it is gone. */
  maps(): MapsLine[] {
    return readProc(this.pid, 'maps')
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [range = '', perms = '', offset = '', , , name = ''] = line.split(/ +/);
        return {range, perms, offset, name};
      });
  }

  /** The smaps counters of one mapping now, in kB. */
  counters(range: string): Record<string, number> {
    const smaps = readProc(this.pid, 'smaps');
    const lines = smaps
      .slice(smaps.indexOf(`${range} `))
      .split('\n')
      .slice(1);
    const next = lines.findIndex((line) => /^[\da-f]+-/.test(line));
    const fields = lines.slice(0, next < 0 ? undefined : next).map((line) => /^(\w+): +(\d+) kB$/.exec(line));
    return Object.fromEntries(fields.flatMap((field) => (field ? [[field[1], Number(field[2])]] : [])));
  }
}

/** The five mappings of the program itself, in the tutorial and here. */
export const LAYOUT: readonly Omit<MapsLine, 'name'>[] = [
  {range: '00400000-00401000', perms: 'r--p', offset: '00000000'},
  {range: '00401000-00404000', perms: 'r-xp', offset: '00001000'},
  {range: '00404000-00405000', perms: 'r--p', offset: '00004000'},
  {range: '00406000-00407000', perms: 'rw-p', offset: '00005000'},
  {range: '00407000-00408000', perms: 'rw-p', offset: '00000000'},
];

/** The first five mappings, without their names. */
export function firstFive(lines: readonly MapsLine[]): Omit<MapsLine, 'name'>[] {
  return lines.slice(0, 5).map(({range, perms, offset}) => ({range, perms, offset}));
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
