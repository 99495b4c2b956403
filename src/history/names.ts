import type {Difference, Known} from './seen.ts';

/**
 * All regions by name, of which a comparison of those that changed needs a few more: what it says of a region that came
 * or went depends on whether another one has its name.
 */
export class Names {
  /** By name, and by start. */
  readonly #regions = new Map<string, Map<number, Known>>();

  /** Begins with these regions. */
  reset(rows: readonly Known[]): void {
    this.#regions.clear();
    for (const known of rows) this.#put(known);
  }

  change({before, after}: Difference): void {
    for (const {bare} of before) this.#regions.get(bare.name)?.delete(bare.start);
    for (const known of after) this.#put(known);
  }

  /**
   * Stand-ins for all regions but those that changed: one for each name that one of those has.
   *
   * @param changed regions before and after
   * @param isCounted one whose resident memory is known, too
   */
  standIns(changed: Difference, isCounted: boolean): readonly Known[] {
    const not = new Set(changed.before.map(({bare}) => bare.start));
    const some = new Set<Known>();
    for (const name of new Set([...changed.before, ...changed.after].map(({bare}) => bare.name))) {
      const other = name === '' ? undefined : first(this.#regions.get(name), not);
      if (other) some.add(other);
    }
    const counted = isCounted ? this.#counted(not) : undefined;
    return [...(counted ? some.add(counted) : some)];
  }

  #put(known: Known): void {
    const {name, start} = known.bare;
    const regions = this.#regions.get(name);
    if (regions) regions.set(start, known);
    else this.#regions.set(name, new Map([[start, known]]));
  }

  #counted(not: ReadonlySet<number>): Known | undefined {
    for (const regions of this.#regions.values()) {
      const known = first(regions, not, ({whole}) => whole.usage?.rss !== undefined);
      if (known) return known;
    }
    return undefined;
  }
}

/** The first region that is not one of some, by their starts. */
function first(
  regions: ReadonlyMap<number, Known> | undefined,
  not: ReadonlySet<number>,
  is: (known: Known) => boolean = () => true,
): Known | undefined {
  for (const known of regions?.values() ?? []) if (!not.has(known.bare.start) && is(known)) return known;
  return undefined;
}
