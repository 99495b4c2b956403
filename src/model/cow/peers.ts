/**
 * Pages of processes that have no parent among them. Each page has a key: equal keys are one page, at whatever address
 * and in whatever process. Amounts are of places: what one process has in one region.
 */

/** Pages per block of keys. */
export const KEYS_PER_BLOCK = 4096;

/** Pages with neighbouring keys. */
export interface KeyBlock {
  /** By page, the place of the only process that has it, plus one; 0: nobody has it; SEVERAL. */
  readonly places: Int32Array;
  /** The process that was the last to add it. */
  readonly last: Int32Array;
}

const SEVERAL = -1;

/** Pages of one place. */
export interface PlacePages {
  /** Another process has them too. */
  shared: number;
  alone: number;
  /**
   * This many more pages there would be if nobody shared one: each page is counted for all that have it but the first.
   */
  saved: number;
}

/** Counts which pages several processes have. Processes are added one after another, their pages in any order. */
export class PeerPages {
  readonly places: PlacePages[] = [];
  readonly #blocks = new Map<number | string, KeyBlock>();
  /** Further places of pages that one process maps more than once, and nobody else: by block and page. */
  readonly #again = new Map<KeyBlock, Map<number, number[]>>();

  /** @returns the number of a new place */
  place(): number {
    return this.places.push({shared: 0, alone: 0, saved: 0}) - 1;
  }

  /** Pages that no other process can have. */
  addAlone(place: number, pages = 1): void {
    this.places[place]!.alone += pages;
  }

  /** @param name of the block: keys of different blocks are different pages */
  block(name: number | string): KeyBlock {
    let block = this.#blocks.get(name);
    if (!block) {
      block = {places: new Int32Array(KEYS_PER_BLOCK), last: new Int32Array(KEYS_PER_BLOCK)};
      this.#blocks.set(name, block);
    }
    return block;
  }

  /** Adds a page that others may have too. @param page its place in the block */
  add(block: KeyBlock, page: number, process: number, place: number): void {
    const before = block.places[page]!;
    const own = this.places[place]!;
    const isAgain = before !== 0 && block.last[page] === process;
    if (before === 0) {
      block.places[page] = place + 1;
      own.alone++;
    } else if (before !== SEVERAL && isAgain) {
      own.alone++;
      this.#addAgain(block, page, place);
    } else {
      if (before !== SEVERAL) this.#share(block, page, before - 1);
      own.shared++;
      if (!isAgain) own.saved++;
    }
    block.last[page] = process;
  }

  #addAgain(block: KeyBlock, page: number, place: number): void {
    const pages = this.#again.get(block) ?? new Map<number, number[]>();
    this.#again.set(block, pages);
    pages.set(page, [...(pages.get(page) ?? []), place]);
  }

  /** What one process had alone is shared now. */
  #share(block: KeyBlock, page: number, first: number): void {
    for (const place of [first, ...(this.#again.get(block)?.get(page) ?? [])]) {
      this.places[place]!.alone--;
      this.places[place]!.shared++;
    }
    block.places[page] = SEVERAL;
  }
}
