/** The groups that words are listed by, in the order of the list. Each is a page: glossary/GROUP.md. */
export const GROUPS = [
  'idea',
  'kind',
  'change',
  'name',
  'maps',
  'counter',
  'flag',
  'status',
  'stat',
  'page',
  'limit',
  'file',
] as const;

export type Group = (typeof GROUPS)[number];

/** What one word means. All texts are plain sentences without line breaks. */
export interface Word {
  /** As the kernel, the man page or memmap writes it; the first is the title, the others are found too. */
  readonly names: readonly string[];
  readonly group: Group;
  /** What it is counted in; `none` for what is not an amount. */
  readonly unit: string;
  /** One to three sentences. */
  readonly meaning: string;
  /** What surprises people. */
  readonly traps?: string | undefined;
  /**
   * The Linux version that brought it, and the one that took it away. Absent: older than 2.6.12, or not the kernel's.
   */
  readonly since?: string | undefined;
  /** Where to read more: a man page, a file of the kernel's documentation or source. */
  readonly source: string;
  readonly related?: readonly string[] | undefined;
}

/** The words of one group. */
export interface GlossaryPage {
  readonly group: Group;
  /** The title of their list: `codes in VmFlags`. */
  readonly all: string;
  /** What each of them is: `a code in VmFlags`. */
  readonly one: string;
  readonly words: readonly Word[];
}
