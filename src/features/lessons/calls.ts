import type {Change} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {CauseTrace} from '../cause/cause.ts';
import type {Between} from '../cause/explain.ts';
import {pathOf} from '../cause/fold.ts';
import type {Explained} from '../cause/news.ts';

/** What calls of one kind, from one place, did to a change. */
export interface Doing {
  /** The name of the system call. */
  readonly call: string;
  /** Functions, from the one that made the call outwards. */
  readonly path: readonly string[];
  /** Bytes of the change that are theirs. */
  readonly bytes: number;
}

/** Who made each change. */
export type Doings = ReadonlyMap<Change, readonly Doing[]>;

/** A snapshot, and when it was read: ms of performance.now(). */
export interface Look extends Between {
  readonly snapshot: Snapshot;
}

/** Watches the memory calls of a lesson's helper. */
export class CallWatch {
  readonly #trace: CauseTrace;

  private constructor(trace: CauseTrace) {
    this.#trace = trace;
  }

  /**
   * @param root where procfs is mounted
   * @returns or why calls can't be watched, and what would give it
   */
  static async start(pid: number, root: string | undefined): Promise<CallWatch | string> {
    try {
      return new CallWatch(await CauseTrace.start(pid, {touched: false, frames: 'own', tellsCalls: false, root}));
    } catch (error) {
      if (!(error instanceof Trouble) || error.kind !== 'denied') throw error;
      return `${error.why} ${error.next}`.replace(/\.$/, '');
    }
  }

  /** @param look of the process before what is asked for */
  begin({snapshot, began}: Look): void {
    this.#trace.begin(snapshot, began);
  }

  /** @param before the look that `changes` are counted from; @param after the one that they were seen in */
  async doingsOf(changes: readonly Change[], before: Look, after: Look): Promise<Doings> {
    const explained = await this.#trace.explain(changes, after, {maps: before.began, flags: before.began});
    return new Map([...explained].map(([change, of]) => [change, doings(of)]));
  }

  async close(): Promise<void> {
    await this.#trace.close();
  }
}

/** Calls that came the same way are one, the most bytes first. */
function doings({causes}: Explained): Doing[] {
  const found = new Map<string, Doing>();
  for (const {call, bytes} of causes) {
    const path = call.stack ? pathOf(call.stack, call.name, 'own') : [];
    const key = [call.name, ...path].join('\0');
    found.set(key, {call: call.name, path, bytes: (found.get(key)?.bytes ?? 0) + bytes});
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes);
}

/** Were they the same ones? */
export const areSame = (a: readonly Doing[], b: readonly Doing[]): boolean =>
  a.length === b.length &&
  a.every((one) => b.some((other) => doingText(one) === doingText(other) && one.bytes === other.bytes));

/** `mmap: read_body ← handle_request`. */
export const doingText = ({call, path}: Doing): string => `${call}: ${path.join(' ← ')}`;
