/** Something to do next, and why. */
export interface Step {
  readonly command: string;
  readonly why: string;
}

/** What a row of the table found. */
export interface Found {
  /** The row's name. */
  readonly name: string;
  readonly tier: Tier;
  /** How much memory it explains, in bytes; of things that are counted, as if it were bytes. */
  readonly weight: number;
  readonly certain: boolean;
  readonly sentence: string;
  /** Which file and field it rests on. */
  readonly evidence: string;
  readonly next: readonly Step[];
}

/**
 * Which finding becomes the first sentence: a limit that is near comes before growth, growth before what merely is so;
 * within a tier the one that explains most. `holds` says only what there is; `aside` is never the first sentence.
 */
export const TIERS = ['limit', 'growth', 'state', 'holds', 'aside'] as const;
export type Tier = (typeof TIERS)[number];

/** One row of a table of findings. */
export interface Finding<Figures> {
  readonly name: string;
  readonly look: (figures: Figures) => Found | undefined;
}

interface Row<Figures, Data> {
  readonly name: string;
  readonly tier: Tier;
  /** What it is about, where the condition holds; undefined where it doesn't. */
  readonly when: (figures: Figures) => Data | undefined | false;
  readonly weight: (data: Data, figures: Figures) => number;
  readonly sentence: (data: Data, figures: Figures) => string;
  readonly evidence: string | ((data: Data, figures: Figures) => string);
  /** Else likely. */
  readonly certain: boolean | ((data: Data, figures: Figures) => boolean);
  readonly next: (data: Data, figures: Figures) => readonly Step[];
}

/** A row, with the type of what it is about kept to itself. */
export const rowsOf =
  <Figures>() =>
  <Data>(row: Row<Figures, Data>): Finding<Figures> => ({
    name: row.name,
    look: (figures) => {
      const data = row.when(figures);
      if (data === undefined || data === false) return undefined;
      const {name, tier, evidence, certain} = row;
      return {
        name,
        tier,
        weight: row.weight(data, figures),
        certain: typeof certain === 'function' ? certain(data, figures) : certain,
        sentence: row.sentence(data, figures),
        evidence: typeof evidence === 'function' ? evidence(data, figures) : evidence,
        next: row.next(data, figures),
      };
    },
  });

/** What a table finds, what matters most first. */
export function findingsIn<Figures>(table: ReadonlyArray<Finding<Figures>>, figures: Figures): Found[] {
  const found = table.map(({look}) => look(figures)).filter((each): each is Found => each !== undefined);
  return found.sort((a, b) => TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) || b.weight - a.weight);
}
