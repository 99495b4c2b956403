import {hex, isExecutable, isWritableCode, sizeOf, type Region} from '../../model/region.ts';
import {signalText} from '../../model/clues/signal.ts';
import type {Regions} from '../../model/columns/regions.ts';
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
/** Regions: the kernel's default of vm.max_map_count, DEFAULT_MAX_MAP_COUNT. */
const MAX_MAP_COUNT = 65_530;

/** What is unusual, the more serious first; empty where nothing is. */
export const unusualOf = (snapshot: Snapshot): Finding[] =>
  CHECKS.map((check) => check(snapshot)).filter((finding): finding is Finding => finding !== undefined);

/** What was looked for, for a reader to whom nothing is reported. There are counters only where smaps was read. */
export const lookedFor = ({totals}: Snapshot): string =>
  `regions that may be written and executed, an executable stack, deleted files, ` +
  `${totals['rss'] === undefined ? '' : 'swapped and locked memory, '}large reservations, many ` +
  `arenas, and many regions`;

const isStack = ({kind}: Region): boolean => kind === 'stack' || kind === 'thread-stack';

type Check = (snapshot: Snapshot) => Finding | undefined;

const CHECKS: readonly Check[] = [
  ({table, process, clues: {signal}}) =>
    signal && {what: 'signal', text: signalText(signal, table.toArray(), process.pid), regions: []},
  ({table}) =>
    among(
      table.filter(isWritableCode),
      'rwx',
      (some) =>
        `${count(some, 'region')} may be written and executed at once: ${listed(some)}. Whoever can write ` +
        `there can run any code. Just-in-time compilers (JIT) do this; otherwise find out why.`,
    ),
  ({table}) =>
    among(
      table.filter((region) => isStack(region) && isExecutable(region)),
      'executable-stack',
      () =>
        'A stack may be executed. An object file without a .note.GNU-stack section makes the linker ask ' +
        'for it: readelf -lW PROGRAM shows GNU_STACK with RWE.',
    ),
  ({table}) =>
    among(
      table.filter(isDeletedFile),
      'deleted',
      (some) =>
        `${count(new Set(some.map(({name}) => name)), 'file')} still mapped though deleted: ` +
        `${listed(some)}. ${
          some.some(({kind}) => kind === 'text')
            ? 'For a program or library this means an update: the old code keeps running until a restart.'
            : 'The disk space is freed when nobody has it mapped or open.'
        }`,
    ),
  (snapshot) => manyRegions(snapshot),
  ({table}) =>
    among(
      having(table, 'swap'),
      'swapped',
      (some) =>
        `${sizeText(sum(some, 'swap'))} is swapped out, in ${count(some, 'region')}. The machine is short ` +
        `of memory, or was.`,
    ),
  ({table}) =>
    among(
      having(table, 'locked'),
      'locked',
      (some) => `${sizeText(sum(some, 'locked'))} is locked into RAM, in ${count(some, 'region')} (mlock).`,
    ),
  ({table}) => among(table.filter(isReservation), 'reserved', (some) => reservedText(some)),
  ({table}) =>
    among(
      table.filter(({label = ''}) => GLIBCS.test(label)),
      'arenas',
      (some) => arenasText(some),
      8,
    ),
  ({table}) =>
    among(
      having(table, 'lazyFree'),
      'lazy-free',
      (some) =>
        `${sizeText(sum(some, 'lazyFree'))} was given back with MADV_FREE and still counts as resident ` +
        `until the kernel takes it.`,
    ),
  ({table}) =>
    among(
      table.filter((region) => unknownFlags(region).length > 0),
      'unknown-flags',
      (some) => `VmFlags has codes unknown to memmap: ${[...new Set(some.flatMap(unknownFlags))].join(', ')}.`,
    ),
  ({consistency: {torn, incomplete}, source: {format}}) => {
    if (!torn && !incomplete) return undefined;
    const isCut = !torn && (format === 'core' || format === 'minidump');
    const text = isCut
      ? 'The core is cut short or lacks parts: sums can be too small.'
      : torn
        ? 'The listing does not show a single moment: sums can be wrong.'
        : 'The listing is incomplete: sums can be wrong.';
    return {what: 'torn', text, regions: []};
  },
];

function among(
  regions: readonly Region[],
  what: string,
  say: (some: readonly Region[]) => string,
  least = 1,
): Finding | undefined {
  return regions.length < least ? undefined : {what, text: say(regions), regions};
}

/** A real file that is gone. Shared memory of all sorts is shown as deleted from the start. */
const unknownFlags = ({flags = []}: Region): readonly string[] =>
  flags.filter((code) => flagMeaning(code) === undefined);

const isDeletedFile = ({name, kind}: Region): boolean =>
  name.startsWith('/') &&
  name.endsWith(' (deleted)') &&
  !/^(memfd|shared|hugetlb|special|anon)$/.test(kind) &&
  !/^\/(memfd:|SYSV|dev\/|anon_hugepage|secretmem|\[|drm mm)/.test(name);

function manyRegions({table, clues}: Snapshot): Finding | undefined {
  const most = clues.maxMapCount ?? MAX_MAP_COUNT;
  if (table.length < most / 4) return undefined;
  const byDefault = clues.maxMapCount === undefined ? ' by default' : '';
  return {
    what: 'many-regions',
    text:
      `${table.length} of the ${most} regions that vm.max_map_count allows${byDefault}: at the limit ` +
      `mmap, munmap and mprotect fail with ENOMEM.`,
    regions: [],
  };
}

/** Much address space with hardly any memory in it. */
const isReservation = (region: Region): boolean =>
  sizeOf(region) >= GIB && (region.usage?.rss ?? 0) < sizeOf(region) / 100 && region.kind !== 'device';

function reservedText(some: readonly Region[]): string {
  const size = some.reduce((total, region) => total + sizeOf(region), 0);
  const rss = some.every(({usage}) => usage?.rss === undefined) ? '' : ', with hardly any of it in RAM';
  return (
    `${sizeText(size)} of address space is in ${count(some, 'region')} of 1 GiB or more${rss}: it is ` +
    `only reserved, which costs nothing but makes VmSize look huge. Language runtimes and sanitizers do this.`
  );
}

/** Labels of glibc's arenas: other allocators' memory is of the same kind, and other advice is for them. */
const GLIBCS = /^heaps? \d.* of malloc's arenas$|^glibc: malloc/;

function arenasText(some: readonly Region[]): string {
  const size = some.reduce((total, region) => total + sizeOf(region), 0);
  const rss = some.every(({usage}) => usage?.rss === undefined) ? '' : `, ${sizeText(sum(some, 'rss'))} of it in RAM`;
  return (
    `${some.length} regions of malloc's arenas hold ${sizeText(size)} of address space${rss}. Many threads make many ` +
    `arenas, and an arena that holds much has many heaps; MALLOC_ARENA_MAX=2 in the environment limits their number.`
  );
}

const having = (table: Regions, counter: string): Region[] => table.filter(({usage}) => (usage?.[counter] ?? 0) > 0);

const sum = (regions: readonly Region[], counter: string): number =>
  regions.reduce((total, {usage}) => total + (usage?.[counter] ?? 0), 0);

function count(some: readonly unknown[] | ReadonlySet<unknown>, noun: string): string {
  const number = 'size' in some ? some.size : some.length;
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Up to three of them: by file, or by what they are and where. */
function listed(regions: readonly Region[]): string {
  const name = (region: Region): string =>
    region.name.startsWith('/') ? region.name : `${called(region)} at ${hex(region.start)}`;
  const names = [...new Set(regions.map(name))];
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
