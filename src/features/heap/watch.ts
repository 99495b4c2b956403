import type {BooksFigures, BooksReading} from '../../model/heap/books.ts';
import {counted} from '../../model/amounts.ts';
import {Trouble} from '../../model/trouble.ts';
import type {ProcessHandle} from '../../procfs/handle.ts';
import {cpuTime} from '../../procfs/sampling/held.ts';
import type {Heap} from './heap.ts';
import {heapIn, USUAL_RATE} from './target.ts';

/**
 * Reading takes at most this part of the processor's time: the larger the heap, the less often it is read. What others
 * do on a loaded machine meanwhile is not our cost, and would make a hole in what is known.
 */
const DUTY = 0.2;

/** ms between two readings: enough of them for a verdict, and no more than that. */
const FEWEST = 48;
const SHORTEST = 250;
const LONGEST = 5000;

/** ms between two readings of a process that is watched for this many ms; undefined: without a limit. */
export const pauseFor = (duration: number | undefined): number =>
  Math.min(LONGEST, Math.max(SHORTEST, (duration ?? Infinity) / FEWEST));

/** Reads malloc's books of one process again and again, at a low rate. */
export class HeapWatch {
  /** How often they were read, and how often they could not be used. */
  readings = 0;
  unused = 0;
  readonly #handle: ProcessHandle;
  readonly #pause: number;
  #last = -Infinity;
  #due = -Infinity;

  /** @param pause ms between two readings, at least */
  constructor(handle: ProcessHandle, pause: number) {
    this.#handle = handle;
    this.#pause = pause;
  }

  /**
   * The books as they are now, if they are to be read again.
   *
   * @param isLast it is the end: unless they were read just now
   * @returns undefined also where the process has ended
   * @throws Trouble `denied`, if they may not be read, at the first reading
   */
  look(isLast = false): Omit<BooksReading, 't'> | undefined {
    const [begin, cpu] = [performance.now(), cpuTime()];
    if (begin < (isLast ? this.#last + this.#pause / 2 : this.#due)) return undefined;
    try {
      const reading = readingOf(heapIn(this.#handle, {maxRate: USUAL_RATE, isWatched: true}));
      return this.#counted(reading);
    } catch (error) {
      if (!(error instanceof Trouble) || (this.readings === 0 && error.kind !== 'gone')) throw error;
      if (error.kind === 'gone') return undefined;
      return this.#counted({figures: undefined, why: error.why});
    } finally {
      this.#last = performance.now();
      this.#due = this.#last + Math.max(this.#pause, (cpuTime() - cpu) / DUTY);
    }
  }

  #counted(reading: Omit<BooksReading, 't'>): Omit<BooksReading, 't'> {
    this.readings++;
    if (!reading.figures) this.unused++;
    return reading;
  }
}

function readingOf(heap: Heap): Omit<BooksReading, 't'> {
  if (heap.isWhole) return {figures: figuresOf(heap)};
  const torn = heap.arenas.filter((arena) => arena.torn !== undefined);
  const why = heap.unnamed
    ? heap.beside === undefined
      ? `the program's malloc is that of ${heap.allocator}`
      : `${heap.beside} is there as well as glibc's malloc, and its books are not read`
    : !heap.books
      ? 'they were not found'
      : torn.length > 0
        ? `${torn.length} of ${counted(heap.arenas.length, 'arena')} could not be read to the end`
        : 'not all arenas were found, or the process ended meanwhile';
  return {figures: undefined, why};
}

function figuresOf({totals, books}: Heap): BooksFigures {
  const {system, inUse, free, freeResident, trimmable} = totals;
  return {system, inUse, mmapped: books!.mmapped.bytes, free, freeResident, trimmable};
}
