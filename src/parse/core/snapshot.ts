import {classify} from '../../classify/classify.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import type {Clues, ElfClue} from '../../model/clues/clues.ts';
import type {Kind} from '../../model/kind.ts';
import {hasNoAccess, isExact, sizeOf, type Region} from '../../model/region.ts';
import {Regions} from '../../model/columns/regions.ts';
import {signalText} from '../../model/clues/signal.ts';
import {Snapshot, type ProcessInfo} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {ELF_HEAD_BYTES, parseElfHead} from '../elf/image.ts';
import type {ReadAt} from '../elf/headers.ts';
import {countersIn, jvmClue} from '../hsperf.ts';
import {readCore, type CoreFile} from './core.ts';
import {CoreMemory} from './memory.ts';
import {regionsOf} from './regions.ts';

/** A core as a snapshot, and the memory in it. */
export interface ReadCore {
  readonly snapshot: Snapshot;
  readonly memory: CoreMemory;
  readonly core: CoreFile;
}

/**
 * Reads a core file: its headers, its notes, and the first page of each program and library in it.
 *
 * @param read gives bytes of the file
 * @param size bytes of the file
 * @throws Trouble `input` if there is no memory in it
 */
export function snapshotOfCore(read: ReadAt, size: number): ReadCore {
  const core = readCore(read, size);
  if (!core) throw unusable('its headers are damaged.');
  const bare = regionsOf(core);
  if (bare.length === 0) throw unusable(core.missing > 0 ? 'it is cut off before its end.' : 'no memory is in it.');
  const memory = new CoreMemory(read, core.segments);
  const clues = cluesOf(core, bare, memory);
  const table = Regions.of(bare);
  classify(table, clues);
  const regions = table.toArray();
  const snapshot = new Snapshot({
    source: {from: 'capture', format: 'core'},
    regions: table,
    process: processOf(core, regions),
    consistency: {torn: false, incomplete: core.missing > 0 || core.strange > 0 || core.hasMoreNotes},
    notes: notesOf(core, regions, clues, size),
    clues,
  });
  return {snapshot, memory, core};
}

const unusable = (why: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: 'This core file cannot be used.',
    why,
    next: 'Was it copied whole? ulimit -c bounds what the kernel writes; coredumpctl has what systemd keeps.',
  });

function cluesOf({pageSize, auxv, threads, signal}: CoreFile, regions: readonly Region[], memory: CoreMemory): Clues {
  const files = headersIn(regions, memory);
  return {
    ...(pageSize !== undefined && {pageSize}),
    ...(auxv && {auxv}),
    ...(threads.length > 0 && {threads}),
    ...(files && {files}),
    ...(signal && {signal}),
    ...jvmClue(countersIn(regions, memory.read)),
  };
}

/** At most this many programs and libraries are looked at. */
const MOST_FILES = 4096;

/** The kernel dumps the first page of each ELF file that is mapped (bit 4 of coredump_filter): its program headers. */
function headersIn(regions: readonly Region[], memory: CoreMemory): Clues['files'] {
  const files: Record<string, ElfClue> = {};
  let count = 0;
  for (const {name, offset, start, usage} of regions) {
    if (offset !== 0 || !name.startsWith('/') || !usage?.['dumped'] || name in files || name in Object.prototype)
      continue;
    if (count++ >= MOST_FILES) break;
    const clue = parseElfHead(memory.read(start, ELF_HEAD_BYTES));
    if (clue && isSane(clue)) files[name] = clue;
  }
  return Object.keys(files).length > 0 ? files : undefined;
}

/** A header may claim anything; what isn't exact could not be saved. */
const isSane = ({segments, relro}: ElfClue): boolean =>
  segments.every((segment) => Object.values(segment).every(isExact)) && Object.values(relro ?? {}).every(isExact);

