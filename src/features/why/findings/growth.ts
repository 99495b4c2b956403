import {counted, countText, deltaText, sizeText, spanText} from '../../../model/amounts.ts';
import type {Kind} from '../../../model/kind.ts';
import {safe, shortenPath} from '../../../text/safe.ts';
import {type GrowthLine, riseOf} from '../../growth/growth.ts';
import {slopeText} from '../../growth/words.ts';
import {keyOf} from '../../heap/places.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf} from '../finding.ts';
import {shareOf} from '../facts/parts.ts';
import {askRuntime, causeStep, growthStep, heapStep, releaseRuntime, trimSteps} from './steps.ts';

const row = rowsOf<Figures>();
const MIB = 1024 * 1024;

/** A steady rise of resident memory, and the kind that most of it is. */
interface Grower {
  readonly total: GrowthLine;
  readonly kind: GrowthLine | undefined;
}

function growerOf({grows: total, grower: kind}: Figures): Grower | undefined {
  return total && {total, kind};
}

/** May its memory map be read? */
const isSeen = ({snapshot}: Figures): boolean => snapshot.table.length > 0;

const rate = ({slope}: GrowthLine): string => (slope ? slopeText(slope) : '');

/** Its name, unless that is of the neighbours alone. */
const nameOf = ({kind}: GrowthLine): string => `${kind} memory`;

const LEAK = 'A leak, or a cache that is still filling';

/** Blocks in use that rose by more than half of the growth, as malloc's books say before and after. */
function risen({malloc, facts}: Figures): {readonly small: number; readonly large: number} | undefined {
  const rise = malloc?.rise;
  const all = facts.growth ? riseOf(facts.growth.total) : 0;
  return rise && rise.small + rise.large > all / 2 ? rise : undefined;
}

/** Is most of the growth memory that malloc keeps, though it was freed? */
function isKept({malloc, facts}: Figures): boolean {
  const all = facts.growth ? riseOf(facts.growth.total) : 0;
  return (
    malloc?.rise !== undefined && malloc.rise.free > all / 2 && malloc.rise.free > malloc.rise.small + malloc.rise.large
  );
}

