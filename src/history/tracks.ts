import type {Kind} from '../model/kind.ts';
import type {Region} from '../model/region.ts';
import {lowerBound} from '../model/search.ts';
import {NEW, pairs} from './pairs.ts';

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

interface Open {
  region: Region;
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
  #open: readonly Open[] = [];
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
  add(regions: readonly Region[], look: number, isAnew: boolean): void {
    if (isAnew) this.close(look);
    const {open, ended, begun} = this.#match(isAnew ? [] : this.#open, regions, look);
    const parents = ended.length > 0 && begun.length > 0 ? pairs(ended, begun.map(regionOf)) : undefined;
    for (const [index, {region, stay}] of begun.entries()) {
      const parent = ended[parents?.[index] ?? NEW];
      stay.track = parent ? parent.stay.track : this.all.push({region, stays: []}) - 1;
      const track = this.all[stay.track]!;
      track.stays.push(stay);
      this.stays.push(stay);
    }
    this.#open = open;
  }

  /** Notes until when each region that is there was seen. More looks may follow. @param looks how many there were */
  close(looks: number): void {
    for (const open of this.#open) this.#end(open, looks);
  }

  /** One walk over both, which ascend: most regions are as they were. */
  #match(
    before: readonly Open[],
    regions: readonly Region[],
    look: number,
  ): {open: Open[]; ended: Open[]; begun: Open[]} {
    const open: Open[] = [];
    const ended: Open[] = [];
    const begun: Open[] = [];
    let at = 0;
    const end = (): void => {
      this.#end(before[at]!, look);
      ended.push(before[at++]!);
    };
    for (const region of regions) {
      while (at < before.length && before[at]!.stay.start < region.start) end();
      const old = before[at];
      if (old && isStill(old, region)) {
        at++;
        if (old.region !== region) {
          old.region = region;
          keep(old.stay, region.usage?.[this.#counter], look);
        }
        open.push(old);
      } else {
        const fresh = begin(region, look);
        keep(fresh.stay, region.usage?.[this.#counter], look);
        begun.push(fresh);
        open.push(fresh);
      }
    }
    while (at < before.length) end();
    return {open, ended, begun};
  }

  #end({region, stay}: Open, look: number): void {
    stay.to = look;
    this.all[stay.track]!.region = region;
  }
}

const regionOf = ({region}: Open): Region => region;

const nameOf = ({label, name}: Region): string => label ?? name;

const isStill = ({region, stay}: Open, next: Region): boolean =>
  region === next ||
  (stay.start === next.start &&
    stay.end === next.end &&
    stay.perms === next.perms &&
    stay.kind === next.kind &&
    stay.name === nameOf(next) &&
    region.offset === next.offset &&
    region.inode === next.inode &&
    region.dev === next.dev);

function begin(region: Region, look: number): Open {
  const {start, end, perms, kind} = region;
  const stay = {start, end, perms, kind, name: nameOf(region), track: -1, from: look, to: look, amounts: []};
  return {region, stay};
}

function keep({amounts}: Open['stay'], amount: number | undefined, look: number): void {
  if (amount !== undefined && amount !== amounts.at(-1)) amounts.push(look, amount);
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
