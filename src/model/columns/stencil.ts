import type {Regions} from './regions.ts';

/** Which address of a region. */
export type End = 'start' | 'end';

/** A text in which only addresses of twelve digits change: what is around them, and which these are, in between. */
export interface Stencil {
  /** One more than there are addresses. */
  readonly around: readonly string[];
  readonly addresses: readonly End[];
}

/** How to write many rows as text. */
export interface Stencilling {
  readonly regions: Regions;
  /** Which rows, and in which order. */
  readonly rows: ArrayLike<number>;
  /** The texts of rows with addresses of twelve digits, by the number of what is alike. */
  readonly stencilOf: (number: number) => Stencil;
  /** The text of any row. */
  readonly textOf: (row: number) => string;
  /** Between two rows. */
  readonly separator: string;
}
