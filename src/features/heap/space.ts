import {isPrivate, isWritable, type Region} from '../../model/region.ts';
import type {Range, Space} from '../../parse/malloc/memory.ts';

/** What a process has mapped, for a walk through its heap: a busy one maps more meanwhile. */
export class MappedSpace implements Space {
  readonly #look: () => readonly Region[];
  #writable: readonly Region[] = [];
  /** Neighbours ask for neighbours. */
  #last: Range | undefined;
  /** What MADV_DONTNEED refuses, as far as smaps says it: known from the first look on, since maps has no flags. */
  readonly #refused: readonly Range[];

  /** @param regions ascending; @param look lists them again */
  constructor(regions: readonly Region[], look: () => readonly Region[]) {
    this.#look = look;
    this.#refused = regions.filter(({flags}) => REFUSED.some((flag) => flags?.includes(flag)));
    this.#set(regions);
  }

  get brk(): Range | undefined {
    const parts = this.#writable.filter(({name}) => name === '[heap]');
    return parts.length > 0 ? {start: parts[0]!.start, end: parts.at(-1)!.end} : undefined;
  }

  get anonymous(): readonly Range[] {
    return this.#writable.filter((region) => region.name === '' && isPrivate(region));
  }

  readonly isWritable = (address: number): boolean => {
    const last = this.#last;
    if (last && address >= last.start && address < last.end) return true;
    let [low, high] = [0, this.#writable.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#writable[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.#writable[low];
    if (!found || address < found.start) return false;
    this.#last = found;
    return true;
  };

  readonly refusedFrom = (start: number, end: number): number => {
    const first = this.#refused.find((range) => range.start < end && range.end > start);
    return first ? Math.max(start, first.start) : end;
  };

  readonly refresh = (): void => this.#set(this.#look());

  #set(regions: readonly Region[]): void {
    this.#writable = regions.filter(isWritable);
    this.#last = undefined;
  }
}

/** Locked, and huge pages of the pool: VmFlags in proc_pid_smaps(5). */
const REFUSED = ['lo', 'ht'];
