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
}

/** Reads one line: what is known of a region, `true` for a line that frames the listing, or why it is neither. */
export type RowReader = (
  line: string,
) => (Partial<Region> & {readonly start: number; readonly end: number}) | true | string;

/** A file with millions of other lines is not a listing, and each would be kept: from here on nothing more is read. */
export const isHopeless = (rejected: number, regions: number): boolean => rejected > 10_000 && rejected > regions;

/** Goes through the lines of a listing with a reader for its rows. */
export function readRows(lines: readonly string[], readRow: RowReader): {regions: Region[]; rejected: Rejected[]} {
  const regions: Region[] = [];
  const rejected: Rejected[] = [];
  for (const [index, line] of lines.entries()) {
    const row = readRow(line);
    if (typeof row === 'string') rejected.push({line: index + 1, text: line.slice(0, 200), why: row});
    else if (row !== true) regions.push({...UNKNOWN, ...row});
    if (isHopeless(rejected.length, regions.length)) break;
  }
  return {regions, rejected};
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