/** What resident memory does: most of what grows is of one sort. */
export const GROWTH: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'malloc-grows',
    tier: 'growth',
    when: (figures) => {
      const grower = growerOf(figures);
      const {runtime} = figures;
      if (!grower || isKept(figures) || (runtime && /managed/.test(grower.kind?.kind ?? ''))) return undefined;
      const books = risen(figures);
      const isMallocs = books !== undefined || /^(heap|arena)$/.test(grower.kind?.kind ?? '');
      return isMallocs ? {...grower, books} : undefined;
    },
    weight: ({total}) => riseOf(total),
    sentence: ({total, kind, books}, {malloc}) => {
      const isLarge = books ? books.large > books.small : false;
      const where = isLarge
        ? `large blocks of malloc (${counted(malloc!.mmapped.count, 'block')} with a mapping each, ` +
          `${sizeText(malloc!.mmapped.bytes)})`
        : `small blocks of malloc (${kind?.kind === 'heap' || !kind ? '[heap]' : 'its arenas'}` +
          `${malloc ? `, ${sizeText(malloc.inUse)} in use` : ''})`;
      return `It grows by ${rate(total)} in ${where}. ${LEAK}.`;
    },
    evidence: ({books}) =>
      books
        ? "malloc's books in /proc/PID/mem before and after; status VmRSS over time"
        : 'smaps Rss of [heap] and arenas, status VmRSS over time',
    certain: ({books}, {malloc}) => books !== undefined && malloc?.isTorn === false,
    next: (_, figures) => [growthStep(figures), causeStep(figures), ...askRuntime(figures), heapStep(figures)],
  }),
  row({
    name: 'kept-grows',
    tier: 'growth',
    when: (figures) => {
      const {grows: total, malloc} = figures;
      return total && malloc?.rise && isKept(figures) ? {total, malloc, free: malloc.rise.free} : undefined;
    },
    weight: ({total}) => riseOf(total),
    sentence: ({total, malloc, free}) =>
      `It grows by ${rate(total)}, and what grows is memory that the program freed and malloc keeps ` +
      `(${deltaText(free)}): not a leak. malloc_trim(0) would give ${sizeText(malloc.trimmable)} back.`,
    evidence: "malloc's books in /proc/PID/mem before and after; status VmRSS over time",
    certain: ({malloc}) => !malloc.isTorn,
    next: (_, figures) => [heapStep(figures), ...trimSteps(figures)],
  }),
  row({
    name: 'runtime-grows',
    tier: 'growth',
    when: (figures) => {
      const grower = growerOf(figures);
      return grower?.kind?.kind === 'managed' && {...grower, runtime: figures.runtime};
    },
    weight: ({total}) => riseOf(total),
    sentence: ({total, runtime}, figures) => {
      const bytes = figures.partsLike(/^managed /).reduce((sum, part) => sum + part.bytes, 0);
      return (
        `It grows by ${rate(total)} in the heap of ${runtime?.name ?? 'its runtime'} ` +
        `(${shareOf(bytes, figures.holds.total)}): live objects, or garbage that is not collected yet.`
      );
    },
    evidence: 'smaps Rss of the regions of the runtime, status VmRSS over time',
    certain: (_, {isFollowed}) => isFollowed,
    next: (_, figures) => [...askRuntime(figures), growthStep(figures), ...releaseRuntime(figures)],
  }),
  row({
    name: 'runtime-heap-grows',
    tier: 'growth',
    // Between collections resident memory goes up and down: the regions that the heap has say that it grows.
    when: (figures) => (figures.grows ? undefined : heapRegions(figures)),
    weight: ({line}) => riseOf(line),
    sentence: ({line, what, count}, figures) => {
      const bytes = figures.partsLike(/^managed /).reduce((sum, part) => sum + part.bytes, 0);
      return (
        `The heap of ${figures.runtime?.name ?? 'its runtime'} grows, while resident memory goes up and down with ` +
        `garbage: ${countText(count)} of ${countText(line.last)} regions are ${what}, ` +
        `${slopeText(line.slope!, true)}, and hold ${shareOf(bytes, figures.holds.total)}. Live objects, or ` +
        'garbage that is not collected yet.'
      );
    },
    evidence: 'lines of /proc/PID/maps over time, kinds of regions',
    certain: false,
    next: (_, figures) => [...askRuntime(figures), growthStep(figures), ...releaseRuntime(figures)],
  }),
  row({
    name: 'grows',
    tier: 'growth',
    when: (figures) => {
      const grower = growerOf(figures);
      const known = /^(heap|arena|managed)$/.test(grower?.kind?.kind ?? '') || risen(figures) || isKept(figures);
      return known ? undefined : grower;
    },
    weight: ({total}) => riseOf(total),
    sentence: ({total, kind}, figures) => {
      const {runtime, holds} = figures;
      const what = kind ? ` in ${WHAT_GROWS[kind.kind!]?.(runtime?.name) ?? nameOf(kind)}` : '';
      // As the table below has it, which is of the end of the watch.
      const bytes = kind ? figures.part(keyOf(kind.kind!)) : 0;
      const share = bytes > 0 && holds.isMemory ? ` (${shareOf(bytes, holds.total)})` : '';
      return `It grows by ${rate(total)}${what}${share}. ${LEAK}.`;
    },
    evidence: (_, figures) =>
      isSeen(figures) ? 'status VmRSS and smaps Rss by kind over time' : 'status VmRSS over time',
    // Without the right to read its memory map, that it grows is all that is said: VmRSS says it.
    certain: (_, figures) => figures.isFollowed || !isSeen(figures),
    next: (_, figures) =>
      isSeen(figures)
        ? [growthStep(figures), causeStep(figures), ...askRuntime(figures)]
        : [{command: `sudo memmap why ${figures.pid}`, why: 'with the right to read it: what grows, and where'}],
  }),
  row({
    name: 'filled',
    tier: 'state',
    when: ({facts: {growth}}) =>
      growth && /^(plateau|step)$/.test(growth.total.verdict) && riseOf(growth.total) >= MIB ? growth : undefined,
    weight: ({total}) => riseOf(total),
    sentence: ({total, span}, {facts}) => {
      const kind =
        facts.growth!.measure === facts.growth!.asked
          ? [...facts.growth!.kinds].sort((a, b) => riseOf(b) - riseOf(a))[0]
          : undefined;
      const what = kind && riseOf(kind) > riseOf(total) / 2 ? ` (${kind.kind})` : '';
      return (
        `It grew by ${sizeText(riseOf(total))}${what} until ${spanText(total.since ?? 0)} after the first sample, ` +
        `and then stopped for the rest of ${spanText(span)}: a cache that is full now, or a start-up; not a leak ` +
        'that continues.'
      );
    },
    evidence: 'status VmRSS over time',
    certain: false,
    next: (_, figures) => [growthStep(figures)],
  }),
  row({
    name: 'rises',
    tier: 'aside',
    when: ({facts: {growth}}) =>
      growth?.total.verdict === 'not enough data' && riseOf(growth.total) >= 4 * MIB ? growth : undefined,
    weight: ({total}) => riseOf(total),
    sentence: ({total, span}) =>
      `Resident memory rose by ${sizeText(riseOf(total))} in ${spanText(span)}, and whether it continues was not seen.`,
    evidence: 'status VmRSS over time',
    certain: true,
    next: (_, figures) => [growthStep(figures)],
  }),
];

