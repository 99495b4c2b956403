import {PYTHONS} from '../../../classify/runtimes/python.ts';
import {sizeText} from '../../../model/amounts.ts';
import type {RuntimeFacts} from './part.ts';

/** What gives memory back to the kernel, by the key of a place. */
const BACK: Readonly<Record<string, string>> = {
  large: 'free(3), at once',
  lazyFree: 'the kernel, in need',
  code: 'the kernel, if clean',
  files: 'the kernel, if clean',
  stacks: 'threads that end',
  jit: 'the runtime',
  shared: 'munmap(2) by all',
  anon: 'munmap(2)',
  tables: 'munmap(2)',
  [`arena ${PYTHONS}`]: "an arena's last object",
  "arena jemalloc's memory": 'decay, arena.N.purge',
  "arena tcmalloc's memory": 'ReleaseFreeMemory()',
  "arena mimalloc's memory": 'mi_collect(true)',
  "arena musl's malloc": 'free(3)',
  'managed the Java heap': 'a GC that shrinks it',
  "managed Java's metaspace": 'unloaded classes',
  'managed Go heap': 'a GC, the scavenger',
};

/** Direct buffers of Java and Buffers of Node are malloc's, and large ones have a chunk of their own. */
const LARGE: Readonly<Record<string, string>> = {
  'the JVM': 'collected buffers',
  V8: 'collected Buffers',
};

/** @param key of a place, as placeOf() gives it @returns '' where nothing is known */
export function backOf(key: string, runtime: string, {books}: Pick<RuntimeFacts, 'books'>): string {
  if (key === 'malloc') {
    if (!books) return 'free(3), malloc_trim(0)';
    const bytes = books.arenas.reduce((sum, {trimmable}) => sum + trimmable, 0);
    return bytes === 0 ? 'free(3)' : `malloc_trim(0): ${sizeText(bytes)}`;
  }
  if (key === 'large' && LARGE[runtime] !== undefined) return LARGE[runtime];
  return BACK[key] ?? (/^managed .*V8/.test(key) ? 'a GC' : '');
}
