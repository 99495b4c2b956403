import {readdirSync} from 'node:fs';
import type {KinTie, OrphanRule} from '../../model/kin/kin.ts';
import {parseStat} from '../../parse/proc/stat.ts';
import {DutyBudget} from '../sampling/budget.ts';
import {readIfThere} from '../open.ts';

/** The part of the time that may be spent looking through all processes, and ms that one step of it may take. */
const SCAN_DUTY = 0.02;
const STEP = 10;

/** A process that may be family, though no member is its parent. */
interface Orphan {
  readonly pid: number;
  /** The parent that it must still have; undefined: any. */
  readonly ppid: number | undefined;
  readonly tie: KinTie;
}

/**
 * Finds descendants whose parents ended before they were seen. When a process ends, the kernel gives its children to
 * the nearest ancestor that takes in orphans (PR_SET_CHILD_SUBREAPER of prctl(2)), else to init. What was family is
 * known in two cases: that ancestor is there for this family alone, or the orphan is still in the session that the
 * first process leads. A process is in the session of the one that forked it until it begins its own (setsid(2), as
 * daemons do), so all processes of a session descend from its leader.
 */
export class Orphans {
  readonly rule: OrphanRule;
  readonly #first: number;
  readonly #adopters: readonly number[];
  readonly #root: string;
  readonly #budget = new DutyBudget(SCAN_DUTY);
  /** Processes that were looked at: they can't join the session later. One that reuses a PID in one pass is missed. */
  #known: ReadonlySet<number> = new Set();
  #pass: {readonly pids: readonly number[]; at: number} | undefined;

  /** @param session the session of the first process */
  constructor(first: number, session: number, adopters: readonly number[], root: string) {
    this.rule = adopters.length > 0 ? 'adopters' : session === first ? 'session' : 'none';
    this.#first = first;
    this.#adopters = adopters;
    this.#root = root;
  }

  /** @param childrenOf gives the children of a process by PID; @param isWhole look through all processes at once */
  find(childrenOf: (pid: number) => number[], isWhole: boolean): Orphan[] {
    if (this.rule === 'none') return [];
    if (this.rule === 'session') return this.#scan(isWhole);
    return this.#adopters.flatMap((ppid) => childrenOf(ppid).map((pid): Orphan => ({pid, ppid, tie: 'adopted'})));
  }

  #scan(isWhole: boolean): Orphan[] {
    const begin = performance.now();
    if (!isWhole && !this.#budget.allows(begin)) return [];
    const end = isWhole ? Infinity : begin + STEP;
    this.#pass ??= {pids: this.#unknown(), at: 0};
    const found: Orphan[] = [];
    const {pids} = this.#pass;
    while (this.#pass.at < pids.length && performance.now() < end) {
      const pid = pids[this.#pass.at++]!;
      const stat = parseStat(readIfThere(`${this.#root}/${pid}/stat`) ?? new Uint8Array());
      if (stat?.session === this.#first && pid !== this.#first) found.push({pid, ppid: undefined, tie: 'session'});
    }
    if (this.#pass.at === pids.length) this.#pass = undefined;
    this.#budget.spend(begin, performance.now() - begin);
    return found;
  }

  /** The processes that were not in the pass before; first those whose PIDs were given after the first process's. */
  #unknown(): number[] {
    const all = readdirSync(this.#root).map(Number).filter(Number.isInteger);
    const before = this.#known;
    this.#known = new Set(all);
    const isLater = (pid: number): number => Number(pid > this.#first);
    return all.filter((pid) => !before.has(pid)).sort((a, b) => isLater(b) - isLater(a) || a - b);
  }
}
