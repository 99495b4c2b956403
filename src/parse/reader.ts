import {classify} from '../classify/classify.ts';
import {ABSENT} from '../model/columns/columns.ts';
import {Regions} from '../model/columns/regions.ts';
import type {Rejected} from '../model/snapshot.ts';
import type {Tables} from '../model/columns/tables.ts';
import {CounterReader} from './proc/smaps.ts';
import {LINE} from './proc/columns.ts';
import {HeaderReader, LONGEST_LINE} from './proc/maps.ts';
import {Repeats} from './proc/repeats.ts';
import {isFraming, readPastedLine, shellPrompt} from './foreign/pasted.ts';
import {isHopeless, SECOND} from './foreign/rows.ts';
import {Listing} from './listing.ts';
import {putInOrder} from './order.ts';
import {decode, latin1, LOWER_HEX_DIGIT} from './scan.ts';

/**
 * Reads a listing.
 *
 * @param bytes as read from /proc, or from a file
 * @param from `proc`: the kernel's own form, and nothing else, is accepted. `capture`: also what people make of it.
 * @param kinds `later`: the caller classifies the regions, since it knows more of the process than its listing says
 * @param tables of a listing that this one will be compared with
 */
export function parseListing(
  bytes: Uint8Array,
  from: 'proc' | 'capture',
  kinds: 'now' | 'later' = 'now',
  tables?: Tables,
): Listing {
  const reader = new ListingReader(from, tables);
  reader.read(bytes);
  return reader.finish(bytes.length > 0 && bytes.at(-1) !== 0x0a, kinds);
}

/** Reads a listing part by part: first `read`, once or more, and then `finish`. */
export class ListingReader {
  /** Nothing more is read. */
  isDone = false;
  readonly #isCapture: boolean;
  readonly #regions: Regions;
  readonly #headers: HeaderReader;
  readonly #repeats: Repeats;
  readonly #counters: CounterReader;
  readonly #rejected: Rejected[] = [];
  /** Lines after a shell's prompt: not an error in a listing, but not a listing either. */
  readonly #commands: Rejected[] = [];
  /** How many lines were read so far. */
  #lines = 0;
  /** Are there lines that aren't headers? Without them there is nothing to count. */
  #hasOthers = false;
  /** Commands that show no listing. */
  #asides = 0;
  #spacedOut = 0;
  #empty = 0;
  /** Does each region begin above the one before? */
  #isAscending = true;
  /** Regions that begin before the end of the one above them. */
  #backwards = 0;
  #isNamed = false;
  #pid: number | undefined;
  /** Where the last header begins, unless it was in an earlier part; and how many lines there were before it. */
  #from = ABSENT;
  #linesBefore = 0;
  /** The row of the last header: that after the last region, if it has 0 bytes; ABSENT before the first one. */
  #current = ABSENT;

  /** @param rows how many regions there may be */
  constructor(from: 'proc' | 'capture', tables?: Tables, rows = 1024) {
    this.#isCapture = from === 'capture';
    this.#regions = new Regions(rows, tables);
    this.#headers = new HeaderReader(this.#regions, !this.#isCapture);
    this.#repeats = new Repeats(this.#regions);
    this.#counters = new CounterReader(this.#regions);
  }

