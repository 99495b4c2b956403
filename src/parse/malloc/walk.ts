import type {Ascending} from './ascending.ts';
import {type Edge, walkChunks, type Ending} from './chunks.ts';
import {ALIGNMENT, alignDown, alignUp, chunkFrom, type Layout} from './layout.ts';
import {fastChunks} from './lists.ts';
import {LEAST, Words, type Memory, type Range, type Space} from './memory.ts';
import {brkPiece, heapsOf, type Piece} from './pieces.ts';
import {readState, type ArenaState} from './state.ts';
import {Tally} from './tally.ts';

/** What the walk of an arena needs to know of the process. */
export interface Ground {
  readonly memory: Memory;
  readonly layout: Layout;
  /** Bytes. */
  readonly pageSize: number;
  readonly space: Space;
  /** What other arenas have: no piece of main_arena is there. */
  readonly taken?: readonly Range[];
  /** Where the first memory of main_arena begins: not at a page, where somebody else had the brk area before. */
  readonly first?: number | undefined;
  /** malloc_trim gives back in units of this many bytes from the top: a page by default. */
  readonly trimUnit?: number;
  /** An address of which the chunk is wanted. */
  readonly probe?: number | undefined;
}

/** One arena. All figures in bytes. */
export interface Walked {
  readonly state: ArenaState;
  readonly isMain: boolean;
  readonly pieces: readonly Piece[];
  readonly tally: Tally;
  readonly fastbins: number;
  /** The chunks in them. */
  readonly fast: Ascending;
  /** How much of it was not reached; 0 unless it is torn. */
  readonly unread: number;
  /** Did the arena change while it was walked? Its figures are then of different moments. */
  readonly moved: boolean;
  /** Why it did not come out: a sentence's end; the figures are then those of as far as it went. */
  readonly torn: string | undefined;
}

/** A busy arena is read again this many times before it is called torn. */
const TRIES = 3;

/** Walks one arena until it comes out at its top, at most three times. */
export function walkArena(ground: Ground, first: ArenaState, isMain: boolean): Walked {
  let best = walkOnce(ground, first, isMain, false);
  for (let tries = 2; tries <= TRIES && best.torn !== undefined; tries++) {
    ground.space.refresh();
    const state = readState(ground.memory, first.address, ground.layout, ground.space);
    if (typeof state === 'string') continue;
    const walked = walkOnce(ground, state, isMain, true);
    if (walked.torn === undefined || walked.unread <= best.unread) best = walked;
  }
  return best;
}

/** Has it never been asked for memory? */
const isUnused = ({systemMem}: ArenaState): boolean => systemMem === 0;

/** @param isAgain it is busy: read page by page */
function walkOnce(ground: Ground, state: ArenaState, isMain: boolean, isAgain: boolean): Walked {
  const {memory, layout, space} = ground;
  const tally = new Tally({...ground, isMain, brkEnd: () => space.brk?.end});
  const fast = fastChunks(memory, state, layout, space.isWritable);
  const plain = {state, isMain, tally, fastbins: fast.bytes, fast: fast.chunks};
  if (isUnused(state)) return {...plain, pieces: [], unread: 0, moved: false, torn: undefined};
  const walker = new Walker(ground, fast.chunks, tally, isAgain);
  const pieces = isMain ? walker.main(state) : walker.heaps(state);
  const after = readState(memory, state.address, layout, space);
  const isStill = typeof after !== 'string' && isAsBefore(after, state);
  const books = {...plain, state: walker.state ?? state};
  const {systemMem, top} = books.state;
  const isEnd = walker.top === top || (typeof after !== 'string' && after.top === walker.top);
  const torn =
    walker.fault ??
    (isEnd ? undefined : 'it does not end at its top chunk') ??
    (fast.isWhole ? undefined : 'its fastbins changed while they were read, or are corrupt');
  // More than it has: nothing of that can be believed.
  if (walker.reached > systemMem && torn !== undefined)
    return {...books, tally: tally.fresh(), pieces: [], unread: systemMem, moved: !isStill, torn};
  const unread = torn === undefined ? 0 : systemMem - walker.reached;
  return {...books, pieces, unread, moved: !isStill, torn};
}

