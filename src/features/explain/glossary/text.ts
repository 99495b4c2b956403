import {glossary, oneOf} from './glossary.ts';
import type {Word} from './word.ts';
import {entry, heading, indented, proseWidth, wrapLines} from '../../../text/lines.ts';
import {cells} from '../../../text/safe.ts';
import {paint} from '../../../text/theme.ts';

/** One word, or several with the same spelling. */
export function renderWords(words: readonly Word[], width?: number): string {
  const parts = words.map((word) => renderWord(word, width).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function renderWord(word: Word, width: number | undefined): string[] {
  const [name = '', ...others] = word.names;
  const rows: Array<readonly [string, string | undefined]> = [
    ['meaning', word.meaning],
    ['but', word.traps],
    ['unit', word.unit.startsWith('none') ? undefined : word.unit],
    ['since', word.since && `Linux ${word.since}`],
    ['also', others.length > 0 ? others.join(', ') : undefined],
    ['see', word.source],
    ['related', word.related?.join(', ')],
  ];
  return [
    ...titleLines(name, oneOf(word.group), width),
    ...rows.flatMap(([label, text]) => (text ? entry(label, text, width) : [])),
  ];
}

/** The word and its sort; on two lines where one is too short. */
function titleLines(name: string, sort: string, width: number | undefined): string[] {
  const isLong = width !== undefined && cells(name) + 2 + cells(sort) > width;
  if (isLong) return [heading(name, width), ...indented(sort, width)];
  return [`${heading(name)}${paint('quiet', `: ${sort}`)}`];
}

/** All words there are, by group. */
export function renderWordList(width?: number): string {
  const lines = glossary().flatMap(({all, words}) => [
    heading(all, width),
    ...wrapList(
      words.map(({names: [name]}) => name!),
      width,
    ),
    '',
  ]);
  return [
    ...lines,
    ...wrapLines(
      'memmap explain WORD says what one means; memmap explain TARGET describes a process or a listing.',
      proseWidth(width),
    ),
    '',
  ].join('\n');
}

/** Names side by side; one with a blank in it is not broken. */
function wrapList(names: readonly string[], width: number | undefined): string[] {
  const lines: string[] = [];
  let line = '';
  for (const name of names) {
    if (line !== '' && cells(line) + 2 + cells(name) > proseWidth(width) - 2) {
      lines.push(line);
      line = name;
    } else line = line === '' ? name : `${line}  ${name}`;
  }
  return [...lines, line].map((each) => `  ${each}`);
}

/** A code of two letters that no kernel known to memmap has printed. */
export function renderUnknown(code: string, width?: number): string {
  const text =
    'unknown. memmap knows no code of VmFlags and no other word with this spelling. Newer kernels add ' +
    'codes: Documentation/filesystems/proc.rst lists those of its kernel.';
  const words = wrapLines('memmap explain lists all words.', proseWidth(width));
  return `${[...entry(code, text, width), ...words].join('\n')}\n`;
}
