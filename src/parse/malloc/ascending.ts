import {firstWhere} from '../../model/search.ts';

/** Addresses, for who asks for them in ascending order: one comparison each. */
export class Ascending {
  /** Behind them infinity, which is never reached. */
  readonly #sorted: Float64Array;
  #next = 0;

  /** @param addresses in any order */
  constructor(addresses: readonly number[]) {
    this.#sorted = new Float64Array(addresses.length + 1);
    this.#sorted.set(addresses);
    this.#sorted[addresses.length] = Infinity;
    this.#sorted.sort();
  }

  /** What is asked for from now on is at an address or above. */
  seek(address: number): void {
    this.#next = firstWhere((index) => this.#sorted[index]! >= address, this.#sorted.length);
  }

  /** @param address not below the one before, or what was sought */
  has(address: number): boolean {
    while (this.#sorted[this.#next]! < address) this.#next++;
    return this.#sorted[this.#next] === address;
  }
}
