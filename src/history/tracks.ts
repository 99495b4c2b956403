import type {Kind} from '../model/kind.ts';
import type {Region} from '../model/region.ts';
import {lowerBound} from '../model/search.ts';
import {NEW, pairs} from './pairs.ts';
import type {Difference, Known, Listed} from './seen.ts';

/** A region for as long as its borders, permissions, name and kind stay the same. */
export interface Stay {
  readonly start: number;
  readonly end: number;
  readonly perms: string;
  readonly kind: Kind;
  /** What it is called: its label, or else the kernel's name for it. */
  readonly name: string;
  /** The number of its track: two stays of one track are one region that grew, shrank or changed otherwise. */
  readonly track: number;
  /** The look at which it was first seen. */
  readonly from: number;
  /** The look at which it was no longer seen. */
  readonly to: number;
  /** Bytes of the counter that is followed, where they changed: look, bytes, look, … Empty if it was never read. */
  readonly amounts: readonly number[];
}

/** One region over time: one stay after the other, without a look in between. */
export interface Track {
  /** As it was seen last. */
  readonly region: Region;
  readonly stays: readonly Stay[];
}

/** An amount at some of the looks. Both lists have one length. */
export interface Values {
  readonly looks: readonly number[];
  /** Bytes, or a number of things. */
  readonly values: readonly number[];
}

/** A region that is there, as it was at the last look that saw it otherwise. */
interface Open {
  known: Known;
  readonly stay: {-readonly [key in keyof Stay]: Stay[key]} & {readonly amounts: number[]};
}

/**
 * Follows each region of a process from its first look to its last. `pairs` says which region is the same one. No diff
 * is made, so what mremap(2) moved is another track; its kind has both.
 */
export class Tracks {
  /** In the order in which they were first seen. */
  readonly stays: Stay[] = [];
  /** By their number, which is the order of their first looks. */
  readonly all: Array<{region: Region; readonly stays: Stay[]}> = [];
  /** By start. */
  readonly #open = new Map<number, Open>();
  /** The same in address order, where that is known. */
  #sorted: readonly Open[] | undefined;
  /** Those whose counter was not read yet. */
  #unread: Open[] = [];
  /** What the last look read. */
  #listing: Listed['listing'] = 'maps';
  readonly #counter: string;

  /** @param counter the key of the smaps counter to keep, such as `rss` */
  constructor(counter: string) {
    this.#counter = counter;
  }

  /**
   * One more look. One at which all was as before can be left out.
   *
   * @param look its number, ascending
   * @param isAnew another program began: no region is one of those before
   */
  add(rows: readonly Known[], listing: Listed['listing'], look: number, isAnew: boolean): void {
    if (isAnew) {
      this.close(look);
      this.#open.clear();
      this.#sorted = [];
    }
    const before = this.#sorted ?? [...this.#open.values()].sort((a, b) => a.stay.start - b.stay.start);
    this.#unread = [];
    this.#sorted = this.#exchange(before, rows, listing, look);
  }

