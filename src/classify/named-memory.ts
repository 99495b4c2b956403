import type {Kind} from '../model/kind.ts';
import type {Verdict} from './space.ts';

/**
 * Names that programs give their anonymous memory with prctl(PR_SET_VMA_ANON_NAME), which the kernel prints as
 * `[anon:NAME]` (Linux 5.17 with CONFIG_ANON_VMA_NAME, Android long before). The first pattern that fits decides.
 */
const NAMES: ReadonlyArray<readonly [pattern: RegExp, kind: Kind]> = [
  [/^Go: heap/, 'managed'],
  [/^Go: /, 'managed'],
  [/^(dalvik-jit|jit-cache|v8-jit|.*[- ]jit[- ]code)/i, 'jit'],
  [/^dalvik-/, 'managed'],
  [/^v8/i, 'managed'],
  [/^(oilpan|cppgc|blink_gc)/, 'managed'],
  [/^(ruby|Ruby:)/, 'managed'],
  // Bionic names a stack with its guard and the thread's own variables; glibc 2.39 with glibc.mem.decorate_maps.
  [/^(stack_and_tls:|glibc: pthread stack|glibc: pthread user stack)/, 'thread-stack'],
  [/^(thread signal stack|thread stack)/, 'thread-stack'],
  [/^glibc: (malloc|loader malloc)/, 'arena'],
  [/^(libc_malloc|scudo:|GWP-ASan|partition_alloc|PartitionAlloc|mimalloc|jemalloc|tcmalloc)/, 'arena'],
  [/^(bss|\.bss)$/, 'bss'],
];

/** Most names are a program's own. */
const MAY_BE_KNOWN =
  /^(?:Go: |dalvik-|v8|oilpan|cppgc|blink|ruby|stack_and|thread |glibc: |libc_|scudo|GWP|partition|mimalloc|jemalloc|tcmalloc|\.?bss)|jit/i;

/** @param name what the program called it; `isShared`: memory of MAP_SHARED|MAP_ANONYMOUS, whatever its name */
export function namedMemory(name: string, isShared: boolean): Verdict {
  const evidence = `its program named it "${name}"`;
  const label = name === '' ? undefined : name;
  if (isShared) return {kind: 'shared', evidence, label};
  const kind = (MAY_BE_KNOWN.test(name) && NAMES.find(([pattern]) => pattern.test(name))?.[1]) || 'anon';
  if (kind !== 'thread-stack') return {kind, evidence, label};
  const thread = /^(?:stack_and_tls:|glibc: pthread stack: )(\d+)$/.exec(name)?.[1];
  return {kind, evidence, label: thread ? `stack of thread ${thread}` : name};
}
