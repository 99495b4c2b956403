import {exactHex} from '../../model/region.ts';
import {readerOf, type ListingReader} from './rows.ts';

/**
 * The command `vmmap` of three extensions of gdb. All have a start, an end and permissions; they differ in what else
 * there is, and in the order.
 *
 *     pwndbg   Start  End  Perm  Size  Offset  File       0x401000 0x402000 r-xp  1000  1000 /srv/app
 *     gef      Start  End  Offset  Perm  Path             0x0000000000401000 0x0000000000402000 0x…1000 r-x /srv/app
 *     peda     Start  End  Perm  Name                     0x00401000         0x00402000         r-xp    /srv/app
 */
const LACKS = 'resident memory, devices and inodes';

/** A legend and a prompt stand above it; an arrow marks the regions that registers point to. */
const FRAMING = /^\s*(?:\[ ?Legend:|LEGEND:|\w+(?:>|\u27a4|-peda\$)|\u2500+)/i;

/** Without the marks beside a region: pwndbg's arrow before it, gef's registers after an arrow. */
function unmarked(line: string): string {
  const arrow = line.indexOf('\u2190');
  return (arrow < 0 ? line : line.slice(0, arrow)).trim().replace(/^[\u25ba*]\s*/, '');
}

/** Memory without a name: pwndbg numbers it, peda calls it `mapped`. */
const NAMELESS = /^(?:\[anon_[0-9a-f]+\]|mapped|<explored>)$/;

export const readPwndbg: ListingReader = vmmap(
  'pwndbg vmmap',
  LACKS,
  /^\s*Start\s+End\s+Perm\s+Size\b/,
  /^0x([0-9a-f]{1,16})\s+0x([0-9a-f]{1,16})\s+([r-][w-][x-][sp-]?)\s+[0-9a-f]{1,16}\s+([0-9a-f]{1,16})(?:\s+(.*))?$/s,
  [1, 2, 3, 4, 5],
);

export const readGef: ListingReader = vmmap(
  'gef vmmap',
  `${LACKS} and whether memory is shared`,
  /^\s*Start\s+End\s+Offset\s+Perm\b/,
  /^0x([0-9a-f]{1,16})\s+0x([0-9a-f]{1,16})\s+0x([0-9a-f]{1,16})\s+([r-][w-][x-][sp-]?)(?:\s+(.*))?$/s,
  [1, 2, 4, 3, 5],
);

export const readPeda: ListingReader = vmmap(
  'peda vmmap',
  'resident memory, offsets, devices and inodes',
  /^\s*Start\s+End\s+Perm\s+Name\b/,
  /^0x([0-9a-f]{1,16})\s+0x([0-9a-f]{1,16})\s+([r-][w-][x-][sp-])(?:\s+(?!\s|0x|[0-9a-f]{1,16}\s)(.*))?$/s,
  [1, 2, 3, -1, 4],
);

/** @param places the groups of start, end, permissions, offset and name in `pattern` */
function vmmap(
  format: string,
  lacks: string,
  heading: RegExp,
  pattern: RegExp,
  places: readonly number[],
): ListingReader {
  const read = (line: string): RegExpExecArray | null => pattern.exec(unmarked(line));
  return readerOf({
    format,
    lacks,
    heading,
    framing: FRAMING,
    isRow: {test: (line) => /^[\s*\u25ba]*0x/.test(line) && read(line) !== null},
    row(line) {
      const match = read(line)!;
      const [startText, endText, perms, offsetText, name] = places.map((place) => match[place]);
      const [start, end, offset] = [startText, endText, offsetText ?? '0'].map((text) => exactHex(text!));
      if (start === undefined || end === undefined || offset === undefined) return 'an address that is not whole pages';
      if (end <= start) return 'the region ends before it starts';
      return {
        start,
        end,
        perms: perms!.padEnd(4, '-'),
        offset: offsetText === undefined ? undefined : offset,
        name: name === undefined || NAMELESS.test(name) ? '' : name,
      };
    },
  });
}
