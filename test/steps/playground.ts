import type {Region} from '../../src/model/region.ts';

/** x86-64 numbers: arch/x86/entry/syscalls/syscall_64.tbl. */
const MMAP = 9;
const MPROTECT = 10;
const MUNMAP = 11;
const BRK = 12;
const MREMAP = 25;
const MADVISE = 28;
const CLOCK_GETTIME = 228;

const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_FIXED_NOREPLACE = 0x100000;
const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;
const MADV_DONTNEED = 4;
const MADV_DONTFORK = 10;
const MADV_DOFORK = 11;

export const PAGE = 4096;
const BASE = 0x200000000000;
const PAGES = 96;

/** What we know of one page: nothing of it is read from the kernel. */
interface Page {
  readonly what: 'anonymous' | 'file';
  readonly protection: number;
  /** For a file: address minus offset. */
  readonly bias: number;
  readonly isTouched: boolean;
}

/** One step: the call, what it makes of our pages if it succeeds, and its name for messages. */
export interface Step {
  readonly name: string;
  readonly call: readonly [number, ...number[]];
  readonly after: ReadonlyMap<number, Page>;
  /** It may cut regions or join them where no byte changes: madvise, and a mapping over one like it. */
  readonly mayReshape?: boolean;
}

/** The pages that a step should be seen to change, each by its number. */
export interface Expected {
  readonly come: number[];
  readonly gone: number[];
  readonly reprotected: number[];
  readonly replaced: number[];
  /** Bytes that became resident, or (negative) no longer are. */
  readonly resident: number;
}

/**
 * A stretch of address space and what is mapped in it, as one who makes the calls knows it; beside it the brk heap.
 * Random steps are drawn from it, and what each should change follows from the pages before and after.
 */
export class Playground {
  pages: ReadonlyMap<number, Page> = new Map();
  readonly #random: () => number;
  readonly #file: number;
  readonly #heapStart: number;

  constructor(random: () => number, file: number, heapStart: number) {
    this.#random = random;
    this.#file = file;
    this.#heapStart = heapStart;
  }

  /** Does a change concern us? The rest of the process stands still. */
  contains(address: number): boolean {
    return (
      (address >= BASE && address < BASE + PAGES * PAGE) ||
      (address >= this.#heapStart && address < this.#heapStart + 64 * PAGE)
    );
  }

  /** Draws the next step. `regions` is the present listing: some calls need a whole region. */
  next(regions: readonly Region[]): Step {
    const ours = regions.filter((region) => region.start >= BASE && region.end <= BASE + PAGES * PAGE);
    const draws = [
      () => this.#map(),
      () => this.#map(),
      () => this.#mapFile(),
      () => this.#mapOver(),
      () => this.#unmap(),
      () => this.#protect(),
      () => this.#protect(),
      () => this.#advise(),
      () => this.#touch(),
      () => this.#touch(),
      () => this.#drop(),
      () => this.#remap(ours),
      () => this.#moveBreak(),
    ];
    for (;;) {
      const step = draws[this.#below(draws.length)]!();
      if (step) return step;
    }
  }

  expected(step: Step): Expected {
    const all = new Set([...this.pages.keys(), ...step.after.keys()]);
    const expected: Expected = {come: [], gone: [], reprotected: [], replaced: [], resident: 0};
    let resident = 0;
    for (const number of [...all].sort((a, b) => a - b)) {
      const a = this.pages.get(number);
      const b = step.after.get(number);
      resident += (b?.isTouched ? PAGE : 0) - (a?.isTouched ? PAGE : 0);
      if (!a) expected.come.push(number);
      else if (!b) expected.gone.push(number);
      else if (a.what !== b.what || a.bias !== b.bias) expected.replaced.push(number);
      else if (a.protection !== b.protection) expected.reprotected.push(number);
    }
    return {...expected, resident};
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #range(): {first: number; count: number} {
    const count = 1 + this.#below(12);
    return {first: BASE / PAGE + this.#below(PAGES - count), count};
  }

  #protection(): number {
    return [0, 1, 3, 5][this.#below(4)]!;
  }

  /** The pages with some of them set, or (undefined) unmapped. */
  #with(first: number, count: number, page: (number: number) => Page | undefined): ReadonlyMap<number, Page> {
    const pages = new Map(this.pages);
    for (let number = first; number < first + count; number++) {
      const made = page(number);
      if (made) pages.set(number, made);
      else pages.delete(number);
    }
    return pages;
  }

  #isFree(first: number, count: number): boolean {
    return Array.from({length: count}, (_, index) => first + index).every((number) => !this.pages.has(number));
  }

  #isMapped(first: number, count: number): boolean {
    return Array.from({length: count}, (_, index) => first + index).every((number) => this.pages.has(number));
  }

