import {classify} from '../classify/classify.ts';
import type {Region} from '../model/region.ts';
import type {Rejected} from '../model/snapshot.ts';
import {CounterReader} from './proc/smaps.ts';
import {HeaderReader, LONGEST_LINE} from './proc/maps.ts';
import {isFraming, readPastedLine, shellPrompt} from './foreign/pasted.ts';
import {isHopeless, SECOND} from './foreign/rows.ts';
import {putInOrder} from './order.ts';
import {decode, latin1, LOWER_HEX_DIGIT} from './scan.ts';

/** What a listing of regions says: maps, smaps or smaps_rollup. The headers of the last two are lines of the first. */
export interface Listing {
  /** Ascending, without overlaps, with their kinds. */
  readonly regions: Region[];
  readonly format: 'maps' | 'smaps' | 'smaps_rollup' | 'tutorial';
  /** Is each line a region, whole and in order, as the kernel prints maps? */
  readonly isPlain: boolean;
  /** How many lines overlapped or went backwards. */
  readonly torn: number;
  /** What else a reader should know, a sentence each. */
  readonly notes: readonly string[];
  /** How many lines had a region of 0 bytes, and are not in `regions`. */
  readonly empty: number;
  /** Why the listing can't be whole, a phrase; undefined if nothing says so. */
  readonly cutShort: string | undefined;
  /** Does the last line lack its newline? In a capture that alone may only mean that somebody trimmed it. */
  readonly isUnterminated: boolean;
  readonly rejected: Rejected[];
  /** How many lines were taken for commands at a prompt that show no listing. */
  readonly asides: number;
  /** Whose listing it is, where a shell line above it says so. */
  readonly pid: number | undefined;
}

/**
 * Reads a listing.
 *
 * @param bytes as read from /proc, or from a file
 * @param from `proc`: the kernel's own form, and nothing else, is accepted. `capture`: also what people make of it.
 * @param kinds `later`: the caller classifies the regions, since it knows more of the process than its listing says
 */
export function parseListing(bytes: Uint8Array, from: 'proc' | 'capture', kinds: 'now' | 'later' = 'now'): Listing {
  const reader = new ListingReader(bytes, from === 'capture');
  for (let at = 0, line = 1; at < bytes.length && !reader.isDone; line++) at = reader.line(line, at);
  return reader.finish(bytes.length > 0 && bytes.at(-1) !== 0x0a, kinds);
}

class ListingReader {
  isDone = false;
  readonly #bytes: Uint8Array;
  readonly #isCapture: boolean;
  readonly #headers: HeaderReader;
  readonly #counters = new CounterReader();
  readonly #regions: Region[] = [];
  readonly #rejected: Rejected[] = [];
  /** Lines after a shell's prompt: not an error in a listing, but not a listing either. */
  readonly #commands: Rejected[] = [];
  /** Those of them that show no listing. */
  #asides = 0;
  #spacedOut = 0;
  #empty = 0;
  /** Regions that begin before the end of the one above them. */
  #backwards = 0;
  /** Lines that aren't regions in the kernel's own form. */
  #others = 0;
  #isNamed = false;
  #pid: number | undefined;
  #current: Region | undefined;

  constructor(bytes: Uint8Array, isCapture: boolean) {
    this.#bytes = bytes;
    this.#isCapture = isCapture;
    this.#headers = new HeaderReader(bytes, !isCapture);
  }

