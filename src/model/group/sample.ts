import {PART_KEYS, type Bill, type GroupEvents} from './group.ts';
import {plainSpelling} from '../measures.ts';

/** What of a group can be followed over time, with its words. */
export const GROUP_WORDS = {
  usage: 'usage',
  swap: 'swap',
  anon: 'anonymous memory',
  mappedFile: 'mapped files',
  unmappedCache: 'page cache that no process maps',
  shmem: 'shared memory and tmpfs',
  slab: 'slab (objects of the kernel)',
  kernelStack: 'kernel stacks',
  pageTables: 'page tables',
  sock: 'sockets',
  other: 'other kernel memory',
  pss: 'PSS of its processes',
  rss: 'resident memory of its processes, added up',
  privateDirty: 'private dirty memory of its processes',
  size: 'address space of its processes, added up',
  regions: 'regions of its processes',
  threads: 'threads of its processes',
  processes: 'processes',
} as const;

export type GroupMeasure = keyof typeof GROUP_WORDS;

export const GROUP_MEASURES = Object.keys(GROUP_WORDS) as readonly GroupMeasure[];

/** Sums of what the processes have, from a reading that holds them up: not known at each sample. */
export const MEMBER_MEASURES = ['pss', 'privateDirty'] as const satisfies readonly GroupMeasure[];

/** Is it a number of things, not of bytes? */
export const isGroupCount = (measure: GroupMeasure): boolean =>
  measure === 'regions' || measure === 'threads' || measure === 'processes';

/** The measure that a text names, in whatever spelling; undefined if none. */
export function findGroupMeasure(text: string): GroupMeasure | undefined {
  const plain = plainSpelling(text);
  return GROUP_MEASURES.find((each) => plainSpelling(each) === plain) ?? ALSO[plain];
}

const ALSO: Readonly<Record<string, GroupMeasure>> = {
  memory: 'usage',
  anonymous: 'anon',
  cache: 'unmappedCache',
  resident: 'rss',
  dirty: 'privateDirty',
};

/** Bytes, or things; what is not known is absent. */
export type GroupAmounts = Readonly<Partial<Record<GroupMeasure, number>>>;

/** A process of a group. */
export interface GroupMember {
  readonly pid: number;
  readonly name: string;
  readonly rss?: number | undefined;
}

/** A group at one moment of a watch. */
export interface GroupSample {
  /** ms, by the clock of the watch. */
  readonly t: number;
  readonly amounts: GroupAmounts;
  readonly residue: number;
  readonly events: GroupEvents;
  /** Processes that came since the sample before, and that are there no more. */
  readonly came: readonly GroupMember[];
  readonly went: readonly GroupMember[];
}

/**
 * @param sums of the processes; absent where one of them is not known
 * @returns without mapped files and page cache where it is in doubt how much of what is mapped is shared memory
 */
export function amountsOf(usage: number, swap: number | undefined, bill: Bill, sums: GroupAmounts): GroupAmounts {
  const all: Partial<Record<GroupMeasure, number | undefined>> = {usage, swap, ...sums};
  const isDoubtful = (key: GroupMeasure): boolean =>
    bill.doubt > 0 && (key === 'mappedFile' || key === 'unmappedCache');
  for (const key of PART_KEYS) if (!isDoubtful(key)) all[key] = bill.parts[key];
  const known = Object.entries(all).filter(([, amount]) => amount !== undefined);
  return Object.fromEntries(known) as GroupAmounts;
}

/** Did anything move that a reader is told? Only what both samples know is compared. */
export function isOtherSample(a: GroupSample | undefined, b: GroupSample): boolean {
  if (!a || b.came.length > 0 || b.went.length > 0) return true;
  const keys = GROUP_MEASURES.filter((key) => a.amounts[key] !== undefined && b.amounts[key] !== undefined);
  return (
    keys.some((key) => a.amounts[key] !== b.amounts[key]) || EVENT_KEYS.some((key) => a.events[key] !== b.events[key])
  );
}

export const EVENT_KEYS = ['low', 'high', 'max', 'oom', 'oomKill'] as const satisfies ReadonlyArray<keyof GroupEvents>;

/** A sample as documents have it. */
export const groupSampleJSON = ({amounts, residue, events, came, went}: GroupSample): Record<string, unknown> => ({
  amounts,
  residue,
  events,
  came: came.map(({pid, name, rss}) => ({pid, name, rss})),
  went: went.map(({pid, name}) => ({pid, name})),
});
