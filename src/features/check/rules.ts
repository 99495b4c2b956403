import {type GroupMeasure, isGroupCount} from '../../model/group/sample.ts';
import type {Kind} from '../../model/kind.ts';
import {MEASURES, type MeasureKey} from '../../model/measures.ts';
import {isExecutable, isFileBacked, isRollup, isWritableCode, type Region} from '../../model/region.ts';

/** What an amount is of, where a group is checked. */
export interface GroupSubject {
  readonly of: 'group';
  readonly measure: GroupMeasure;
}

/** What an amount is of: the whole process, or all regions of a kind. */
export interface Subject {
  readonly of: 'total' | Kind;
  /** Threads are the whole process's. */
  readonly measure: MeasureKey;
}

/**
 * What must hold for a process's memory. Rules name kinds and totals, which are the same wherever memory was placed.
 */
export type ProcessRule =
  /** An amount never exceeds a limit, in bytes or in things. */
  | {readonly is: 'max'; readonly text: string; readonly subject: Subject; readonly limit: number}
  /** No region is like this. */
  | {readonly is: 'no'; readonly text: string; readonly lint: Lint}
  /** An amount doesn't grow steadily. */
  | {readonly is: 'no-growth'; readonly text: string; readonly of: 'total' | Kind};

/** What must hold for a group. */
export type GroupRule =
  | {readonly is: 'max'; readonly text: string; readonly subject: GroupSubject; readonly limit: number}
  | {readonly is: 'no-growth'; readonly text: string; readonly of: GroupMeasure};

export type Rule = ProcessRule | GroupRule;

/** Is it a number of things, not of bytes? */
export const isCount = (measure: MeasureKey): boolean => MEASURES[measure].unit === 'count';

/** The same for what a rule is about. */
export const isOfThings = (subject: Subject | GroupSubject): boolean =>
  subject.of === 'group' ? isGroupCount(subject.measure) : isCount(subject.measure);

/** What a region may be forbidden to be, besides being of a kind. */
export const LINTS = {
  rwx: 'memory that may be both written and executed',
  'exec-stack': 'a stack that may be executed',
  'exec-anon': 'executable memory without a file (jit)',
  'deleted-text': 'code of a file that was since deleted or replaced',
  swap: 'memory that is swapped out',
} as const;

export type Lint = keyof typeof LINTS | Kind;

/** What is decided by permissions. */
const ASK_PERMS: ReadonlySet<Lint> = new Set(['rwx', 'exec-stack', 'exec-anon', 'deleted-text']);

/**
 * Is a region what is forbidden?
 *
 * @returns undefined if the source doesn't say
 */
export function isForbidden(lint: Lint, region: Region): boolean | undefined {
  const {kind, name, usage} = region;
  if (isRollup(region) && lint !== 'swap') return undefined;
  if (region.perms === '????' && ASK_PERMS.has(lint)) return undefined;
  const mayExecute = isExecutable(region);
  switch (lint) {
    case 'rwx':
      return isWritableCode(region);
    case 'exec-stack':
      return mayExecute && (kind === 'stack' || kind === 'thread-stack');
    case 'exec-anon':
      return mayExecute && !isFileBacked(region) && kind !== 'vdso' && kind !== 'vsyscall';
    case 'deleted-text':
      return mayExecute && kind !== 'jit' && kind !== 'shared' && kind !== 'memfd' && name.endsWith(' (deleted)');
    case 'swap':
      return usage?.swap === undefined ? undefined : usage.swap > 0;
    default:
      return kind === lint;
  }
}
