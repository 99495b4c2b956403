import {cells} from './safe.ts';

/** Cuts the end off: what a block is stands at the beginning of its text. */
export function clip(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let cut = '';
  let used = 1;
  for (const character of text) {
    used += cells(character);
    if (used > width) break;
    cut += character;
  }
  return width < 1 ? '' : `${cut}…`;
}

/** Short texts side by side, as many in a line as fit. */
export function packed(texts: readonly string[], width: number, between = '   '): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const longer = `${lines.at(-1)}${between}${text}`;
    if (lines.length > 0 && cells(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(clip(text, width));
  }
  return lines;
}

/** A sentence in lines that fit. */
export const wrapped = (text: string, width: number): string[] => packed(text.split(' '), width, ' ');
