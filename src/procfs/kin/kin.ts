import {type FamilySample, type Kin, kinKey, type KinTie} from '../../model/kin/kin.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {Stat} from '../../parse/proc/stat.ts';
import {DEFAULT_MAX_STALL} from '../sampling/budget.ts';
import {childrenIn} from './family.ts';
import {isSame, ProcessHandle} from '../handle.ts';
import {hasMemory, hiddenKin, isOneMemory, kinOf, readMember, type Held, type Read} from './member.ts';
import {KinReader, NOTHING_READ, type Candidate} from './usage.ts';
import {Orphans} from './orphans.ts';

export interface KinOptions {
  readonly root?: string | undefined;
  /** ms that one reading may stall a member: 50 by default. */
  readonly maxStall?: number | undefined;
  /** The part of the time that reading smaps_rollup of all members may take: 0.02 by default, 0 for never. */
  readonly maxDuty?: number | undefined;
  /** Processes that take in this family's orphans alone: their children are family. */
  readonly adopters?: readonly number[] | undefined;
}

/** What following a family cost; times in ms. */
export interface KinCost {
  readonly samples: number;
  readonly ms: number;
  /** Reads of smaps_rollup, which stall the member. */
  readonly usageReads: number;
  readonly usageMs: number;
}

/** A sample may take this part of the time: after one the family is left alone for as long as that takes. */
const DUTY = 0.2;

/**
 * Follows a process and its descendants over time. A member stays one when its parent ends. status, which costs a
 * member nothing, is read in each sample; the counters of smaps_rollup in turn, within one budget for all.
 */
export class KinWatch {
  readonly #first: number;
  readonly #root: string;
  readonly #reader: KinReader;
  readonly #orphans: Orphans;
  readonly #members = new Map<number, Held>();
  #hidden: ReadonlyMap<number, Kin> = new Map();
  #zombies: ReadonlySet<number> = new Set();
  #last: FamilySample | undefined;
  #seen = 0;
  #missed = false;
  #samples = 0;
  #ms = 0;
  #restUntil = 0;

  /** @throws Trouble `gone`, `denied` */
  constructor(pid: number, options: KinOptions = {}) {
    const {root = '/proc', maxStall = DEFAULT_MAX_STALL, maxDuty, adopters = []} = options;
    const handle = new ProcessHandle(pid, root);
    try {
      this.#orphans = new Orphans(pid, handle.stat().session, adopters, root);
    } finally {
      handle.close();
    }
    this.#first = pid;
    this.#root = root;
    this.#reader = new KinReader(root, maxStall, maxDuty);
  }

