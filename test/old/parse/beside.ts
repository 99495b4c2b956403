import {isSameStretch} from './scan.ts';
import {firstFrom} from '../model/search.ts';
import type {Region} from '../model/region.ts';
import {HeaderReader} from './proc/maps.ts';

/** A listing of maps in the kernel's own form, and what was read from it: one region a line. */
interface Earlier {
  readonly bytes: Uint8Array;
  readonly regions: readonly Region[];
}

export interface Beside {
  /** Ascending; new ones have no kind yet. */
  readonly regions: Region[];
  /** Those on lines that the earlier listing doesn't have. */
  readonly fresh: readonly Region[];
}

/**
 * Reads a listing of maps that has most of its lines in common with an earlier one, of the same process or of another
 * run. What both have is found by comparing bytes, and only what differs is parsed. Regions on equal lines are the very
 * same objects, so a comparison of the two can skip them.
 *
 * With 60,000 regions and 100 changes that takes 1 ms, where parsing takes 12 ms.
 *
 * @param bytes as read from /proc
 * @returns undefined where that can't be done, since the listing is torn, cut short or in another form: then all of it
 * must be parsed
 */
export function parseBeside(bytes: Uint8Array, earlier: Earlier): Beside | undefined {
  if (bytes.at(-1) !== NEWLINE || earlier.bytes.at(-1) !== NEWLINE) return undefined;
  const walk = new Walk(earlier);
  const reader = new HeaderReader(bytes, true);
  const regions = new Regions();
  const fresh: Region[] = [];
  for (let at = 0; at < bytes.length;) {
    const same = commonLines(earlier.bytes, walk.at, bytes, at);
    at += same;
    regions.add(walk.take(same));
    if (at === bytes.length) break;
    const region = reader.read(at);
    if (!region || region.end <= region.start || region.name === '[rollup]') return undefined;
    walk.skipTo(region.start);
    if (commonLines(earlier.bytes, walk.at, bytes, at) > 0) continue;
    regions.add([region]);
    fresh.push(region);
    at = reader.next;
  }
  const all = walk.isLost ? undefined : regions.all();
  return all && {regions: all, fresh};
}

const NEWLINE = 0x0a;

/** At most this many pieces are put together, in one call; with more of them there is little in common. */
const MOST_PIECES = 10_000;

/** What was found so far, in pieces: to copy 60,000 regions one by one would take as long as everything else. */
class Regions {
  readonly #pieces: Array<readonly Region[]> = [];
  #end = 0;
  #isTorn = false;

  add(more: readonly Region[]): void {
    const last = more.at(-1);
    if (!last) return;
    this.#isTorn ||= more[0]!.start < this.#end;
    this.#end = last.end;
    this.#pieces.push(more);
  }

  /** @returns undefined if they aren't ascending, or nearly all are new */
  all(): Region[] | undefined {
    if (this.#isTorn || this.#pieces.length > MOST_PIECES) return undefined;
    return ([] as Region[]).concat(...this.#pieces);
  }
}

/** Goes through the earlier listing, a line and its region at a time. */
class Walk {
  /** Where in its bytes a line begins. */
  at = 0;
  /** It met a line that is not in the kernel's form. */
  isLost = false;
  readonly #earlier: Earlier;
  readonly #reader: HeaderReader;
  #index = 0;

  constructor(earlier: Earlier) {
    this.#earlier = earlier;
    this.#reader = new HeaderReader(earlier.bytes, true);
  }

  /** @returns the regions on the next lines, which take this many bytes */
  take(bytes: number): readonly Region[] {
    const {regions} = this.#earlier;
    const from = this.#index;
    this.at += bytes;
    if (this.at === this.#earlier.bytes.length) this.#index = regions.length;
    else if (bytes > 0) this.#index = firstFrom(regions, this.#startAt(this.at), from);
    return regions.slice(from, this.#index);
  }

  #startAt(line: number): number {
    const region = this.#reader.read(line);
    this.isLost ||= !region;
    return region?.start ?? 0;
  }

  /** Leaves out what lies below an address. */
  skipTo(address: number): void {
    const {bytes, regions} = this.#earlier;
    for (; this.#index < regions.length && regions[this.#index]!.start < address; this.#index++)
      this.at = bytes.indexOf(NEWLINE, this.at) + 1;
  }
}

/** How many bytes a[from…] and b[at…] have in common, in whole lines. */
function commonLines(a: Uint8Array, from: number, b: Uint8Array, at: number): number {
  const length = commonLength(a, from, b, at);
  return length === 0 ? 0 : Math.max(0, b.lastIndexOf(NEWLINE, at + length - 1) + 1 - at);
}

/** Takes larger and larger steps while the bytes are equal, then halves the step that isn't. */
function commonLength(a: Uint8Array, from: number, b: Uint8Array, at: number): number {
  const most = Math.min(a.length - from, b.length - at);
  let length = 0;
  let step = 256;
  while (length < most && isSameStretch(a, from + length, b, at + length, Math.min(step, most - length))) {
    length += Math.min(step, most - length);
    step *= 2;
  }
  for (step = Math.min(step, most - length); step > 16;) {
    const half = step >> 1;
    if (isSameStretch(a, from + length, b, at + length, half)) {
      length += half;
      step -= half;
    } else step = half;
  }
  while (length < most && a[from + length] === b[at + length]) length++;
  return length;
}
