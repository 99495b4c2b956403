import {type Memory, type Range, Struct} from '../malloc/memory.ts';

/** struct pool_header of a 64-bit Python (Objects/obmalloc.c; since 3.12 Include/internal/pycore_obmalloc.h). */
const HEADER = 48;
const COUNT = 0;
const FREE_BLOCK = 8;
const SIZE_INDEX = 36;
const NEXT_OFFSET = 40;
const LAST_OFFSET = 44;

/** Blocks are multiples of 16 bytes, and of 8 before 3.7 (ALIGNMENT), up to 512 (SMALL_REQUEST_THRESHOLD). */
const ALIGNMENTS: readonly number[] = [16, 8];
const LARGEST = 512;

/** What pools of Python's obmalloc hold, in bytes. */
export class Pools {
  /** How many were found. */
  count = 0;
  /** In blocks that the program has not freed. */
  used = 0;
  /** Resident memory of the pools. */
  resident = 0;
  /** Resident and free: blocks of pools, and what of arenas was never given out. */
  kept = 0;
  /** Part of `kept`: what of arenas was never given out. */
  blank = 0;
  /** Resident, in arenas, and neither: a header is swapped out, or what is there is none. */
  unknown = 0;
  readonly poolSize: number;
  readonly #memory: Memory;

  /** @param poolSize bytes: 16 KiB since 3.10, 4 KiB before */
  constructor(memory: Memory, poolSize: number) {
    this.#memory = memory;
    this.poolSize = poolSize;
  }

  /** Of all pools, their headers too. */
  get size(): number {
    return this.count * this.poolSize;
  }

  /** Blocks that were freed or never given out, the headers, and what is too small for a block. */
  get free(): number {
    return this.size - this.used;
  }

  /**
   * Reads the header of each pool of some arenas. Pools begin at multiples of their size (POOL_ADDR).
   *
   * @returns false if there is none: then these are not arenas, since each has a pool
   */
  takeArenas({start, end}: Range): boolean {
    const before = this.count;
    let [kept, unknown] = [0, 0];
    for (let at = this.#next(start); at + this.poolSize <= end; at += this.poolSize) {
      const resident = this.#memory.residentIn(at, at + this.poolSize);
      const found = resident === 0 ? 'blank' : this.takePool(at);
      if (found === 'blank') kept += resident;
      else if (found === 'other') unknown += resident;
    }
    if (this.count === before) return false;
    this.kept += kept;
    this.blank += kept;
    this.unknown += unknown;
    return true;
  }

  /** @returns whether there is one at this address; `blank`: zeros, so that nobody has written there yet */
  takePool(at: number): 'pool' | 'blank' | 'other' {
    if (at % this.poolSize !== 0) return 'other';
    const bytes = this.#memory.read(at, HEADER);
    if (bytes.length < HEADER) return 'other';
    if (bytes.every((byte) => byte === 0)) return 'blank';
    const used = usedIn(new Struct(bytes, 8), at, this.poolSize);
    if (used === undefined) return 'other';
    const resident = this.#memory.residentIn(at, at + this.poolSize);
    this.count++;
    this.used += used;
    this.resident += resident;
    this.kept += Math.max(0, resident - used);
    return 'pool';
  }

  #next(address: number): number {
    return Math.ceil(address / this.poolSize) * this.poolSize;
  }
}

/**
 * The numbers of a header fit each other: the last offset at which a block may begin is the pool's size less a block;
 * blocks were given out in order of address, up to the next offset, and not more than these are in use; the list of
 * free blocks begins at one of them, and is empty only where all of the pool is in use.
 *
 * @returns bytes in use; undefined if they don't fit
 */
function usedIn(header: Struct, pool: number, poolSize: number): number | undefined {
  const [count, index, next] = [header.int(COUNT), header.int(SIZE_INDEX), header.int(NEXT_OFFSET)];
  const block = poolSize - header.int(LAST_OFFSET);
  if (block <= 0 || block > LARGEST || !ALIGNMENTS.some((unit) => block === (index + 1) * unit)) return undefined;
  const given = (next - HEADER) / block;
  if (!Number.isInteger(given) || given < 1 || next > poolSize || count > given) return undefined;
  const free = header.word(FREE_BLOCK);
  if (free === 0) return count === Math.floor((poolSize - HEADER) / block) ? count * block : undefined;
  const offset = free - pool - HEADER;
  return count < given && offset >= 0 && offset < next - HEADER && offset % block === 0 ? count * block : undefined;
}