/** What of a kind grows. @param runtime the name of the program's, if it has one */
const WHAT_GROWS: Readonly<Partial<Record<Kind, (runtime: string | undefined) => string>>> = {
  anon: (runtime) =>
    runtime === undefined
      ? 'anonymous memory that it maps itself'
      : runtime === 'Python'
        ? 'anonymous memory: the arenas of Python, or what it maps'
        : `anonymous memory beside the heap of ${runtime}`,
  shared: () => 'shared memory',
  memfd: () => 'memfds',
  file: () => 'mapped files (page cache, which can be dropped unless it is dirty)',
  stack: () => 'the stack',
  jit: () => 'code made at run time',
};

/** Things that are counted: they come before what their memory does, since they say why. */
export const COUNTS: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'held-grows',
    tier: 'growth',
    when: ({facts, held}) => {
      const line = facts.held;
      return line && held && line.last - line.first >= MIB && line.verdict !== 'sawtooth' ? {line, held} : undefined;
    },
    weight: ({line}) => 4 * (line.last - line.first),
    sentence: ({line: {first, last, slope, verdict}, held}) =>
      `Memory in open files grows: ${sizeText(last)} in ` +
      `${counted(held.files.size, 'memfd or deleted file', 'memfds or deleted files')} that nobody maps, ` +
      `${verdict === 'steady growth' && slope ? slopeText(slope) : `${deltaText(last - first)} while watched`}: ` +
      'descriptors leak, unless a pool is still filling. RSS and PSS do not have it.',
    evidence: '/proc/PID/fd over time: blocks of files that no region maps',
    certain: true,
    next: (_, figures) => [
      {command: `memmap show ${figures.pid} --summary`, why: 'lists what descriptors hold, by name'},
      {
        command: `ls -l /proc/${figures.pid}/fd`,
        why: 'which they are: find where the program opens and does not close',
      },
    ],
  }),
  row({
    name: 'threads-grow',
    tier: 'growth',
    when: (figures) => {
      const line = figures.count('threads');
      return line?.verdict === 'steady growth' && riseOf(line) >= 8 ? line : undefined;
    },
    weight: (line, {grows}) => 3 * (grows ? riseOf(grows) : 0) + riseOf(line),
    sentence: (line, figures) =>
      `Threads grow: ${countText(line.last)} now, ${slopeText(line.slope!, true)}: they leak, unless a pool is ` +
      `still filling. Their stacks have ${sizeText(figures.part('stacks'))} of memory.`,
    evidence: 'status Threads over time; smaps Rss of thread stacks',
    certain: true,
    next: (_, figures) => threadSteps(figures),
  }),
  row({
    name: 'regions-grow',
    tier: 'growth',
    when: (figures) => {
      const line = figures.count('regions');
      const isThreads = (figures.count('threads')?.verdict ?? 'flat') === 'steady growth';
      // A heap that its runtime collects is made of many regions: that it grows is another finding.
      return line?.verdict === 'steady growth' && riseOf(line) >= 32 && !isThreads && !heapRegions(figures)
        ? line
        : undefined;
    },
    weight: (line, {grows}) => 2 * (grows ? riseOf(grows) : 0) + riseOf(line),
    sentence: (line, {snapshot}) => {
      const most = commonest(snapshot);
      const isMost = most !== undefined && most.count > line.last / 3;
      const what = isMost ? (LEAKS[most.kind] ?? 'Mappings leak') : 'Mappings leak';
      const which = isMost ? `, ${countText(most.count)} of them of ${most.what}` : '';
      return (
        `${what}, more are mapped than unmapped: ${countText(line.last)} regions now, ` +
        `${slopeText(line.slope!, true)}${which}.`
      );
    },
    evidence: 'lines of /proc/PID/maps over time',
    certain: true,
    next: (_, figures) => [
      causeStep(figures),
      {command: `memmap show ${figures.pid} --summary --by file`, why: 'how many regions each file has'},
    ],
  }),
  row({
    name: 'many-threads',
    tier: 'state',
    when: ({snapshot: {process}}) => (process.threads ?? 0) >= 500 && process.threads,
    weight: (_, figures) => figures.part('stacks'),
    sentence: (threads, figures) =>
      `It has ${countText(threads)} threads: their stacks have ${sizeText(figures.part('stacks'))} of memory, and ` +
      'each may have a malloc arena and caches of its own.',
    evidence: 'status Threads; smaps Rss of thread stacks',
    certain: true,
    next: (_, figures) => threadSteps(figures),
  }),
];

