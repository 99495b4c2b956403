/**
 * Why memmap could not do what was asked. A closed set; each has one exit code (contract section 3).
 *
 * usage     the command line is wrong
 * gone      no such process, it ended, or it has no memory of its own (zombie, kernel thread)
 * denied    the kernel doesn't let us look
 * input     a file or standard input that can't be used
 * output    what we made could not be written
 * deadline  a read that did not return in time
 */
export type TroubleKind = 'usage' | 'gone' | 'denied' | 'input' | 'output' | 'deadline';

/** An error in three parts. */
export interface TroubleParts {
  readonly kind: TroubleKind;
  /** What failed. */
  readonly what: string;
  /** Why: the kernel's reason in words. */
  readonly why: string;
  /** What `why` enumerates, a line each. */
  readonly list?: readonly string[];
  /** What to do next. */
  readonly next: string;
}

/** What could not be done, why, and what to do next; `message` is the first of these. */
export class Trouble extends Error {
  readonly kind: TroubleKind;
  readonly why: string;
  readonly next: string;
  readonly list: readonly string[];

  constructor({kind, what, why, next, list = []}: TroubleParts) {
    super(what);
    this.name = 'Trouble';
    this.kind = kind;
    this.why = why;
    this.next = next;
    this.list = list;
  }
}

/** The kernel's reason, from a failed system call. */
export const errnoOf = (error: unknown): string => (error as {code?: string}).code ?? '';
