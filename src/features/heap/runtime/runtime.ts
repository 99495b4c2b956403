import {PYTHONS, pythonIn} from '../../../classify/runtimes/python.ts';
import {backOf} from './back.ts';
import {jvmParts} from './jvm.ts';
import type {Runtime, RuntimeFacts, RuntimePart} from './part.ts';
import {placesOf, type Places} from './places.ts';
import {saidOf} from './sentence.ts';

/** All memory of a process by what it is for. @returns undefined where resident memory was not read */
export function runtimeOf(facts: RuntimeFacts): Runtime | undefined {
  const {snapshot, counters} = facts;
  if (snapshot.totals['rss'] === undefined) return undefined;
  const places = placesOf(facts);
  const name = nameOf(facts, places);
  const parts = [...places.values()].flatMap((place): RuntimePart[] => {
    const {key, what, size, resident, isCertain, from, used, kept} = place;
    const part: RuntimePart = {
      name: what,
      isHeap: IS_HEAP.test(key),
      used: used ?? null,
      kept: kept ?? null,
      committed: size,
      resident,
      how: isCertain ? 'read' : 'inferred',
      from,
      back: backOf(key, name, facts),
    };
    return counters ? jvmParts(part, counters) : [part];
  });
  return {name, parts, said: saidOf(name, parts)};
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
export const runtimeJSON = ({name, parts}: Runtime): Record<string, unknown> => ({
  name,
  parts: parts.map(({name: part, within, used, kept, committed, resident, how, from, back}) => ({
    name: part,
    within,
    used,
    kept,
    committed,
    resident,
    how,
    from,
    back,
  })),
});
