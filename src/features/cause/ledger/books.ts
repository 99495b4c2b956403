/*
 * What the ledger (ledger.ts) knows.
 */
import type {Mark} from './effect.ts';
import type {Range} from './spans.ts';

/**
 * Who mapped memory: a call, with what the caller knows of it; a stack that grew; exec; a driver or the like, without
 * a call of the process (kernel); something that is not known (unknown); or whoever it was before the ledger began.
 */
export interface Owner<Cause> {
  readonly by: 'call' | 'growth' | 'exec' | 'kernel' | 'unknown' | 'before';
  readonly cause: Cause | undefined;
  /** Bytes that it mapped, and those of them that are still mapped. */
  mapped: number;
  kept: number;
}

/** The last change of a range. */
export interface Change<Cause> {
  readonly what: Mark | 'mapped' | 'unmapped' | 'moved';
  readonly by: Owner<Cause>['by'];
  readonly cause: Cause | undefined;
  /** ns */
  readonly time: number;
  /** Of memory that was marked: the last of each other kind of change since it was put where it is, latest first. */
  readonly earlier?: Change<Cause> | undefined;
  /** The VmFlags that it may have changed; undefined: any. */
  readonly flags?: readonly string[] | undefined;
  /** Of what a call that failed may have moved: by how many bytes. */
  readonly slide?: number | undefined;
}

/** A part of a range, and its last change; `change` is absent where there was none since. */
export interface Piece<Cause> extends Range {
  readonly change: Change<Cause> | undefined;
}

/** What a call did. */
export interface Done extends Range {
  readonly what: Change<unknown>['what'];
  /** By how much the address space grew. */
  readonly bytes: number;
  /** What of the range it mapped or released, in ascending order, where that isn't all of it. */
  readonly parts?: readonly Range[];
  /** Where moved memory was. */
  readonly from?: Range;
}

/** What the kernel reports beside calls. */
export interface Report extends Range {
  readonly tid: number;
  readonly time: number;
  readonly file: string;
  /** MAP_… */
  readonly flags: number;
}
