import {closeSync, openSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {folder} from './folder.js';

/** Regions that stay as they are, and blocks that come, go and grow. */
const LIBRARIES = 28;
const BLOCKS = 40;
/** ms. */
const INTERVAL = 100;
/** Smaps is read at each fourth sample, as record does it at a process of this size and pace. */
const MEASURED = 4;
/** Bytes of deltas for each byte of a key frame. */
const DELTAS_PER_KEY = 4;
const PAGE = 4096;

/**
 * Writes what `memmap record --interval 100ms` leaves of a busy process of 140 to 180 regions: at each sample some of
 * its blocks come, go or grow, and its heap grows. docs/recording.md has the format. The lines are made from a model
 * that is none of memmap's, so an hour takes a few seconds, and no snapshot is parsed for it.
 *
 * @param samples how many moments
 * @returns the file
 */
export function writeRecording(samples, name = 'recording.jsonl') {
  const path = join(folder(), name);
  const lines = new Lines(openSync(path, 'w'));
  const model = new Process();
  lines.put({schema: 'memmap.recording/1', ...header(), fields: {}}, true);
  for (let sample = 0; sample < samples; sample++) {
    const head = {t: sample * INTERVAL, look: sample + 1};
    const isMeasured = sample % MEASURED === 0;
    if (sample > 0) model.live();
    if (sample === 0 || (isMeasured && lines.wantsKey)) lines.put({event: 'key', ...head, ...model.whole()}, true);
    else lines.put({event: 'delta', ...head, ...model.differences(isMeasured, sample % MEASURED === 1)});
  }
  const cost = {
    looks: samples,
    ms: samples,
    duty: 0.01,
    usageReads: samples / MEASURED,
    usageMs: samples,
    usageSkipped: 0,
  };
  lines.put({event: 'end', t: samples * INTERVAL, look: samples, reason: 'for', listings: samples * 20_000, cost});
  lines.close();
  return path;
}

/** Lines with their checksums; collected, as 36,000 calls of write(2) take a second. */
class Lines {
  #fd;
  #parts = [];
  #length = 0;
  #crc = 0;
  #keyBytes = 0;
  #sinceKey = 0;

  constructor(fd) {
    this.#fd = fd;
  }

  get wantsKey() {
    return this.#sinceKey > DELTAS_PER_KEY * this.#keyBytes;
  }

  /** @param isAlone its checksum does not continue from the line before */
  put(record, isAlone = false) {
    const body = Buffer.from(JSON.stringify(record).slice(0, -1));
    this.#crc = crc32(body, isAlone ? 0 : this.#crc);
    const seal = Buffer.from(`,"crc":"${this.#crc.toString(16).padStart(8, '0')}"}\n`);
    const length = body.length + seal.length;
    if (isAlone) [this.#keyBytes, this.#sinceKey] = [length, 0];
    else this.#sinceKey += length;
    this.#parts.push(body, seal);
    this.#length += length;
    if (this.#length > 2 ** 20) this.#flush();
  }

  close() {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush() {
    writeSync(this.#fd, Buffer.concat(this.#parts));
    [this.#parts, this.#length] = [[], 0];
  }
}

/** The regions of a process, and what was said of them last. */
class Process {
  /** Ascending; a region that changes is replaced. */
  #regions = [...program(), ...Array.from({length: LIBRARIES}, (_, at) => library(at)).flat(), stack()];
  #before = [];
  /** Resident bytes by start, as they are, and as the recording has them. */
  #resident = new Map(this.#regions.map(({start, end}) => [start, Math.min(end - start, 3 * PAGE)]));
  #told = new Map();
  #random = randomFrom(7);
  #inode = 300;
  #samples = 0;

  /** Until the next sample: three of its blocks come, go or grow, and the heap grows. */
  live() {
    for (let turn = 0; turn < 3; turn++) this.#change(BLOCK + Math.floor(this.#random() * BLOCKS) * EVERY);
    this.#touch(HEAP, PAGE);
    if (++this.#samples % 3 === 0) this.#grow(HEAP, 3 * PAGE);
  }

  /** All of it, as a key frame has it. */
  whole() {
    this.#before = this.#regions;
    this.#told = new Map(this.#regions.map(({start}) => [start, this.#resident.get(start)]));
    const rss = this.#regions.flatMap(({start}, at) => [at, this.#resident.get(start)]);
    const clues = {pageSize: PAGE, threads: {4242: {name: 'program'}}};
    return {
      listing: 'smaps',
      status: {name: 'program', state: 'S', threads: 1, uid: 0, vmPeak: 2 ** 30, ...this.#status()},
      process: PROCESS,
      clues,
      kinds: KINDS,
      regions: this.#regions.map(rowOf),
      counters: COUNTERS,
      usage: usageOf(rss),
      wordLists: [['rd wr mr mw me ac', {thpEligible: '0'}]],
      words: this.#regions.flatMap((_, at) => [at, 0]),
    };
  }

  /** What differs from the sample before. @param isOther smaps was read then, and maps is now, or the reverse */
  differences(isMeasured, isOther) {
    const before = new Set(this.#before);
    const starts = new Set(this.#regions.map(({start}) => start));
    const gone = this.#before.map(({start}) => start).filter((start) => !starts.has(start));
    const rows = this.#regions.filter((region) => !before.has(region)).map(rowOf);
    for (const start of gone) this.#told.delete(start);
    this.#before = this.#regions;
    return {
      ...((isMeasured || isOther) && {listing: isMeasured ? 'smaps' : 'maps'}),
      status: this.#status(),
      ...(gone.length > 0 && {gone: gone.map(hex)}),
      ...(rows.length > 0 && {regions: rows}),
      ...(isMeasured && {usage: usageOf(this.#untold())}),
    };
  }

  #untold() {
    return this.#regions.flatMap(({start}, at) => {
      const bytes = this.#resident.get(start);
      if ((this.#told.get(start) ?? 0) === bytes) return [];
      this.#told.set(start, bytes);
      return [at, bytes];
    });
  }

  #change(start) {
    const place = this.#regions.findIndex((region) => region.start === start);
    const what = this.#random();
    if (place < 0) {
      const end = start + PAGE * (40 + Math.floor(this.#random() * 200));
      const at = this.#regions.findIndex((region) => region.start > start);
      this.#regions = this.#regions.toSpliced(at, 0, block(start, end, ++this.#inode));
      this.#resident.set(start, Math.floor((end - start) / 2 / PAGE) * PAGE);
    } else if (what < 0.4) this.#regions = this.#regions.toSpliced(place, 1);
    else if (what < 0.7) this.#grow(start, PAGE * (1 + Math.floor(this.#random() * 4)));
    else this.#touch(start, 4 * PAGE);
  }

  #grow(start, bytes) {
    this.#regions = this.#regions.map((one) => (one.start === start ? {...one, end: one.end + bytes} : one));
  }

  #touch(start, bytes) {
    const {end} = this.#regions.find((region) => region.start === start);
    this.#resident.set(start, Math.min(end - start, this.#resident.get(start) + bytes));
  }

  #status() {
    const vmSize = this.#regions.reduce((sum, {start, end}) => sum + end - start, 0);
    const vmRss = this.#regions.reduce((sum, {start}) => sum + this.#resident.get(start), 0);
    return {vmSize, vmRss, vmHwm: 2 ** 30 - (2 ** 30 % PAGE)};
  }
}

const PROCESS = {pid: 4242, ppid: 1, comm: 'program', exe: '/usr/bin/program', startTime: 1, bootId: 'b', uid: 0};

const header = () => ({
  memmap: '0.1.0',
  host: 'bench',
  kernel: '6.1.0',
  bootId: 'b',
  process: PROCESS,
  pageSize: PAGE,
  interval: INTERVAL,
  startedAt: '2026-01-31T12:00:00.000Z',
});

const KINDS = [
  ['text', null, 'the file is mapped with permission to execute'],
  ['rodata', null, 'the file is mapped for reading'],
  ['data', null, 'the file is mapped privately for writing'],
  ['heap', null, 'the kernel calls it [heap]'],
  ['shared', null, 'the mapping is shared'],
  ['stack', null, 'the kernel calls it [stack]'],
];

const COUNTERS = (
  'size kernelPageSize mmuPageSize rss pss pssDirty sharedClean sharedDirty privateClean privateDirty referenced ' +
  'anonymous ksm lazyFree anonHugePages shmemPmdMapped filePmdMapped sharedHugetlb privateHugetlb swap swapPss ' +
  'locked'
).split(' ');

/** Of memory of its own, these counters are all the same. */
const usageOf = (rss) => ({rss, pss: rss, pssDirty: rss, privateDirty: rss, referenced: rss, anonymous: rss});

const HEAP = 0x1000000;
const BLOCK = 0x7f0000000000;
const EVERY = 2 ** 24;
const LIBRARY = 0x7f8000000000;

/** A region: where it is, and the rest of its row. */
const region = (start, end, perms, kind, offset = 0, inode = '0', name = '') => ({
  start,
  end,
  rest: [perms, kind, hex(offset), inode === '0' ? '00:00' : 'fe:00', inode, name],
});

const rowOf = ({start, end, rest}) => [hex(start), hex(end), ...rest];

const segments = (start, inode, name) => [
  region(start, start + 0x4000, 'r--p', 1, 0, inode, name),
  region(start + 0x4000, start + 0x20000, 'r-xp', 0, 0x4000, inode, name),
  region(start + 0x20000, start + 0x24000, 'r--p', 1, 0x20000, inode, name),
  region(start + 0x24000, start + 0x26000, 'rw-p', 2, 0x24000, inode, name),
];

const program = () => [
  ...segments(0x400000, '17', '/usr/bin/program'),
  region(HEAP, HEAP + 0x21000, 'rw-p', 3, 0, '0', '[heap]'),
];
const library = (at) => segments(LIBRARY + at * 0x100000, String(100 + at), `/usr/lib/libexample${at}.so.1`);
const block = (start, end, inode) => region(start, end, 'rw-s', 4, 0, String(inode), '/dev/shm/block (deleted)');
const stack = () => region(0x7ffe00000000, 0x7ffe00021000, 'rw-p', 5, 0, '0', '[stack]');

const hex = (value) => `0x${value.toString(16)}`;

/** Numbers from 0 to 1, the same ones in each run. */
function randomFrom(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}
