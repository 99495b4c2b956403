import {GROUPS, type Group, type Word} from './word.ts';
import {entry, heading, indented, proseWidth, wrapLines} from '../../text/lines.ts';
import {cells} from '../../text/safe.ts';
import {paint} from '../../text/theme.ts';

/** What each group is called in front of one word. */
const KINDS_OF_WORD: Readonly<Record<Group, string>> = {
  idea: 'a word of the field',
  kind: 'a kind of region',
  change: 'a kind of change',
  name: 'a name in /proc/PID/maps',
  maps: 'a column of /proc/PID/maps',
  counter: 'a counter of /proc/PID/smaps',
  flag: 'a code in VmFlags',
  status: 'a line of /proc/PID/status',
  stat: 'a field of /proc/PID/stat or statm',
  page: 'a bit of /proc/PID/pagemap',
  limit: 'a limit or setting',
  file: 'a file of /proc',
};

/** One word, or the several that are spelled so. */
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
    ...titleLines(name, KINDS_OF_WORD[word.group], width),
    ...rows.flatMap(([label, text]) => (text ? entry(label, text, width) : [])),
  ];
}

/** The word and what sort of word it is; below each other where one line is too short. */
function titleLines(name: string, sort: string, width: number | undefined): string[] {
  const isLong = width !== undefined && cells(name) + 2 + cells(sort) > width;
  if (isLong) return [heading(name, width), ...indented(sort, width)];
  return [`${heading(name)}${paint('quiet', `: ${sort}`)}`];
}

/** All words there are, by group. */
export function renderWordList(words: readonly Word[], width?: number): string {
  const lines = (Object.keys(GROUPS) as Group[]).flatMap((group) => {
    const names = words.filter((word) => word.group === group).map(({names: [name]}) => name!);
    return [heading(GROUPS[group], width), ...wrapList(names, width), ''];
  });
  return [
    ...lines,
    ...wrapLines(
      'memmap explain WORD says what one means; memmap explain TARGET tells about a process or a listing.',
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
    'unknown. memmap knows no code of VmFlags, and no other word, that is spelled so. Newer kernels add codes: Documentation/filesystems/proc.rst lists those of its kernel.';
  return `${[...entry(code, text, width), ...wrapLines('memmap explain lists all words.', proseWidth(width))].join('\n')}\n`;
}