const isAsBefore = (now: ArenaState, before: ArenaState): boolean =>
  now.top === before.top && now.systemMem === before.systemMem && now.mark === before.mark;

/** The walk through all pieces of one arena. */
class Walker {
  /** What went wrong, a sentence's end. */
  fault: string | undefined;
  /** Where the walk came out. */
  top: number | undefined;
  /** The arena as it was at the end of the walk, where it had changed meanwhile. */
  state: ArenaState | undefined;
  /** Bytes that were walked through. */
  reached = 0;
  readonly #ground: Ground;
  readonly #words: Words;
  readonly #fast: Ascending;
  readonly #tally: Tally;
  /** Where the last piece ends by now. */
  #end: number | undefined;

  constructor(ground: Ground, fast: Ascending, tally: Tally, isAgain: boolean) {
    this.#ground = ground;
    this.#words = new Words(ground.memory, ground.layout.word, isAgain ? LEAST : undefined);
    this.#fast = fast;
    this.#tally = tally;
  }

  heaps(state: ArenaState): readonly Piece[] {
    const pieces = heapsOf(this.#ground.memory, state, this.#ground.layout);
    if (typeof pieces === 'string') return this.#fail(pieces);
    const {memory, layout} = this.#ground;
    const last = pieces.at(-1);
    const lastOf = (now: ArenaState): Piece | string | undefined => {
      const found = heapsOf(memory, now, layout);
      return typeof found === 'string' ? found : found.at(-1);
    };
    for (const piece of pieces) {
      const renew = piece === last ? this.#renewer(state, piece, lastOf) : undefined;
      this.#take(this.#walk(piece.first, piece.end, this.#tally, renew), piece.start);
    }
    const grown = this.#grown(pieces);
    this.#requireSize(grown, this.state ?? state);
    return grown;
  }

  /** Reads where an arena ends, as long as its last piece is the same. */
  #renewer(
    {address}: ArenaState,
    piece: Piece,
    lastOf: (state: ArenaState) => Piece | string | undefined,
  ): (isLost: boolean) => Edge | undefined {
    const {memory, layout, space} = this.#ground;
    return (isLost) => {
      // What it has grown by was mapped, and came in, after the first look.
      if (isLost) space.refresh();
      const state = readState(memory, address, layout, space);
      if (typeof state === 'string') return undefined;
      const last = lastOf(state);
      if (typeof last !== 'object' || last.start !== piece.start) return undefined;
      this.state = state;
      this.#end = last.end;
      return {top: state.top, end: last.end};
    };
  }

