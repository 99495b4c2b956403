import {classify} from '../../classify/classify.ts';
import type {Clues, SignalClue, Thread} from '../../model/clues/clues.ts';
import {counted} from '../../model/amounts.ts';
import {isExact, type Region} from '../../model/region.ts';
import {Regions} from '../../model/columns/regions.ts';
import {signalText} from '../../model/clues/signal.ts';
import {Snapshot, type ProcessInfo} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {HeaderFields, type ReadAt} from '../elf/headers.ts';
import {parseListing} from '../reader.ts';
import {putInOrder} from '../order.ts';
import {parseAuxv} from '../proc/auxv.ts';
import {parseStatus} from '../proc/status.ts';
import {isWhole, sanePage} from './notes.ts';

/**
 * The types of streams that say something of memory: MINIDUMP_STREAM_TYPE of minidumpapiset.h, and those that breakpad
 * adds on Linux (minidump_format.h), which are files of /proc as they are.
 */
const THREADS = 3;
const MODULES = 4;
const MEMORY = 5;
const EXCEPTION = 6;
const SYSTEM = 7;
const MEMORY_64 = 9;
const MEMORY_INFO = 16;
const LINUX_STATUS = 0x47670004;
const LINUX_AUXV = 0x47670008;
const LINUX_MAPS = 0x47670009;

interface Stream {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
}

/** More than any writer makes: streams, bytes of a file of /proc, and of a list. */
const MOST_STREAMS = 1024;
const LARGEST_FILE = 64 * 2 ** 20;
const LARGEST_LIST = 4 * 2 ** 20;

/** The streams of a minidump. */
class Dump {
  /** Was a stream longer than what there is of it, or than what is read? */
  isCut = false;
  readonly #read: ReadAt;
  readonly #streams: readonly Stream[];

  constructor(read: ReadAt) {
    this.#read = read;
    const head = fieldsOf(read(0, 32));
    const [count, offset] = head.length < 32 ? [0, 0] : [head.fields.long(8), head.fields.long(12)];
    const {fields, length} = fieldsOf(read(offset, Math.min(count, MOST_STREAMS) * 12));
    this.#streams = Array.from({length: Math.floor(length / 12)}, (_, index) => ({
      type: fields.long(index * 12),
      length: fields.long(index * 12 + 4),
      offset: fields.long(index * 12 + 8),
    }));
  }

  /** @returns no bytes if there is no such stream */
  bytes(type: number): Uint8Array {
    const stream = this.#streams.find((each) => each.type === type);
    if (!stream) return new Uint8Array();
    const bytes = this.#read(stream.offset, Math.min(stream.length, type === LINUX_MAPS ? LARGEST_FILE : LARGEST_LIST));
    if (bytes.length < stream.length) this.isCut = true;
    return bytes;
  }

  at(offset: number, length: number): Uint8Array {
    return this.#read(offset, length);
  }
}

interface Bytes {
  readonly fields: HeaderFields;
  readonly length: number;
}

const fieldsOf = (bytes: Uint8Array): Bytes => ({fields: new HeaderFields(bytes, true, true), length: bytes.length});

/**
 * Reads a minidump of breakpad or crashpad: its regions from the maps in it, or else from its list of memory.
 *
 * @throws Trouble `input` if it has neither
 */
export function snapshotOfMinidump(read: ReadAt): Snapshot {
  const dump = new Dump(read);
  const {regions: listed, from, torn, rejected} = regionsIn(dump);
  if (listed.length === 0) throw empty(dump);
  const table = Regions.of(withDumped(listed, dump));
  const clues = cluesOf(dump);
  classify(table, clues);
  const regions = table.toArray();
  const owner = processOf(dump, clues);
  return new Snapshot({
    source: {from: 'capture', format: 'minidump'},
    regions: table,
    process: owner,
    consistency: {torn, incomplete: dump.isCut},
    rejected,
    notes: [
      ...(clues.signal ? [signalText(clues.signal, regions, owner.pid)] : []),
      `The regions are those of its ${from}. It does not say what was resident, and has few of the contents.`,
      ...(dump.isCut ? ['It is cut off, or has a list that is too long: not all of it could be read.'] : []),
    ],
    clues,
  });
}

/** Lists begin with their length. @param each bytes of an entry @returns 0 if the list is not whole */
function lengthOf(bytes: Uint8Array, each: number): number {
  const count = bytes.length < 4 ? 0 : fieldsOf(bytes).fields.long(0);
  return 4 + count * each <= bytes.length ? count : 0;
}

