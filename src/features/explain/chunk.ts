import {hex} from '../../model/region.ts';
import type {ChunkFacts} from '../../parse/malloc/books.ts';
import {heapOfCore} from '../heap/core.ts';
import {heapIn, USUAL_RATE} from '../heap/target.ts';
import type {Looked} from './target.ts';

/** The chunk of malloc that an address lies in; or a sentence that says why none is told. */
export type ChunkAnswer = ChunkFacts | string;

/** @throws Trouble `denied`: memory is read */
export function chunkAt({handle, core, name}: Pick<Looked, 'handle' | 'core' | 'name'>, address: number): ChunkAnswer {
  if (!handle && !core) return 'Not known: only a live process and a core file have contents.';
  const {books, isWhole} = handle
    ? heapIn(handle, {maxRate: USUAL_RATE, probe: address})
    : heapOfCore(core!, name, {probe: address});
  if (!books) return "Not known: no books of glibc's malloc were found.";
  if (books.chunk) return books.chunk;
  return isWhole ? 'No chunk of an arena lies here.' : 'Not known: not all arenas could be read to the end.';
}

/** The `chunk` of `memmap.explain/1`. */
export const chunkJSON = (answer: ChunkAnswer): object =>
  typeof answer === 'string'
    ? {note: answer}
    : {
        start: hex(answer.start),
        size: answer.size,
        state: answer.state,
        arena: hex(answer.arena),
        main: answer.isMain,
      };

const STATES: Readonly<Record<ChunkFacts['state'], string>> = {
  'in use': 'in use',
  free: 'free, and kept by malloc',
  fastbin: 'freed by the program, and kept in a fastbin',
  tcache: "freed by the program, and kept in a thread's tcache",
  top: 'the top: the free end of its arena',
};

/** Such as `64 bytes from 0x55… on, in use, of the main arena`. */
export function chunkText(answer: ChunkAnswer): string {
  if (typeof answer === 'string') return answer;
  const {start, size, state, arena, isMain} = answer;
  const whose = isMain ? 'the main arena' : `the arena at ${hex(arena)}`;
  return `${size} bytes from ${hex(start)} on, ${STATES[state]}; of ${whose}`;
}
