import type {Family} from '../../../model/family.ts';
import type {Bill, Group} from '../../../model/group/group.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import type {Counted} from '../../../procfs/details/counted.ts';
import type {Cow} from '../../cow/cow.ts';
import type {FamilyGrowth} from '../../growth/family.ts';
import type {Growth} from '../../growth/growth.ts';
import type {HeapGrowth} from '../../growth/heap.ts';
import type {Heap} from '../../heap/heap.ts';
import type {HeldLine} from './held.ts';

/** What could not be looked at: why, and what would allow it. */
export interface Missing {
  readonly what: string;
  /** A clause, without a full stop. */
  readonly why: string;
  readonly next: string;
}

/** What a target turned out to be. */
export type Subject = 'process' | 'core' | 'listing' | 'recording' | 'series';

/** All that was gathered about one process. What is absent was not looked at, and `missing` says why. */
export interface Facts {
  readonly subject: Subject;
  /** How to name it again on a command line. */
  readonly name: string;
  /** Of a process that lives. */
  readonly pid?: number | undefined;
  /** As it was seen last. */
  readonly snapshot: Snapshot;
  /** Sizes of status at the first sample, in bytes, and how many ms before the last. */
  readonly first?: {readonly status: Snapshot['status']; readonly ms: number} | undefined;
  /** Undefined where there is one moment alone. */
  readonly growth?: Growth | undefined;
  /** What descriptors held over time. */
  readonly held?: HeldLine | undefined;
  readonly heap?: Heap | undefined;
  /** malloc's books at the beginning. */
  readonly heapBefore?: Heap | undefined;
  /** The books over time, where a recording has them. */
  readonly books?: HeapGrowth | undefined;
  /** A recording that has memory calls and their stacks. */
  readonly hasCalls?: boolean | undefined;
  /** Undefined where it has no forked children. */
  readonly cow?: Cow | undefined;
  readonly family?: Family | undefined;
  readonly familyGrowth?: FamilyGrowth | undefined;
  /** The cgroup that it is charged to. */
  readonly group?: {readonly group: Group; readonly bill: Bill} | undefined;
  /** Open files and tasks, and their limits: of a process that lives. */
  readonly counted?: Counted | undefined;
  /** It ended while it was watched. */
  readonly hasEnded: boolean;
  readonly missing: readonly Missing[];
}
