import {fromLatin1, hasText, latin1, utf8} from '../scan.ts';
import {logLine} from './line.ts';
import {chargeIn, machineIn, smallestBlock, statIn, swapIn} from './memory.ts';
import type {Charge, OomReport, OomScope, Victim} from './report.ts';
import {columnsIn, taskOf, taskRow, victimIn, type TaskRow} from './tasks.ts';

/** Is there a report of the kernel's OOM killer in a log? Only its text is looked for. */
export const hasOomReport = (bytes: Uint8Array): boolean => MARKS.some((mark) => hasText(bytes, mark));

const MARKS = [' invoked oom-killer: ', 'oom-kill:constraint=', 'ut of memory: Kill', 'no killable processes'];

/** Bytes of a line that are looked at: the kernel cuts lines at 1 KiB, but logs may add a lot. */
const LONGEST = 4096;

/** Reports of one log that are read: of more, the last ones. */
const MOST = 1000;

/** All reports of a log, in its order. */
export function oomReports(bytes: Uint8Array): OomReport[] {
  const reports: Draft[] = [];
  let line = 0;
  for (let at = 0; at < bytes.length;) {
    line++;
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.length : newline;
    const raw = latin1(bytes, at, Math.min(end, at + LONGEST));
    at = end + 1;
    if (!MAY_SAY.test(raw) && !reports.at(-1)?.isOpen) continue;
    take(reports, utf8(fromLatin1(raw)), line);
    if (reports.length > MOST) reports.shift();
  }
  return reports.map((draft) => draft.finish());
}

/** What a line must have that can begin a report. */
const MAY_SAY = /oom|memory/i;

function take(reports: Draft[], raw: string, line: number): void {
  const {text, at} = logLine(raw);
  const invoked = INVOKED.exec(text);
  if (invoked) {
    const [, name, mask, gfp, order, scoreAdj] = invoked;
    const draft = new Draft(line, at, true);
    draft.invoker = {
      name: name!,
      gfp: gfp ?? mask!,
      order: Number(order),
      ...(scoreAdj !== undefined && {scoreAdj: Number(scoreAdj)}),
    };
    reports.push(draft);
    return;
  }
  let draft = reports.at(-1);
  if (!draft?.isOpen || (draft.hasKilled && BEGINS.test(text))) {
    // The log begins, or lost lines, in the middle of a report.
    if (!BEGINS.test(text)) return;
    reports.push((draft = new Draft(line, at, false)));
  }
  draft.line(text, line);
}

const INVOKED =
  /^(.*?) invoked oom-killer: gfp_mask=(0x[\da-f]+)(?:\(([^)]*)\))?,(?:.*?)\border=(-?\d{1,9})\b(?:,.*?oom_score_adj=(-?\d{1,9})\b)?/;

