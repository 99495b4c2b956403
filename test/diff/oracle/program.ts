import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import type {Range} from '../../../src/model/change.ts';

/** A call that the program made, and on which bytes. A call on no memory has an empty range. */
export interface Call extends Range {
  readonly name: string;
  /** 0, or the errno as a negative number. */
  readonly result: number;
}

/** What lies at a page, as the program knows it. */
export interface Page {
  /** `r`, `w` and `x`, as maps prints them. */
  readonly access: string;
  /** Anonymous, shared anonymous, a private or a shared file. */
  readonly type: 'a' | 's' | 'p' | 'f';
  /** A file and a page of it; 0 where there is none. */
  readonly file: number;
  readonly at: number;
  /** Which memory it is: mremap(2) takes the identity along, and what is mapped anew has a new one. */
  readonly id: number;
}

/** What the program says of its memory. */
export interface Told {
  readonly pages: ReadonlyMap<number, Page>;
  readonly brk: number;
}

export const PAGE = 4096;

/** Compiles the program. @returns where it is; the folder is the caller's to remove */
export function compiled(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'memmap-oracle-'));
  execFileSync('gcc', ['-O1', '-w', '-o', `${folder}/oracle`, 'test/programs/oracle.c']);
  return folder;
}

/** A running test/programs/oracle.c. */
export class Oracle {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;
  /** The windows in which it works: its arena and its heap. */
  windows: readonly Range[] = [];

  private constructor(folder: string, seed: number) {
    this.#folder = mkdtempSync(path.join(folder, 'files-'));
    this.#process = spawn(`${folder}/oracle`, [String(seed), this.#folder], {stdio: ['pipe', 'pipe', 'inherit']});
    this.#lines = createInterface({input: this.#process.stdout!})[Symbol.asyncIterator]();
  }

  static async start(folder: string, seed: number): Promise<Oracle> {
    const oracle = new Oracle(folder, seed);
    await oracle.#ready();
    return oracle;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Lets it make operations at random. */
  async do(count: number): Promise<{calls: Call[]; told: Told}> {
    this.#process.stdin!.write(`do ${count}\n`);
    const calls: Call[] = [];
    const pages = new Map<number, Page>();
    for (;;) {
      const [what, ...words] = (await this.#line()).split(' ');
      if (what === '.') throw new Error('no break was told');
      if (what === 'o') {
        const [name, start, end, result] = words as [string, string, string, string];
        calls.push({name, start: hex(start), end: hex(end), result: Number(result)});
      } else if (what === 's') addRun(pages, words);
      else {
        await this.#line();
        await this.#waits();
        return {calls, told: {pages, brk: hex(words[0]!)}};
      }
    }
  }

  /** Lets it execute itself anew. */
  async exec(): Promise<void> {
    this.#process.stdin!.write('exec\n');
    await this.#ready();
  }

  end(): void {
    this.#process.kill('SIGKILL');
    rmSync(this.#folder, {recursive: true, force: true});
  }

  async #ready(): Promise<void> {
    const [, ...borders] = (await this.#line()).split(' ');
    const [a, b, c, d] = borders.map(hex) as [number, number, number, number];
    this.windows = [
      {start: a, end: b},
      {start: c, end: d},
    ];
    await this.#waits();
  }

  /** Until it waits in read(2): until then it may still write to its own stack. */
  async #waits(): Promise<void> {
    while (!/\) S /.test(readFileSync(`/proc/${this.pid}/stat`, 'latin1'))) await new Promise(setImmediate);
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done) throw new Error('the program ended');
    return next.value;
  }
}

const hex = (word: string): number => Number.parseInt(word, 16);

function addRun(pages: Map<number, Page>, words: readonly string[]): void {
  const [start, end] = words.slice(0, 2).map(hex) as [number, number];
  const [prot, file, at, id] = [words[2], ...words.slice(4)].map(Number) as [number, number, number, number];
  const access = `${prot & 1 ? 'r' : '-'}${prot & 2 ? 'w' : '-'}${prot & 4 ? 'x' : '-'}`;
  for (let page = start, turn = 0; page < end; page += PAGE, turn++)
    pages.set(page, {access, type: words[3] as Page['type'], file, at: file === 0 ? 0 : at + turn, id: id + turn});
}
