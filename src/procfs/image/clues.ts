import type {Clues, ElfClue, Thread} from '../../model/clues/clues.ts';
import {isExact, isExecutable, type Region} from '../../model/region.ts';
import {parseAuxv} from '../../parse/proc/auxv.ts';
import {jvmClue} from '../../parse/hsperf.ts';
import {parseLimits} from '../../parse/proc/limits.ts';
import {hasCapability, parseCredentials} from '../../parse/proc/status.ts';
import type {Stat} from '../../parse/proc/stat.ts';
import type {ProcessHandle} from '../handle.ts';
import {recordIfThere, valueIfThere} from '../open.ts';
import {closeSync, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync} from 'node:fs';
import {decode, latin1} from '../../parse/scan.ts';
import {parseStackPointer} from '../../parse/proc/syscall.ts';
import {ELF_HEAD_BYTES, parseElfHead} from '../../parse/elf/image.ts';
import {readCgroup} from '../machine/cgroup.ts';
import {readMachine} from '../machine/machine.ts';
import {allocatorInside} from './contained.ts';
import {readHsperf} from './hsperf.ts';
import {openMapped, readerOf} from './mapped.ts';

/**
 * Reads what else tells what the regions are for, in a few ms. What may not be read, or isn't there, is left out; none
 * of this holds up the process.
 *
 * @param known the clues of an earlier look at the same program: files whose headers are known aren't opened again, and
 * a thread that runs now has its stack where it had it then
 */
export function readClues(handle: ProcessHandle, regions: readonly Region[], stat: Stat, known: Clues = {}): Clues {
  const {pageSize, ...auxv} = parseAuxv(recordIfThere(handle.path('auxv')) ?? NOTHING);
  const limits = recordIfThere(handle.path('limits'));
  const cgroup = readCgroup(handle);
  const maxMapCount = Number(valueIfThere(`${handle.root}/sys/vm/max_map_count`) || NaN);
  return {
    ...(pageSize !== undefined && {pageSize}),
    ...(stat.marks && {marks: stat.marks}),
    ...(pageSize !== undefined && {auxv}),
    ...readThreads(handle, known.threads),
    ...readProgramHeaders(handle, regions, auxv.phdr, known.files),
    ...tellDeleted(handle, regions, known.deleted),
    ...(limits && {limits: parseLimits(limits)}),
    ...(Number.isSafeInteger(maxMapCount) && {maxMapCount}),
    ...jvmClue(readHsperf(handle, regions)),
    ...readCapabilities(handle),
    machine: readMachine(handle.root),
    ...(cgroup && {cgroup}),
  };
}

/**
 * The same, where only regions and threads may have changed since: what can't change isn't read again. What was known
 * of files that are no longer mapped stays until everything is read again.
 *
 * @param fresh the regions that were not there, or not like this, when `known` was read
 */
export function renewClues(handle: ProcessHandle, fresh: readonly Region[], known: Clues): Clues {
  const {files} = readProgramHeaders(handle, fresh, known.auxv?.phdr, known.files);
  const {deleted} = tellDeleted(handle, fresh, known.deleted);
  return {
    ...known,
    ...readThreads(handle, known.threads, true),
    ...(files && {files: {...known.files, ...files}}),
    ...(deleted && {deleted: {...known.deleted, ...deleted}}),
  };
}

/** The first user namespace: PROC_USER_INIT_INO in include/linux/proc_ns.h. */
const FIRST_USER_NAMESPACE = 'user:[4026531837]';

/** Where a capability is there, but not known to count, nothing is said. */
function readCapabilities(handle: ProcessHandle): Pick<Clues, 'capabilities'> {
  const effective = parseCredentials(recordIfThere(handle.path('status')) ?? NOTHING)?.effective;
  if (effective === undefined) return {};
  const capabilities = {
    ipcLock: hasCapability(effective, 'IPC_LOCK'),
    sysAdmin: hasCapability(effective, 'SYS_ADMIN'),
  };
  if (!capabilities.ipcLock && !capabilities.sysAdmin) return {capabilities};
  const namespace = linkIfThere(handle.path('ns/user'));
  if (namespace === undefined) return {};
  return {capabilities: namespace === FIRST_USER_NAMESPACE ? capabilities : {ipcLock: false, sysAdmin: false}};
}

