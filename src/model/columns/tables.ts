import {isFileBacked, type Purpose, type Region} from '../region.ts';

/** What is behind memory: what maps prints after the offset. All regions of one mapped file share one. */
export interface Backing {
  readonly dev: string;
  readonly inode: string;
  readonly name: string;
  readonly nameBase64: string | undefined;
  /** As `isFileBacked` says it. */
  readonly isFile: boolean;
}

/** The 16 permissions that the kernel prints, by their bits: r 1, w 2, x 4, s 8. */
const KERNELS_PERMS: readonly string[] = Array.from(
  {length: 16},
  (_, bits) =>
    ['r', 'w', 'x'].map((letter, bit) => (bits & (1 << bit) ? letter : '-')).join('') + (bits & 8 ? 's' : 'p'),
);

/** What nobody has classified yet. */
const UNDECIDED: Purpose = {kind: 'anon', label: undefined, evidence: undefined, confidence: undefined};

/**
 * What the numbers in the columns of `Regions` stand for: each distinct text, name, verdict or list of flags once.
 * Entries are only ever added, so that regions of several moments can share one set of tables: there, equal contents
 * have equal numbers.
 */
export class Tables {
  /** Texts of permissions. The first 16 are the kernel's, by their bits. */
  readonly perms: string[] = [...KERNELS_PERMS];
  readonly backings: Backing[] = [];
  /** The first one: nothing was decided. */
  readonly verdicts: Purpose[] = [UNDECIDED];
  /** Lists of VmFlags codes. The first one: the source has none. */
  readonly flags: Array<readonly string[] | undefined> = [undefined];
  /** The first one: the source has none. */
  readonly attributes: Array<Region['attributes']> = [undefined];
  readonly #permsByText = new Map(KERNELS_PERMS.map((text, bits) => [text, bits]));
  readonly #backingsByText = new Map<string, number>();
  readonly #verdictsByText = new Map<string, number>();
  readonly #verdicts = new WeakMap<Purpose, number>();
  readonly #flagsByText = new Map<string, number>();
  readonly #attributesByText = new Map<string, number>();
  #last: {readonly verdict: Purpose; readonly number: number} = {verdict: UNDECIDED, number: 0};

  permsOf(text: string): number {
    return numbered(this.#permsByText, text, this.perms, text);
  }

  backingOf({dev, inode, name, nameBase64}: Pick<Region, 'dev' | 'inode' | 'name' | 'nameBase64'>): number {
    const known = this.#backingsByText;
    const text = `${dev} ${inode} ${nameBase64 ?? ''} ${name}`;
    const number = known.get(text);
    if (number !== undefined) return number;
    return numbered(known, text, this.backings, {
      dev,
      inode,
      name,
      nameBase64,
      isFile: isFileBacked({dev, inode, name}),
    });
  }

  /** For whoever classifies, and gives many regions one and the same object. */
  verdictOf(verdict: Purpose): number {
    if (verdict === this.#last.verdict) return this.#last.number;
    let number = this.#verdicts.get(verdict);
    if (number === undefined) this.#verdicts.set(verdict, (number = this.purposeOf(verdict)));
    this.#last = {verdict, number};
    return number;
  }

  /** By its contents, which may be a part of a region. */
  purposeOf({kind, label, evidence, confidence}: Purpose): number {
    if (evidence === undefined && label === undefined && confidence === undefined && kind === 'anon') return 0;
    const known = this.#verdictsByText;
    const text = `${kind}\0${label ?? '\0'}\0${evidence ?? '\0'}\0${confidence ?? ''}`;
    return known.get(text) ?? numbered(known, text, this.verdicts, {kind, label, evidence, confidence});
  }

  flagsOf(flags: readonly string[] | undefined): number {
    if (!flags) return 0;
    return numbered(this.#flagsByText, flags.length === 0 ? '' : JSON.stringify(flags), this.flags, flags);
  }

  /** How many entries there are that grow in number with time, where several moments share the tables. */
  get size(): number {
    return this.backings.length + this.verdicts.length;
  }

  attributesOf(attributes: Region['attributes']): number {
    if (!attributes) return 0;
    return numbered(this.#attributesByText, JSON.stringify(attributes), this.attributes, attributes);
  }
}

/** The number of an entry, which is added if it is new. */
function numbered<Entry>(known: Map<string, number>, text: string, entries: Entry[], entry: Entry): number {
  let number = known.get(text);
  if (number === undefined) known.set(text, (number = entries.push(entry) - 1));
  return number;
}
