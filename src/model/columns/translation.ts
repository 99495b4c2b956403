import {ABSENT} from './columns.ts';
import type {Tables} from './tables.ts';

/** What the numbers of one set of tables are in another: rows of two listings are compared by their numbers. */
export class Translation {
  readonly #to: Tables;
  readonly #from: Tables;
  readonly #known: Partial<Record<Column, Numbers>> = {};

  /** Listings of one process mostly share their tables: then a number is itself. */
  constructor(to: Tables, from: Tables) {
    this.#to = to;
    this.#from = from;
  }

  /** For each entry of `from` its number in `to`, or ABSENT; undefined where the two are one. */
  of(column: Column): Numbers {
    if (this.#to === this.#from) return undefined;
    return (this.#known[column] ??= TEXTS[column](this.#to, this.#from));
  }
}

/** Columns that have numbers into tables. */
type Column = 'perms' | 'backing' | 'verdict' | 'flags' | 'attributes';

export type Numbers = readonly number[] | undefined;

/** @param numbers of a column */
export const numberIn = (numbers: Numbers, number: number): number => (numbers ? numbers[number]! : number);

const TEXTS: Readonly<Record<Column, (to: Tables, from: Tables) => Numbers>> = {
  perms: (to, from) => translated(to.perms, from.perms, (text) => text),
  backing: (to, from) =>
    translated(to.backings, from.backings, ({dev, inode, name, nameBase64}) =>
      [dev, inode, nameBase64 ?? '', name].join(' '),
    ),
  verdict: (to, from) =>
    translated(to.verdicts, from.verdicts, ({kind, label, evidence, confidence}) =>
      JSON.stringify([kind, label ?? null, evidence ?? null, confidence ?? null]),
    ),
  flags: (to, from) => translated(to.flags, from.flags, (list) => JSON.stringify(list ?? null)),
  attributes: (to, from) => translated(to.attributes, from.attributes, (all) => JSON.stringify(all ?? null)),
};

function translated<Entry>(to: readonly Entry[], from: readonly Entry[], textOf: (entry: Entry) => string): Numbers {
  const places = new Map(to.map((entry, place) => [textOf(entry), place]));
  return from.map((entry) => places.get(textOf(entry)) ?? ABSENT);
}
