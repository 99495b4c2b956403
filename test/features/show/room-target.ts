import {execFileSync} from 'node:child_process';
import {chmodSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';

export type RowName = 'mapping' | 'reserving' | 'brk' | 'stack' | 'locked' | 'regions' | 'touching';

interface Limit {
  readonly name: string;
  readonly value?: number | null;
  readonly used?: number;
  readonly left: number | null;
  readonly mode?: number;
  readonly path?: string;
}

interface Row {
  readonly used?: number;
  readonly left?: number | null;
  readonly precision?: string;
  readonly binding?: Limit;
  readonly others: readonly Limit[];
  readonly unknown: readonly string[];
}

export type Room = Readonly<Record<RowName, Row>>;

/** What room.c is asked for each row. */
const QUESTIONS = {mapping: 'mmap', reserving: 'reserve', brk: 'brk', stack: 'stack', locked: 'lock'} as const;

/** A C program (room.c) that finds out how much room the kernel really gives. */
export class RoomTarget {
  readonly #child: Child;
  readonly pid: number;

  private constructor(child: Child, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /**
   * @param wrap what starts it: `['prlimit', '--as=…']`
   * @param flags of the compiler
   */
  static async launch(
    t: ExecutionContext,
    wrap: readonly string[] = [],
    flags: readonly string[] = [],
  ): Promise<RoomTarget> {
    const place = folder(t);
    chmodSync(place, 0o755);
    execFileSync('gcc', ['-O1', ...flags, '-o', `${place}/room`, 'test/features/show/room.c']);
    const child = new Child(t, 'env', [...wrap, `${place}/room`]);
    return new RoomTarget(child, Number(await child.line()));
  }

  /** Does something that succeeds. */
  async act(t: ExecutionContext, question: string): Promise<void> {
    t.is(await this.#child.ask(question), '0', question);
  }

  /** The bytes that it really gets. */
  async real(row: keyof typeof QUESTIONS): Promise<number> {
    return Number(await this.#child.ask(QUESTIONS[row]));
  }

  /** How many of `most` regions it can make. */
  async regions(most: number): Promise<number> {
    return Number(await this.#child.ask(`regions ${most}`));
  }

  /** Touches memory, and says on the way how many bytes it has touched. @returns the last that it said */
  async touch(size: number): Promise<number> {
    let last = 0;
    try {
      for (let next = await this.#child.ask(`touch ${size}`); ; next = await this.#child.line()) {
        last = Number(next);
        if (last >= size) return last;
      }
    } catch {
      return last; // It was killed.
    }
  }
}

/** What `show --json` says. @param args more of them */
export async function roomOf(t: ExecutionContext, pid: number, ...args: string[]): Promise<Room> {
  const {stdout, stderr, code} = await memmap(['show', String(pid), '--json', ...args]);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as {room: Room};
  conforms(t, 'snapshot', document);
  return document.room;
}