  get cost(): KinCost {
    const {reads, ms} = this.#reader.cost;
    return {samples: this.#samples, ms: this.#ms, usageReads: reads, usageMs: ms};
  }

  /**
   * Looks at all members, and for new ones.
   *
   * @param t when it is, by the clock of the samples; ms
   * @param snapshot of the first process: if it has counters, they are not read again
   * @param isWhole read the counters of all members now, whatever it costs
   * @returns undefined where the last look was so long that the family is left alone for now, and after the end of all
   */
  look(t: number, snapshot?: Snapshot, isWhole = false): FamilySample | undefined {
    const begin = performance.now();
    if (begin < this.#restUntil && !isWhole) return undefined;
    const before = this.#last;
    try {
      const went = this.#renew();
      this.#discover(before === undefined, isWhole);
      if (this.#members.size === 0) return undefined;
      this.#borrow();
      if (snapshot) this.#take(snapshot, t);
      const read = performance.now();
      this.#reader.read(this.#candidates(snapshot !== undefined), t, isWhole ? Infinity : undefined);
      const now = performance.now();
      this.#restUntil = now + (read - begin) / DUTY;
      const members = [...[...this.#members.values()].map(kinOf), ...this.#hidden.values()];
      return (this.#last = {t, members, ...this.#news(before, members, went), ...this.#tally()});
    } finally {
      this.#samples++;
      this.#ms += performance.now() - begin;
    }
  }

  #tally(): Pick<FamilySample, 'seen' | 'missed' | 'orphans'> {
    return {seen: this.#seen, missed: this.#missed, orphans: this.#orphans.rule};
  }

  #news(before: FamilySample | undefined, members: readonly Kin[], went: readonly Kin[]) {
    const known = new Set(before?.members.map(kinKey));
    const present = new Set(members.map(kinKey));
    const hidden = before?.members.filter((each) => each.missing === 'hidden' && !present.has(kinKey(each))) ?? [];
    return {
      came: before ? members.filter((member) => !known.has(kinKey(member))) : [],
      went: [...went, ...hidden],
    };
  }

  /** Reads the members again. @returns those that have ended, as they were seen last */
  #renew(): Kin[] {
    const went: Kin[] = [];
    const present: Array<readonly [Held, Read]> = [];
    for (const held of this.#members.values()) {
      const now = readMember(held.pid, this.#root);
      if (now && now !== 'hidden' && now.stat.startTime === held.startTime && hasMemory(now)) {
        present.push([held, now]);
        continue;
      }
      this.#members.delete(held.pid);
      const parent = this.#members.get(held.stat.ppid);
      if (parent) parent.ended++;
      went.push(kinOf(held));
    }
    for (const [held, now] of present) this.#renewOne(held, now);
    return went;
  }

  #renewOne(held: Held, {stat, memory}: Read): void {
    if (stat.childFaults > held.stat.childFaults) {
      if (held.ended === 0) this.#missed = true;
      else held.ended--;
    }
    // Another program: what was read of the one before is no longer true.
    if (!isSame(held.stat, stat)) Object.assign(held.usage, NOTHING_READ());
    [held.stat, held.memory] = [stat, memory];
  }

  /** Descends from the members, then from those who have taken orphans in. */
  #discover(isFirstLook: boolean, isWhole: boolean): void {
    const childrenOf = childrenIn(this.#root);
    const hidden = new Map<number, Kin>();
    const zombies = new Set<number>();
    const visited = new Set<number>();
    const visit = (pid: number): void => {
      if (visited.has(pid)) return;
      visited.add(pid);
      for (const child of childrenOf(pid)) {
        add(child, pid, 'child');
        if (this.#members.has(child)) visit(child);
      }
    };
    const add = (pid: number, ppid: number | undefined, tie: KinTie): void => {
      if (this.#members.has(pid)) return;
      const now = readMember(pid, this.#root);
      if (now === 'hidden') hidden.set(pid, hiddenKin(pid, ppid ?? 0, tie));
      if (!now || now === 'hidden' || !isChildOf(now.stat, ppid)) return;
      // One that a scan finds may be older than the first look.
      if (hasMemory(now)) return this.#join(now, tie, isFirstLook || tie === 'session');
      const isNews = !isFirstLook && ppid !== undefined && !this.#zombies.has(pid);
      if (isNews && !this.#wasMember(now.stat)) this.#missed = true;
      zombies.add(pid);
    };
    if (isFirstLook) add(this.#first, undefined, 'first');
    for (const pid of this.#members.keys()) visit(pid);
    for (const {pid, ppid, tie} of this.#orphans.find(childrenOf, isWhole)) {
      add(pid, ppid, tie);
      if (this.#members.has(pid)) visit(pid);
    }
    this.#seen += [...hidden.keys()].filter((pid) => !this.#hidden.has(pid)).length;
    [this.#hidden, this.#zombies] = [hidden, zombies];
  }

  /** @param isOlder it may have begun before the first look */
  #join({stat, memory}: Read, tie: KinTie, isOlder: boolean): void {
    const parent = this.#members.get(stat.ppid);
    const isChild = parent !== undefined && tie !== 'first';
    this.#seen++;
    this.#members.set(stat.pid, {
      pid: stat.pid,
      startTime: stat.startTime,
      tie: isChild ? 'child' : tie,
      depth: tie === 'first' ? 0 : (parent?.depth ?? 0) + 1,
      usage: NOTHING_READ(),
      stat,
      memory,
      ended: 0,
    });
    // It began since the last look, and has waited for a child already.
    if (!isOlder && stat.childFaults > 0) this.#missed = true;
  }

  #wasMember({pid, startTime}: Stat): boolean {
    return this.#last?.members.some((member) => member.pid === pid && member.startTime === startTime) ?? false;
  }

  /** Marks the children that still run in their parent's memory. */
  #borrow(): void {
    for (const held of this.#members.values()) {
      const parent = this.#members.get(held.stat.ppid);
      if (held.usage.missing === 'borrowed') held.usage.missing = undefined;
      if (!parent || !held.stat.isForked || held === parent) continue;
      const lender = readMember(parent.pid, this.#root);
      if (lender && lender !== 'hidden' && isOneMemory(lender, held)) held.usage.missing = 'borrowed';
    }
  }

  /** The session has read the counters of the first process. */
  #take({source, totals, table}: Snapshot, t: number): void {
    const first = this.#members.get(this.#first);
    const pss = totals['pss'];
    if (!first) return;
    const before = first.usage.usage;
    const isNew = source.format === 'smaps' && this.#taken !== table;
    if (!isNew && before) return;
    this.#taken = table;
    first.usage.missing = pss === undefined ? 'spared' : undefined;
    first.usage.usage = {readAt: t, regions: totals.regions, pss, privateDirty: totals['privateDirty']};
  }
  #taken: Snapshot['table'] | undefined;

  #candidates(isFirstGiven: boolean): Candidate[] {
    return [...this.#members.values()]
      .filter(({pid, usage}) => !(isFirstGiven && pid === this.#first) && usage.missing !== 'borrowed')
      .map(({stat, memory, usage}) => ({stat, rss: memory['vmRss'] ?? 0, state: usage}));
  }
}

/** Is it still the child of whose it was listed? Else its PID was given to another process meanwhile. */
const isChildOf = (stat: Stat, ppid: number | undefined): boolean => ppid === undefined || stat.ppid === ppid;