function linkIfThere(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** exec leaves nothing as it was: what was known of the old program says nothing about the new one. */
export const isOneProgram = (clues: Clues, stat: Stat): boolean =>
  clues.marks?.startCode === stat.marks?.startCode && clues.marks?.startStack === stat.marks?.startStack;

const NOTHING = new Uint8Array(0);

/** At most this many threads are asked: each costs two small files, about 20 µs. */
export const MOST_THREADS = 1000;

/**
 * The threads with their names, and the stack pointers of those that wait. Asking for one needs the right to trace the
 * process (ptrace(2), PTRACE_MODE_ATTACH); without it the names are left.
 *
 * The kernel lists them as they began. Ids begin again at 300 once pid_max is reached (kernel/pid.c), so a later thread
 * may have a lower one than the first: they are put in order, which is the one that a recording has.
 *
 * @param known from an earlier look: a thread keeps its stack, so one that runs now is looked for where it was
 * @param onlyNew ask only the threads whose stack pointer isn't known
 */
function readThreads(handle: ProcessHandle, known: readonly Thread[] = [], onlyNew = false): Pick<Clues, 'threads'> {
  const before = new Map(known.map((thread) => [thread.tid, thread]));
  const threads: Thread[] = [];
  for (const tid of list(handle).slice(0, MOST_THREADS)) {
    const then = before.get(tid);
    if (onlyNew && then?.stackPointer !== undefined) {
      threads.push(then);
      continue;
    }
    const name = recordIfThere(handle.path(`task/${tid}/comm`));
    if (!name) continue; // It ended since.
    const syscall = recordIfThere(handle.path(`task/${tid}/syscall`));
    const stackPointer = (syscall && parseStackPointer(syscall)) ?? then?.stackPointer;
    const {text} = decode(latin1(name, 0, name.length).replace(/\n$/, ''));
    threads.push(stackPointer === undefined ? {tid, name: text} : {tid, name: text, stackPointer});
  }
  return threads.length > 0 ? {threads: threads.toSorted((a, b) => a.tid - b.tid)} : {};
}

function list(handle: ProcessHandle): number[] {
  try {
    return readdirSync(handle.path('task')).map(Number);
  } catch {
    return [];
  }
}

/** At most this many files are opened: a large program has a few hundred libraries. */
const MOST_FILES = 500;
/**
 * ms for all of them. A file costs about 60 µs, unless its file system is slow to answer: what is left then is
 * recognised by its shape.
 */
const MOST_MS = 200;

/**
 * The program headers of each mapped file that may be executed, once per file.
 *
 * @param phdr an address in the program itself: AT_PHDR
 * @param known headers that were read before, by name; what was in a file doesn't change while it is mapped
 */
function readProgramHeaders(
  handle: ProcessHandle,
  regions: readonly Region[],
  phdr: number | undefined,
  known: Clues['files'] = {},
): Pick<Clues, 'files'> {
  const files: Record<string, ElfClue> = {};
  const asked = new Set<string>();
  const until = performance.now() + MOST_MS;
  const program = phdr === undefined ? undefined : regions.find(({start, end}) => start <= phdr && phdr < end)?.name;
  for (const region of regions) {
    const {name} = region;
    if (name === '' || !isExecutable(region) || !name.startsWith('/') || name in Object.prototype || asked.has(name))
      continue;
    asked.add(name);
    const isLate = asked.size > MOST_FILES || performance.now() > until;
    const clue = Object.hasOwn(known, name)
      ? known[name]
      : isLate
        ? undefined
        : readHead(handle, region, name === program);
    if (clue) files[name] = clue;
  }
  return Object.keys(files).length > 0 ? {files} : {};
}

/** @param isProgram look for the allocator that it contains, too */
function readHead(handle: ProcessHandle, region: Region, isProgram: boolean): ElfClue | undefined {
  const file = openMapped(handle, region);
  if (!file) return undefined;
  try {
    const head = Buffer.alloc(ELF_HEAD_BYTES);
    const clue = parseElfHead(head.subarray(0, readSync(file.fd, head, 0, head.length, 0)));
    if (!clue || !isSane(clue)) return undefined;
    const allocator = isProgram ? allocatorInside(readerOf(file)) : undefined;
    return allocator ? {...clue, allocator} : clue;
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}

/** A header may claim anything; what isn't exact could not be saved, and is never mapped like that. */
const isSane = ({segments, relro}: ElfClue): boolean =>
  segments.every((segment) => Object.values(segment).every(isExact)) && Object.values(relro ?? {}).every(isExact);

/**
 * Whether files whose names end in " (deleted)" are deleted or have that name: their link count tells (map_files needs
 * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE), or else whether the directory has the same inode under that name.
 */
function tellDeleted(
  handle: ProcessHandle,
  regions: readonly Region[],
  known: Clues['deleted'] = {},
): Pick<Clues, 'deleted'> {
  const deleted: Record<string, boolean> = {};
  for (const region of regions) {
    const {name} = region;
    if (name === '' || !name.startsWith('/') || !name.endsWith(' (deleted)') || Object.hasOwn(deleted, name)) continue;
    // The kernel's own files are in no directory.
    if (region.dev === '00:01' || Object.keys(deleted).length >= MOST_FILES) continue;
    const answer = Object.hasOwn(known, name) ? known[name] : isDeleted(handle, region);
    if (answer !== undefined) deleted[name] = answer;
  }
  return Object.keys(deleted).length > 0 ? {deleted} : {};
}

const O_PATH = 0o10000000;

function isDeleted(handle: ProcessHandle, region: Region): boolean | undefined {
  if (!handle.files.answers(region)) return undefined;
  try {
    const name = openSync(handle.path(`map_files/${region.start.toString(16)}-${region.end.toString(16)}`), O_PATH);
    const {nlink} = fstatSync(name);
    closeSync(name);
    if (nlink === 0) return true;
  } catch {
    // Not permitted: the directory is asked.
  }
  try {
    const {ino} = lstatSync(handle.path(`root${region.name}`), {bigint: true});
    return ino.toString() !== region.inode;
  } catch {
    return true;
  }
}
