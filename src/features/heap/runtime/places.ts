import {PYTHONS} from '../../../classify/runtimes/python.ts';
import {ABSENT} from '../../../model/columns/columns.ts';
import {hasNoAccess, type Region, sizeOf} from '../../../model/region.ts';
import type {ArenaBooks} from '../../../parse/malloc/books.ts';
import {type Amounts, keptOf} from '../anonymous.ts';
import {placeOf} from '../places.ts';
import type {RuntimeFacts} from './part.ts';

/** Memory that belongs together: amounts in bytes. */
export interface Place {
  readonly key: string;
  readonly what: string;
  /** What may be used; null where that says nothing. */
  size: number | null;
  /** Of a core: what was dumped. */
  resident: number;
  /** What a core does not have of it. */
  leftOut: number;
  isCertain: boolean;
  /** What is in use, and what is resident, free and kept: where something tells. */
  used?: number | undefined;
  kept?: number | undefined;
  from: string;
}

export type Places = ReadonlyMap<string, Place>;

/** Of what has pages of its own beside the resident ones. */
export const TABLES = 'tables';

/** What kinds and labels say, and what books, pools and status cut further: the largest first, page tables last. */
export function placesOf(facts: RuntimeFacts): Places {
  const places = ofRegions(facts);
  cutPython(places, facts);
  cutMalloc(places, facts);
  const tables = facts.snapshot.status['vmPte'];
  const all = [...places.values()]
    .filter(({resident, leftOut}) => resident > 0 || leftOut > 0)
    .sort((a, b) => b.resident - a.resident);
  if (typeof tables === 'number')
    all.push({
      key: TABLES,
      what: 'page tables',
      size: null,
      resident: tables,
      leftOut: 0,
      isCertain: true,
      from: 'status',
    });
  return new Map(all.map((place) => [place.key, place]));
}

/** A core says what was dumped, and not what was resident. */
export const isOfCore = ({snapshot}: Pick<RuntimeFacts, 'snapshot'>): boolean => snapshot.source.format === 'core';

function ofRegions(facts: RuntimeFacts): Map<string, Place> {
  const {table, totals} = facts.snapshot;
  const isCore = isOfCore(facts);
  const from = isCore ? 'core' : totals['pss'] === undefined ? 'pagemap' : 'smaps';
  const places = new Map<string, Place>();
  const [rss, lazy] = [table.counter(isCore ? 'dumped' : 'rss'), table.counter('lazyFree')];
  const {firsts, counts} = table.alike;
  for (const [index, row] of firsts.entries()) {
    const region = table.at(row);
    const [resident, free] = [valueOf(rss, row), valueOf(lazy, row)];
    if ((region.kind === 'vsyscall' && !isCore) || (resident === 0 && isUnused(region))) continue;
    const count = counts[index]!;
    const isHidden = isCore && hasNoWords(region);
    const [key, what] = ZGC.test(region.name) ? JAVA_HEAP : isHidden ? RESERVED : placeOf(region);
    const place = placeAt(places, key, what, from);
    place.size = (place.size ?? 0) + count * sizeOf(region);
    place.resident += count * (resident - free);
    if (isCore) place.leftOut += count * (sizeOf(region) - resident);
    place.isCertain &&= region.confidence !== 'guess' && !isHidden;
    if (free === 0) continue;
    const given = placeAt(places, 'lazyFree', 'given back with MADV_FREE', from);
    given.size = null;
    given.resident += count * free;
  }
  return places;
}

/** Addresses alone: gdb says of such memory in a core that it may be read. */
const isUnused = (region: Region): boolean =>
  hasNoAccess(region) || region.kind === 'guard' || region.kind === 'reserved';

/**
 * gdb writes memory without access as if it could be read, as zeros: in its cores that is what memory of no file is
 * that can't be written (parse/core/regions.ts).
 */
const hasNoWords = ({perms, name, kind}: Region): boolean => perms === '????' && name === '' && !OF_KERNEL.has(kind);
const OF_KERNEL: ReadonlySet<Region['kind']> = new Set(['vdso', 'vvar', 'vsyscall']);
const RESERVED = placeOf({kind: 'reserved'});

