import {readRows, type ForeignListing, type RowReader} from './rows.ts';
import {exactHex} from '../../model/region.ts';

/**
 * gdb's `info proc mappings`: start, end, size and offset in hex, permissions since gdb 12 and only for live processes,
 * then the file. It knows neither device nor inode.
 */

/** @returns undefined if no line is one of gdb's */
export function parseGdb(text: string): ForeignListing | undefined {
  const lines = text.split('\n');
  if (!lines.some((line) => ROW.test(line))) return undefined;
  // What gdb prints while it attaches comes first, and is not part of the listing.
  const heading = lines.findIndex((line) => HEADING.test(line));
  const listing = lines.map((line, index) => (index < heading ? '' : line));
  const {regions, rejected} = readRows(listing, (line) => (FRAMING.test(line) ? true : row(line)));
  const pid = /^process ([1-9]\d{0,6})$/m.exec(text)?.[1];
  return {
    format: 'gdb info proc mappings',
    regions,
    rejected,
    pid: pid === undefined ? undefined : Number(pid),
    lacks: 'resident memory, devices and inodes',
  };
}

const ROW =
  /^\s*0x([0-9a-f]{1,16})\s+0x([0-9a-f]{1,16})\s+0x[0-9a-f]{1,16}\s+0x([0-9a-f]{1,16})(?:\s+([r-][w-][x-][sp-])(?=\s|$))?(?:\s+(.*?))?\s*$/;

const HEADING = /^Mapped address spaces:\s*$/;

const FRAMING = /^\s*(?:process \d+|Mapped address spaces:|Start Addr\s.*|\(gdb\).*|\[Inferior \d+ .*\]|)\s*$/;

const row: RowReader = (line) => {
  const match = ROW.exec(line);
  const [start, end, offset] = [1, 2, 3].map((group) => exactHex(match?.[group] ?? ''));
  if (!match || start === undefined || end === undefined || offset === undefined) return "not a line of gdb's listing";
  if (end <= start) return 'the region ends before it starts';
  return {start, end, offset, perms: match[4] ?? '????', name: match[5] ?? ''};
};
