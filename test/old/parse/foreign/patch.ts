import type {Paste} from './undress/paste.ts';
import {HEADER} from './undress/paste.ts';

/** The two texts that a diff compares, line for line with the diff: what a side lacks is an empty line there. */
export interface Patch {
  readonly before: Paste;
  readonly after: Paste;
  readonly form: 'unified' | 'normal';
  /** May lines be left out that both sides have? Only a diff without hunks is known to have all. */
  readonly isPartial: boolean;
}

/**
 * Is this what diff(1) prints of two listings? Unified (`diff -u`, git): each line begins with a blank, a plus or a
 * minus. Normal: `<` and `>`, with commands such as `3c3` between. A plus or a minus directly before an address is in
 * no other listing.
 */
export function readPatch(paste: Paste): Patch | undefined {
  const {lines} = paste;
  if (lines.some((line) => /^[+-]/.test(line) && isRegion(line.slice(1)))) return unified(paste);
  if (lines.some((line) => COMMAND.test(line)) && lines.some((line) => /^[<>] /.test(line) && isRegion(line.slice(2))))
    return normal(paste);
  return undefined;
}

const isRegion = (text: string): boolean => text.search(HEADER) === 0;

const HUNK = /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/;
const FILES =
  /^(?:--- |\+\+\+ |diff |index [0-9a-f]+\.\.|new file|deleted file|similarity |rename |\\ No newline|Only in )/;
const COMMAND = /^\d+(?:,\d+)?[acd]\d+(?:,\d+)?\s*$/;

function unified(paste: Paste): Patch | undefined {
  const {lines} = paste;
  // Where a region has no mark before it, the plus and the minus are something else.
  if (lines.some(isRegion)) return undefined;
  const isFrame = (line: string): boolean => HUNK.test(line) || (FILES.test(line) && !isRegion(line.slice(1)));
  const side = (mark: string): string[] =>
    lines.map((line) => {
      if (isFrame(line)) return '';
      if (line.startsWith(' ') || line.startsWith(mark)) return line.slice(1);
      return /^[+-]/.test(line) ? '' : line;
    });
  const isPartial = lines.some((line) => HUNK.test(line));
  return {...sidesOf(paste, side('-'), side('+')), form: 'unified', isPartial};
}

function normal(paste: Paste): Patch {
  const side = (mark: string): string[] =>
    paste.lines.map((line) => {
      if (COMMAND.test(line) || FILES.test(line) || line === '---') return '';
      return /^[<>] ?/.test(line) ? (line.startsWith(mark) ? line.slice(2) : '') : line;
    });
  return {...sidesOf(paste, side('<'), side('>')), form: 'normal', isPartial: true};
}

const sidesOf = (
  paste: Paste,
  before: readonly string[],
  after: readonly string[],
): Pick<Patch, 'before' | 'after'> => ({
  before: {...paste, lines: before},
  after: {...paste, lines: after},
});
