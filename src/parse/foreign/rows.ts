import type {Region} from '../../model/region.ts';
import type {Rejected} from '../../model/snapshot.ts';

/** What another tool's listing says. What that tool doesn't print is unknown: '' or undefined, never 0. */
export interface ForeignListing {
  readonly format: string;
  readonly regions: Region[];
  readonly rejected: Rejected[];
  readonly pid: number | undefined;
  /** What the tool leaves out, for people. */
  readonly lacks: string;
  /** What else a reader should know, a sentence each. */
  readonly notes?: readonly string[];
}

/** Reads the lines of one tool's listing. @returns undefined if no line is one of that tool's */
export type ListingReader = (lines: readonly string[]) => ForeignListing | undefined;

/** What is known of a region. */
export type Row = Partial<Region> & {readonly start: number; readonly end: number};

/** Reads one line: a region, `true` for a line that frames the listing, or why it is neither. */
export type RowReader = (line: string) => Row | true | string;

/** A file with millions of other lines is not a listing, and each would be kept: from here on nothing more is read. */
export const isHopeless = (rejected: number, regions: number): boolean => rejected > 10_000 && rejected > regions;

/** Why the lines after the first listing are not used. */
export const SECOND = 'a second listing begins here; only the first one was used';

/**
 * Goes through the lines of a listing with a reader for its rows.
 *
 * @param beginsAnother is this the first line of a listing? Once regions were read, it ends the reading
 */
export function readRows(
  lines: readonly string[],
  readRow: RowReader,
  beginsAnother: (line: string) => boolean = () => false,
): {regions: Region[]; rejected: Rejected[]} {
  const regions: Region[] = [];
  const rejected: Rejected[] = [];
  for (const [index, line] of lines.entries()) {
    const isSecond = regions.length > 0 && beginsAnother(line);
    const row = isSecond ? SECOND : readRow(line);
    if (typeof row === 'string') rejected.push({line: index + 1, text: line.slice(0, 200), why: row});
    else if (row !== true) regions.push({...UNKNOWN, ...row});
    if (isSecond || isHopeless(rejected.length, regions.length)) break;
  }
  return {regions, rejected};
}

/** A pattern, or what decides as one does. */
type Test = Pick<RegExp, 'test'>;

/** How the listing of one tool looks. */
interface Grammar {
  readonly format: string;
  readonly lacks: string;
  /** Is it a region? */
  readonly isRow: Test;
  /** Reads a line for which `isRow` holds. @returns a string if it is no region after all, and why */
  readonly row: (line: string) => Row | true | string;
  /** The line above the first region. What comes before it is something else, and a second one is another listing. */
  readonly heading?: RegExp;
  /** Other lines that belong to it. */
  readonly framing?: RegExp;
  /** What follows the last region is something else: the listing is a part of a report. */
  readonly isPart?: boolean;
  /** Finds the PID in its first group. */
  readonly pid?: RegExp;
  readonly notes?: readonly string[];
}

/** A reader for a listing that looks like this. */
export const readerOf =
  (grammar: Grammar): ListingReader =>
  (lines) => {
    const {isRow, heading, framing, format, lacks, isPart, notes = []} = grammar;
    const first = lines.findIndex((line) => isRow.test(line));
    if (first < 0) return undefined;
    const head = heading ? lastBefore(lines, first, heading) : -1;
    const end = isPart ? endOf(lines, first, isRow, heading) : lines.length;
    const listing = lines.map((line, index) => (index < head || index >= end ? '' : line));
    const {regions, rejected} = readRows(
      listing,
      (line) => {
        if (isRow.test(line)) return grammar.row(line);
        return line.trim() === '' || heading?.test(line) || framing?.test(line) ? true : `not a line of ${format}`;
      },
      (line) => heading?.test(line) === true,
    );
    const pid = grammar.pid && lines.find((line) => grammar.pid!.test(line));
    return {
      format,
      lacks,
      regions,
      rejected,
      pid: pid === undefined ? undefined : Number(grammar.pid!.exec(pid)![1]),
      notes: [...notes, ...partNote(lines, head, end)],
    };
  };

function lastBefore(lines: readonly string[], index: number, pattern: RegExp): number {
  while (index >= 0 && !pattern.test(lines[index]!)) index--;
  return index;
}

/** Where the part of the report ends: at a second one, or after the last region. */
function endOf(lines: readonly string[], first: number, isRow: Test, heading: RegExp | undefined): number {
  let end = first;
  for (let index = first; index < lines.length; index++) {
    if (heading?.test(lines[index]!)) return index + 1;
    if (isRow.test(lines[index]!)) end = index + 1;
  }
  return end;
}

function partNote(lines: readonly string[], head: number, end: number): string[] {
  const isText = (line: string): boolean => line.trim() !== '';
  const others = lines.slice(0, Math.max(0, head)).some(isText) || lines.slice(end).some(isText);
  return others ? [`The listing is lines ${Math.max(0, head) + 1} to ${end}; the other lines are something else.`] : [];
}

const UNKNOWN = {
  perms: '????',
  offset: undefined,
  dev: '',
  inode: '',
  name: '',
  nameBase64: undefined,
  kind: 'anon',
  usage: undefined,
  flags: undefined,
  attributes: undefined,
} as const;
