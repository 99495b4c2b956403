import {chunkFrom, type Layout} from './layout.ts';
import {Struct, Words, type Memory} from './memory.ts';
import {heapOf, type ArenaState} from './state.ts';

/** Memory of an arena that is one piece. */
export interface Piece {
  /** The first byte that counts as the arena's (system_mem). */
  readonly start: number;
  /** The first chunk. */
  readonly first: number;
  readonly end: number;
}

/** An arena has no more heaps than fit in 64 TiB. */
const MOST_HEAPS = 2 ** 20;

/**
 * The heaps of a thread's arena: each says where the one before it is (heap_info.prev), the last one has the top
 * chunk, the first one malloc_state.
 *
 * @returns the first one first; or a sentence's end that says what is wrong
 */
export function heapsOf({read}: Memory, state: ArenaState, layout: Layout): Piece[] | string {
  const {word, heapInfo} = layout;
  const pieces: Piece[] = [];
  const seen = new Set<number>();
  for (let heap = heapOf(state.top, layout); heap !== 0;) {
    if (seen.has(heap) || pieces.length >= MOST_HEAPS) return 'the list of its heaps is a loop';
    seen.add(heap);
    const bytes = read(heap, heapInfo);
    if (bytes.length < heapInfo) return `its heap at 0x${heap.toString(16)} could not be read`;
    const fields = new Struct(bytes, word);
    const [arena, previous, size] = [fields.word(0), fields.word(word), fields.word(2 * word)];
    if (arena !== state.address || size < heapInfo || size > layout.heapMax || heapOf(previous, layout) !== previous)
      return `at 0x${heap.toString(16)} there is no heap of it`;
    const holdsState = state.address === heap + heapInfo;
    const first = chunkFrom(heap + heapInfo + (holdsState ? layout.state : 0), layout);
    pieces.push({start: heap, first, end: heap + size});
    if (previous === 0 && !holdsState) return 'its first heap does not hold it';
    heap = previous;
  }
  return pieces.toReversed();
}

/** The one piece of a main_arena that only brk(2) fed: from its top, as long as the arena says it is. */
export function brkPiece(memory: Memory, state: ArenaState, layout: Layout): Piece | string {
  const field = new Words(memory, layout.word).at(state.top + layout.word);
  if (field === undefined) return 'its top chunk could not be read';
  const end = state.top + field - (field % 8);
  const start = end - state.systemMem;
  if (start < 0 || start > state.top) return 'its top chunk does not fit its size';
  return {start, first: chunkFrom(start, layout), end};
}