  #map(): Step {
    const {first, count} = this.#range();
    const protection = this.#protection();
    const after = this.#isFree(first, count) ? this.#with(first, count, () => anonymous(protection)) : this.pages;
    return {
      name: 'mmap',
      call: [MMAP, first * PAGE, count * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0],
      after,
    };
  }

  #mapFile(): Step {
    const {first, count} = this.#range();
    const protection = this.#protection();
    const offset = this.#below(4) * PAGE;
    const page = {what: 'file', protection, bias: first * PAGE - offset, isTouched: false} as const;
    const after = this.#with(first, count, () => page);
    const overItself = [...after].some(
      ([number, {bias}]) => bias === page.bias && this.pages.get(number)?.bias === bias,
    );
    return {
      name: 'mmap of a file',
      call: [MMAP, first * PAGE, count * PAGE, protection, MAP_PRIVATE | MAP_FIXED, this.#file, offset],
      after,
      mayReshape: overItself,
    };
  }

  #mapOver(): Step {
    const {first, count} = this.#range();
    const protection = this.#protection();
    return {
      name: 'mmap over',
      call: [MMAP, first * PAGE, count * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0],
      after: this.#with(first, count, () => anonymous(protection)),
      mayReshape: true,
    };
  }

  #unmap(): Step {
    const {first, count} = this.#range();
    return {
      name: 'munmap',
      call: [MUNMAP, first * PAGE, count * PAGE],
      after: this.#with(first, count, () => undefined),
    };
  }

  #protect(): Step | undefined {
    const {first, count} = this.#range();
    if (!this.#isMapped(first, count)) return undefined;
    const protection = this.#protection();
    return {
      name: 'mprotect',
      call: [MPROTECT, first * PAGE, count * PAGE, protection],
      after: this.#with(first, count, (number) => ({...this.pages.get(number)!, protection})),
    };
  }

  #advise(): Step | undefined {
    const {first, count} = this.#range();
    if (!this.#isMapped(first, count)) return undefined;
    return {
      name: 'madvise',
      call: [MADVISE, first * PAGE, count * PAGE, this.#below(2) ? MADV_DONTFORK : MADV_DOFORK],
      after: this.pages,
      mayReshape: true,
    };
  }

  /** The kernel writes the time to an address for us: one page of ours becomes resident. */
  #touch(): Step | undefined {
    const {first} = this.#range();
    const page = this.pages.get(first);
    if (page?.what !== 'anonymous' || !(page.protection & 2)) return undefined;
    return {
      name: 'touch',
      call: [CLOCK_GETTIME, 0, first * PAGE],
      after: this.#with(first, 1, () => ({...page, isTouched: true})),
    };
  }

  #drop(): Step | undefined {
    const {first, count} = this.#range();
    if (!this.#isMapped(first, count)) return undefined;
    return {
      name: 'madvise DONTNEED',
      call: [MADVISE, first * PAGE, count * PAGE, MADV_DONTNEED],
      after: this.#with(first, count, (number) => ({...this.pages.get(number)!, isTouched: false})),
    };
  }

  /** Of a whole region: to another place, or to another size where it is. */
  #remap(regions: readonly Region[]): Step | undefined {
    const region = regions[this.#below(Math.max(1, regions.length))];
    if (!region) return undefined;
    const first = region.start / PAGE;
    const count = (region.end - region.start) / PAGE;
    const {first: to, count: wanted} = this.#range();
    const isMove = this.#below(2) === 0;
    if (isMove) {
      if (!this.#isFree(to, count) || to + count > BASE / PAGE + PAGES) return undefined;
      const after = new Map(this.pages);
      for (let index = 0; index < count; index++) {
        const page = this.pages.get(first + index)!;
        after.delete(first + index);
        after.set(to + index, {...page, bias: page.what === 'file' ? page.bias + (to - first) * PAGE : 0});
      }
      return {
        name: 'mremap away',
        call: [MREMAP, first * PAGE, count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to * PAGE],
        after,
      };
    }
    const page = this.pages.get(first + count - 1)!;
    const canGrow =
      wanted <= count || (this.#isFree(first + count, wanted - count) && first + wanted <= BASE / PAGE + PAGES);
    if (!canGrow) return undefined;
    const after =
      wanted <= count
        ? this.#with(first + wanted, count - wanted, () => undefined)
        : this.#with(first + count, wanted - count, () => ({...page, isTouched: false}));
    return {name: 'mremap in place', call: [MREMAP, first * PAGE, count * PAGE, wanted * PAGE, 0, 0], after};
  }

  #moveBreak(): Step {
    const first = this.#heapStart / PAGE;
    const count = this.#below(9);
    const after = this.#with(first, 64, (number) =>
      number < first + count ? (this.pages.get(number) ?? anonymous(3)) : undefined,
    );
    return {name: 'brk', call: [BRK, this.#heapStart + count * PAGE], after};
  }
}

const anonymous = (protection: number): Page => ({what: 'anonymous', protection, bias: 0, isTouched: false});
