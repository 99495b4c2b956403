import type {LedgerCall} from './ledger/effect.ts';
import type {Done, Report} from './ledger/books.ts';
import type {Question} from './explain.ts';
import {Ledger} from './ledger/ledger.ts';
import type {Range} from './ledger/spans.ts';
import type {CauseCall, TouchedPage} from './news.ts';
import {Tally} from './tally.ts';

/** ns: what happened this long ago is in the books, though no sample was taken. */
const OLD = 2_000_000_000;
/** Events that wait for a look at most. */
const MOST_WAITING = 16_384;

/** What happened and is not in the books yet. */
type Waiting = {readonly time: number} & (
  | {readonly is: 'call'; readonly call: LedgerCall; readonly cause: CauseCall}
  | {readonly is: 'report'; readonly report: Report; readonly cause: CauseCall}
  | {readonly is: 'fault'; readonly page: TouchedPage}
  | {readonly is: 'exec' | 'exit' | 'birth'; readonly tid: number; readonly cause?: CauseCall}
);

/** Who is told what goes into the books: each call that did something, and each page fault. */
interface Told {
  readonly onCall: (call: CauseCall) => void;
  readonly onTouch: (page: TouchedPage) => void;
}

/**
 * What happened to the memory of a process, in the order of time: it waits until somebody has looked, and then goes
 * into the books (who last changed each byte) and into the tally (who mapped and touched how much).
 */
export class Entries {
  /** Who last changed each byte. */
  ledger!: Ledger<CauseCall>;
  tally = new Tally();
  /** Programs that began since a look saw one. */
  execs = 0;
  readonly #page: number;
  readonly #on: Told;
  #waiting: Waiting[] = [];

  /** @param page bytes */
  constructor(page: number, on: Told) {
    this.#page = page;
    this.#on = on;
  }

  /** The books of a program begin. @param known what is mapped already; nothing for one that has just begun */
  open(known: Omit<ConstructorParameters<typeof Ledger>[0], 'page'> = {}): void {
    this.tally = new Tally();
    this.ledger = new Ledger<CauseCall>({page: this.#page, ...known}, (owner, bytes) => this.tally.keep(owner, bytes));
  }

  add(entry: Waiting): void {
    this.#waiting.push(entry);
    if (this.#waiting.length > MOST_WAITING) this.enter(entry.time - OLD);
  }

  /** The ledger need not answer any longer for what was long before a time, in ns. */
  forget(time: number): void {
    this.ledger.forget(time - OLD);
  }

  /**
   * What a sample lists, and when it began, in ns: what a call that failed has released is no longer there.
   *
   * @param isUnexplained something changed of which no call is known: what the sample lacks is no longer there either
   */
  reconcile(mapped: Iterable<Range>, began: number, isUnexplained = false): void {
    this.ledger.suspects.reconcile(mapped, began);
    if (isUnexplained) this.ledger.drop(mapped, began);
    this.tally.settle();
  }

  /** When the next program begins that is not entered yet, in ns. */
  get nextExec(): number | undefined {
    return this.#waiting.find(({is}) => is === 'exec')?.time;
  }

  /** Puts into the books what happened before a time, in ns. */
  enter(until: number): void {
    const count = this.#waiting.findIndex(({time}) => time >= until);
    const ready = this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
    for (const each of ready) this.#enterOne(each);
  }

  /** The same, and asks after each what it may have answered, until all is answered. */
  enterAsking(questions: readonly Question[]): void {
    let open = questions;
    let count = 0;
    while (open.length > 0 && count < this.#waiting.length) {
      const each = this.#waiting[count++]!;
      this.#enterOne(each);
      const done = each.is === 'call' ? each.cause.done : undefined;
      const ranges =
        each.is === 'report' ? [each.report] : [...(done ? [done] : []), ...(done?.from ? [done.from] : [])];
      for (const question of open) if (ranges.some((range) => question.concerns(range))) question.ask(this.ledger);
      open = open.filter(({isOpen}) => isOpen);
    }
    this.#waiting.splice(0, count);
  }

  #enterOne(each: Waiting): void {
    switch (each.is) {
      case 'call':
        return this.#enterCall(each.call, each.cause);
      case 'report':
        this.ledger.report(each.report, each.cause);
        break;
      case 'fault':
        this.tally.touch('fault', each.page.stack, each.page.size * each.page.every);
        this.#on.onTouch(each.page);
        break;
      case 'exit':
        this.ledger.exit(each.tid);
        break;
      case 'birth':
        this.ledger.birth(each.tid, each.time);
        break;
      case 'exec':
        // The memory of the program before says nothing of the one that runs now.
        this.execs++;
        this.open();
        this.ledger.exec(each.tid, each.cause);
        break;
    }
    this.tally.settle();
  }

  #enterCall(call: LedgerCall, cause: CauseCall): void {
    const done = this.ledger.call(call, cause);
    if (done) {
      cause.done = done;
      const size = mappedBy(done);
      if (size > 0) this.tally.map(cause, size);
      if (size > 0 && isPopulating(call)) this.tally.touch('mmap', cause.stack, size);
      this.#on.onCall(cause);
    }
    this.tally.settle();
  }
}

/** Bytes that became mapped by a call. */
function mappedBy({what, start, end, from, parts}: Done): number {
  if (what === 'mapped') return (parts ?? [{start, end}]).reduce((sum, part) => sum + part.end - part.start, 0);
  return what === 'moved' && from ? Math.max(0, end - start - (from.end - from.start)) : 0;
}

const MAP_POPULATE = 0x8000n;

/** The pages are there when it returns, and nobody takes a fault for them: mmap(2). */
const isPopulating = ({name, args}: LedgerCall): boolean =>
  name === 'mmap' && ((args?.[3] ?? 0n) & MAP_POPULATE) !== 0n;
