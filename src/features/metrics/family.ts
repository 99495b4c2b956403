/** One metric: what it is called, and its samples. */
export interface Family {
  /** As Prometheus has it: with the base unit, and `_total` where it only goes up. */
  readonly name: string;
  /** `untyped` is a gauge to whoever reads it: promtool takes a gauge whose name ends in _count for a mistake. */
  readonly type: 'gauge' | 'counter' | 'untyped';
  readonly help: string;
  readonly unit: 'bytes' | 'seconds' | 'count' | 'info';
  /** Of what there is a count, as one of them: `process`. */
  readonly of?: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export type Labels = Readonly<Record<string, string>>;

/** What one round of reading says. */
export interface Round {
  /** ms since 1970, when it was written down. */
  readonly at: number;
  readonly families: readonly Family[];
}
