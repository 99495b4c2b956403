import {alignDown, BINS, type Layout} from './layout.ts';
import {Struct, type Memory, type Range, type Space} from './memory.ts';

/** What of an arena's malloc_state the books need. */
export interface ArenaState {
  readonly address: number;
  /** First chunk of each fastbin; 0 for an empty one. */
  readonly fastbins: readonly number[];
  readonly top: number;
  readonly next: number;
  /** Was its memory one piece so far (NONCONTIGUOUS_BIT is clear)? */
  readonly isContiguous: boolean;
  /** Bytes that it has from the kernel. */
  readonly systemMem: number;
  /** Of its lists of free chunks: another one where one of them begins or ends elsewhere. */
  readonly mark: number;
}

/** Is there writable memory at an address? */
export type IsWritable = (address: number) => boolean;

const NONCONTIGUOUS = 2;

/** More than any machine has memory for, and exact as a number. */
const TOO_LARGE = 2 ** 48;

/** A busy arena may be looked at in the middle of a change: it is looked at again this many times. */
const TRIES = 8;

/** @returns a sentence's end that says why not, if there is no arena at the address */
export function readState(memory: Memory, address: number, layout: Layout, space: Space): ArenaState | string {
  let state = readOnce(memory, address, layout, space);
  for (let tries = 2; tries <= TRIES && typeof state === 'string'; tries++) {
    // It may point to what was mapped since.
    space.refresh();
    state = readOnce(memory, address, layout, space);
  }
  return state;
}

function readOnce({read}: Memory, address: number, layout: Layout, {isWritable}: Space): ArenaState | string {
  const bytes = read(address, layout.state);
  if (bytes.length < layout.state) return 'its memory could not be read';
  return stateIn(new Struct(bytes, layout.word), address, layout, isWritable);
}

function stateIn(fields: Struct, address: number, layout: Layout, isWritable: IsWritable): ArenaState | string {
  const {word} = layout;
  const top = fields.word(layout.top);
  const systemMem = fields.word(layout.systemMem);
  const most = fields.word(layout.maxSystemMem);
  // Before the first chunk, top is the list of unsorted chunks.
  if (top !== binAt(address, 1, layout) && !isWritable(top)) return 'its top chunk lies in no writable memory';
  if (top % word !== 0) return 'its top chunk is not aligned';
  if (systemMem > most || most >= TOO_LARGE) return 'its sizes contradict each other';
  let mark = 0;
  for (let bin = 1; bin < BINS; bin++) {
    const at = layout.bins + (bin - 1) * 2 * word;
    const [forward, back] = [fields.word(at), fields.word(at + word)];
    const self = binAt(address, bin, layout);
    mark = mixed(mixed(mark, forward), back);
    if ((forward === self) !== (back === self)) return `its bin ${bin} is half empty`;
    if (forward !== self && !(isWritable(forward) && isWritable(back)))
      return `its bin ${bin} points to no writable memory`;
  }
  const fastbins = Array.from({length: layout.fastbinCount}, (_, bin) => fields.word(layout.fastbins + bin * word));
  return {
    address,
    fastbins,
    top,
    next: fields.word(layout.next),
    isContiguous: (fields.int(layout.flags) & NONCONTIGUOUS) === 0,
    systemMem,
    mark: fastbins.reduce(mixed, mark),
  };
}

/** 32 bits of both. */
const mixed = (mark: number, word: number): number =>
  Math.imul(mark ^ (word >>> 0) ^ Math.floor(word / 2 ** 32), 0x9e3779b1) + 1;

/** bin_at(m, i): a list's head is taken for a chunk, so that it lies two words before its links. */
export const binAt = (arena: number, bin: number, {bins, word}: Layout): number =>
  arena + bins + (bin - 1) * 2 * word - 2 * word;

/** So much of a program's data is looked through. */
const MOST_DATA = 64 * 2 ** 20;

/** Empty lists in it that may be the last bin; an arena has 127 lists. */
const MOST_LISTS = 10_000;

/** Bytes at a time. */
const PIECE = 2 ** 20;

/**
 * Looks for main_arena in the data of the C library, or of a static program. No symbol tells where it is, but no
 * chunk is ever in the last bin: this list is empty, and so points to itself.
 *
 * @param data where it may be, ascending
 */
export function findMain(memory: Memory, data: readonly Range[], layout: Layout, space: Space): ArenaState | undefined {
  const places: number[] = [];
  for (const address of lastBins(memory, data, layout)) {
    const state = readOnce(memory, address, layout, space);
    if (typeof state !== 'string') return state;
    places.push(address);
  }
  // All are looked at again: a busy one may have been in the middle of a change, or point to what was mapped since.
  for (let tries = 2; tries <= TRIES && places.length > 0; tries++) {
    space.refresh();
    for (const address of places) {
      const state = readOnce(memory, address, layout, space);
      if (typeof state !== 'string') return state;
    }
  }
  return undefined;
}

/** Where an arena would begin, for each empty list in the data that may be its last bin. */
function* lastBins(memory: Memory, data: readonly Range[], layout: Layout): Generator<number> {
  const {word} = layout;
  const last = binAt(0, BINS - 1, layout) + 2 * word;
  let [left, lists] = [MOST_DATA, MOST_LISTS];
  for (const {start, end} of data) {
    for (let from = start; from < end && left > 0; from += PIECE) {
      const bytes = memory.read(from, Math.min(PIECE, end - from));
      left -= bytes.length;
      const fields = new Struct(bytes, word);
      for (let at = 0; at + 2 * word <= bytes.length; at += word) {
        const self = from + at - 2 * word;
        if (fields.word(at) !== self || fields.word(at + word) !== self) continue;
        if (--lists < 0) return;
        yield from + at - last;
      }
    }
  }
}

/** A program has at most 8 arenas a processor, unless it asks for more (arena_max in mallopt(3)). */
const MOST_ARENAS = 65_536;

/** What arenas there are. */
export interface Arenas {
  /** The main one first. */
  readonly states: readonly ArenaState[];
  /** Those that are in the list and can't be believed. */
  readonly refused: ReadonlyArray<{readonly address: number; readonly why: string}>;
  /** Does the list lead back to its beginning? */
  readonly isClosed: boolean;
}

/** Follows the list of arenas, which is a circle. */
export function listArenas(memory: Memory, main: ArenaState, layout: Layout, space: Space): Arenas {
  const states = [main];
  const seen = new Set([main.address]);
  for (let address = main.next; address !== main.address;) {
    if (seen.has(address) || states.length >= MOST_ARENAS) return {states, refused: [], isClosed: false};
    seen.add(address);
    const state = space.isWritable(address)
      ? readState(memory, address, layout, space)
      : 'it lies in no writable memory';
    if (typeof state === 'string') return {states, refused: [{address, why: state}], isClosed: false};
    states.push(state);
    address = state.next;
  }
  return {states, refused: [], isClosed: true};
}

/** The heap that an address of a thread's arena lies in. */
export const heapOf = (address: number, {heapMax}: Layout): number => alignDown(address, heapMax);
