import {compareTexts} from './choose.ts';
import {type ByteKey, MEASURES} from './measures.ts';
import type {Observed} from './host/observer.ts';
import type {Usage} from './region.ts';

/** One process of a family. Sizes in bytes; what could not be read is absent. */
export interface Member {
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  /** Its command line, or what it calls itself, as ps shows it. It may hold secrets, and is in no metrics. */
  readonly title?: string | undefined;
  readonly exe?: string | undefined;
  /** One letter of proc_pid_stat(5). */
  readonly state: string;
  readonly threads: number;
  /** 0 for the first process, 1 for its children, and so on. */
  readonly depth: number;
  readonly regions?: number | undefined;
  /** Bytes of address space: VmSize. */
  readonly size?: number | undefined;
  /** VmRSS of status, which stays readable where the rest isn't. */
  readonly vmRss?: number | undefined;
  /** The counters of smaps_rollup, one walk over all regions, without memmap's own mappings. */
  readonly usage?: Usage | undefined;
  /** What memmap's own mappings did to them. */
  readonly observed?: MemberObserved | undefined;
  /** Why something is missing, a sentence. */
  readonly note?: string | undefined;
  /** `denied`: not permitted. `spared`: reading it would have held the process up. `ended`: a zombie. */
  readonly missing?: 'denied' | 'spared' | 'ended' | undefined;
}

/** Bytes: what Observed says of a snapshot. */
type MemberObserved = Pick<Observed, 'shared' | 'pss' | 'private' | 'isCertain'> & {readonly kernel: Usage};

/** A process and its descendants, parents before their children. */
export interface Family {
  readonly takenAt: string;
  readonly members: readonly Member[];
  /** How many ended while the family was read; they are left out. */
  readonly ended: number;
}

/**
 * What a family uses together. PSS adds up to what its processes truly cost; resident memory added up counts a page
 * once for each process that maps it.
 */
interface FamilyTotals {
  readonly processes: number;
  /** How many of them have counters. The sums of counters are theirs alone. */
  readonly counted: number;
  readonly regions: number;
  readonly size: number;
  readonly usage: Readonly<Record<string, number>>;
}

export function familyTotals(members: readonly Member[]): FamilyTotals {
  const counted = members.filter(({usage}) => usage !== undefined);
  const usage: Record<string, number> = {};
  for (const member of counted) {
    for (const [counter, bytes] of Object.entries(member.usage!)) usage[counter] = (usage[counter] ?? 0) + (bytes ?? 0);
  }
  const sum = (amount: (member: Member) => number | undefined): number =>
    members.reduce((total, member) => total + (amount(member) ?? 0), 0);
  return {
    processes: members.length,
    counted: counted.length,
    regions: sum(({regions}) => regions),
    size: sum(({size}) => size),
    usage,
  };
}

/**
 * The same family with the members that have the same parent in another order: amounts from the largest down, what is
 * not known last, and titles from A on. Parents stay before their children, and equal ones as they are.
 *
 * @param key what they are sorted by
 */
export function sortFamily(family: Family, key: ByteKey | 'name'): Family {
  const [first, ...others] = family.members;
  if (!first) return family;
  const children = new Map<Member, Member[]>(family.members.map((member) => [member, []]));
  const seen = new Map<number, Member>([[first.pid, first]]);
  for (const member of others) {
    // One whose parent is no longer a member belongs to the first.
    children.get(seen.get(member.ppid) ?? first)!.push(member);
    seen.set(member.pid, member);
  }
  const order = orderBy(key);
  const members: Member[] = [];
  const waiting = [first];
  for (let member = waiting.pop(); member; member = waiting.pop()) {
    members.push(member);
    waiting.push(...children.get(member)!.toSorted(order).reverse());
  }
  return {...family, members};
}

function orderBy(key: ByteKey | 'name'): (a: Member, b: Member) => number {
  if (key === 'name') return (a, b) => compareTexts(nameOf(a), nameOf(b));
  return (a, b) => (amountOf(b, key) ?? -1) - (amountOf(a, key) ?? -1);
}

const nameOf = ({title, comm}: Member): string => title ?? comm;

/** Bytes of one member; undefined where it isn't known. */
const amountOf = ({usage, size, vmRss}: Member, key: ByteKey): number | undefined =>
  key === 'size' ? size : (MEASURES[key].ofTotals(usage) ?? (key === 'rss' ? vmRss : undefined));

const memberJSON = ({shared, pss, private: moved, isCertain, kernel}: MemberObserved): object => ({
  shared,
  pss,
  private: moved,
  certain: isCertain,
  kernel: {totals: kernel},
});

/** The document `memmap.family/1`. */
export const familyJSON = ({takenAt, members, ended}: Family): Record<string, unknown> => ({
  schema: 'memmap.family/1',
  takenAt,
  pid: members[0]?.pid,
  processes: members.map(({observed, ...member}) => ({...member, observer: observed && memberJSON(observed)})),
  totals: familyTotals(members),
  ended,
});
