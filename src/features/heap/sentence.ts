import type {AllocatorName, OtherAllocator} from '../../model/heap/allocator.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import type {Books} from '../../parse/malloc/books.ts';
import type {Runtime} from './runtime/part.ts';

interface Said {
  /** Of a core, what was is said. */
  readonly snapshot: {readonly source: {readonly format: string}};
  readonly allocator: AllocatorName;
  readonly beside: OtherAllocator | undefined;
  readonly version: string | undefined;
  /** Undefined if no arena was found. */
  readonly books: Books | undefined;
  /** Where another allocator than glibc's is there, in bytes. */
  readonly unnamed: {readonly regions: number; readonly resident: number} | undefined;
  readonly runtime: Runtime | undefined;
  /** Of all arenas, in bytes. */
  readonly totals: Readonly<Record<'system' | 'inUse' | 'free' | 'freeResident' | 'trimmable' | 'unread', number>>;
}

/** From this part on free memory is what there is to say. */
const MUCH = 0.1;

/** Below this part of it, how much of the free memory is resident is said. */
const MOST = 0.9;

/** What it comes to, for who asks: is it a leak, or memory that is kept? What is about more memory comes first. */
export function sentenceOf(heap: Said): string {
  const {books, unnamed, totals, runtime} = heap;
  const said = runtime?.said;
  if (!said) return ofMalloc(heap);
  if (!books && !unnamed && heap.allocator === 'unknown') return `${said.text} No malloc of glibc was found beside it.`;
  const malloc = unnamed?.resident ?? totals.system + (books?.mmapped.bytes ?? 0);
  return (said.about > malloc ? [said.text, ofMalloc(heap)] : [ofMalloc(heap), said.text]).join(' ');
}

function ofMalloc({snapshot, allocator, beside, version, books, unnamed, totals}: Said): string {
  const isPast = snapshot.source.format === 'core';
  const resident = isPast ? 'has anything but zeros' : 'is resident';
  if (unnamed && !beside)
    return (
      `The program's malloc is that of ${allocator}, whose books memmap does not read: ${sizeText(unnamed.resident)} ` +
      `in ${counted(unnamed.regions, 'region')} without a name ${resident}, and most of that will be its memory.`
    );
  if (!books)
    return allocator === 'glibc'
      ? `The books of glibc${version === undefined ? '' : ` ${version}`}'s malloc were not found: nothing can be ` +
          'said. They begin with the first call of malloc.'
      : `No malloc of glibc was found in this process: nothing can be said.`;
  const torn = books.arenas.filter((arena) => arena.torn !== undefined).length;
  const mallocs = books.arenas.filter(({isMain}) => isMain).length;
  const said = arenasSentence({arenas: books.arenas.length, torn, mallocs, mmapped: books.mmapped, totals, isPast});
  if (!beside || !unnamed) return said;
  return (
    `Of glibc's malloc: ${said} ${beside} is there too, and which of the two the program calls is not known: ` +
    `memmap does not read the books of ${beside}. With what both have, ${sizeText(unnamed.resident)} in ` +
    `${counted(unnamed.regions, 'region')} without a name ${resident}.`
  );
}

/** What adds up over arenas: of one process, or of several. */
interface Arenas {
  readonly arenas: number;
  /** How many of them did not come out. */
  readonly torn: number;
  /** Copies of the C library in one process, each with a malloc of its own. */
  readonly mallocs?: number;
  readonly mmapped: {readonly count: number; readonly bytes: number};
  readonly totals: Said['totals'];
  /** Of a core. */
  readonly isPast?: boolean;
}

const PRESENT = {is: 'is', has: 'has', keeps: 'keeps', gives: 'would give', there: 'resident'};
/** A core doesn't say what was resident. */
const PAST = {is: 'was', has: 'had', keeps: 'kept', gives: 'would have given', there: 'in pages that are not zeros'};

/** The same of arenas that were found. */
export function arenasSentence({arenas, torn, mallocs = 1, mmapped, totals, isPast = false}: Arenas): string {
  const {system, inUse, free, freeResident, trimmable} = totals;
  const {is, has, keeps, gives, there} = isPast ? PAST : PRESENT;
  const besides = alone(mmapped, is);
  if (system === 0) return `malloc ${has} no memory in its arenas${besides}.`;
  const trim = mallocs > 1 ? `malloc_trim(0) in each of ${mallocs} copies of the C library` : 'malloc_trim(0)';
  if (torn > 0) return `${uncertain(torn, arenas, trim, totals)}${besides}.`;
  const resident = freeResident < free * MOST ? ` (${sizeText(freeResident)} of it ${there})` : '';
  const said =
    free >= system * MUCH
      ? `${someOf(free, system)} ${is} free and kept by malloc${resident}: not a leak in itself`
      : `${someOf(inUse, system)} ${is} in use by the program, and malloc ${keeps} only ${sizeText(free)} free`;
  const back = trimmable === 0 ? 'nothing' : sizeText(trimmable);
  return `${said}; ${trim} ${gives} back ${back}${besides}.`;
}

/** Where a part was not reached, nothing is said of the whole. */
function uncertain(
  torn: number,
  arenas: number,
  trim: string,
  {system, inUse, free, trimmable, unread}: Said['totals'],
): string {
  const rest = unread === 0 ? '' : `; ${sizeText(unread)} is not known`;
  const found = `${sizeText(inUse)} in use and ${sizeText(free)} free${rest}`;
  return (
    `Not certain, since ${torn} of ${counted(arenas, 'arena')} could not be read to the end: of ${sizeText(system)}, ` +
    `${found}; ${trim} would give back ${sizeText(trimmable)} or more`
  );
}

/** `305 of 580 MiB`. */
export function someOf(some: number, all: number): string {
  const [a, b] = [sizeText(some), sizeText(all)];
  const unit = / \S+$/.exec(b)?.[0] ?? '';
  return unit !== '' && a.endsWith(unit) ? `${a.slice(0, -unit.length)} of ${b}` : `${a} of ${b}`;
}

const alone = ({count, bytes}: {readonly count: number; readonly bytes: number}, is: string): string =>
  count === 0 ? '' : `; besides, ${sizeText(bytes)} ${is} in use in ${counted(count, 'chunk')} mapped separately`;