  /**
   * @param bytes whole lines; only the last one of the listing may lack its newline
   * @param total of the bytes that the listing has from here on, as far as that is known
   */
  read(bytes: Uint8Array, total: number = bytes.length): void {
    const first = this.#regions.length;
    let isEstimated = false;
    this.#repeats.begin(bytes);
    this.#from = ABSENT;
    for (let at = 0; at < bytes.length && !this.isDone;) {
      const read = this.#regions.length - first;
      if (!isEstimated && read >= SAMPLE) {
        this.#regions.reserve(first + Math.ceil(read * 1.05 * (total / at)));
        isEstimated = true;
      }
      // Counters begin with capitals: what begins like an address of maps is one.
      const isAddress = LOWER_HEX_DIGIT[bytes[at]!]! >= 0;
      if (isAddress && this.#mayRepeat) {
        const next = this.#repeated(at, isEstimated ? Infinity : SAMPLE - read);
        if (next > at) {
          at = next;
          continue;
        }
      }
      this.#lines++;
      if (isAddress && this.#isHeader(bytes, at)) {
        const {next} = this.#headers;
        if (this.#mayRepeat) this.#learn(at, this.#lines - 1);
        this.#add(bytes, at, next - 1);
        this.#from = at;
        this.#linesBefore = this.#lines - 1;
        at = this.#hasOthers ? this.#afterCounters(bytes, next) : next;
        continue;
      }
      if (!this.#hasOthers && this.#current !== ABSENT) this.#counters.begin(this.#current);
      if (!this.#hasOthers) this.#repeats.begin(bytes);
      this.#hasOthers = true;
      const newline = bytes.indexOf(0x0a, at);
      const to = newline < 0 ? bytes.length : newline;
      this.#otherLine(bytes, at, to);
      at = this.#afterCounters(bytes, to + 1);
    }
  }

  /**
   * May the next region repeat an earlier one? Not after one that is not in the listing or is all of it, nor where
   * lines were not understood.
   */
  get #mayRepeat(): boolean {
    const regions = this.#regions;
    const current = this.#current;
    if (current === ABSENT || current !== regions.length - 1 || !this.#repeats.isLikely) return false;
    if (this.#rejected.length + this.#commands.length > 0) return false;
    return !isRollup(regions, 0) && !isRollup(regions, current);
  }

  /** @param most how many regions @returns where the first one begins that repeats none */
  #repeated(at: number, most: number): number {
    const lines = this.#repeats.read(at, most);
    if (lines === 0) return at;
    this.#learn(at, this.#lines);
    this.#lines += lines;
    this.#current = this.#regions.length - 1;
    return this.#repeats.next;
  }

  /** The region that was read last may be repeated. @param at where the next one begins, after so many lines */
  #learn(at: number, lines: number): void {
    if (this.#hasOthers) this.#counters.end();
    if (this.#from !== ABSENT) this.#repeats.learn(this.#current, this.#from, at, lines - this.#linesBefore);
    this.#from = ABSENT;
  }

  #isHeader(bytes: Uint8Array, from: number): boolean {
    if (!this.#headers.read(bytes, from)) return false;
    const {start, end, length} = this.#regions;
    return end[length]! >= start[length]!;
  }

  #afterCounters(bytes: Uint8Array, from: number): number {
    const next = this.#counters.readUsual(bytes, from);
    this.#lines += (next - from) / LINE;
    return next;
  }

  #otherLine(bytes: Uint8Array, from: number, to: number): void {
    if (to - from > LONGEST_LINE) return this.#reject(bytes, from, to, 'longer than 1 MiB');
    if (this.#isCapture) from = afterIndent(bytes, from, to);
    if (this.#counters.read(bytes, from, to)) return;
    if (from < to && this.#isHeader(bytes, from)) this.#add(bytes, from, to);
    else if (this.#isCapture) this.#pastedLine(bytes, from, to);
    else this.#reject(bytes, from, to, 'not in the form that the kernel prints');
  }

  /** Capture only: a line that isn't as the kernel prints it. */
  #pastedLine(bytes: Uint8Array, from: number, to: number): void {
    const raw = latin1(bytes, from, to).replace(/^\xef\xbb\xbf/, '');
    if (isFraming(raw)) return;
    const region = readPastedLine(raw);
    if (typeof region !== 'string') {
      if (region.end < region.start) return this.#reject(bytes, from, to, 'the region ends before it starts');
      if (/\S {2,}\S+ {2,}/.test(raw)) this.#spacedOut++;
      this.#regions.draft(region);
      return this.#add(bytes, from, to);
    }
    const prompt = shellPrompt(raw);
    if (!prompt) return this.#reject(bytes, from, to, region);
    if (prompt.showsListing && this.#regions.length > 0) return this.#secondListing(bytes, from, to);
    this.#isNamed ||= prompt.showsListing;
    this.#pid ??= prompt.pid;
    if (!prompt.showsListing) this.#asides++;
    this.#commands.push(this.#rejection(bytes, from, to, region));
  }

  /** Takes the region in the row after the last one. The line is bytes[from, to). */
  #add(bytes: Uint8Array, from: number, to: number): void {
    const regions = this.#regions;
    const row = regions.length;
    this.#from = ABSENT;
    if (this.#isCapture && this.#beginsAnother()) return this.#secondListing(bytes, from, to);
    if (this.#hasOthers) this.#counters.end();
    if (this.#current === row) forget(regions, row);
    this.#current = row;
    if (this.#hasOthers) this.#counters.begin(row);
    // Linux 2.6.32 printed its stack guard as a region of 0 bytes: nothing is mapped there.
    if (regions.end[row]! > regions.start[row]! || isRollup(regions, row)) {
      if (row > 0 && regions.start[row]! < regions.end[row - 1]!) this.#isAscending = false;
      regions.length++;
    } else this.#empty++;
  }

  /**
   * Two captures in one file would look like one torn listing: the second begins as the first did, or goes back to low
   * addresses after a region that is last in a process. A rollup is one region, and covers everything that others list.
   */
  #beginsAnother(): boolean {
    const {start, end, length, backing} = this.#regions;
    if (length === 0) return false;
    const last = length - 1;
    const isOfLast = length > 1 && backing[length] === backing[last];
    if (!isOfLast && (isRollup(this.#regions, length) || isRollup(this.#regions, 0))) return true;
    if (length > 1 && start[0] === start[length] && end[0] === end[length]) return true;
    if (start[length]! >= end[last]!) return false;
    const isLast = LAST_NAMES.has(this.#regions.nameAt(last));
    if (!isLast) this.#backwards++;
    return end[length]! <= start[last]! && isLast && this.#goesFarBack();
  }

  /**
   * A torn walk may go back a little after [vdso], where that lies among the libraries, and in a listing that somebody
   * sorted lines go back everywhere. Another process begins at its program again.
   */
  #goesFarBack(): boolean {
    const {start, length} = this.#regions;
    if (this.#regions.nameAt(length).startsWith('[') || this.#backwards * 10 > length) return false;
    const [first, last] = [start[0]!, start[length - 1]!];
    return last - start[length]! > (last - first) / 2 && last > first;
  }

  #secondListing(bytes: Uint8Array, from: number, to: number): void {
    this.#reject(bytes, from, to, SECOND);
    this.isDone = true;
  }

  /** Is every line so far one of a listing? */
  get isUnderstood(): boolean {
    return this.#rejected.length + this.#asides === 0;
  }

  #reject(bytes: Uint8Array, from: number, to: number, why: string): void {
    this.#rejected.push(this.#rejection(bytes, from, to, why));
    this.isDone ||= isHopeless(this.#rejected.length, this.#regions.length);
  }

  #rejection(bytes: Uint8Array, from: number, to: number, why: string): Rejected {
    return {line: this.#lines, text: decode(latin1(bytes, from, Math.min(to, from + 200))).text, why};
  }

  finish(isUnterminated: boolean, kinds: 'now' | 'later'): Listing {
    this.#counters.end();
    const hasCounters = this.#regions.hasCounters;
    const cutShort = this.#cutShort(isUnterminated, hasCounters);
    const format = this.#format(hasCounters);
    const {table, torn, notes} = this.#isAscending
      ? {table: this.#regions, torn: 0, notes: []}
      : putInOrder(this.#regions, this.#isCapture ? 'capture' : 'proc');
    if (kinds === 'now') classify(table);
    // Nothing but commands, none of which shows a listing: some other file.
    const isOther = this.#regions.length + this.#empty + this.#rejected.length === 0 && !this.#isNamed;
    const rejected = isOther ? this.#commands : this.#rejected;
    const [empty, asides, pid] = [this.#empty, this.#asides, this.#pid];
    const isPlain = table === this.#regions && this.#lines === table.length && !this.#hasOthers && !isUnterminated;
    return new Listing({table, format, torn, notes, asides, empty, cutShort, isUnterminated, rejected, pid, isPlain});
  }

  #format(hasCounters: boolean): Listing['format'] {
    if (this.#regions.length === 1 && this.#regions.nameAt(0) === '[rollup]') return 'smaps_rollup';
    if (hasCounters) return 'smaps';
    return this.#spacedOut > this.#regions.length / 2 ? 'tutorial' : 'maps';
  }

  #cutShort(isUnterminated: boolean, hasCounters: boolean): string | undefined {
    if (this.#current === ABSENT || this.isDone) return undefined;
    if (hasCounters && this.#lacksItsEnd()) return 'the last record is incomplete';
    if (!isUnterminated) return undefined;
    if (!this.#isCapture) return 'the last line has no newline';
    if (hasCounters) return undefined;
    const {name, inode} = this.#regions.backingAt(this.#current);
    // Only a mapped file has an inode, and it has a name: without one, the line was cut in or after the inode.
    if (name === '' && !/^0?$/.test(inode)) return 'the last line ends within its inode';
    return /^\[[^\]]*$/.test(name) ? 'the last line ends within its name' : undefined;
  }

  /** VmFlags is the last line; kernels before 3.8 have none, but the same counters in each record, and Rss always. */
  #lacksItsEnd(): boolean {
    const {flags, counters} = this.#regions;
    const last = this.#current;
    const has = (row: number, values: Float64Array): boolean => values[row] !== ABSENT;
    if (!counters.some(({name, values}) => name === 'rss' && has(last, values))) return true;
    if (this.#regions.length > 0 && flags[0] !== 0) return flags[last] === 0;
    return counters.some(({values}) => has(0, values) && !has(last, values));
  }
}

/** Takes back what smaps said of a region of 0 bytes, whose row the next one gets. */
function forget(regions: Regions, row: number): void {
  regions.uncount(row);
  regions.flags[row] = regions.attributes[row] = 0;
}

const isRollup = (regions: Regions, row: number): boolean => regions.nameAt(row) === '[rollup]';

function afterIndent(bytes: Uint8Array, from: number, to: number): number {
  while (from < to && (bytes[from] === 0x20 || bytes[from] === 0x09)) from++;
  return from;
}

/** After this many regions it is known about how many there will be. */
const SAMPLE = 1000;

/** The regions that the kernel places last: at the top of a process's addresses. */
const LAST_NAMES = new Set(['[stack]', '[vvar]', '[vvar_vclock]', '[vdso]', '[vsyscall]', '[vectors]', '[uprobes]']);
