import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {until} from '../../helpers/wait.ts';

/** The least and the most of a figure over a time, in bytes. */
type Span = readonly [least: number, most: number];

/** What mallinfo2 said over a time. */
export interface Told {
  readonly system: Span;
  readonly free: Span;
  readonly mmapped: Span;
  readonly samples: number;
}

/** Says what malloc itself says of programs that were started with `env` (oracle.c). */
export class BooksOracle {
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;

  /** @param place a folder for the library and its answers @param before libraries that come before it */
  constructor(place: string, before: readonly string[] = []) {
    const library = join(place, 'oracle.so');
    this.#folder = join(place, 'oracle');
    mkdirSync(this.#folder, {recursive: true, mode: 0o777});
    execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-pthread', '-o', library, 'test/features/heap/oracle.c']);
    this.env = {LD_PRELOAD: [...before, library].join(' '), MEMMAP_ORACLE: this.#folder};
  }

  /** Does something, and says between what malloc's figures were meanwhile. */
  async during<Result>(
    pid: number,
    act: () => Promise<Result>,
  ): Promise<{readonly told: Told; readonly result: Result}> {
    const fifo = join(this.#folder, String(pid));
    const out = `${fifo}.out`;
    await until(() => existsSync(fifo), `the oracle of ${pid}`);
    writeFileSync(fifo, 'b');
    await until(() => existsSync(out), 'its first sample');
    const result = await act();
    rmSync(out);
    writeFileSync(fifo, 'e');
    const text = await until(() => existsSync(out) && readFileSync(out, 'utf8'), 'its answer');
    rmSync(out);
    const numbers = text.trim().split(' ').map(Number);
    const span = (at: number): Span => [numbers[at]!, numbers[at + 1]!];
    return {told: {system: span(0), free: span(2), mmapped: span(4), samples: numbers[6]!}, result};
  }
}

/** How far a figure lies outside, in bytes; 0 inside. */
export const outside = (figure: number, [least, most]: Span): number => Math.max(0, least - figure, figure - most);