const empty = (dump: Dump): Trouble => {
  const [threads, modules] = [lengthOf(dump.bytes(THREADS), 48), lengthOf(dump.bytes(MODULES), 108)];
  const has = threads + modules === 0 ? '' : ` It has ${counted(threads, 'thread')} and ${counted(modules, 'module')}.`;
  return new Trouble({
    kind: 'input',
    what: 'This minidump cannot be used.',
    why: `it has neither the maps of the process nor a list of its memory, or is cut off before them.${has}`,
    next:
      'breakpad on Linux writes the maps; crashpad (Chromium) only threads, pieces of their stacks, and modules: ' +
      'minidump_stackwalk reads those.',
  });
};

interface Found {
  readonly regions: readonly Region[];
  readonly from: string;
  readonly torn: boolean;
  readonly rejected: Snapshot['rejected'];
}

function regionsIn(dump: Dump): Found {
  const maps = dump.bytes(LINUX_MAPS);
  if (maps.length > 0) {
    const {table, torn, rejected} = parseListing(maps, 'capture', 'later');
    if (table.length > 0) return {regions: table.toArray(), from: 'copy of /proc/PID/maps', torn: torn > 0, rejected};
  }
  const {table, torn} = putInOrder(Regions.of(listedMemory(dump)), 'capture');
  return {regions: table.toArray(), from: 'list of memory, which has no names', torn: torn > 0, rejected: []};
}

const MEM_FREE = 0x10000;

/** MINIDUMP_MEMORY_INFO: its base, size, state, and protection as PAGE_ constants. */
function listedMemory(dump: Dump): Region[] {
  const {fields, length} = fieldsOf(dump.bytes(MEMORY_INFO));
  const regions: Region[] = [];
  if (length < 16) return regions;
  const [header, size] = [fields.long(0), fields.long(4)];
  const count = size < 48 ? 0 : Math.floor((length - header) / size);
  for (let index = 0; index < count; index++) {
    const at = header + index * size;
    const [start, bytes] = [fields.word(at), fields.word(at + 24)];
    const end = start + bytes;
    if (fields.long(at + 32) === MEM_FREE || bytes === 0 || !isWhole(start) || !isWhole(end)) continue;
    regions.push(bare(start, end, ACCESS[fields.long(at + 36) & 0xff] ?? '????'));
  }
  return regions;
}

/** PAGE_NOACCESS to PAGE_EXECUTE_WRITECOPY. */
const ACCESS: Readonly<Record<number, string>> = {
  1: '----',
  2: 'r---',
  4: 'rw--',
  8: 'rw--',
  16: '--x-',
  32: 'r-x-',
  64: 'rwx-',
  128: 'rwx-',
};

const bare = (start: number, end: number, perms: string): Region => ({
  start,
  end,
  perms,
  offset: undefined,
  dev: '',
  inode: '',
  name: '',
  nameBase64: undefined,
  kind: 'anon',
  label: undefined,
  evidence: undefined,
  confidence: undefined,
  usage: undefined,
  flags: undefined,
  attributes: undefined,
});

/** With how much of each region is in the dump: pieces of stacks, mostly. @param regions ascending */
function withDumped(regions: readonly Region[], dump: Dump): readonly Region[] {
  const ranges = joined(memory32(dump).concat(memory64(dump)));
  if (ranges.length === 0) return regions;
  let first = 0;
  return regions.map((region) => {
    while (first < ranges.length && ranges[first]![1] <= region.start) first++;
    let dumped = 0;
    for (let at = first; at < ranges.length && ranges[at]![0] < region.end; at++)
      dumped += Math.min(region.end, ranges[at]![1]) - Math.max(region.start, ranges[at]![0]);
    return {...region, usage: {...region.usage, dumped}};
  });
}

/** The same memory, in ranges that ascend and do not overlap. */
function joined(ranges: readonly Stretch[]): Stretch[] {
  const all: Array<[start: number, end: number]> = [];
  for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = all.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }
  return all;
}

type Stretch = readonly [start: number, end: number];

const isStretch = ([start, end]: Stretch): boolean => Number.isSafeInteger(start) && Number.isSafeInteger(end);

