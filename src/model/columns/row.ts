import type {Kind} from '../kind.ts';
import type {Region, Usage} from '../region.ts';
import {ABSENT, type Columns} from './columns.ts';

/** A region that is a row of columns. */
export class Row implements Region {
  readonly #columns: Columns;
  readonly #row: number;

  constructor(columns: Columns, row: number) {
    this.#columns = columns;
    this.#row = row;
  }

  get start(): number {
    return this.#columns.start[this.#row]!;
  }

  get end(): number {
    return this.#columns.end[this.#row]!;
  }

  get perms(): string {
    return this.#columns.tables.perms[this.#columns.perms[this.#row]!]!;
  }

  get offset(): number | undefined {
    const offset = this.#columns.offset[this.#row]!;
    return offset === ABSENT ? undefined : offset;
  }

  get dev(): string {
    return this.#columns.backingAt(this.#row).dev;
  }

  get inode(): string {
    return this.#columns.backingAt(this.#row).inode;
  }

  get name(): string {
    return this.#columns.backingAt(this.#row).name;
  }

  get nameBase64(): string | undefined {
    return this.#columns.backingAt(this.#row).nameBase64;
  }

  get kind(): Kind {
    return this.#columns.verdictAt(this.#row).kind;
  }

  get label(): string | undefined {
    return this.#columns.verdictAt(this.#row).label;
  }

  get evidence(): string | undefined {
    return this.#columns.verdictAt(this.#row).evidence;
  }

  get confidence(): 'guess' | undefined {
    return this.#columns.verdictAt(this.#row).confidence;
  }

  get usage(): Usage | undefined {
    return this.#columns.usageAt(this.#row);
  }

  get flags(): readonly string[] | undefined {
    return this.#columns.tables.flags[this.#columns.flags[this.#row]!];
  }

  get attributes(): Region['attributes'] {
    return this.#columns.tables.attributes[this.#columns.attributes[this.#row]!];
  }
}
