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
