import {execFileSync} from 'node:child_process';
import {chmodSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {Child} from '../../helpers/child.ts';
import {memmap, type Ran} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';

interface Amounts {
  readonly shared: number;
  readonly copied: number;
  readonly siblings: number;
  readonly own: number;
}

interface Place extends Amounts {
  readonly range: {readonly start: string; readonly end: string};
  readonly name: string;
  readonly kind: string;
  readonly saved: number;
  readonly by: Readonly<Record<string, number>>;
}

export interface CowDocument {
  readonly parent: {readonly pid: number; readonly shared: number; readonly alone: number} | null;
  readonly members: ReadonlyArray<Amounts & {readonly pid: number; readonly forked: boolean}>;
  readonly kinds: Readonly<Record<string, Amounts>>;
  readonly regions: readonly Place[];
  readonly saved: number;
  readonly exact: boolean;
  readonly rate?: {
    readonly copiedPerMin: number;
    readonly copied: number;
    readonly ms: number;
    readonly by: Readonly<Record<string, number>>;
    readonly regions: ReadonlyArray<{readonly range: Place['range']; readonly copied: number}>;
    readonly ended: readonly number[];
  };
  readonly notes: readonly string[];
}

/** What `memmap cow --json` prints. @param run how memmap is run */
export async function cowOf(
  t: ExecutionContext,
  args: readonly string[],
  run: (args: readonly string[]) => Promise<Ran> = memmap,
): Promise<CowDocument> {
  const {stdout, stderr, code} = await run(['cow', ...args, '--json']);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as CowDocument;
  conforms(t, 'cow', document);
  return document;
}

/** The C program workers.c. */
export class Workers {
  readonly child: Child;
  readonly pids: readonly number[];
  /** Where the region is that is written to, and where the one that is only read. */
  readonly start: string;
  readonly zeros: string;

  private constructor(child: Child, line: string) {
    const words = line.split(' ');
    this.child = child;
    this.pids = [child.pid, ...words.slice(0, -2).map(Number)];
    [this.start, this.zeros] = words.slice(-2).map((word) => `0x${word}`) as [string, string];
  }

  /** @param wrap what starts it: `['setpriv', …]` */
  static async start(
    t: ExecutionContext,
    count: number,
    pages: number,
    {wrap = [], more = []}: {readonly wrap?: readonly string[]; readonly more?: readonly string[]} = {},
  ): Promise<Workers> {
    const place = folder(t);
    chmodSync(place, 0o755);
    execFileSync('gcc', ['-O1', '-o', `${place}/workers`, 'test/features/cow/workers.c']);
    const child = new Child(t, 'env', [...wrap, `${place}/workers`, String(count), String(pages), ...more]);
    return new Workers(child, await child.line());
  }

  get pid(): number {
    return this.child.pid;
  }

  async act(what: 'write' | 'free' | 'end', who: number, from = 0, count = 0): Promise<void> {
    await this.child.ask(`${what} ${who} ${from} ${count}`);
  }

  /** What is said of the region; undefined if nothing is. */
  in({regions}: CowDocument): Place | undefined {
    return regions.find(({range}) => range.start === this.start);
  }
}
