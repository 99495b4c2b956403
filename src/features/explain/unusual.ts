import {hex, isExecutable, isWritableCode, sizeOf, type Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {sizeText} from '../../model/amounts.ts';
import {called} from './region.ts';
import {flagMeaning} from './glossary/glossary.ts';

/** Something that most address spaces don't have. */
export interface Finding {
  readonly what: string;
  /** One or two sentences. */
  readonly text: string;
  /** The regions concerned, where it is about some. */
  readonly regions: readonly Region[];
}

const GIB = 2 ** 30;
/** What Linux allows unless it was set otherwise: DEFAULT_MAX_MAP_COUNT. */
const MAX_MAP_COUNT = 65_530;

/** What is unusual, the more serious first; empty where nothing is. */
export const unusualOf = (snapshot: Snapshot): Finding[] =>
  CHECKS.map((check) => check(snapshot)).filter((finding): finding is Finding => finding !== undefined);

/** What was looked for, for those who find nothing; counters are there only where smaps was read. */
export const lookedFor = ({totals}: Snapshot): string =>
  `regions that may be written and executed, an executable stack, deleted files, ${totals['rss'] === undefined ? '' : 'swapped and locked memory, '}large reservations, many arenas, and many regions`;

const isStack = ({kind}: Region): boolean => kind === 'stack' || kind === 'thread-stack';

type Check = (snapshot: Snapshot) => Finding | undefined;

const CHECKS: readonly Check[] = [
  ({regions}) =>
    among(
      regions.filter(isWritableCode),
      'rwx',
      (some) =>
        `${count(some, 'region')} may be written and executed at once: ${listed(some)}. Who can write there can run anything. Compilers at run time (JIT) do this; otherwise look why.`,
    ),
  ({regions}) =>
    among(
      regions.filter((region) => isStack(region) && isExecutable(region)),
      'executable-stack',
      () =>
        'A stack may be executed. An object file without a .note.GNU-stack section makes the linker ask for it: readelf -lW PROGRAM shows GNU_STACK with RWE.',
    ),
  ({regions}) =>
    among(
      regions.filter(isDeletedFile),
      'deleted',
      (some) =>
        `${count(new Set(some.map(({name}) => name)), 'file')} still mapped though deleted: ${listed(some)}. ${some.some(({kind}) => kind === 'text') ? 'For a program or library it means an update: the old code runs on until a restart.' : 'The disk space comes free when nobody has it mapped or open.'}`,
    ),
  (snapshot) => manyRegions(snapshot),
  ({regions}) =>
    among(
      having(regions, 'swap'),
      'swapped',
      (some) =>
        `${sizeText(sum(some, 'swap'))} are out on swap, in ${count(some, 'region')}. The machine was short of memory, or is.`,
    ),
  ({regions}) =>
    among(
      having(regions, 'locked'),
      'locked',
      (some) => `${sizeText(sum(some, 'locked'))} are locked into RAM, in ${count(some, 'region')} (mlock).`,
    ),
  ({regions}) => among(regions.filter(isReservation), 'reserved', (some) => reservedText(some)),
  ({regions}) =>
    among(
      regions.filter(({kind}) => kind === 'arena'),
      'arenas',
      (some) => arenasText(some),
      8,
    ),
  ({regions}) =>
    among(
      having(regions, 'lazyFree'),
      'lazy-free',
      (some) =>
        `${sizeText(sum(some, 'lazyFree'))} were given back with MADV_FREE and still count as resident, until the kernel needs them.`,
    ),
  ({regions}) =>
    among(
      regions.filter(({flags}) => flags?.some((code) => flagMeaning(code) === undefined)),
      'unknown-flags',
      (some) =>
        `VmFlags has codes that memmap does not know: ${[...new Set(some.flatMap(({flags = []}) => flags.filter((code) => flagMeaning(code) === undefined)))].join(', ')}.`,
    ),
  ({consistency: {torn, incomplete}}) =>
    torn || incomplete
      ? {what: 'torn', text: 'The listing is not one moment: sums can be wrong.', regions: []}
      : undefined,
];

function among(
  regions: readonly Region[],
  what: string,
  say: (some: readonly Region[]) => string,
  least = 1,
): Finding | undefined {
  return regions.length < least ? undefined : {what, text: say(regions), regions};
}

/** A file of its own that is gone; shared memory of all sorts is shown as deleted from its birth on. */
const isDeletedFile = ({name, kind}: Region): boolean =>
  name.startsWith('/') &&
  name.endsWith(' (deleted)') &&
  !/^(memfd|shared|hugetlb|special|anon)$/.test(kind) &&
  !/^\/(memfd:|SYSV|dev\/|anon_hugepage|secretmem|\[|drm mm)/.test(name);

function manyRegions({regions, clues}: Snapshot): Finding | undefined {
  const most = clues.maxMapCount ?? MAX_MAP_COUNT;
  if (regions.length < most / 4) return undefined;
  const limit = clues.maxMapCount === undefined ? `${most}, unless it was set higher` : String(most);
  return {
    what: 'many-regions',
    text: `${regions.length} regions of the ${limit} that vm.max_map_count allows: at the limit mmap, munmap and mprotect fail with ENOMEM.`,
    regions: [],
  };
}

/** Much address space, and hardly anything behind it. */
const isReservation = (region: Region): boolean =>
  sizeOf(region) >= GIB && (region.usage?.rss ?? 0) < sizeOf(region) / 100 && region.kind !== 'device';

function reservedText(some: readonly Region[]): string {
  const size = some.reduce((total, region) => total + sizeOf(region), 0);
  const rss = some.every(({usage}) => usage?.rss === undefined) ? '' : ', with hardly anything of it in RAM';
  return `${sizeText(size)} of address space lie in ${count(some, 'region')} of 1 GiB or more${rss}: reserved, which costs nothing, and makes VmSize look huge. Runtimes and sanitizers do this.`;
}

function arenasText(some: readonly Region[]): string {
  const size = some.reduce((total, region) => total + sizeOf(region), 0);
  const rss = some.every(({usage}) => usage?.rss === undefined) ? '' : `, ${sizeText(sum(some, 'rss'))} of it in RAM`;
  return `${some.length} arenas of malloc hold ${sizeText(size)} of address space${rss}. Many threads make many; MALLOC_ARENA_MAX=2 in the environment limits them.`;
}

const having = (regions: readonly Region[], counter: string): Region[] =>
  regions.filter(({usage}) => (usage?.[counter] ?? 0) > 0);

const sum = (regions: readonly Region[], counter: string): number =>
  regions.reduce((total, {usage}) => total + (usage?.[counter] ?? 0), 0);

function count(some: readonly unknown[] | ReadonlySet<unknown>, noun: string): string {
  const number = 'size' in some ? some.size : some.length;
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Up to three of them: by their file, or by what they are called and where they are. */
function listed(regions: readonly Region[]): string {
  const name = (region: Region): string =>
    region.name.startsWith('/') ? region.name : `${called(region)} at ${hex(region.start)}`;
  const names = [...new Set(regions.map(name))];
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
