/**
 * Why memmap could not do what was asked. A closed set; each has one exit code (contract section 3).
 *
 * usage     the words of the call are wrong
 * gone      no such process, it ended, or it has no memory of its own (zombie, kernel thread)
 * denied    the kernel doesn't let us look
 * input     a file or standard input that can't be used
 * output    what we made could not be written
 * deadline  a read that did not return in time
 */
export type TroubleKind = 'usage' | 'gone' | 'denied' | 'input' | 'output' | 'deadline';

/** An error in three parts: what failed, why (the kernel's reason in words), what to do next. */
export class Trouble extends Error {
  readonly kind: TroubleKind;
  readonly why: string;
  readonly next: string;
  /** What `why` enumerates, a line each. */
  readonly list: readonly string[];

  constructor(kind: TroubleKind, what: string, why: string, next: string, list: readonly string[] = []) {
    super(what);
    this.list = list;
    this.name = 'Trouble';
    this.kind = kind;
    this.why = why;
    this.next = next;
  }
}

/** The kernel's reason, from a failed system call. */
export const errnoOf = (error: unknown): string => (error as {code?: string}).code ?? '';
