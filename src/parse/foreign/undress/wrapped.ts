import {COUNTER, HEADER, isText, withLines, type Layer} from './paste.ts';

/** No mail program and no terminal breaks lines shorter than this. */
const NARROWEST = 60;

/**
 * Lines that were broken: mail programs put a name, which comes after many blanks, on a line of its own; terminals
 * break at their width, within a word.
 */
export const wrapped: Layer = (paste) => {
  const lines = [...paste.lines];
  const width = widthOf(lines);
  let isChanged = false;
  /** The region that may continue. */
  let open = -1;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const text = line.trim();
    if (HEADER.test(line)) open = index;
    else if (!isText(line) || COUNTER.test(text)) open = -1;
    else if (open >= 0 && open === index - 1 && paste.lines[open]!.length === width) {
      lines[open] += line.trimEnd();
      lines[index] = '';
      isChanged = true;
    } else if (open >= 0 && isName(text, lines[open]!)) {
      lines[open] += ` ${text}`;
      lines[index] = '';
      isChanged = true;
    } else open = -1;
  }
  return isChanged ? withLines(paste, lines, 'Lines that had been broken were joined.') : undefined;
};

/** The width of a terminal that broke lines: all lines that fill it continue below. @returns -1 if there is none */
function widthOf(lines: readonly string[]): number {
  const width = lines.reduce((most, line) => Math.max(most, line.length), 0);
  if (width < NARROWEST) return -1;
  const full = lines.flatMap((line, index) => (line.length === width ? [index] : []));
  const isBroken = (index: number): boolean => {
    const next = lines[index + 1] ?? '';
    return HEADER.test(lines[index]!) && isText(next) && !HEADER.test(next) && !COUNTER.test(next.trim());
  };
  return full.length >= 2 && full.every(isBroken) ? width : -1;
}

const nameOf = (line: string): string => line.replace(HEADER, '').trim();

/** Can this be the name that the region above lacks, or the rest of it? */
function isName(text: string, region: string): boolean {
  const name = nameOf(region);
  if (name !== '') return text === '(deleted)' && name.startsWith('/');
  return /^(?:\/|\[[\w:<]|(?:anon_inode|socket):)/.test(text) && !/[$#%>] /.test(text.slice(0, 60));
}
