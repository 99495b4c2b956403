/** Members of a line, as JSON; those that say nothing are undefined. */
export type Members = Readonly<Record<string, string | undefined>>;

/** Values that lines name by their place in a list: each line says what it adds to it. */
export class Places {
  readonly #places = new Map<string, number>();
  #added: string[] = [];

  /** @param text the value, as JSON */
  of(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      this.#places.set(text, (place = this.#places.size));
      this.#added.push(text);
    }
    return place;
  }

  /** What was added since this was asked before, as JSON; undefined where nothing was. */
  added(): string | undefined {
    const added = this.#added;
    this.#added = [];
    return listText(added);
  }
}

/** @param texts values as JSON @returns undefined where there are none */
export const listText = (texts: readonly string[]): string | undefined =>
  texts.length > 0 ? `[${texts.join(',')}]` : undefined;

/**
 * Some long texts with commas between them, without those that are empty. V8 copies them only once they are written,
 * where join() would copy a listing of some MB each time.
 */
export const joined = (texts: readonly string[]): string =>
  texts.reduce((all, text) => (all === '' || text === '' ? all + text : `${all},${text}`), '');
