import type {AuxiliaryVector, SignalClue, Thread} from '../../model/clues/clues.ts';
import {isExact} from '../../model/region.ts';
import {HeaderFields, type ElfShape, type ReadAt} from '../elf/headers.ts';
import {parseAuxv} from '../proc/auxv.ts';
import {decode, latin1} from '../scan.ts';
import {registersOf} from './machines.ts';
import {NoteReader, type Note, type Stretch} from './note-reader.ts';

/** A mapped file, as NT_FILE has it. Addresses and the offset in bytes. */
export interface MappedFile {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly name: string;
  /** The name's bytes, where they are not valid UTF-8. */
  readonly base64?: string | undefined;
}

/** What the notes of a core say of the process. What a core lacks is absent. */
export interface CoreNotes {
  /** In the order of the core: the kernel writes the thread that got the signal first. */
  readonly threads: readonly Thread[];
  readonly process:
    | {readonly pid: number; readonly ppid: number; readonly uid: number; readonly comm: string}
    | undefined;
  readonly signal: SignalClue | undefined;
  readonly auxv: AuxiliaryVector | undefined;
  /** AT_PAGESZ, in bytes. */
  readonly pageSize: number | undefined;
  /** Ascending; undefined where the core has no such note. */
  readonly files: readonly MappedFile[] | undefined;
  /** gdb's gcore wrote it: it adds a description of the machine's registers. */
  readonly isOfGdb: boolean;
  /** Do the notes break off, or are there more than are read? Then threads may be missing. */
  readonly hasMoreNotes: boolean;
}

/** Types of notes: elf.h, and fs/binfmt_elf.c for what is in them. */
const NT_PRSTATUS = 1;
const NT_PRPSINFO = 3;
const NT_AUXV = 6;
const NT_SIGINFO = 0x53494749;
const NT_FILE = 0x46494c45;

/** At most this many files are kept: vm.max_map_count is of this order. */
const MOST_FILES = 2 ** 20;

/**
 * Bytes of each type of note that is used, at most. The kernel's own list of files is smaller than 16 MiB:
 * fs/coredump.c, core_file_note_size_limit.
 */
const LONGEST: ReadonlyMap<number, number> = new Map([
  [NT_PRSTATUS, 4096],
  [NT_PRPSINFO, 4096],
  [NT_AUXV, 64 * 1024],
  [NT_SIGINFO, 4096],
  [NT_FILE, 16 * 2 ** 20],
]);

/** @param parts where each PT_NOTE is */
export function readNotes(read: ReadAt, parts: readonly Stretch[], shape: ElfShape): CoreNotes {
  const reader = new NoteReader(read, shape);
  const threads: Thread[] = [];
  let first: Note | undefined;
  let notes: Omit<CoreNotes, 'threads' | 'hasMoreNotes'> = {
    process: undefined,
    signal: undefined,
    auxv: undefined,
    pageSize: undefined,
    files: undefined,
    isOfGdb: false,
  };
  for (const note of allOf(parts, (part) => reader.notesIn(part, LONGEST))) {
    if (note.owner === 'GDB') notes = {...notes, isOfGdb: true};
    if (note.owner !== 'CORE') continue;
    if (note.type === NT_PRSTATUS) {
      first ??= note;
      const thread = threadOf(note, shape);
      if (thread) threads.push(thread);
    } else if (note.type === NT_PRPSINFO) notes = {...notes, process: processOf(note, shape) ?? notes.process};
    else if (note.type === NT_SIGINFO) notes = {...notes, signal: signalOf(note, shape) ?? notes.signal};
    else if (note.type === NT_FILE) notes = {...notes, files: filesOf(note, shape) ?? notes.files};
    else if (note.type === NT_AUXV) {
      const {pageSize, ...auxv} = parseAuxv(note.bytes, shape.isLittle);
      if (Object.keys(auxv).length > 0) notes = {...notes, auxv, pageSize: sanePage(pageSize)};
    }
  }
  const signal = notes.signal ?? (first && currentSignal(first, shape));
  const tid = threads[0]?.tid;
  return {
    ...notes,
    hasMoreNotes: reader.isCut,
    threads,
    signal: signal && {...signal, ...(tid !== undefined && {tid})},
  };
}

function* allOf<Part>(parts: readonly Part[], notesIn: (part: Part) => Generator<Note>): Generator<Note> {
  for (const part of parts) yield* notesIn(part);
}

/** struct elf_prstatus, include/linux/elfcore.h: a header, four pids, four times, and the registers. */
function threadOf({bytes}: Note, {is64, isLittle, machine}: ElfShape): Thread | undefined {
  const [pid, registers, word] = is64 ? [32, 112, 8] : [24, 72, 4];
  if (bytes.length < registers) return undefined;
  const fields = new HeaderFields(bytes, is64, isLittle);
  const tid = fields.long(pid);
  if (tid === 0 || tid >= 2 ** 31) return undefined;
  const places = registersOf(machine);
  const at = places && registers + places.stackPointer * word;
  const stackPointer = at !== undefined && at + word <= bytes.length ? fields.word(at) : undefined;
  return stackPointer !== undefined && isExact(stackPointer) ? {tid, name: '', stackPointer} : {tid, name: ''};
}

