import {isKnownPython, poolSize, PYTHONS, type PythonVersion} from '../../classify/runtimes/python.ts';
import {isPrivate, isWritable, type Region, sizeOf} from '../../model/region.ts';
import {mmappedAt} from '../../parse/malloc/mmapped.ts';
import type {Memory, Range} from '../../parse/malloc/memory.ts';
import {Pools} from '../../parse/python/pools.ts';
import {placeOf} from './places.ts';

/** What was found in memory that has no name, in bytes. */
export interface Anonymous {
  /** malloc's chunks that have a mapping each. */
  readonly large: {
    readonly count: number;
    readonly bytes: number;
    /** By the key of the place (placeOf) that their regions seem to be of. */
    readonly of: ReadonlyMap<string, Amounts>;
  };
  /** Memory of malloc's arenas, by the key of the place that its regions seem to be of: none has a name for it. */
  readonly arenas: ReadonlyMap<string, Amounts>;
  /** Undefined where there is no Python whose pools can be read. */
  readonly python: PythonHeap | undefined;
}

/** What Python's allocator of objects has, in bytes. */
export interface PythonHeap extends Amounts, Readonly<Pick<Pools, 'count' | 'used' | 'kept' | 'unknown'>> {
  /** Part of these: pools in regions that look like something else, since the kernel joined them with it. */
  readonly joined: Amounts;
  /** The resident part of all that was taken for pools, or for room of pools. */
  readonly looked: number;
  /** Not part of them: regions of the size of arenas that have no pool. */
  readonly alike: Amounts;
}

/**
 * What is free and kept of arenas of which the kernel counts so much as resident. The page map shows pages that were
 * only read, by a debugger for instance, and have the zero page: they are no part of the RSS, and were never in use.
 */
export const keptOf = ({kept, looked}: Pick<PythonHeap, 'kept' | 'looked'>, counted: number): number =>
  Math.min(counted, Math.max(0, kept - Math.max(0, looked - counted)));

export interface Amounts {
  readonly size: number;
  readonly resident: number;
}

interface Wanted {
  readonly memory: Memory;
  readonly regions: readonly Region[];
  readonly pageSize: number;
  /** Bytes of a pointer. */
  readonly word: 4 | 8;
  /** Whose pools are wanted. */
  readonly python: PythonVersion | undefined;
  /** Where malloc says that its arenas are, ascending. */
  readonly pieces: readonly Range[];
  /** How many large chunks malloc says there are; 0 also where nobody knows. */
  readonly chunks: number;
}

/** Pages that are asked at most, where neither chunks nor pools follow one another: some 3 µs each. */
const MOST_ASKED = 131_072;

/**
 * Finds Python's arenas and malloc's large chunks by their headers. The kernel joins regions that lie side by side, so
 * that one may hold several, and both.
 */
export function searchAnonymous({memory, regions, pageSize, word, python, pieces, chunks}: Wanted): Anonymous {
  const open = regions.filter((region) => region.name === '' && isWritable(region) && isPrivate(region));
  const scattered = arenasIn(memory, open, pieces);
  const pools = python && new Pools(memory, poolSize(python));
  const large = new LargeChunks(memory, {word, pageSize, most: chunks});
  const {arenas, alike, rest} = cutArenas(memory, open, pools);
  const before = {size: pools?.size ?? 0, resident: pools?.resident ?? 0};
  const stretches = rest.map(large.takeFirst);
  for (const region of open) if (isBesideManaged(region)) large.takeFirst(stretchOf(region));
  searchRest({memory, pageSize, rest: stretches, large, pools});
  const found = {count: large.count, bytes: large.bytes, of: large.of};
  if (!pools) return {large: found, arenas: scattered, python: undefined};
  const joined = {size: pools.size - before.size, resident: pools.resident - before.resident};
  const {count, used, kept, unknown} = pools;
  const [size, resident] = [arenas.size + joined.size, arenas.resident + joined.resident];
  const looked = pools.resident + pools.blank + unknown;
  return {large: found, arenas: scattered, python: {count, size, resident, used, kept, unknown, joined, looked, alike}};
}

/**
 * The main arena outside of the brk area (brk(2) failed, or it is that of a second C library) is like any memory
 * without a name.
 */
function arenasIn(memory: Memory, regions: readonly Region[], pieces: readonly Range[]): Map<string, Amounts> {
  const found = new Map<string, Amounts>();
  let at = 0;
  for (const region of regions) {
    while (at < pieces.length && pieces[at]!.end <= region.start) at++;
    const [key] = placeOf(region);
    if (key === MALLOC_KEY) continue;
    for (let next = at; next < pieces.length && pieces[next]!.start < region.end; next++) {
      const [start, end] = [Math.max(pieces[next]!.start, region.start), Math.min(pieces[next]!.end, region.end)];
      const {size, resident} = found.get(key) ?? {size: 0, resident: 0};
      found.set(key, {size: size + end - start, resident: resident + memory.residentIn(start, end)});
    }
  }
  return found;
}

