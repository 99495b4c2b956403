import type {OtherAllocator} from '../../../model/heap/allocator.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import type {Books} from '../../../parse/malloc/books.ts';
import type {Anonymous} from '../anonymous.ts';

/**
 * A part of the memory of a process. What is not `within` another adds up to what is resident, and page tables; of a
 * core, to what was dumped.
 */
export interface RuntimePart {
  readonly name: string;
  /** The part that it is a part of. */
  readonly within?: string | undefined;
  /** Could it hold what is free or garbage? Code, stacks and files don't. */
  readonly isHeap: boolean;
  /** Bytes that the program has not given back, or that the runtime has not found to be garbage; null: not known. */
  readonly used: number | null;
  /**
   * Bytes that are resident and not in use: free, and kept for later; null: not known, or no such thing. Of a core, in
   * pages that are not full of zeros.
   */
  readonly kept: number | null;
  /** Bytes that may be used without asking the kernel again; null: not known, or no such thing. */
  readonly committed: number | null;
  readonly resident: number | null;
  /** Of a core alone. */
  readonly core?: CoreShare | undefined;
  /** inferred: whose memory it is rests on shape and neighbours. */
  readonly how: 'read' | 'inferred';
  /** What tells it: `hsperfdata`, `malloc's books`. */
  readonly from: string;
  /** What would give it back. */
  readonly back: string;
}

/** What a core has of some memory, and what it left out, in bytes of address space. */
export interface CoreShare {
  readonly dumped: number;
  readonly leftOut: number;
}

/** All memory of a process, by what it is for. */
export interface Runtime {
  /** Of the language, or of the allocator where no runtime is known. */
  readonly name: string;
  readonly parts: readonly RuntimePart[];
  /** Of a core: of all its parts. */
  readonly core?: CoreShare | undefined;
  /** What the runtime's own heap comes to; undefined where it has none. */
  readonly said: RuntimeSaid | undefined;
}

/** A sentence, and how much memory it is about. */
export interface RuntimeSaid {
  readonly text: string;
  /** Bytes. */
  readonly about: number;
}

/** What is known besides the regions. */
export interface RuntimeFacts {
  /** With resident memory; of a core, with what was dumped. */
  readonly snapshot: Snapshot;
  readonly books: Books | undefined;
  readonly other: OtherAllocator | undefined;
  /** Of the JVM. */
  readonly counters: ReadonlyMap<string, number> | undefined;
  readonly found: Anonymous;
}
