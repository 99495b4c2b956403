import type {Change} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {pageSizeHere} from '../../procfs/pages/pagemap.ts';
import type {Call, Fault, TraceEnd, TraceEvent, Watching} from '../../trace/events.ts';
import {fileFacts} from '../../trace/file-facts.ts';
import {PtraceTrace} from '../../trace/ptrace/trace.ts';
import {Trace} from '../../trace/trace.ts';
import {Code} from './code.ts';
import {Entries} from './entries.ts';
import {hasFailed} from './ledger/effect.ts';
import {type Between, Question} from './explain.ts';
import {CodeFiles} from './files.ts';
import type {Frames} from './fold.ts';
import type {CauseCall, CauseEnd, CauseNews, Explained, TouchedPage, WhyNot} from './news.ts';
import {Notes} from './notes.ts';
import {Sharers} from './sharers.ts';
import {type CallStack, Stacks} from './stacks.ts';

export interface CauseOptions {
  /** Watches page faults too. */
  readonly touched: boolean;
  /** What of a stack is shown. */
  readonly frames: Frames;
  /** Each call is reported, not only those of changes. */
  readonly tellsCalls: boolean;
  /** By what calls are seen. */
  readonly engine?: CauseEnd['engine'] | undefined;
  /** Where procfs is mounted. */
  readonly root?: string | undefined;
}

/** One of this many page faults is reported: the share of each stack is right within a point, at no cost. */
const FAULTS_EVERY = 32;

/** ms within which execve(2) must be reported. */
const EXEC_TIME = 200;

/** Watches the memory calls of a process, and says whose its changes are. */
export class CauseTrace {
  readonly #pid: number;
  readonly #options: CauseOptions;
  readonly #trace: Watching;
  readonly #files: CodeFiles;
  readonly #code: Code;
  readonly #stacks: Stacks;
  readonly #page = pageSizeHere();
  /** performance.now() → CLOCK_MONOTONIC and the time of day, all in ms. */
  readonly #monotonic = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  readonly #wall = Date.now() - Number(process.hrtime.bigint()) / 1e6;
  readonly #notes: Notes;
  readonly #counts = {whole: 0, cut: 0, jit: 0, none: 0};
  #early: TraceEvent[] | undefined = [];
  readonly #entries: Entries;
  #newStacks: CallStack[] = [];
  #newCalls: CauseCall[] = [];
  readonly #told = new WeakSet<CauseCall>();
  #newPages: TouchedPage[] = [];
  #lastId = 0;
  #is32Bit = false;
  readonly #sharers: Sharers;
  #bytes = {changed: 0, explained: 0};
  #ended: Promise<TraceEnd> | undefined;

