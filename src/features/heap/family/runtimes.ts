import {counted} from '../../../model/amounts.ts';
import type {Heap} from '../heap.ts';
import type {RuntimePart} from '../runtime/part.ts';
import {ownPartOf, saidOf} from '../runtime/sentence.ts';

/** What the heaps of one kind of runtime have together, in bytes. Pages that processes share count in each. */
interface FamilyRuntime {
  /** Python, the JVM, V8, Go. */
  readonly name: string;
  /** How many processes have it. */
  readonly processes: number;
  /** Of how many of them it is not known what is in use and what is kept. */
  readonly unknown: number;
  /** In use, and free and kept: of the others; null where there is none. */
  readonly used: number | null;
  readonly kept: number | null;
  /** Of the others, or of all where none is known. */
  readonly resident: number;
}

/** The same, and what it comes to. */
export interface SaidRuntime extends FamilyRuntime {
  readonly said: string;
}

/** The part of a process's memory that is the heap of its language runtime; undefined where it has none. */
export const ownHeapOf = ({runtime}: Heap): RuntimePart | undefined =>
  runtime && ownPartOf(runtime.name, runtime.parts);

/** What the runtimes of several processes have, what is about most memory first. */
export function runtimesOf(heaps: readonly Heap[]): SaidRuntime[] {
  const names = new Set(heaps.flatMap((heap) => (ownHeapOf(heap) ? [heap.runtime!.name] : [])));
  return [...names].flatMap((name) => together(name, heaps)).sort((a, b) => b.resident - a.resident);
}

function together(name: string, heaps: readonly Heap[]): SaidRuntime[] {
  const parts = heaps.flatMap((heap) => (heap.runtime?.name === name ? (ownHeapOf(heap) ?? []) : []));
  const known = parts.filter(({used, kept}) => used !== null && kept !== null);
  const told = known.length > 0 ? known : parts;
  const sum = (key: 'used' | 'kept' | 'committed' | 'resident'): number =>
    told.reduce((bytes, part) => bytes + (part[key] ?? 0), 0);
  const [used, kept] = known.length > 0 ? [sum('used'), sum('kept')] : [null, null];
  const resident = sum('resident');
  const all = {...parts[0]!, used, kept, committed: sum('committed'), resident};
  const said = saidOf(name, [all]);
  if (!said) return [];
  const {length} = parts;
  return [{name, processes: length, unknown: length - known.length, used, kept, resident, said: said.text}];
}

/** Sentences: what it comes to, and of whom. @param members how many processes there are in all */
export function heapsText({said, processes, unknown}: SaidRuntime, members: number): string {
  const told = unknown < processes ? processes - unknown : processes;
  const whose = told < members ? [`that is of ${counted(told, 'process', 'processes')}`] : [];
  const shared = told > 1 ? ['pages that they share since fork(2) count in each'] : [];
  const remarks = [...whose, ...shared].join('; ');
  const rest = told < processes ? ` Of ${unknown} more it is not known.` : '';
  return `${said}${remarks === '' ? '' : ` ${remarks[0]!.toUpperCase()}${remarks.slice(1)}.`}${rest}`;
}

/** One of the `runtimes` of `memmap.heap-family/1`. */
export const runtimeJSON = ({name, processes, unknown, used, kept, resident}: SaidRuntime): FamilyRuntime => ({
  name,
  processes,
  unknown,
  used,
  kept,
  resident,
});