  /** @returns where the next line begins */
  line(number: number, from: number): number {
    // Counters begin with capitals: what begins like an address of maps is one.
    const region = LOWER_HEX_DIGIT[this.#bytes[from]!]! >= 0 ? this.#headers.read(from) : undefined;
    if (region && region.end >= region.start) {
      this.#add(region, number, from, this.#headers.next - 1);
      return this.#headers.next;
    }
    this.#others++;
    const newline = this.#bytes.indexOf(0x0a, from);
    const to = newline < 0 ? this.#bytes.length : newline;
    this.#otherLine(number, from, to);
    return to + 1;
  }

  #otherLine(number: number, from: number, to: number): void {
    if (to - from > LONGEST_LINE) return this.#reject(number, from, to, 'longer than 1 MiB');
    if (this.#isCapture) from = this.#afterIndent(from, to);
    if (this.#counters.read(this.#bytes, from, to, this.#current)) return;
    const region = from < to ? this.#headers.read(from) : undefined;
    if (region && region.end >= region.start) this.#add(region, number, from, to);
    else if (this.#isCapture) this.#pastedLine(number, from, to);
    else this.#reject(number, from, to, 'not in the form that the kernel prints');
  }

  #afterIndent(from: number, to: number): number {
    while (from < to && (this.#bytes[from] === 0x20 || this.#bytes[from] === 0x09)) from++;
    return from;
  }

  /** Capture only: a line that isn't as the kernel prints it. */
  #pastedLine(number: number, from: number, to: number): void {
    const raw = latin1(this.#bytes, from, to).replace(/^\xef\xbb\xbf/, '');
    if (isFraming(raw)) return;
    const region = readPastedLine(raw);
    if (typeof region !== 'string') {
      if (region.end < region.start) return this.#reject(number, from, to, 'the region ends before it starts');
      if (/\S {2,}\S+ {2,}/.test(raw)) this.#spacedOut++;
      return this.#add(region, number, from, to);
    }
    const prompt = shellPrompt(raw);
    if (!prompt) return this.#reject(number, from, to, region);
    if (prompt.showsListing && this.#regions.length > 0) return this.#secondListing(number, from, to);
    this.#isNamed ||= prompt.showsListing;
    this.#pid ??= prompt.pid;
    if (!prompt.showsListing) this.#asides++;
    this.#commands.push(this.#rejection(number, from, to, region));
  }

  #add(region: Region, number: number, from: number, to: number): void {
    if (this.#isCapture && this.#beginsAnother(region)) return this.#secondListing(number, from, to);
    this.#current = region;
    this.#counters.restart();
    // Linux 2.6.32 printed its stack guard as a region of 0 bytes: nothing is mapped there.
    if (region.end > region.start || region.name === '[rollup]') this.#regions.push(region);
    else this.#empty++;
  }

  /**
   * Two captures in one file would look like one torn listing: the second begins as the first did, or goes back to low
   * addresses after a region that is last in a process. A rollup is one region, and covers everything that others list.
   */
  #beginsAnother(region: Region): boolean {
    const first = this.#regions[0];
    if (!first) return false;
    if (region.name === '[rollup]' || first.name === '[rollup]') return true;
    if (this.#regions.length > 1 && first.start === region.start && first.end === region.end) return true;
    const last = this.#regions.at(-1)!;
    if (region.start < last.end && !LAST_NAMES.has(last.name)) this.#backwards++;
    return region.end <= last.start && LAST_NAMES.has(last.name) && this.#goesFarBack(region, first, last);
  }

  /**
   * A torn walk may go back a little after [vdso], where that lies among the libraries, and in a listing that somebody
   * sorted lines go back everywhere. Another process begins at its program again.
   */
  #goesFarBack(region: Region, first: Region, last: Region): boolean {
    if (region.name.startsWith('[') || this.#backwards * 10 > this.#regions.length) return false;
    return last.start - region.start > (last.start - first.start) / 2 && last.start > first.start;
  }

  #secondListing(number: number, from: number, to: number): void {
    this.#reject(number, from, to, SECOND);
    this.isDone = true;
  }

  #reject(number: number, from: number, to: number, why: string): void {
    this.#rejected.push(this.#rejection(number, from, to, why));
    this.isDone ||= isHopeless(this.#rejected.length, this.#regions.length);
  }

  #rejection(line: number, from: number, to: number, why: string): Rejected {
    return {line, text: decode(latin1(this.#bytes, from, Math.min(to, from + 200))).text, why};
  }

  finish(isUnterminated: boolean, kinds: 'now' | 'later'): Listing {
    this.#counters.restart();
    const hasCounters = this.#regions.some((region) => region.usage);
    const cutShort = this.#cutShort(isUnterminated, hasCounters);
    const {regions, torn, notes} = putInOrder(this.#regions, this.#isCapture ? 'capture' : 'proc');
    if (kinds === 'now') classify(regions);
    // Nothing but commands, none of which shows a listing: some other file.
    const isOther = this.#regions.length + this.#empty + this.#rejected.length === 0 && !this.#isNamed;
    const rejected = isOther ? this.#commands : this.#rejected;
    const format = this.#format(hasCounters);
    const isWhole = this.#others + this.#empty + torn + notes.length === 0 && !this.isDone && !isUnterminated;
    const isPlain = format === 'maps' && isWhole;
    const asides = this.#asides;
    return {
      regions,
      format,
      isPlain,
      torn,
      notes,
      asides,
      empty: this.#empty,
      cutShort,
      isUnterminated,
      rejected,
      pid: this.#pid,
    };
  }

  #format(hasCounters: boolean): Listing['format'] {
    if (this.#regions.length === 1 && this.#regions[0]?.name === '[rollup]') return 'smaps_rollup';
    if (hasCounters) return 'smaps';
    return this.#spacedOut > this.#regions.length / 2 ? 'tutorial' : 'maps';
  }

  #cutShort(isUnterminated: boolean, hasCounters: boolean): string | undefined {
    const last = this.#current;
    if (!last || this.isDone) return undefined;
    if (hasCounters && lacksItsEnd(last, this.#regions[0])) return 'the last record is incomplete';
    if (!isUnterminated) return undefined;
    if (!this.#isCapture) return 'the last line has no newline';
    if (hasCounters) return undefined;
    // Only a mapped file has an inode, and it has a name: without one, the line was cut in or after the inode.
    if (last.name === '' && !/^0?$/.test(last.inode)) return 'the last line ends within its inode';
    return /^\[[^\]]*$/.test(last.name) ? 'the last line ends within its name' : undefined;
  }
}

/** The regions that the kernel places last: at the top of a process's addresses. */
const LAST_NAMES = new Set(['[stack]', '[vvar]', '[vvar_vclock]', '[vdso]', '[vsyscall]', '[vectors]', '[uprobes]']);

/** VmFlags is the last line; kernels before 3.8 have none, but the same counters in each record, and Rss always. */
function lacksItsEnd(last: Region, first: Region | undefined): boolean {
  if (last.usage?.['rss'] === undefined) return true;
  if (first?.flags !== undefined) return last.flags === undefined;
  return Object.keys(first?.usage ?? {}).some((key) => last.usage?.[key] === undefined);
}