/** pr_cursig: all that a core without NT_SIGINFO (before Linux 3.7) has of it. */
function currentSignal({bytes}: Note, {is64, isLittle}: ElfShape): SignalClue | undefined {
  if (bytes.length < 14) return undefined;
  const number = new HeaderFields(bytes, is64, isLittle).half(12);
  return number > 0 && number <= 64 ? {number} : undefined;
}

/**
 * struct elf_prpsinfo: where pids and names are differs by the size of a word, and of 32-bit ones by the size of user
 * IDs.
 */
function processOf({bytes}: Note, {is64, isLittle}: ElfShape): CoreNotes['process'] {
  const uid = is64 ? 16 : 8;
  const isShort = !is64 && bytes.length < 128;
  const pid = uid + (isShort ? 4 : 8);
  const name = pid + 16;
  if (bytes.length < name + 16) return undefined;
  const fields = new HeaderFields(bytes, is64, isLittle);
  const number = fields.long(pid);
  if (number === 0 || number >= 2 ** 31) return undefined;
  const comm = decode(latin1(bytes, name, name + 16).replace(/\0.*$/s, '')).text;
  const ppid = fields.long(pid + 4);
  return {pid: number, ppid: ppid < 2 ** 31 ? ppid : 0, uid: isShort ? fields.half(uid) : fields.long(uid), comm};
}

/** Signals that a faulting instruction raises: they have an address. */
const FAULTS = new Set([4, 5, 7, 8, 11]);

/** siginfo_t, sigaction(2): si_signo, si_errno, si_code, and after padding what depends on the signal. */
function signalOf({bytes}: Note, {is64, isLittle}: ElfShape): SignalClue | undefined {
  const at = is64 ? 16 : 12;
  if (bytes.length < at + 8) return undefined;
  const fields = new HeaderFields(bytes, is64, isLittle);
  const number = fields.long(0);
  if (number < 1 || number > 64) return undefined;
  const code = fields.long(8) | 0;
  if (code <= 0) {
    const [pid, uid] = [fields.long(at), fields.long(at + 4)];
    return {number, code, ...(isFromProcess(code) && pid < 2 ** 31 && {sender: {pid, uid}})};
  }
  if (!FAULTS.has(number) || code === SI_KERNEL) return {number, code};
  const [low, high] = isLittle ? [at, at + 4] : [at + 4, at];
  const address = is64 ? (BigInt(fields.long(high)) << 32n) | BigInt(fields.long(low)) : BigInt(fields.long(at));
  return {number, code, address: `0x${address.toString(16)}`};
}

/** SI_KERNEL: the kernel doesn't say where, as for an address that is no address (x86-64: not canonical). */
const SI_KERNEL = 0x80;

/** SI_USER, SI_QUEUE, SI_TKILL. */
const isFromProcess = (code: number): boolean => code === 0 || code === -1 || code === -6;

/** fill_files_note() of fs/binfmt_elf.c: a number, a size of pages, three words for each file, then the names. */
function filesOf({bytes}: Note, {is64, isLittle}: ElfShape): MappedFile[] | undefined {
  const word = is64 ? 8 : 4;
  if (bytes.length < 2 * word) return undefined;
  const fields = new HeaderFields(bytes, is64, isLittle);
  const [count, unit] = [fields.word(0), fields.word(word)];
  const names = (2 + 3 * count) * word;
  if (count > MOST_FILES || names > bytes.length) return undefined;
  const files: MappedFile[] = [];
  for (let index = 0, at = names; index < count; index++) {
    const end = bytes.indexOf(0, at);
    if (end < 0) break;
    const [from, to, page] = [0, 1, 2].map((place) => fields.word((2 + 3 * index + place) * word)) as [
      number,
      number,
      number,
    ];
    // As maps prints it: there a line break is four bytes.
    const {text, base64} = decode(latin1(bytes, at, end).replaceAll('\n', '\\012'));
    const offset = page * unit;
    if (from < to && isWhole(from) && isWhole(to) && isWhole(offset) && isWhole(offset + (to - from)))
      files.push({start: from, end: to, offset, name: text, base64});
    at = end + 1;
  }
  return files.sort((a, b) => a.start - b.start);
}

/** A size that pages can have: a power of two from 4 KiB on. */
export const sanePage = (size: number | undefined): number | undefined =>
  size !== undefined && size >= 4096 && size <= 2 ** 20 && Number.isInteger(Math.log2(size)) ? size : undefined;

/** Whole pages within 64 bits: only these are exact in a double. */
export const isWhole = (bytes: number): boolean => bytes % 4096 === 0 && bytes < 2 ** 64;