/** ZGC's heap is a file in memory (zPhysicalMemoryBacking_linux.cpp). */
const ZGC = /^\/memfd:java_heap\b/;
const JAVA_HEAP = ['managed the Java heap', 'the Java heap'] as const;

const valueOf = (values: Float64Array | undefined, row: number): number =>
  values === undefined || values[row] === ABSENT ? 0 : values[row]!;

function placeAt(places: Map<string, Place>, key: string, what: string, from = 'smaps'): Place {
  let place = places.get(key);
  if (!place) places.set(key, (place = {key, what, size: 0, resident: 0, leftOut: 0, isCertain: true, from}));
  return place;
}

/** Moves memory from one place to another, as far as there is some. */
function move(from: Place, to: Place, {size, resident}: {readonly size: number; readonly resident: number}): void {
  const moved = Math.min(from.resident, resident);
  from.resident -= moved;
  to.resident += moved;
  from.size = Math.max(from.resident, (from.size ?? 0) - size);
  to.size = (to.size ?? 0) + size;
}

const ANON = ['anon', 'other anonymous memory'] as const;

/** Of arenas, from this part on. */
const UNKNOWN = 0.1;

/** Pools tell what is Python's: what the kernel joined with something else too, and not what only has their size. */
function cutPython(places: Map<string, Place>, facts: RuntimeFacts): void {
  const {python} = facts.found;
  if (!python) return;
  const [anon, place] = [placeAt(places, ...ANON), placeAt(places, `arena ${PYTHONS}`, PYTHONS)];
  move(place, anon, countedOf(python.alike, facts));
  move(anon, place, countedOf(python.joined, facts));
  if (python.count === 0) return;
  // Where much is neither, something else may have been joined with arenas to a multiple of their size.
  place.isCertain = python.unknown + place.leftOut <= UNKNOWN * python.resident;
  place.used = python.used;
  place.kept = keptOf(python, place.resident);
  place.from = 'pool headers';
}

/** What was found in a core was dumped as a whole. */
const countedOf = ({size, resident}: Amounts, facts: RuntimeFacts): Amounts => ({
  size,
  resident: isOfCore(facts) ? size : resident,
});

/** malloc's books tell what of its regions is in use, and large chunks from other anonymous memory. */
function cutMalloc(places: Map<string, Place>, facts: RuntimeFacts): void {
  const {books, other, found} = facts;
  if (!books || other) return;
  const {arenas, mmapped} = books;
  const sum = (of: (arena: ArenaBooks) => number): number => arenas.reduce((bytes, arena) => bytes + of(arena), 0);
  const isCertain = arenas.every(({torn}) => torn === undefined);
  const from = "malloc's books";
  const place = placeAt(places, 'malloc', MALLOC);
  for (const [key, amounts] of found.arenas) {
    const regions = places.get(key);
    if (regions) move(regions, place, countedOf(amounts, facts));
  }
  places.set('malloc', {
    key: 'malloc',
    what: MALLOC,
    resident: place.resident,
    leftOut: place.leftOut,
    size: sum(({system}) => system),
    ...(isCertain && {
      used: sum(({inUse}) => inUse),
      kept: Math.min(
        place.resident,
        sum(({freeResident}) => freeResident),
      ),
    }),
    isCertain,
    from,
  });
  const large: Place = {
    key: 'large',
    what: "malloc's large blocks",
    size: 0,
    resident: 0,
    leftOut: 0,
    used: mmapped.bytes,
    kept: 0,
    isCertain: found.large.bytes === mmapped.bytes,
    from,
  };
  for (const [key, amounts] of found.large.of) {
    const regions = places.get(key);
    if (regions) move(regions, large, countedOf(amounts, facts));
  }
  // Of those that were not found, malloc says only how large they are together.
  const rest = Math.max(0, mmapped.bytes - found.large.bytes);
  move(placeAt(places, ...ANON), large, {size: rest, resident: rest});
  places.set('large', large);
}

const MALLOC = "malloc's arenas";