  /** The same for a look of which it is known what differs from the one before. */
  change({before, after}: Difference, listing: Listed['listing'], look: number): void {
    this.#sorted = undefined;
    this.#exchange(
      before.map(({bare}) => this.#open.get(bare.start)!),
      after,
      listing,
      look,
    );
    if (listing === 'maps') return;
    for (const open of this.#unread) if (this.#open.get(open.stay.start) === open) this.#keep(open, look);
    this.#unread = [];
  }

  /** Notes until when each region that is there was seen. More looks may follow. @param looks how many there were */
  close(looks: number): void {
    for (const open of this.#open.values()) this.#end(open, looks);
  }

  /** @returns what is there now of `rows` */
  #exchange(before: readonly Open[], rows: readonly Known[], listing: Listed['listing'], look: number): Open[] {
    const {open, ended, begun} = this.#match(before, rows, look);
    const parents = ended.length > 0 && begun.length > 0 ? pairs(ended.map(asRegion), begun.map(bareOf)) : undefined;
    this.#listing = listing;
    for (const {stay} of ended) this.#open.delete(stay.start);
    for (const [index, one] of begun.entries()) {
      const {known, stay} = one;
      const parent = ended[parents?.[index] ?? NEW];
      stay.track = parent ? parent.stay.track : this.all.push({region: known.bare, stays: []}) - 1;
      this.all[stay.track]!.stays.push(stay);
      this.stays.push(stay);
      this.#open.set(stay.start, one);
    }
    if (listing === 'maps') for (const one of begun) this.#unread.push(one);
    else for (const one of open) this.#keep(one, look);
    return open;
  }

  /** One walk over both, which ascend: most regions are as they were. */
  #match(
    before: readonly Open[],
    rows: readonly Known[],
    look: number,
  ): {readonly open: Open[]; readonly ended: Open[]; readonly begun: Open[]} {
    const open: Open[] = [];
    const ended: Open[] = [];
    const begun: Open[] = [];
    let at = 0;
    const end = (): void => {
      this.#end(before[at]!, look);
      ended.push(before[at++]!);
    };
    for (const known of rows) {
      while (at < before.length && before[at]!.stay.start < known.bare.start) end();
      const old = before[at];
      if (old && isStill(old, known.bare)) {
        at++;
        old.known = known;
        open.push(old);
      } else {
        const fresh = begin(known, look);
        begun.push(fresh);
        open.push(fresh);
      }
    }
    while (at < before.length) end();
    return {open, ended, begun};
  }

  /** Notes the counter, as smaps has it. */
  #keep({known, stay: {amounts}}: Open, look: number): void {
    const amount = known.whole.usage?.[this.#counter];
    if (amount !== undefined && amount !== amounts.at(-1)) amounts.push(look, amount);
  }

  #end({known, stay}: Open, look: number): void {
    stay.to = look;
    this.all[stay.track]!.region = this.#listing === 'smaps' ? known.whole : known.bare;
  }
}

const bareOf = ({known}: Open): Region => known.bare;

const asRegion = ({known}: Open): {readonly region: Region} => ({region: known.bare});

const nameOf = ({label, name}: Region): string => label ?? name;

const isStill = ({known: {bare: region}, stay}: Open, next: Region): boolean =>
  region === next ||
  (stay.start === next.start &&
    stay.end === next.end &&
    stay.perms === next.perms &&
    stay.kind === next.kind &&
    stay.name === nameOf(next) &&
    region.offset === next.offset &&
    region.inode === next.inode &&
    region.dev === next.dev);

function begin(known: Known, look: number): Open {
  const {start, end, perms, kind} = known.bare;
  const stay = {start, end, perms, kind, name: nameOf(known.bare), track: -1, from: look, to: look, amounts: []};
  return {known, stay};
}

/** Bytes of address space at each look, from the first to the last. */
export function sizesOf({stays}: Track): Values {
  const looks: number[] = [];
  const values: number[] = [];
  for (const {start, end, from, to} of stays) {
    for (let look = from; look < to; look++) {
      looks.push(look);
      values.push(end - start);
    }
  }
  return {looks, values};
}

/** The counter that is followed, at each look that knew it. @param usageAt the looks that had counters, ascending */
export function amountsOf({stays}: Track, usageAt: readonly number[]): Values {
  const looks: number[] = [];
  const values: number[] = [];
  let value: number | undefined;
  for (const {from, to, amounts} of stays) {
    let next = 0;
    for (let at = lowerBound(usageAt, from); at < usageAt.length && usageAt[at]! < to; at++) {
      for (; next < amounts.length && amounts[next]! <= usageAt[at]!; next += 2) value = amounts[next + 1]!;
      if (value === undefined) continue;
      looks.push(usageAt[at]!);
      values.push(value);
    }
  }
  return {looks, values};
}