/** What only a report has, and what may be the first that is left of it. */
const BEGINS =
  /oom-kill:constraint=|^Tasks state \(memory values|\[ *pid *\] +uid +tgid|^(?:Memory cgroup o|O)ut of memory: Kill|^Memory cgroup stats for |no killable processes/;

/** Lines after which nothing more of a report comes: in a log that runs for days, others follow. */
const MOST_LINES = 100_000;

/** A report while it is read. */
class Draft {
  invoker: OomReport['invoker'];
  readonly victims: Victim[] = [];
  readonly #first: number;
  readonly #at: string;
  readonly #hasBegin: boolean;
  readonly #charges: Record<string, Charge> = {};
  readonly #stat: Record<string, number> = {};
  readonly #pages: Record<string, number> = {};
  readonly #bytes: Record<string, number> = {};
  readonly #rows: TaskRow[] = [];
  #columns: readonly string[] | undefined;
  #scope: OomScope = 'unknown';
  #cgroup: string | undefined;
  #taskCgroup: string | undefined;
  #failure: string | undefined;
  #block: number | undefined;
  #chosen: {readonly pid: number; readonly score: number} | undefined;
  #isInStat = false;
  #isGroup = false;
  #last: number;

  constructor(line: number, at: string, hasBegin: boolean) {
    this.#first = line;
    this.#last = line;
    this.#at = at;
    this.#hasBegin = hasBegin;
  }

  /** Is it at its end? With memory.oom.group all of a cgroup are killed, and each is reported. */
  get hasKilled(): boolean {
    return this.victims.length > 0 && !this.#isGroup;
  }

  get isOpen(): boolean {
    return this.#last - this.#first < MOST_LINES;
  }

  line(text: string, number: number): void {
    this.#last = number;
    if (this.#kill(text) || this.#cause(text) || this.#tasks(text)) return;
    this.#memory(text);
  }

  #kill(text: string): boolean {
    const victim = victimIn(text);
    if (victim) {
      const isChosen = this.#chosen?.pid === victim.pid;
      if (!this.victims.some(({pid}) => pid === victim.pid))
        this.victims.push({...victim, ...(isChosen && {score: this.#chosen!.score})});
      // Where no line says more: until Linux 4.18 there is no other.
      if (this.#scope === 'unknown' && /^(?:Memory cgroup o|O)ut of memory: Killed/.test(text))
        this.#scope = text.startsWith('Memory') ? 'cgroup' : 'unknown';
      return true;
    }
    const chosen =
      /^(Memory cgroup o|O)ut of memory.*: Kill process (\d{1,10}) \(.*\) score (\d{1,20}) or sacrifice child/.exec(
        text,
      );
    if (chosen) {
      this.#chosen = {pid: Number(chosen[2]), score: Number(chosen[3])};
      if (this.#scope === 'unknown') this.#scope = chosen[1]!.startsWith('Memory') ? 'cgroup' : 'machine';
      return true;
    }
    if (!/no killable processes|^Kernel panic - not syncing: (?:Out of memory|System is deadlocked)/.test(text))
      return false;
    this.#failure = text;
    return true;
  }

  #cause(text: string): boolean {
    const constraint = /^oom-kill:constraint=CONSTRAINT_(\w+),(.*)$/.exec(text);
    if (constraint) {
      this.#scope = SCOPES[constraint[1]!] ?? 'unknown';
      this.#cgroup = /,oom_memcg=(.*?),task_memcg=/.exec(`,${constraint[2]}`)?.[1] ?? this.#cgroup;
      this.#taskCgroup = /,task_memcg=(.*?),task=/.exec(`,${constraint[2]}`)?.[1];
      return true;
    }
    const limit = /^Task in (.*) killed as a result of limit of (.*)$/.exec(text);
    if (limit) {
      [this.#taskCgroup, this.#cgroup] = [limit[1]!, limit[2]!];
      this.#scope = 'cgroup';
      return true;
    }
    const stats = /^Memory cgroup stats(?: for (.*?))?:(.*)$/.exec(text);
    if (stats) {
      // Of a cgroup with children, older kernels print one after another: the first is the one at its limit.
      this.#isInStat = Object.keys(this.#stat).length === 0;
      this.#cgroup ??= stats[1];
      if (this.#scope === 'unknown') this.#scope = 'cgroup';
      if (this.#isInStat) Object.assign(this.#stat, statIn(stats[2]!));
      return true;
    }
    if (/^Tasks in .* are going to be killed due to memory\.oom\.group set/.test(text)) this.#isGroup = true;
    const charge = chargeIn(text);
    if (charge) this.#charges[charge[0]] ??= charge[1];
    if (charge && this.#scope === 'unknown') this.#scope = 'cgroup';
    return charge !== undefined;
  }

  #tasks(text: string): boolean {
    const columns = columnsIn(text);
    if (columns) {
      this.#columns = columns;
      this.#isInStat = false;
      return true;
    }
    const row = this.#columns && this.victims.length === 0 ? taskRow(text, this.#columns) : undefined;
    if (row) this.#rows.push(row);
    return row !== undefined;
  }

  #memory(text: string): void {
    if (text.startsWith('Mem-Info:')) this.#isInStat = false;
    const stat = this.#isInStat ? statIn(text) : undefined;
    if (stat) Object.assign(this.#stat, stat);
    else if (this.#isInStat && text !== '') this.#isInStat = false;
    Object.assign(this.#pages, machineIn(text));
    Object.assign(this.#bytes, swapIn(text));
    this.#block ??= smallestBlock(text);
  }

  finish(): OomReport {
    const [pageSize, isPageAssumed] = this.#pageSize();
    const machine = Object.fromEntries(Object.entries(this.#pages).map(([name, count]) => [name, count * pageSize]));
    const isOfMachine = Object.keys(machine).length > 0;
    const scope = this.#scope === 'unknown' && isOfMachine ? 'machine' : this.#scope;
    return {
      at: this.#at,
      line: this.#first,
      ...(this.invoker && {invoker: this.invoker}),
      scope,
      ...(this.#cgroup !== undefined && {cgroup: this.#cgroup}),
      ...(this.#taskCgroup !== undefined && {taskCgroup: this.#taskCgroup}),
      charges: this.#charges,
      memory: isOfMachine ? {...machine, ...this.#bytes} : this.#stat,
      tasks: this.#rows.map((row) => taskOf(row, pageSize)),
      victims: this.victims,
      ...(this.#failure !== undefined && {failure: this.#failure}),
      pageSize,
      isPageAssumed,
      isCut: !this.#hasBegin || (this.victims.length === 0 && this.#failure === undefined),
    };
  }

  /** The victim is in the table in pages, and in its own line in kB; the allocator's smallest block is a page. */
  #pageSize(): [size: number, isAssumed: boolean] {
    for (const {pid, size = 0} of this.victims) {
      const pages = this.#rows.find(({numbers}) => numbers['pid'] === pid)?.numbers['total_vm'] ?? 0;
      const bytes = Math.round(size / pages);
      if (pages > 0 && PAGES.has(bytes)) return [bytes, false];
    }
    if (this.#block !== undefined && PAGES.has(this.#block)) return [this.#block, false];
    return [4096, true];
  }
}

/** Pages of 4, 8, 16, 64 and 256 KiB. */
const PAGES: ReadonlySet<number> = new Set([4, 8, 16, 64, 256].map((kib) => kib * 1024));

const SCOPES: Readonly<Record<string, OomScope>> = {
  NONE: 'machine',
  MEMCG: 'cgroup',
  CPUSET: 'cpuset',
  MEMORY_POLICY: 'mempolicy',
};
