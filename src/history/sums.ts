import type {Kind} from '../model/kind.ts';
import {type Region, sizeOf} from '../model/region.ts';
import type {Difference, Known} from './seen.ts';

/**
 * Sums over the regions of each kind, kept up to date by what changes. A counter of smaps is what was read last. Sizes
 * are multiples of 4096 and counters of 1024, so that adding and taking away stays exact far beyond 2^53.
 */
export class Sums {
  /** Each list has one value for each of `measures`. A kind that went has 0 of everything. */
  readonly byKind = new Map<Kind, Float64Array>();
  readonly measures: readonly string[];
  readonly #counters: readonly string[];

  /** @param counters of smaps: the measures after `regions` and `size` */
  constructor(counters: readonly string[]) {
    this.#counters = counters;
    this.measures = ['regions', 'size', ...counters];
  }

  /** Begins with these regions. */
  reset(rows: readonly Known[]): void {
    for (const sums of this.byKind.values()) sums.fill(0);
    for (const {whole} of rows) this.#add(whole, 1);
  }

  change({before, after}: Difference): void {
    for (const {whole} of before) this.#add(whole, -1);
    for (const {whole} of after) this.#add(whole, 1);
  }

  #add(region: Region, sign: 1 | -1): void {
    const {kind, usage} = region;
    let sums = this.byKind.get(kind);
    if (!sums) this.byKind.set(kind, (sums = new Float64Array(this.measures.length)));
    sums[0]! += sign;
    sums[1]! += sign * sizeOf(region);
    if (usage) for (const [at, counter] of this.#counters.entries()) sums[at + 2]! += sign * (usage[counter] ?? 0);
  }
}
