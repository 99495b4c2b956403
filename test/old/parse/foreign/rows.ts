import type {Region} from '../../model/region.ts';
import type {Rejected} from '../../model/snapshot.ts';

/** What another tool's listing says. What that tool doesn't print is unknown: '' or undefined, never 0. */
interface ForeignListing {
  readonly format: string;
  readonly regions: Region[];
  readonly rejected: Rejected[];
  readonly pid: number | undefined;
  /** What the tool leaves out, for people. */
  readonly lacks: string;
  /** What else a reader should know, a sentence each. */
  readonly notes?: readonly string[];
  /** Does it end early? */
  readonly isCut?: boolean;
}

/** Reads the lines of one tool's listing. @returns undefined if no line is one of that tool's */
export type ListingReader = (lines: readonly string[]) => ForeignListing | undefined;

/** What is known of a region. */
type Row = Partial<Region> & {readonly start: number; readonly end: number};

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
  /** Finds the number of regions that there should be, in its first group. */
  readonly announces?: RegExp;
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
    const second = heading ? lines.findIndex((line, index) => index > first && heading.test(line)) : -1;
    const end = isPart ? endOf(lines.slice(0, second < 0 ? undefined : second), isRow) : lines.length;
    const isLeftOut = (index: number): boolean => index < head || (index >= end && index !== second);
    const listing = lines.map((line, index) => (isLeftOut(index) ? '' : line));
    const {regions, rejected} = readRows(
      listing,
      (line) => {
        if (isRow.test(line)) return grammar.row(line);
        return !isText(line) || heading?.test(line) || framing?.test(line) ? true : `not a line of ${format}`;
      },
      (line) => heading?.test(line) === true,
    );
    const isOther = (line: string): boolean => isText(line) && !heading?.test(line) && !framing?.test(line);
    const announced = numberIn(lines.slice(Math.max(0, head), first), grammar.announces);
    const isCut = announced !== undefined && announced > regions.length;
    return {
      format,
      lacks,
      regions,
      rejected,
      pid: numberIn(lines, grammar.pid),
      isCut,
      notes: [
        ...notes,
        ...partNote(lines, head, end, isOther),
        ...(isCut ? [`Its heading announces ${announced} regions, and ${regions.length} are here.`] : []),
      ],
    };
  };

const isText = (line: string): boolean => line.trim() !== '';

/** The first number that a pattern finds in its first group. */
function numberIn(lines: readonly string[], pattern: RegExp | undefined): number | undefined {
  const line = pattern && lines.find((text) => pattern.test(text));
  return line === undefined ? undefined : Number(pattern!.exec(line)![1]);
}

function lastBefore(lines: readonly string[], index: number, pattern: RegExp): number {
  while (index >= 0 && !pattern.test(lines[index]!)) index--;
  return index;
}

/** After the last region. */
const endOf = (lines: readonly string[], isRow: Test): number => lines.findLastIndex((line) => isRow.test(line)) + 1;

/** Says which lines are the listing, where there are others. */
function partNote(lines: readonly string[], head: number, end: number, isOther: (line: string) => boolean): string[] {
  if (!lines.slice(0, Math.max(0, head)).some(isOther) && !lines.slice(end).some(isOther)) return [];
  return [`The listing is lines ${Math.max(0, head) + 1} to ${end}; the other lines are something else.`];
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
