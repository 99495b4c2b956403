import type {Owner} from './ledger/books.ts';
import type {CauseCall, KeptNews, Share} from './news.ts';
import type {CallStack} from './stacks.ts';

interface Entry {
  readonly name: string;
  readonly stack: CallStack | undefined;
  calls: number;
  mapped: number;
  kept: number;
  atPeak: number;
  touched: number;
}

/** What is not a call. */
const OTHERS: Readonly<Partial<Record<Owner<unknown>['by'], string>>> = {
  growth: 'stack growth',
  exec: 'execve',
  kernel: 'driver',
  unknown: 'unknown',
  before: 'before',
};

/** Adds up, by stack, what was mapped and what is left of it. To the byte, as the ledger is. */
export class Tally {
  #entries = new Map<string, Entry>();
  /** Since the last time that most was mapped: whose share has changed. */
  #changed = new Set<Entry>();
  /** Who has more or less since it was last reported; all, the first time. */
  readonly #untold = new Set<Entry>();
  #isTold = false;
  #deltas: Array<{readonly entry: Entry; readonly bytes: number}> = [];
  #total = 0;
  #isAtPeak = false;
  peak = 0;

  /** What an owner has becomes more or less; counted with the other changes of the same call (`settle`). */
  keep({by, cause}: Owner<CauseCall>, bytes: number): void {
    this.#deltas.push({entry: this.#entry(OTHERS[by] ?? cause?.name ?? 'unknown', cause?.stack), bytes});
  }

  /** A call was entered: all that it changed is reported. */
  settle(): void {
    const net = this.#deltas.reduce((sum, {bytes}) => sum + bytes, 0);
    if (net < 0 && this.#isAtPeak) this.#markPeak();
    for (const {entry, bytes} of this.#deltas) {
      entry.kept += bytes;
      this.#changed.add(entry);
      this.#untold.add(entry);
    }
    this.#deltas = [];
    this.#total += net;
    if (this.#total <= this.peak) return;
    this.peak = this.#total;
    this.#isAtPeak = true;
  }

  /** Bytes that a call mapped. */
  map({name, stack}: CauseCall, bytes: number): void {
    const entry = this.#entry(name, stack);
    entry.calls++;
    entry.mapped += bytes;
  }

  /** Bytes that became resident. */
  touch(name: string, stack: CallStack | undefined, bytes: number): void {
    this.#entry(name, stack).touched += bytes;
  }

  /** What each has now, in bytes, of those who have more or less than when this was asked last; undefined if nobody. */
  keptNews(): KeptNews | undefined {
    const isWhole = !this.#isTold;
    if (!isWhole && this.#untold.size === 0) return undefined;
    const shares = Array.from(this.#untold, ({name, stack, kept}) => ({name, stack, kept}));
    this.#isTold = true;
    this.#untold.clear();
    return {isWhole, shares};
  }

  get shares(): Share[] {
    if (this.#isAtPeak) this.#markPeak();
    return [...this.#entries.values()].map((entry) => ({...entry}));
  }

  #markPeak(): void {
    for (const entry of this.#changed) entry.atPeak = entry.kept;
    this.#changed = new Set();
    this.#isAtPeak = false;
  }

  #entry(name: string, stack: CallStack | undefined): Entry {
    const key = `${name} ${stack?.id ?? ''}`;
    let entry = this.#entries.get(key);
    if (!entry) this.#entries.set(key, (entry = {name, stack, calls: 0, mapped: 0, kept: 0, atPeak: 0, touched: 0}));
    return entry;
  }
}
