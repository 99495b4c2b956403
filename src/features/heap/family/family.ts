import type {Heap, HeapTotals} from '../heap.ts';
import {arenasSentence} from '../sentence.ts';
import {heapsText, runtimeJSON, runtimesOf, type SaidRuntime} from './runtimes.ts';

/** A process whose books were read. */
export interface HeapMember {
  readonly heap: Heap;
  /** Its command line, or what it calls itself, as ps shows it. */
  readonly title: string;
}

/** A process whose memory may not be read, and why: sentences. */
export interface MissingMember {
  readonly pid: number;
  readonly why: string;
}

interface FamilyParts {
  readonly members: readonly HeapMember[];
  readonly missing: readonly MissingMember[];
  /** How many ended before they were read, or have no memory of their own (zombies, kernel threads). */
  readonly ended: number;
  /** From the first to the last. */
  readonly ms: number;
}

/** malloc's books of several processes, read one after the other. */
export class HeapFamily {
  /** What is free comes first, the most. */
  readonly members: readonly HeapMember[];
  readonly missing: readonly MissingMember[];
  readonly ended: number;
  readonly totals: HeapTotals;
  readonly mmapped: {readonly count: number; readonly bytes: number};
  /** What language runtimes have in heaps of their own. */
  readonly runtimes: readonly SaidRuntime[];
  readonly cost: {readonly bytesRead: number; readonly ms: number};

  constructor({members, missing, ended, ms}: FamilyParts) {
    this.members = members.toSorted((a, b) => b.heap.totals.free - a.heap.totals.free);
    this.missing = missing;
    this.ended = ended;
    const sum = (of: (heap: Heap) => number): number => members.reduce((all, {heap}) => all + of(heap), 0);
    const keys = Object.keys(members[0]?.heap.totals ?? {}) as Array<keyof HeapTotals>;
    this.totals = Object.fromEntries(keys.map((key) => [key, sum(({totals}) => totals[key])])) as HeapTotals;
    this.mmapped = {
      count: sum(({books}) => books?.mmapped.count ?? 0),
      bytes: sum(({books}) => books?.mmapped.bytes ?? 0),
    };
    this.runtimes = runtimesOf(members.map(({heap}) => heap));
    this.cost = {bytesRead: sum(({cost}) => cost.bytesRead), ms};
  }

  /** Sentences: what its members say of theirs, and what was left out. */
  get notes(): string[] {
    return [
      ...this.members.flatMap(({heap}) => heap.notes.map((note) => `${heap.snapshot.process.pid}: ${note}`)),
      ...this.missing.map(({pid, why}) => `${pid} could not be read: ${why}`),
    ];
  }

  /** Were the books of all found, and did each arena come out? */
  get isWhole(): boolean {
    return this.missing.length === 0 && this.members.every(({heap}) => heap.isWhole);
  }

  /** What it comes to: what is about more memory comes first. */
  get sentence(): string {
    const {members, runtimes, totals, mmapped} = this;
    const found = members.filter(({heap}) => heap.books !== undefined);
    if (found.length === 0 && runtimes.length === 0) return 'The books of no process were found: nothing can be said.';
    const said = [
      ...(found.length > 0 ? [{about: totals.system + mmapped.bytes, text: this.#ofMalloc(found)}] : []),
      ...runtimes.map((runtime) => ({about: runtime.resident, text: heapsText(runtime, members.length)})),
    ].sort((a, b) => b.about - a.about);
    const none = found.length === 0 ? ['No malloc of glibc was found beside it.'] : [];
    const counted = [...said.map(({text}) => text), ...none].join(' ');
    const count = runtimes.length > 0 ? members.length : found.length;
    const whose = count === 1 ? 'One process' : `${count} processes together`;
    return `${whose}: ${counted.replace(/^(Not|The|Memory)\b/, (word) => word.toLowerCase())}`;
  }

  #ofMalloc(found: readonly HeapMember[]): string {
    const arenas = found.flatMap(({heap}) => heap.arenas);
    const torn = arenas.filter((arena) => arena.torn !== undefined).length;
    return arenasSentence({arenas: arenas.length, torn, mmapped: this.mmapped, totals: this.totals});
  }

  /** The document `memmap.heap-family/1`: each member is a `memmap.heap/1`. */
  toJSON(): Record<string, unknown> {
    const {totals, mmapped, runtimes, missing, ended, notes} = this;
    return {
      schema: 'memmap.heap-family/1',
      sentence: this.sentence,
      members: this.members.map(({heap}) => heap.toJSON()),
      missing,
      ended,
      totals,
      mmapped,
      runtimes: runtimes.length > 0 ? runtimes.map(runtimeJSON) : undefined,
      cost: {bytesRead: this.cost.bytesRead, ms: Math.round(this.cost.ms * 10) / 10},
      notes: notes.length > 0 ? notes : undefined,
    };
  }
}
