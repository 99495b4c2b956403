/** malloc's books of a process at one moment: sums over its arenas, in bytes. */
export interface BooksFigures {
  /** What the arenas have from the kernel: inUse + free. */
  readonly system: number;
  /** What the program has not freed, what threads keep for their next malloc (tcache), and headers. */
  readonly inUse: number;
  /** In chunks that have a mapping of their own: in use too. */
  readonly mmapped: number;
  readonly free: number;
  /** The resident part of `free`. */
  readonly freeResident: number;
  /** What malloc_trim(0) would give back, in resident memory. */
  readonly trimmable: number;
}

/** What was read of them at one moment. */
export interface BooksReading {
  /** ms since the first sample. */
  readonly t: number;
  /** Undefined where they were torn, or could not be found: nothing is known of that moment. */
  readonly figures: BooksFigures | undefined;
  /** Why there are no figures: a sentence's end. */
  readonly why?: string | undefined;
}
