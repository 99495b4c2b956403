import {cells, safe} from './safe.ts';
import {paint, type Role} from './theme.ts';

/** Prose is set no wider than this, whatever the terminal; and no narrower than a word or two. */
const WIDEST = 88;
const NARROWEST = 20;
/** Room for the words in front of an entry. */
const LABEL = 10;
/** Below this, labels stand above their text. */
const NARROW = 48;

/** How wide to set prose. */
export const proseWidth = (width: number | undefined): number => Math.min(WIDEST, Math.max(NARROWEST, width ?? WIDEST));

/** A number and its unit stay on one line. */
const AMOUNT = /(\d) (?=%|[KMGTPE]iB)/g;
const NO_BREAK = '\u00a0';

/** Text as lines of at most `width` columns, broken at blanks; words that are longer (paths) are cut into pieces. */
export function wrapLines(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  const words = safe(text).replaceAll(AMOUNT, `$1${NO_BREAK}`).split(' ');
  for (const word of words.flatMap((each) => pieces(each, width))) {
    if (line !== '' && cells(line) + 1 + cells(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => each.replaceAll(NO_BREAK, ' '));
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

/** Text below a title, set in by two blanks. */
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
