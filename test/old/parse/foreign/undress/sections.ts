import {HEADER, isText, withLines, type Layer} from './paste.ts';

/**
 * Reports of a crash that hold a listing of maps among much else: the heading above it, and whose report it is.
 */
const HEADINGS: ReadonlyArray<readonly [heading: RegExp, report: string]> = [
  [/^\s*Dynamic libraries:\s*$/, 'an error report of the JVM (hs_err)'],
  [/^\s*=+ Memory map: =+\s*$/, "a crash report of the C library's"],
  [/^\s*MAPPED_LIBRARIES:\s*$/, 'a profile'],
  [/^\s*(?:-+\s*)?(?:memory|process) map(?:s|pings)?\b[^=]{0,80}:\s*$/i, 'a crash report'],
];

/** Keeps the listing: from its heading to the first line after it that is neither a region nor blank. */
export const sections: Layer = (paste) => {
  for (const [heading, report] of HEADINGS) {
    const head = paste.lines.findIndex(
      (line, index) => heading.test(line) && HEADER.test(paste.lines[index + 1] ?? ''),
    );
    if (head < 0) continue;
    const end = endOf(paste.lines, head + 1);
    const isOther = (line: string, index: number): boolean => (index < head || index >= end) && isText(line);
    if (!paste.lines.some(isOther)) return undefined;
    const lines = paste.lines.map((line, index) => (index <= head || index >= end ? '' : line));
    const [first, last] = [paste.numbers[head + 1]!, paste.numbers[end - 1]!];
    return withLines(paste, lines, `This is ${report}: its listing of memory is lines ${first} to ${last}.`);
  }
  return undefined;
};

/** Where the part ends: a name of a file may be cut, so one line that is no region does not end it. */
function endOf(lines: readonly string[], from: number): number {
  let end = from;
  for (let index = from; index < lines.length && index <= end + 1; index++)
    if (HEADER.test(lines[index]!)) end = index + 1;
  return end;
}