  private constructor(pid: number, options: CauseOptions, trace: Watching, inbox: Inbox) {
    this.#pid = pid;
    this.#options = options;
    this.#trace = trace;
    this.#entries = new Entries(this.#page, {
      onCall: (call) => this.#tell(call),
      onTouch: (page) => {
        if (options.tellsCalls) this.#newPages.push(page);
      },
    });
    this.#sharers = new Sharers(options.root ?? '/proc');
    this.#notes = new Notes(this.#sharers);
    this.#files = new CodeFiles(pid, options.root);
    this.#code = new Code(this.#files);
    this.#stacks = new Stacks(this.#code, this.#files, (stack) => {
      if (options.tellsCalls) this.#newStacks.push(stack);
    });
    inbox.take = (event) => {
      if (event.pid === pid) this.#take(event);
      else if (event.kind === 'fork' && event.parent.pid === pid) this.#notes.children++;
    };
    for (const event of inbox.early) inbox.take(event);
  }

  /**
   * Begins to watch. What happens from now on is known; `begin` says what there was before.
   *
   * @throws Trouble `gone`; `denied` with the reason where it can't be watched
   */
  static async start(pid: number, options: CauseOptions): Promise<CauseTrace> {
    const inbox: Inbox = {early: []};
    const onEvent = (event: TraceEvent): void => (inbox.take ? inbox.take(event) : void inbox.early.push(event));
    const trace =
      options.engine === 'ptrace'
        ? await PtraceTrace.start(pid, {onEvent}, options.root)
        : await Trace.start(pid, {onEvent, ...(options.touched && {faultsEvery: FAULTS_EVERY})});
    return new CauseTrace(pid, options, trace, inbox);
  }

  /** @param began when the snapshot began to be read, performance.now() */
  begin(snapshot: Snapshot, began: number): void {
    this.#open(snapshot);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) if (event.time >= this.#ns(began)) this.#take(event);
  }

  /** A look saw another program. Where the kernel didn't tell of it, what there is now counts as there before. */
  async exec(snapshot: Snapshot, {began, ended}: Between): Promise<void> {
    // The new memory is there a moment before the kernel tells of it.
    for (const end = performance.now() + EXEC_TIME; ;) {
      await this.#trace.sync();
      this.#entries.enter(this.#ns(began));
      const next = this.#entries.execs > 0 ? undefined : this.#entries.nextExec;
      if (next !== undefined) this.#entries.enter(next + 1);
      if (this.#entries.execs > 0 || performance.now() > end) break;
    }
    const isTold = this.#entries.execs > 0;
    this.#entries.execs = 0;
    // What is told of this look has what the program did until it was read.
    if (isTold) {
      this.#entries.enter(this.#ns(ended));
      if (this.#is32Bit) this.#entries.ledger.begun();
      return;
    }
    this.#notes.isHidden();
    this.#open(snapshot);
  }

  /** Another look, in which nothing changed. */
  look({snapshot, began}: Look): void {
    this.#entries.enter(this.#ns(began));
    this.#entries.reconcile(snapshot.table, this.#ns(began));
  }

  /**
   * Whose are these changes?
   *
   * @param look what was read, and when
   * @param since when the look that it is compared with began; of flags, when those were read
   * @param isOver the process had ended when it was read
   */
  async explain(
    changes: readonly Change[],
    look: Look,
    since: {readonly maps: number; readonly flags: number},
    isOver = false,
  ): Promise<ReadonlyMap<Change, Explained>> {
    await this.#trace.sync();
    // What was done before a call was lost may have been undone by that.
    const lostUntil = await this.#trace.lostUntil();
    const sinceOf = ({kind}: Change): number => this.#ns(kind === 'flagged' ? since.flags : since.maps);
    const isShared = this.#sharers.since(this.#ns(Math.min(since.maps, since.flags)), this.#ns(performance.now()));
    const questions = changes
      .filter(({kind}) => kind !== 'touched')
      .map((change) => new Question(change, Math.max(sinceOf(change), lostUntil), isShared));
    // What was so when the look began; then, call by call, what came while it was read, or came back from the kernel
    // only after it, having done its work before.
    this.#entries.enter(this.#ns(look.began));
    for (const question of questions) question.ask(this.#entries.ledger);
    this.#entries.enterAsking(questions.filter(({isOpen}) => isOpen));
    if (questions.some(({isOpen}) => isOpen)) {
      await this.#trace.sync();
      this.#entries.enterAsking(questions.filter(({isOpen}) => isOpen));
    }
    const exit = isOver ? this.#made('exit', {tid: this.#pid, time: this.#ns(look.began)}) : undefined;
    const whyOf = (change: Change): WhyNot =>
      lostUntil > sinceOf(change) ? 'lost-events' : isShared ? 'other-process' : 'unknown';
    const found = new Map(
      questions.map((question) => {
        const {change} = question;
        return [change, question.answer(this.#entries.ledger, exit ?? whyOf(change))];
      }),
    );
    let unexplained = 0;
    for (const explained of found.values()) {
      this.#cite(explained);
      unexplained += explained.unexplained;
    }
    this.#entries.reconcile(look.snapshot.table, this.#ns(look.began), unexplained > 0);
    this.#entries.forget(this.#ns(since.flags));
    return found;
  }

  /** What there is to tell since the last time. */
  async news(of?: ReadonlyMap<Change, Explained>, isEnd = false): Promise<CauseNews> {
    const end = isEnd ? await this.#end() : undefined;
    const [stacks, calls, pages] = [this.#newStacks, this.#newCalls, this.#newPages];
    [this.#newStacks, this.#newCalls, this.#newPages] = [[], [], []];
    const timeOf = (ns: number): string => new Date(this.#wall + ns / 1e6).toISOString();
    const {ledger, tally} = this.#entries;
    return {
      stacks,
      calls,
      timeOf,
      frames: this.#options.frames,
      kept: this.#options.tellsCalls && !this.#early ? tally.keptNews() : undefined,
      touched: pages,
      held: this.#early ? undefined : () => [...ledger.held],
      of,
      end,
    };
  }

  /** All that happened up to now is entered: the process has ended. */
  async settle(): Promise<void> {
    await this.#trace.sync();
    if (!this.#early) this.#entries.enter(Infinity);
  }

  /** Ends it. It may be called twice. */
  async close(): Promise<void> {
    await this.#stop();
  }

  #stop(): Promise<TraceEnd> {
    this.#ended ??= this.#trace.stop().finally(() => this.#files.close());
    return this.#ended;
  }

  async #end(): Promise<CauseEnd> {
    const {calls, lost, faults} = await this.#stop();
    if (!this.#early) this.#entries.enter(Infinity);
    const {fault: _fault, ...memory} = calls;
    return {
      engine: this.#options.engine ?? 'perf',
      calls: memory,
      lost,
      stacks: this.#counts,
      ...(faults && {touched: faults}),
      ...this.#bytes,
      peak: this.#entries.tally.peak,
      shares: this.#entries.tally.shares,
      // What is said at the start and of a later program may be the same.
      notes: [...new Set([...this.#trace.notes, ...this.#notes.all])],
    };
  }

  #open(snapshot: Snapshot): void {
    const regions = [...snapshot.table].filter(({name}) => name !== '[vsyscall]');
    this.#code.clear();
    this.#code.begin(regions);
    const heap = regions.findLast(({name}) => name === '[heap]')?.end;
    const brk = heap ?? snapshot.clues?.marks?.startBrk;
    const ranges = regions.map(({start, end}) => ({start, end}));
    this.#entries.open({brk, regions: ranges});
    this.#entries.tally.settle();
  }

  readonly #ns = (ms: number): number => (ms + this.#monotonic) * 1e6;

  #take(event: TraceEvent): void {
    if (this.#early) return void this.#early.push(event);
    const {tid, time} = event;
    switch (event.kind) {
      case 'call':
        this.#takeCall(event);
        break;
      case 'mapped':
        this.#code.put(event);
        this.#entries.add({is: 'report', time, report: event, cause: this.#made('stack growth', event)});
        break;
      case 'fault':
        this.#takeFault(event);
        break;
      case 'shared':
        this.#sharers.add(event);
        break;
      case 'exec':
        this.#code.clear();
        this.#sharers.clear();
        this.#lookAtProgram();
        this.#entries.add({is: 'exec', time, tid, cause: this.#made('execve', event)});
        break;
      case 'exit':
        this.#entries.add({is: 'exit', time, tid});
        break;
      case 'fork':
        this.#entries.add({is: 'birth', time, tid});
        break;
    }
  }

  /** The kernel reports no calls of a 32-bit program; the tracer says so itself. */
  #lookAtProgram(): void {
    const {root = '/proc', engine} = this.#options;
    this.#is32Bit = engine !== 'ptrace' && fileFacts(`${root}/${this.#pid}/exe`).is32Bit;
    if (this.#is32Bit) this.#notes.is32Bit();
  }

  #takeCall(event: Call): void {
    const {name, args, result, tid, time} = event;
    const call = {name, args, result, tid, time};
    const {stack, inferred} = this.#stacks.of(event, tid);
    const counts = this.#counts;
    if (!stack) counts.none++;
    else if (stack.hasUnnamedCode) counts.jit++;
    else if (stack.end === 'root') counts.whole++;
    else counts.cut++;
    if (name === 'munmap' && args && !hasFailed(call)) {
      const start = Number(args[0]);
      this.#code.remove({start, end: start + Math.ceil(Number(args[1]) / this.#page) * this.#page});
    }
    this.#entries.add({is: 'call', time, call, cause: {...this.#made(name, event), args, result, stack, inferred}});
  }

  #takeFault(event: Fault): void {
    const {stack} = this.#stacks.of(event, event.tid);
    const {address, time, every, pageSize: size = this.#page} = event;
    this.#entries.add({
      is: 'fault',
      time,
      page: {address: Math.floor(address / size) * size, size, every, time, stack},
    });
  }

  #made(name: string, {tid, time}: {readonly tid: number; readonly time: number}): CauseCall {
    const id = ++this.#lastId;
    return {id, name, args: undefined, result: undefined, tid, time, stack: undefined, inferred: false};
  }

  #tell(call: CauseCall): void {
    this.#told.add(call);
    if (this.#options.tellsCalls) this.#newCalls.push(call);
  }

  /** Each call that is a cause is reported, also what is not a system call, or failed. */
  #cite({causes, unexplained}: Explained): void {
    for (const {call, bytes} of causes) {
      this.#bytes.explained += bytes;
      this.#bytes.changed += bytes;
      call.done ??= {what: call.name === 'exit' ? 'unmapped' : 'mapped', start: 0, end: 0, bytes};
      if (!this.#told.has(call)) this.#tell(call);
    }
    this.#bytes.changed += unexplained;
  }
}

/** A sample, and when it was taken. */
type Look = Between & {readonly snapshot: Snapshot};

interface Inbox {
  readonly early: TraceEvent[];
  take?: (event: TraceEvent) => void;
}
