import type {Kind} from '../model/kind.ts';
import {hasNoAccess, isExecutable, type Region} from '../model/region.ts';
import {type Decision, isHeld} from './space.ts';

/**
 * Names that programs give their anonymous memory with prctl(PR_SET_VMA_ANON_NAME), which the kernel prints as
 * `[anon:NAME]` (Linux 5.17 with CONFIG_ANON_VMA_NAME, Android long before), or as the name of an ashmem file. glibc's
 * and Go's begin with a blank. The first pattern that matches decides.
 */
const GIVEN_NAMES: ReadonlyArray<readonly [pattern: RegExp, kind: Kind]> = [
  [/^Go: /, 'managed'],
  [/^(dalvik-(zygote-)?jit|jit-cache|v8-jit|.*[- ]jit[- ]code)/i, 'jit'],
  [/^dalvik-/, 'managed'],
  [/^v8/i, 'managed'],
  [/^(oilpan|cppgc|blink_gc)/, 'managed'],
  [/^(ruby|Ruby:)/, 'managed'],
  // Bionic names a stack together with its guard and the thread's own variables; glibc 2.39 with
  // glibc.mem.decorate_maps.
  [/^(stack_and_tls:|glibc: pthread stack|glibc: pthread user stack)/, 'thread-stack'],
  [/^(thread signal stack|thread stack)/, 'thread-stack'],
  [/^glibc: (malloc|loader malloc)/, 'arena'],
  [/^(libc_malloc|scudo:|GWP-ASan|partition_alloc|PartitionAlloc|mimalloc|jemalloc|tcmalloc)/, 'arena'],
  [/^(bss|\.bss)$/, 'bss'],
];

/** Most names are a program's own. */
const MAY_BE_KNOWN =
  /^(?:Go: |dalvik-|v8|oilpan|cppgc|blink|ruby|stack_and|thread |glibc: |libc_|scudo|GWP|partition|mimalloc|jemalloc|tcmalloc|\.?bss)|jit/i;

/** Bionic's "thread stack guard" and "bionic TLS guard", ART's "Sentinel fault page". */
const GUARDS = /\bguard\b|^dalvik-Sentinel/i;

/**
 * Memory that has a name. A name alone gives no memory: what has no access is a guard or kept for later, whatever it is
 * called.
 *
 * @param given what the program called it
 * @param isCommon memory of MAP_SHARED|MAP_ANONYMOUS, or shared memory of ashmem, whatever its name
 */
export function namedMemory(given: string, region: Region, isCommon: boolean): Decision {
  const name = given.trimStart();
  const evidence = `its program named it "${name}"`;
  const label = name === '' ? undefined : name;
  const known = MAY_BE_KNOWN.test(name) ? GIVEN_NAMES.find(([pattern]) => pattern.test(name))?.[1] : undefined;
  if (hasNoAccess(region) && !isHeld(region)) {
    const kind = GUARDS.test(name) ? 'guard' : 'reserved';
    return {kind, evidence: `${evidence}, and it has no access`, label};
  }
  if (isExecutable(region))
    return {kind: 'jit', evidence: `${evidence}; it may be executed, and is not from a file`, label};
  if (isCommon) return {kind: 'shared', evidence, label};
  if (known !== 'thread-stack') return {kind: known ?? 'anon', evidence, label};
  const thread = /^(?:stack_and_tls:|glibc: pthread (?:user )?stack: )(\d+)$/.exec(name)?.[1];
  return {kind: known, evidence, label: thread ? `stack of thread ${thread}` : name};
}
