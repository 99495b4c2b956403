import type {Region} from '../model/region.ts';
import type {Regions} from '../model/columns/regions.ts';
import type {Rejected} from '../model/snapshot.ts';

interface ListingParts {
  /** Ascending, without overlaps. */
  readonly table: Regions;
  readonly format: 'maps' | 'smaps' | 'smaps_rollup' | 'tutorial';
  /** How many lines overlapped or went backwards. */
  readonly torn: number;
  /** What else a reader should know, a sentence each. */
  readonly notes: readonly string[];
  /** How many lines had a region of 0 bytes, and are not in `table`. */
  readonly empty: number;
  /** Why the listing can't be whole, a phrase; undefined if nothing says so. */
  readonly cutShort: string | undefined;
  /** Does the last line lack its newline? In a capture that alone may only mean that somebody trimmed it. */
  readonly isUnterminated: boolean;
  readonly rejected: readonly Rejected[];
  /** How many lines were taken for commands at a prompt that show no listing. */
  readonly asides: number;
  /** Whose listing it is, where a shell line above it says so. */
  readonly pid: number | undefined;
  /** Are its lines its regions, one each, in their order? */
  readonly isPlain: boolean;
}

/** What a listing of regions says: maps, smaps or smaps_rollup. The headers of the last two are lines of the first. */
export class Listing implements ListingParts {
  declare readonly table: Regions;
  declare readonly format: ListingParts['format'];
  declare readonly torn: number;
  declare readonly notes: readonly string[];
  declare readonly empty: number;
  declare readonly cutShort: string | undefined;
  declare readonly isUnterminated: boolean;
  declare readonly rejected: readonly Rejected[];
  declare readonly asides: number;
  declare readonly pid: number | undefined;
  declare readonly isPlain: boolean;
  readonly #parts: ListingParts;
  #regions: readonly Region[] | undefined;

  constructor(parts: ListingParts) {
    this.#parts = parts;
    Object.assign(this, parts);
  }

  /** The same with other numbers and texts of lines. */
  with(parts: Partial<ListingParts>): Listing {
    return new Listing({...this.#parts, ...parts});
  }

  /** The regions as objects, for whom speed is nothing. */
  get regions(): readonly Region[] {
    return (this.#regions ??= this.table.toArray());
  }
}
