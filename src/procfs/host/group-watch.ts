import {statSync} from 'node:fs';
import {billOf, type Group, type GroupName, pssShmemOf} from '../../model/group/group.ts';
import {amountsOf, type GroupAmounts, type GroupSample} from '../../model/group/sample.ts';
import {type ProcessRow, sumOf} from '../../model/host/processes.ts';
import {Trouble} from '../../model/trouble.ts';
import {isInGroup, parseCgroup} from '../../parse/proc/cgroup.ts';
import {readIfThere} from '../open.ts';
import {DEFAULT_MAX_DUTY, DEFAULT_MAX_STALL, DutyBudget} from '../sampling/budget.ts';
import {findGroup, type FoundGroup, pidsIn, readGroup} from './group.ts';
import {lookAtHost} from './host.ts';
import {DEFAULT_BUDGET} from './reader.ts';

interface GroupWatchOptions {
  readonly root: string;
  /** ms that one reading may hold up a member: 50 by default. */
  readonly maxStall?: number | undefined;
  /** The part of the time that reading the counters of all members may take: 0.02 by default, 0 for never. */
  readonly maxDuty?: number | undefined;
}

/** What following a group cost; ms. */
export interface GroupCost {
  readonly samples: number;
  readonly ms: number;
  /** Samples at which the counters of the members were read, and for how long that held them up, all together. */
  readonly reads: number;
  readonly stallMs: number;
}

/**
 * Follows a cgroup. Its own files and the members' status hold up nobody, and are read in each sample; the members'
 * counters (PSS, private dirty) only for a part of the time.
 */
export class GroupWatch {
  /** As it was seen last. */
  group: Group;
  /** Does memmap run in it, and count in its usage? It is never one of its processes. */
  readonly hasUs: boolean;
  readonly #found: FoundGroup;
  readonly #inode: number;
  readonly #options: GroupWatchOptions;
  readonly #budget: DutyBudget;
  #members: ReadonlyMap<number, ProcessRow> | undefined;
  #pssShmem: number | undefined;
  #cost = {samples: 0, ms: 0, reads: 0, stallMs: 0};

  /** @throws Trouble as findGroup and readGroup do */
  constructor(name: GroupName, options: GroupWatchOptions) {
    this.#found = findGroup(name, options.root);
    this.#inode = inodeOf(this.#found) ?? 0;
    this.#options = options;
    this.#budget = new DutyBudget(options.maxDuty ?? DEFAULT_MAX_DUTY);
    this.group = readGroup(this.#found);
    const own = parseCgroup(readIfThere(`${options.root}/self/cgroup`) ?? new Uint8Array());
    this.hasUs = options.root === '/proc' && own !== undefined && isInGroup(own.path, this.#found.path);
  }

  get cost(): GroupCost {
    return this.#cost;
  }

  /**
   * Takes a sample.
   *
   * @param t ms, when it is
   * @param isWhole read the counters of the members now, whatever it costs
   * @returns `gone` if the cgroup was removed, also where another one has its path by now
   */
  look(t: number, isWhole = false): GroupSample | 'gone' {
    const begin = performance.now();
    try {
      const rows = this.#rows(begin, isWhole);
      if (inodeOf(this.#found) !== this.#inode) return 'gone';
      this.group = readGroup(this.#found);
      return this.#sampleOf(t, rows);
    } catch (error) {
      if (error instanceof Trouble && error.kind === 'gone') return 'gone';
      throw error;
    } finally {
      this.#cost = {...this.#cost, samples: this.#cost.samples + 1, ms: this.#cost.ms + performance.now() - begin};
    }
  }

  #rows(now: number, isWhole: boolean): readonly ProcessRow[] {
    const {root, maxStall = DEFAULT_MAX_STALL} = this.#options;
    const isDue = isWhole || this.#budget.allows(now);
    const host = lookAtHost({
      root,
      maxStall,
      budget: isDue ? DEFAULT_BUDGET : 0,
      pids: pidsIn(this.#found),
      wants: ({cgroup}) => cgroup !== undefined && isInGroup(cgroup, this.#found.path),
    });
    if (isDue) {
      this.#budget.spend(now, host.stallMs);
      this.#cost = {
        ...this.#cost,
        reads: this.#cost.reads + Number(host.read > 0),
        stallMs: this.#cost.stallMs + host.stallMs,
      };
    }
    return host.isHiding ? host.rows.map((row) => ({...row, unread: 'denied', rss: undefined})) : host.rows;
  }

  #sampleOf(t: number, rows: readonly ProcessRow[]): GroupSample {
    const {usage, swap, events} = this.group;
    // Only a reading of all members says how much of what is mapped is shared memory.
    this.#pssShmem = pssShmemOf(rows) ?? this.#pssShmem;
    const bill = billOf(this.group, this.#pssShmem);
    const before = this.#members;
    const now = new Map(rows.map((row) => [row.pid, row]));
    this.#members = now;
    return {
      t,
      amounts: amountsOf(usage, swap, bill, sumsOf(rows)),
      residue: bill.residue,
      events,
      came: before ? rows.filter(({pid}) => !before.has(pid)) : [],
      went: before ? [...before.values()].filter(({pid}) => !now.has(pid)) : [],
    };
  }
}

/** Sums of what is known of all of them. */
function sumsOf(rows: readonly ProcessRow[]): GroupAmounts {
  const {threads, ...sums} = sumOf(rows);
  const keys = ['pss', 'rss', 'privateDirty', 'size', 'regions'] as const;
  const whole = keys.filter((key) => rows.every((row) => row[key] !== undefined));
  return {threads, processes: rows.length, ...Object.fromEntries(whole.map((key) => [key, sums[key] ?? 0]))};
}

function inodeOf({folders}: FoundGroup): number | undefined {
  return statSync(folders[0]!.folder, {throwIfNoEntry: false})?.ino;
}