  /** The pieces with the end that the last one has by now. */
  #grown(pieces: readonly Piece[]): readonly Piece[] {
    const last = pieces.at(-1);
    return last && this.#end !== undefined ? [...pieces.slice(0, -1), {...last, end: this.#end}] : pieces;
  }

  main(state: ArenaState): readonly Piece[] {
    if (!state.isContiguous) return this.#scattered(state);
    const {memory, layout, space} = this.#ground;
    const {brk} = space;
    const piece = brkPiece(memory, state, layout);
    if (typeof piece === 'string') return this.#fail(piece);
    if (!brk || piece.start < brk.start || piece.end > brk.end) return this.#fail('it does not lie in the brk area');
    const renew = this.#renewer(state, piece, (now) => brkPiece(memory, now, layout));
    let ending = this.#walk(piece.first, piece.end, this.#tally, renew);
    // Somebody else moved the end of the brk area in between (sbrk(3)): the arena continues after that.
    for (let holes = 0; ending.is === 'fence' && holes < MOST_HOLES; holes++)
      ending = this.#goOn(ending.end, piece.end) ?? {is: 'lost', at: ending.end, why: 'is followed by no chunk'};
    this.#take(ending, piece.start);
    return this.#grown([piece]);
  }

  /** The walk behind a hole, from the first place where it comes out. */
  #goOn(hole: number, end: number): Ending | undefined {
    const {memory, pageSize} = this.#ground;
    let left = LARGEST_HOLE;
    for (let first = hole; first < end && left > 0; first += ALIGNMENT) {
      // What was never touched has no chunk.
      const page = alignDown(first, pageSize);
      if ((first === page || first === hole) && memory.residentIn(page, page + pageSize) === 0) {
        first = page + pageSize - ALIGNMENT;
        continue;
      }
      left -= ALIGNMENT;
      const ending = this.#try(first, end);
      if (ending) return ending;
    }
    return undefined;
  }

  /**
   * Once brk(2) has failed, main_arena maps pieces of at least 1 MiB (sysmalloc_mmap_fallback), and nothing leads
   * from one to the next. They are looked for in the memory of no file, at the beginnings of pages, until they add up
   * to what the arena says it has.
   */
  #scattered(state: ArenaState): readonly Piece[] {
    const {space, layout, pageSize, memory, taken = [], first} = this.#ground;
    const {brk, anonymous} = space;
    const pieces: Piece[] = [];
    let missing = state.systemMem;
    let tries = 0;
    const own = first !== undefined && brk && isIn(first, brk) ? {...brk, start: first} : brk;
    for (const region of [...(own ? [own] : []), ...anonymous]) {
      for (let start = region.start; start < region.end && missing > 0 && tries < MOST_TRIES;) {
        const other = taken.find((piece) => start >= piece.start && start < piece.end);
        if (other) {
          start = other.end;
          continue;
        }
        const isThere = memory.residentIn(start, start + ALIGNMENT) > 0;
        const ending = isThere ? this.#try(chunkFrom(start, layout), region.end, state) : undefined;
        tries++;
        if (!ending) {
          start = alignDown(start, pageSize) + pageSize;
          continue;
        }
        const end = alignUp(ending.end, pageSize);
        pieces.push({start, first: chunkFrom(start, layout), end});
        this.#take(ending, start);
        missing -= end - start;
        start = end;
      }
    }
    this.#requireSize(pieces, state);
    return pieces;
  }

  /** Walks from where there may be a chunk; what it finds counts only if it comes out. */
  #try(first: number, end: number, state?: ArenaState): Exclude<Ending, {readonly is: 'lost'}> | undefined {
    const {layout} = this.#ground;
    const field = this.#words.at(first + layout.word, end);
    // A first chunk has no free one before it, and belongs to main_arena.
    if (field === undefined || field % 8 !== 1 || field < layout.least) return undefined;
    const trial = this.#tally.fresh();
    const topEnd = state && first <= state.top && state.top < end ? this.#endOf(state.top) : undefined;
    const ending = this.#walk(first, topEnd ?? end, trial);
    this.#words.forget();
    if (ending.is === 'lost' || (ending.is === 'top' && state && ending.at !== state.top)) return undefined;
    this.#tally.add(trial);
    return ending;
  }

  #endOf(top: number): number {
    const field = this.#words.at(top + this.#ground.layout.word) ?? 0;
    return top + field - (field % 8);
  }

  #walk(first: number, end: number, tally: Tally, renew?: (isLost: boolean) => Edge | undefined): Ending {
    return walkChunks(this.#words, first, end, this.#ground.layout, this.#fast, tally, renew);
  }

  #take(ending: Ending, start: number): void {
    this.reached += (ending.is === 'lost' ? ending.at : ending.end) - start;
    if (ending.is === 'lost') this.fault ??= `the chunk at 0x${ending.at.toString(16)} ${ending.why}`;
    if (ending.is === 'top') this.top = ending.at;
  }

  #requireSize(pieces: readonly Piece[], {systemMem}: ArenaState): void {
    const found = pieces.reduce((sum, {start, end}) => sum + end - start, 0);
    if (found !== systemMem) this.fault ??= `${found} of its ${systemMem} bytes were found`;
  }

  #fail(fault: string): readonly Piece[] {
    this.fault = fault;
    return [];
  }
}

const isIn = (address: number, {start, end}: Range): boolean => address >= start && address < end;

/** Bytes of what others put into the brk area, as far as it is resident: it is not larger, as a rule. */
const LARGEST_HOLE = 64 * 2 ** 20;
const MOST_HOLES = 64;

/** Pages at which a piece may begin. */
const MOST_TRIES = 100_000;
