import {cells, shorten} from './safe.ts';
import {paintAged, type Age, type Role} from './theme.ts';

/** A stretch of text in one colour. The text is safe for a terminal. */
export interface Piece {
  readonly text: string;
  readonly role?: Role | undefined;
  /** Old news is dim, fresh news bright; by default neither. */
  readonly age?: Age | undefined;
}

/**
 * One line of the screen. Plain text is cut to the width before it is coloured: afterwards its columns could only be counted
 * by taking the colours out again.
 *
 * @returns at most `width` columns
 */
export function lineOf(pieces: readonly Piece[], width: number): string {
  let room = width;
  let line = '';
  for (const {text, role, age} of pieces) {
    const cut = cutEnd(text, room);
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

/** The beginning of a text, with … where more would come. */
export function cutEnd(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let used = 0;
  let cut = '';
  for (const character of text) {
    used += cells(character);
    if (used > width - 1) break;
    cut += character;
  }
  return width < 1 ? '' : `${cut}…`;
}