const [MALLOC_KEY] = placeOf({kind: 'heap'});

/** Tells arenas from what only has their size. `rest`: where else pools and chunks may be. */
function cutArenas(
  memory: Memory,
  regions: readonly Region[],
  pools: Pools | undefined,
): {readonly arenas: Amounts; readonly alike: Amounts; readonly rest: readonly Stretch[]} {
  const [arenas, alike] = [
    {size: 0, resident: 0},
    {size: 0, resident: 0},
  ];
  const rest: Stretch[] = [];
  for (const region of regions) {
    const hasTheirSize = region.label === PYTHONS;
    if (pools && hasTheirSize) {
      const isArenas = pools.takeArenas(region);
      const sum = isArenas ? arenas : alike;
      sum.size += sizeOf(region);
      sum.resident += memory.residentIn(region.start, region.end);
      if (isArenas) continue;
    }
    if (hasTheirSize || region.kind === 'anon' || MAYBE_MALLOC.test(region.label ?? '')) rest.push(stretchOf(region));
  }
  return {arenas, alike, rest};
}

/** Memory in which pools and chunks may be. */
interface Stretch extends Range {
  /** Of the place that its region seems to be of. */
  readonly key: string;
}

const stretchOf = (region: Region): Stretch => ({start: region.start, end: region.end, key: placeOf(region)[0]});

/**
 * Without VmFlags, as in a core, a large chunk that touches what a runtime has reserved looks like a part of that: V8's
 * code range.
 */
const isBesideManaged = ({kind, confidence, flags}: Region): boolean =>
  kind === 'managed' && confidence === 'guess' && flags === undefined;

const MAYBE_MALLOC = /^memory of the JVM: .*malloc/;

/** malloc's chunks that have a mapping each, and of which it says how many there are. */
class LargeChunks {
  count = 0;
  bytes = 0;
  readonly of = new Map<string, {size: number; resident: number}>();
  readonly #memory: Memory;
  readonly #options: LargeOptions;

  constructor(memory: Memory, options: LargeOptions) {
    this.#memory = memory;
    this.#options = options;
  }

  get isSought(): boolean {
    return this.count < this.#options.most;
  }

  /** @returns where the chunk ends that is at the beginning of a stretch; its beginning if there is none */
  readonly take = ({start, end, key}: Stretch): number => {
    const {word, pageSize} = this.#options;
    const size = this.isSought ? mmappedAt(this.#memory, {start, end}, word, pageSize) : undefined;
    if (size === undefined) return start;
    this.count++;
    this.bytes += size;
    const amounts = this.of.get(key) ?? {size: 0, resident: 0};
    amounts.size += size;
    amounts.resident += this.#memory.residentIn(start, start + size);
    this.of.set(key, amounts);
    return start + size;
  };

  /** Takes those that follow one another from the beginning on. @returns what lies behind them */
  readonly takeFirst = (stretch: Stretch): Stretch => {
    let [at, next] = [stretch.start, this.take(stretch)];
    while (next > at) [at, next] = [next, this.take({...stretch, start: next})];
    return {...stretch, start: at};
  };
}

interface LargeOptions extends Pick<Wanted, 'word' | 'pageSize'> {
  /** How many there are. */
  readonly most: number;
}

/** Looks at each resident page of what is left. */
function searchRest({memory, pageSize, rest, large, pools}: Search): void {
  let asked = 0;
  for (const {start, end, key} of rest) {
    let at = start;
    while (at < end && asked < MOST_ASKED) {
      if (!pools && !large.isSought) return;
      const page = at;
      if (memory.residentIn(page, page + pageSize) > 0) {
        asked++;
        at = large.take({start: page, end, key});
        if (at === page && pools && at + pools.poolSize <= end && pools.takePool(at) === 'pool') at += pools.poolSize;
      }
      if (at === page) at += pageSize;
    }
  }
}

interface Search extends Pick<Wanted, 'memory' | 'pageSize'> {
  readonly rest: readonly Stretch[];
  readonly large: LargeChunks;
  readonly pools: Pools | undefined;
}

/** Why the pools of a Python can't be read: a sentence; undefined where they can. */
export function whyNoPools({major, minor, isFreeThreaded}: PythonVersion, word: 4 | 8): string | undefined {
  const name = `Python ${major}.${minor}`;
  const unread = 'what of its arenas is in use, and what is free and kept, is not known';
  if (isFreeThreaded) return `${name} is free-threaded, and has mimalloc in place of arenas: its books are not read.`;
  if (word === 4) return `${name} has 32 bits, of which memmap does not read the pools: ${unread}.`;
  return isKnownPython({major, minor}) ? undefined : `${name} is not one whose pools memmap reads: ${unread}.`;
}