const threadSteps = ({pid}: Figures) => [
  {
    command: `cat /proc/${pid}/task/*/comm | sort | uniq -c | sort -rn | head`,
    why: 'which threads there are many of, by name',
  },
  {
    command: `gdb -p ${pid} -batch -ex 'thread apply all bt 4'`,
    why: 'what they wait for. It stops the process for a moment',
  },
];

/** What leaks, where most regions are of one name: shared memory has a name as files have. */
const LEAKS: Readonly<Partial<Record<Kind, string>>> = {
  file: 'Mapped files leak',
  text: 'Mapped files leak',
  rodata: 'Mapped files leak',
  data: 'Mapped files leak',
  shared: 'Mappings of shared memory leak',
  memfd: 'Mappings of memfds leak',
};

/** Regions of a heap that its runtime collects, where these are what there are more and more of. */
interface HeapRegions {
  readonly line: GrowthLine;
  readonly what: string;
  readonly count: number;
}

function heapRegions(figures: Figures): HeapRegions | undefined {
  const line = figures.count('regions');
  if (line?.verdict !== 'steady growth' || riseOf(line) < 32) return undefined;
  const most = commonest(figures.snapshot);
  return most?.kind === 'managed' && most.count > line.last / 3 ? {line, ...most} : undefined;
}

/** Columns of a path in a sentence: the document stays small. */
const LONGEST = 120;

interface Commonest {
  readonly what: string;
  /** Of the first of them. */
  readonly kind: Kind;
  readonly count: number;
}

/** What a process has most regions of: a name, and how many. */
export function commonest({table}: Figures['snapshot']): Commonest | undefined {
  const sums = new Map<string, {kind: Kind; count: number}>();
  const {firsts, counts} = table.alike;
  for (const [index, at] of firsts.entries()) {
    const {name, kind, label = ''} = table.at(at);
    const unnamed = kind === 'anon' ? 'unnamed memory' : kind === 'managed' && label !== '' ? label : kind;
    const what = name === '' ? unnamed : shortenPath(safe(name), LONGEST);
    const sum = sums.get(what) ?? {kind, count: 0};
    sum.count += counts[index]!;
    sums.set(what, sum);
  }
  const [most] = [...sums].sort(([, a], [, b]) => b.count - a.count);
  return most && {what: most[0], ...most[1]};
}
