import {exactHex} from '../../model/region.ts';
import {readerOf, type ListingReader} from './rows.ts';

/**
 * gdb's `info proc mappings`: start, end, size and offset in hex, permissions since gdb 12 and only for live processes,
 * then the file. It knows neither device nor inode.
 */
export const readGdb: ListingReader = readerOf({
  format: 'gdb info proc mappings',
  lacks: 'resident memory, devices and inodes',
  isRow: /^\s*0x[0-9a-f]{1,16}\s+0x[0-9a-f]{1,16}\s+0x[0-9a-f]{1,16}\s+0x[0-9a-f]{1,16}(?:\s|$)/,
  // What gdb prints while it attaches comes first, and is not part of the listing.
  heading: /^Mapped address spaces:\s*$|^\s*Start Addr\s+End Addr\s/,
  framing: /^\s*(?:process \d+|\(gdb\)|\[Inferior \d+ )/,
  pid: /^process ([1-9]\d{0,6})\s*$/,
  row(line) {
    const [, startText, endText, offsetText, perms = '????', name] = ROW.exec(line.trim()) as unknown as string[];
    const [start, end, offset] = [startText, endText, offsetText].map((text) => exactHex(text!));
    if (start === undefined || end === undefined || offset === undefined) return 'an address that is not whole pages';
    if (end <= start) return 'the region ends before it starts';
    return {start, end, offset, perms, name: name ?? ''};
  },
});

const ROW = /^0x(\w+)\s+0x(\w+)\s+0x\w+\s+0x(\w+)(?:\s+([r-][w-][x-][sp-])(?=\s|$))?(?:\s+(.*))?$/s;
