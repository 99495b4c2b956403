import {cells} from './safe.ts';

/** A sentence in lines of at most `width` columns, broken at blanks; undefined: one line. Words longer than that stay whole. */
export function wrapped(sentence: string, width: number | undefined, indent = ''): string[] {
  if (width === undefined) return [sentence];
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && cells(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Breaks lines at blanks; a word that is wider stays whole. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
