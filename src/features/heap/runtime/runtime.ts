import {PYTHONS, pythonIn} from '../../../classify/runtimes/python.ts';
import {backOf} from './back.ts';
import {jvmParts} from './jvm.ts';
import {saidOfCore} from './dead.ts';
import type {CoreShare, Runtime, RuntimeFacts, RuntimePart} from './part.ts';
import {isOfCore, placesOf, type Places} from './places.ts';
import {saidOf} from './sentence.ts';

/** All memory of a process by what it is for. @returns undefined where it lives and resident memory was not read */
export function runtimeOf(facts: RuntimeFacts): Runtime | undefined {
  const {snapshot, counters} = facts;
  const isCore = isOfCore(facts);
  if (!isCore && snapshot.totals['rss'] === undefined) return undefined;
  const places = placesOf(facts);
  const name = nameOf(facts, places);
  const parts = [...places.values()].flatMap((place): RuntimePart[] => {
    const {key, what, size, resident, leftOut, isCertain, from, used, kept} = place;
    const part: RuntimePart = {
      name: what,
      isHeap: IS_HEAP.test(key),
      used: used ?? null,
      kept: kept ?? null,
      committed: size,
      resident: isCore ? null : resident,
      core: isCore ? {dumped: resident, leftOut} : undefined,
      how: isCertain ? 'read' : 'inferred',
      from,
      back: backOf(key, name, facts),
    };
    return counters ? jvmParts(part, counters) : [part];
  });
  if (!isCore) return {name, parts, said: saidOf(name, parts)};
  return {name, parts, core: allOf(parts), said: saidOfCore(name, parts, facts.found.python)};
}

function allOf(parts: readonly RuntimePart[]): CoreShare {
  const sum = (key: keyof CoreShare): number => parts.reduce((bytes, {core}) => bytes + (core?.[key] ?? 0), 0);
  return {dumped: sum('dumped'), leftOut: sum('leftOut')};
}

const IS_HEAP = /^(?:managed |arena |malloc$|large$)/;

function nameOf({snapshot: {table}, other}: RuntimeFacts, places: Places): string {
  const names = table.namedOnes().map(({name}) => name);
  if (names.some((name) => /\/libjvm\.so( \(deleted\))?$/.test(name))) return 'the JVM';
  const keys = [...places.keys()];
  if (keys.some((key) => /^managed .*V8/.test(key))) return 'V8';
  if (places.has('managed Go heap')) return 'Go';
  if (places.has(`arena ${PYTHONS}`) || pythonIn(names)) return 'Python';
  return other ?? 'glibc';
}

/** The `runtime` of `memmap.heap/1`. */
export const runtimeJSON = ({name, core: all, parts}: Runtime): Record<string, unknown> => ({
  name,
  ...all,
  parts: parts.map(({name: part, within, used, kept, committed, resident, core, how, from, back}) => ({
    name: part,
    within,
    used,
    kept,
    committed,
    resident,
    ...core,
    how,
    from,
    back,
  })),
});
