import {cells, clip, safe, shorten} from './safe.ts';
import {type Age, paint, paintAged, type Role} from './theme.ts';

/**
 * Words one after another in lines of at most `width` columns; a word that is wider has a line of its own, and stays
 * whole.
 *
 * @param between what is put between two words in a line
 * @param indent what each line but the first begins with
 */
function filled(words: readonly string[], width: number, between = ' ', indent = ''): string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of words) {
    const longer: string = line ? `${line}${between}${word}` : word;
    if (line && cells(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return line === undefined ? lines : [...lines, line];
}

/** Blanks where a line may end: not between a number and its unit. */
const BREAK = / (?<!\d (?=%|(?:[KMGTPE]iB|ms|s|min)\b))/;

/**
 * A sentence in lines of at most `width` columns, broken at blanks; undefined: one line. Words longer than that stay
 * whole, and so does a number with its unit.
 */
export const wrapped = (sentence: string, width: number | undefined, indent = ''): string[] =>
  width === undefined ? [sentence] : filled(sentence.split(BREAK), width, ' ', indent);

/**
 * A line that may begin with a label (`  why:  `, `before  `) in lines of at most `width` columns: further ones begin
 * below the first word after the label.
 */
export function hanging(line: string, width: number | undefined): string[] {
  const label = /^(?: *\w+: +|(?:in )?\w+ {2,}| +)/.exec(line)?.[0] ?? '';
  return wrapped(line.slice(label.length), width && width - label.length).map(
    (part, index) => (index === 0 ? label : ' '.repeat(label.length)) + part,
  );
}

/** Prose is set no wider than this, whatever the terminal; and no narrower than a word or two. */
const WIDEST = 88;
const NARROWEST = 20;
/** Room for the words in front of an entry. */
const LABEL = 10;
/** Below this width, labels are above their text. */
const NARROW = 48;

/** How wide to set prose. */
export const proseWidth = (width: number | undefined): number => Math.min(WIDEST, Math.max(NARROWEST, width ?? WIDEST));

/** Text as lines of at most `width` columns, broken at blanks; words that are longer (paths) are cut into pieces. */
export function wrapLines(text: string, width: number): string[] {
  const words = safe(text).split(BREAK);
  return filled(
    words.flatMap((word) => pieces(word, width)),
    width,
  );
}

function pieces(word: string, width: number): string[] {
  if (cells(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (cells(part + character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}

/** A paragraph, followed by an empty line. */
export const paragraph = (text: string, width: number | undefined): string[] => [
  ...wrapLines(text, proseWidth(width)),
  '',
];

/** `label     text`, the text wrapped beside the label; on narrow terminals below it. */
export function entry(label: string, text: string, width: number | undefined, role: Role = 'title'): string[] {
  const wide = proseWidth(width);
  if (wide < NARROW) return [...(label === '' ? [] : [paint(role, safe(label))]), ...indented(text, width)];
  const indent = ' '.repeat(LABEL);
  return wrapLines(text, wide - LABEL).map((line, index) =>
    index > 0
      ? indent + line
      : `${paint(role, safe(label))}${' '.repeat(Math.max(1, LABEL - cells(safe(label))))}${line}`,
  );
}

/** Text below a title, indented by two blanks. */
export const indented = (text: string, width: number | undefined): string[] =>
  wrapLines(text, proseWidth(width) - 2).map((line) => `  ${line}`);

/** An item of a list. */
export const item = (text: string, width: number | undefined): string[] =>
  wrapLines(text, proseWidth(width) - 2).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));

/** A title; where the terminal is narrow, on several lines. */
export const heading = (text: string, width?: number, role: Role = 'title'): string =>
  (width === undefined ? [safe(text)] : wrapLines(text, Math.max(NARROWEST, width)))
    .map((line) => paint(role, line))
    .join('\n');

/** Short texts side by side, as many in a line as fit. */
export const packed = (texts: readonly string[], width: number, between = '   '): string[] =>
  filled(
    texts.map((text) => clip(text, width)),
    width,
    between,
  );

/** A sentence in lines that fit: words that are longer are cut. */
export const packedWords = (text: string, width: number): string[] => packed(text.split(' '), width, ' ');

/** A stretch of text in one colour. The text is safe for a terminal. */
export interface Piece {
  readonly text: string;
  readonly role?: Role | undefined;
  /** Old news is dim, fresh news bright; by default neither. */
  readonly age?: Age | undefined;
}

/**
 * One line of the screen. Plain text is cut to the width before it is coloured: afterwards its columns could only be
 * counted by taking the colours out again.
 *
 * @returns at most `width` columns
 */
export function lineOf(pieces: readonly Piece[], width: number): string {
  let room = width;
  let line = '';
  for (const {text, role, age} of pieces) {
    const cut = clip(text, room);
    if (cut !== '') line += cut.trim() === '' ? cut : paintAged(role, age, cut);
    room -= cells(cut);
    if (cut !== text) break;
  }
  return line;
}

/** One line with a part at each of its ends. Where both don't fit, the right one is left out. */
export function sidesOf(left: readonly Piece[], right: readonly Piece[], width: number, gap = 2): string {
  const room = width - widthOf(right) - gap;
  if (widthOf(right) === 0 || widthOf(left) > room) return lineOf(left, width);
  return lineOf([...left, {text: ' '.repeat(room + gap - widthOf(left))}, ...right], width);
}

export const widthOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, {text}) => sum + cells(text), 0);

/** A text in a column of its own: shortened in its middle or filled up with blanks to exactly `width` columns. */
export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fitting = shorten(text, width);
  const blanks = ' '.repeat(Math.max(0, width - cells(fitting)));
  return align === 'right' ? blanks + fitting : fitting + blanks;
}
