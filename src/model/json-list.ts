/**
 * A list in a JSON document, whose elements are made while it is written: of 60,000 regions, all at once take 40 MB.
 * JSON.stringify writes it as the list that it stands for.
 */
export class JsonList<Item = unknown> {
  readonly #items: readonly Item[];
  readonly #elementOf: (item: Item) => object;

  constructor(items: readonly Item[], elementOf: (item: Item) => object) {
    this.#items = items;
    this.#elementOf = elementOf;
  }

  get length(): number {
    return this.#items.length;
  }

  slice(from: number, to: number): object[] {
    return this.#items.slice(from, to).map(this.#elementOf);
  }

  toJSON(): object[] {
    return this.slice(0, this.length);
  }
}
