import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {Child} from '../../helpers/child.ts';
import {folder} from '../../helpers/listings.ts';

/** mallinfo2 of mallinfo(3), as the target itself calls it. */
interface Mallinfo {
  readonly arena: number;
  readonly uordblks: number;
  readonly fordblks: number;
  readonly keepcost: number;
  readonly hblks: number;
  readonly hblkhd: number;
}

/** A C program with a heap of a certain form (target.c), which tells what malloc says of it. */
export class HeapTarget {
  readonly pid: number;
  readonly #child: Child;

  private constructor(child: Child, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /** @param how the form; @param flags of the compiler; @param env variables beside ours */
  static async launch(
    t: ExecutionContext,
    how: string,
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<HeapTarget> {
    const program = join(folder(t), 'target');
    execFileSync('gcc', ['-O1', '-pthread', ...flags, '-o', program, 'test/features/heap/target.c']);
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const child = new Child(t, 'env', [...variables, program, how]);
    const pid = Number(/^ready (\d+)$/.exec(await child.line())![1]);
    return new HeapTarget(child, pid);
  }

  /** `system` of malloc_info(3): of each arena, and of all. */
  async systems(): Promise<{readonly arenas: readonly number[]; readonly all: number}> {
    const text = (await this.#ask('i')).join('\n');
    const sizes = [...text.matchAll(/<system type="current" size="(\d+)"/g)].map(([, size]) => Number(size));
    return {arenas: sizes.slice(0, -1), all: sizes.at(-1)!};
  }

  /** Bytes of address space that the heaps of each arena may use, in all of them: `mprotect` of malloc_info(3). */
  async usable(): Promise<readonly number[]> {
    const text = (await this.#ask('i')).join('\n');
    const sizes = [...text.matchAll(/<aspace type="mprotect" size="(\d+)"/g)].map(([, size]) => Number(size));
    return sizes.slice(0, -1);
  }

  async mallinfo(): Promise<Mallinfo> {
    const [line] = await this.#ask('m');
    const [arena, uordblks, fordblks, , keepcost, hblks, hblkhd] = line!.split(' ').map(Number);
    return {
      arena: arena!,
      uordblks: uordblks!,
      fordblks: fordblks!,
      keepcost: keepcost!,
      hblks: hblks!,
      hblkhd: hblkhd!,
    };
  }

  /** Calls malloc_trim(0). @returns bytes of anonymous memory that went */
  async trim(): Promise<number> {
    return Number((await this.#ask('t'))[0]);
  }

  /** How many rounds the threads have done that allocate without pause. */
  async rounds(): Promise<number> {
    return Number((await this.#ask('r'))[0]);
  }

  /** Writes the size 0 into the header of a chunk. @returns its address, in hex */
  async corrupt(): Promise<string> {
    return (await this.#ask('c'))[0]!;
  }

  /** Addresses in chunks: one in use, one in the tcache, in a fastbin, free, and in the top. */
  async addresses(): Promise<readonly string[]> {
    return (await this.#ask('a'))[0]!.split(' ');
  }

  async #ask(letter: string): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.#child.ask(letter); line !== 'end'; line = await this.#child.line()) lines.push(line);
    return lines;
  }
}