/** The program is the file in which its program headers lie, AT_PHDR. */
function processOf({process, threads, auxv}: CoreFile, regions: readonly Region[]): ProcessInfo {
  const phdr = auxv?.phdr;
  const program = phdr === undefined ? undefined : regions.find(({start, end}) => start <= phdr && phdr < end);
  return {
    ...process,
    ...(program?.name.startsWith('/') && {exe: program.name}),
    ...(threads.length > 0 && {threads: threads.length}),
  };
}

function notesOf(core: CoreFile, regions: readonly Region[], clues: Clues, size: number): string[] {
  const notes: string[] = [];
  if (clues.signal) notes.push(signalText(clues.signal, regions, core.process?.pid));
  notes.push(dumpedText(regions, core.missing > 0));
  const beside = regions.filter(({perms}) => perms === '????').length;
  if (beside > 0)
    notes.push(
      `${counted(beside, 'region')} ${beside === 1 ? 'is' : 'are'} without permissions: only a name is known, or gdb ` +
        'marked what may not be accessed as readable too.',
    );
  if (core.isOfGdb || beside > 0)
    notes.push(
      `${core.isOfGdb ? 'gdb wrote this core: it' : 'Who wrote this core'} leaves out some memory, such as pages of ` +
        'the kernel and what may not be accessed: there may be regions that it does not have.',
    );
  if (!core.files) notes.push('There is no list of files in it (NT_FILE): names are not known.');
  notes.push(
    'A core has no device and inode numbers, no VmFlags, no names but those of files, and does not say what was ' +
      'resident: unknown here, and not counted as a difference where the other side has it.',
  );
  if (core.missing > 0)
    notes.push(
      `The core is cut off: it has ${sizeText(size)}, and ${sizeText(core.missing)} or more is missing ` +
        '(ulimit -c, or a disk that was full).',
    );
  if (core.hasMoreNotes) notes.push('Its notes break off, or are more than memmap reads: threads may be missing.');
  if (core.strange > 0)
    notes.push(`Left out: ${counted(core.strange, 'program header')} of memory that is not in whole pages.`);
  return notes;
}

/** How much of the memory is in the core, and what was left out on purpose. */
function dumpedText(regions: readonly Region[], isCut: boolean): string {
  const dumpedOf = ({usage}: Region): number => usage?.['dumped'] ?? 0;
  const sum = (some: readonly Region[], of: (region: Region) => number): number =>
    some.reduce((bytes, region) => bytes + of(region), 0);
  const left = (region: Region): number => sizeOf(region) - dumpedOf(region);
  const [all, dumped] = [sum(regions, sizeOf), sum(regions, dumpedOf)];
  if (dumped === all) return `All ${sizeText(all)} of its memory is in the core.`;
  if (isCut) return `Of ${sizeText(all)} of memory, ${sizeText(dumped)} is in the core.`;
  const of = (what: string): number =>
    sum(
      regions.filter((region) => whatIs(region) === what),
      left,
    );
  const rest = LEFT_OUT.map((what) => ({what, bytes: of(what)}))
    .filter(({bytes}) => bytes > 0)
    .map(({what, bytes}) => `${sizeText(bytes)} of ${what}`);
  return (
    `Of ${sizeText(all)} of memory, ${sizeText(dumped)} is in the core; left out are ${rest.join(', ')} ` +
    '(coredump_filter in core(5), MADV_DONTDUMP in madvise(2)).'
  );
}

/** What a core may leave out. */
const LEFT_OUT = ['memory without access', 'files', 'shared memory', 'other memory'] as const;

/** Memory that MAP_SHARED, memfd_create(2) or shmget(2) gave has the name of a file, and is none. */
const SHARED: ReadonlySet<Kind> = new Set(['shared', 'memfd']);

function whatIs(region: Region): (typeof LEFT_OUT)[number] {
  if (hasNoAccess(region)) return 'memory without access';
  if (SHARED.has(region.kind)) return 'shared memory';
  return region.name.startsWith('/') && region.kind !== 'hugetlb' ? 'files' : 'other memory';
}
