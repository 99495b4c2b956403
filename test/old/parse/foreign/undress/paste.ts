/** A text that somebody pasted: its lines, one character a byte, and which lines of the file they are. */
export interface Paste {
  readonly lines: readonly string[];
  /** For each line its number in the file, counted from 1: a line of a log may hold several. */
  readonly numbers: readonly number[];
  /** What was taken off, a sentence each. */
  readonly notes: readonly string[];
  /** Whose listing it is, where what was taken off said so. */
  readonly pid?: number | undefined;
  /** The line (its number in the file) at which the listing of another process begins; what follows is not there. */
  readonly second?: number | undefined;
}

/** Takes one kind of decoration off. @returns undefined where there is none */
export type Layer = (paste: Paste) => Paste | undefined;

/** The same paste with other lines, one for one. */
export const withLines = (paste: Paste, lines: readonly string[], note: string): Paste => ({
  ...paste,
  lines,
  notes: paste.notes.includes(note) ? paste.notes : [...paste.notes, note],
});

/** The same paste with lines that became several, or none. */
export function withPieces(paste: Paste, pieces: ReadonlyArray<readonly string[]>, note: string): Paste {
  const numbers = pieces.flatMap((own, index) => own.map(() => paste.numbers[index]!));
  return {...withLines(paste, pieces.flat(), note), numbers};
}

/** Is there more in it than blanks? */
export const isText = (line: string): boolean => /\S/.test(line);

/** A line of maps, up to the inode, wherever it begins. Its pieces are bounded, so that no line takes long. */
export const HEADER =
  /(?<!\w)(?:0x)?[0-9a-f]{1,16}-(?:0x)?[0-9a-f]{1,16}[ \t]{1,40}[r-][w-][x-][sp-][ \t]{1,40}(?:0x)?[0-9a-f]{1,16}[ \t]{1,40}[0-9a-f]{1,8}:[0-9a-f]{1,8}[ \t]{1,40}\d{1,20}(?![^\s])/i;

/** A line below a header in smaps. */
export const COUNTER = /^[A-Z][\w()]{1,40}:[ \t]+(?:\d+ kB|\d+|(?:[a-z?]{2} )+(?:[a-z?]{2})?)[ \t\r]*$/;