/** MINIDUMP_MEMORY_DESCRIPTOR: where it was, how many bytes, where they are. */
function memory32(dump: Dump): Stretch[] {
  const {fields, length} = fieldsOf(dump.bytes(MEMORY));
  const count = length < 4 ? 0 : Math.min(fields.long(0), Math.floor((length - 4) / 16));
  const [start, size] = [
    (index: number) => fields.word(4 + index * 16),
    (index: number) => fields.long(12 + index * 16),
  ];
  return Array.from({length: count}, (_, index): Stretch => [start(index), start(index) + size(index)]).filter(
    isStretch,
  );
}

function memory64(dump: Dump): Stretch[] {
  const {fields, length} = fieldsOf(dump.bytes(MEMORY_64));
  const count = length < 16 ? 0 : Math.min(fields.word(0), Math.floor((length - 16) / 16));
  const word = (at: number): number => fields.word(16 + at);
  return Array.from({length: count}, (_, index): Stretch => [
    word(index * 16),
    word(index * 16) + word(index * 16 + 8),
  ]).filter(isStretch);
}

function cluesOf(dump: Dump): Clues {
  const {pageSize: given, ...auxv} = parseAuxv(dump.bytes(LINUX_AUXV));
  const pageSize = sanePage(given);
  const [threads, signal] = [threadsIn(dump), signalIn(dump)];
  return {
    ...(pageSize !== undefined && {pageSize}),
    ...(Object.keys(auxv).length > 0 && {auxv}),
    ...(threads.length > 0 && {threads}),
    ...(signal && {signal}),
  };
}

/** Where the stack pointer is in a thread's context, by ProcessorArchitecture of MINIDUMP_SYSTEM_INFO. */
const STACK_POINTERS: Readonly<Record<number, {readonly at: number; readonly bytes: 4 | 8}>> = {
  0: {at: 0xc4, bytes: 4}, // x86: Esp
  5: {at: 56, bytes: 4}, // Arm: r13
  9: {at: 0x98, bytes: 8}, // AMD64: Rsp
  12: {at: 256, bytes: 8}, // ARM64: iregs[31]
  0x8003: {at: 256, bytes: 8}, // ARM64 as breakpad had it before
};

/** MINIDUMP_THREAD: 48 bytes; its ID first, the place of its context last. */
function threadsIn(dump: Dump): Thread[] {
  const {fields, length} = fieldsOf(dump.bytes(THREADS));
  const system = fieldsOf(dump.bytes(SYSTEM));
  const place = system.length < 2 ? undefined : STACK_POINTERS[system.fields.half(0)];
  const count = length < 4 ? 0 : Math.min(fields.long(0), Math.floor((length - 4) / 48));
  return Array.from({length: count}, (_, index): Thread | undefined => {
    const at = 4 + index * 48;
    const tid = fields.long(at);
    if (tid === 0 || tid >= 2 ** 31) return undefined;
    const context = place ? dump.at(fields.long(at + 44), place.at + place.bytes) : new Uint8Array();
    if (!place || context.length < place.at + place.bytes) return {tid, name: ''};
    const registers = fieldsOf(context).fields;
    const stackPointer = place.bytes === 8 ? registers.word(place.at) : registers.long(place.at);
    return isExact(stackPointer) ? {tid, name: '', stackPointer} : {tid, name: ''};
  }).filter((thread) => thread !== undefined);
}

/** MINIDUMP_EXCEPTION_STREAM; on Linux the code is the signal, the flags are si_code, and the address is si_addr. */
function signalIn(dump: Dump): SignalClue | undefined {
  const {fields, length} = fieldsOf(dump.bytes(EXCEPTION));
  if (length < 32) return undefined;
  const [tid, number, code] = [fields.long(0), fields.long(8), fields.long(12) | 0];
  if (number < 1 || number > 64) return undefined;
  const address = (BigInt(fields.long(28)) << 32n) | BigInt(fields.long(24));
  const hasAddress = code > 0 && code !== 0x80 && [4, 5, 7, 8, 11].includes(number);
  return {
    number,
    ...(code !== 0 && {code}),
    ...(hasAddress && {address: `0x${address.toString(16)}`}),
    ...(tid > 0 && tid < 2 ** 31 && {tid}),
  };
}

function processOf(dump: Dump, {threads}: Clues): ProcessInfo {
  const {name, pid, pPid} = parseStatus(dump.bytes(LINUX_STATUS));
  return {
    ...(isCount(pid) && pid > 0 && {pid}),
    ...(isCount(pPid) && {ppid: pPid}),
    ...(typeof name === 'string' && {comm: name}),
    ...(threads && {threads: threads.length}),
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
