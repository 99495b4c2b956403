import {lineOf, padded, type Piece, widthOf} from '../text/lines.ts';
import {safe} from '../text/safe.ts';

/** A key, or several, and what it does in a word or two. */
export type Hint = readonly [key: string, what: string];

export const QUIT: Hint = ['q', 'quit'];
export const HELP: Hint = ['?', 'help'];

/** `q quit   p pause`. */
export const hints = (keys: readonly Hint[]): Piece[] =>
  keys.flatMap(([key, what], index) => [
    {text: index === 0 ? '' : '   '},
    {text: key, role: 'title'},
    {text: ` ${what}`, role: 'quiet'},
  ]);

/**
 * As many of these as fit, and the last one, which is the help, in any case where it fits beside the first.
 *
 * @param least the keys that can best be left out where there is little room, the first one first
 */
export function fitting(keys: readonly Hint[], least: readonly string[], width: number): Piece[] {
  let left = keys;
  for (const each of least) {
    if (widthOf(hints(left)) <= width) break;
    left = left.filter(([key]) => key !== each);
  }
  return hints(left);
}

/** The line in which a filter is typed. */
export const typedLine = (filter: string, width: number): string =>
  lineOf(
    [
      {text: '/', role: 'title'},
      {text: `${safe(filter.replace(/ $/, '\u00a0'))}▏   `},
      ...hints([
        ['Enter', 'keep'],
        ['Esc', 'clear'],
      ]),
    ],
    width,
  );

const LEFT_WIDTH = 50;
const RIGHT_WIDTH = 48;

/** A line of the help, in pieces. */
type Line = readonly Piece[];

export const headline = (text: string): Line => [{text, role: 'title'}];

/** A part of the help: keys, or words, and what they mean. */
export const chapter = (title: string, entries: readonly Hint[]): readonly Line[] => [
  headline(title),
  ...entries.map(([name, what]): Line => [{text: padded(name, 11), role: 'title'}, {text: what}]),
];

/** The help: three parts, in two columns where there is room, the third one below the first. */
export function inColumns(
  first: readonly Line[],
  beside: readonly Line[],
  below: readonly Line[],
  width: number,
): readonly Line[] {
  if (width < LEFT_WIDTH + RIGHT_WIDTH) return [...first, [], ...beside, [], ...below];
  const left = [...first, [], ...below];
  return Array.from({length: Math.max(left.length, beside.length)}, (_, index) => [
    ...filled(left[index] ?? []),
    ...(beside[index] ?? []),
  ]);
}

const filled = (pieces: Line): Piece[] => {
  const used = pieces.reduce((sum, {text}) => sum + text.length, 0);
  return [...pieces, {text: ' '.repeat(Math.max(1, LEFT_WIDTH - used))}];
};
