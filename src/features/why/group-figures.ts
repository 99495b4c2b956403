import type {ProcessRow} from '../../model/host/processes.ts';
import type {GroupGrowth} from '../growth/group.ts';
import type {GroupBill} from '../show/group.ts';
import type {LimitLine} from './facts/limits.ts';
import type {Parts} from './facts/parts.ts';

/** What is known of a group. */
export interface GroupFigures {
  /** As a word of the command line. */
  readonly name: string;
  readonly title: string;
  readonly usage: number;
  readonly holds: Parts;
  readonly growth: GroupGrowth;
  readonly limits: readonly LimitLine[];
  /** By PSS; undefined of a recording. */
  readonly members: readonly ProcessRow[] | undefined;
  readonly bill: GroupBill | undefined;
  /** Not a recording. */
  readonly isLive: boolean;
}

export const partOf = ({holds}: GroupFigures, key: string): number =>
  holds.parts.find((part) => part.key === key)?.bytes ?? 0;
