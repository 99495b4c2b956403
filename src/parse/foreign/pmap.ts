import {exactHex, type Region, type Usage} from '../../model/region.ts';
import {readRows, type ForeignListing, type RowReader} from './rows.ts';
import {camelCase} from '../scan.ts';

/**
 * What pmap(1) of procps prints. It gives a start and a size in KiB, and no end; by default the last part of a file's
 * name, and `[ anon ]` for all memory without one, the brk heap too.
 *
 *     pmap       0000563f1c2a5000     32K r---- sleep
 *     pmap -x    Address  Kbytes  RSS  Dirty  Mode  Mapping       -d   Address  Kbytes  Mode  Offset  Device  Mapping
 *     pmap -X    Address  Perm  Offset  Device  Inode  Size  Rss  …  Mapping       -XX   the same with all of smaps
 */

/** @returns undefined if no line is one of pmap's */
export function parsePmap(text: string): ForeignListing | undefined {
  const lines = text.split('\n');
  const first = lines.find((line) => TABLE.test(line) || PLAIN.test(line));
  if (first === undefined) return undefined;
  const columns = TABLE.test(first) ? first.trim().split(/\s+/) : [];
  const readRow = columns.length > 0 ? tableReader(columns) : plainRow;
  const {regions, rejected} = readRows(lines, (line) => (isFraming(line) ? true : readRow(line)));
  const pid = /^([1-9]\d{0,6}):\s/m.exec(text)?.[1];
  return {
    format: formatOf(columns),
    regions,
    rejected,
    pid: pid === undefined ? undefined : Number(pid),
    lacks: lacksOf(columns),
  };
}

function formatOf(columns: readonly string[]): string {
  if (columns.length === 0) return 'pmap';
  if (columns[1] === 'Perm') return columns.includes('VmFlags') ? 'pmap -XX' : 'pmap -X';
  return columns.includes('Offset') ? 'pmap -d' : 'pmap -x';
}

function lacksOf(columns: readonly string[]): string {
  if (columns.includes('Inode')) return 'the directories of files';
  const place = columns.includes('Offset') ? 'inodes' : 'offsets, devices and inodes';
  return (
    `${columns.includes('RSS') ? '' : 'resident memory, '}${place}, the directories of files and the ` +
    `names of [heap] and [vdso]`
  );
}

const TABLE = /^\s*Address\s+(?:Kbytes|Perm)\s.*\bMapping\s*$/;
const PLAIN = /^([0-9a-f]{8,16})\s+(\d+)K ([r-][w-][x-][s-][R-])\s+(.*)$/;

/** The command line above a listing, its heading, lines drawn under columns, and sums. */
const isFraming = (line: string): boolean =>
  TABLE.test(line) ||
  /^\s*(?:\d+:\s.*|total\s.*|[-= ]*|mapped: .*|[\d ]+KB ?)$/.test(line) ||
  /^\s*(?:\d+\s+)+(?:KB)?\s*$/.test(line);

const plainRow: RowReader = (line) => {
  const match = PLAIN.exec(line);
  if (!match) return 'not a line of pmap';
  const [, start, kilobytes, mode, name] = match as unknown as [string, string, string, string, string];
  const where = place(start, Number(kilobytes));
  return where ? {...where, perms: permsOf(mode), name: nameOf(name)} : 'an address that is not whole pages';
};

function tableReader(columns: readonly string[]): RowReader {
  // VmFlags, of -XX, are several words; they and the name come after the other columns.
  const hasFlags = columns.includes('VmFlags');
  const count = columns.length - (hasFlags ? 2 : 1);
  return (line) => {
    const words = line.trim().split(/\s+/);
    if (words.length < count) return 'not a line of pmap';
    const row = new Map(columns.slice(0, count).map((column, index) => [column, words[index]!]));
    const where = place(row.get('Address')!, Number(row.get('Kbytes') ?? row.get('Size')));
    const perms = permsOf(row.get('Mode') ?? row.get('Perm') ?? '');
    if (!where || perms === '????' || !/^\d{1,20}$/.test(row.get('Inode') ?? '0')) return 'not a line of pmap';
    const rest = restOf(line, count).trimStart();
    const flags = hasFlags ? /^(?:[a-z?]{2} )*/.exec(rest)![0] : '';
    const name = nameOf(rest.slice(flags.length).trimStart());
    return {
      ...where,
      perms,
      name,
      ...backing(row),
      usage: usageOf(row),
      ...(hasFlags && {flags: flags.split(' ').filter(Boolean)}),
    };
  };
}

/** What comes after the first `count` words. */
const restOf = (line: string, count: number): string =>
  new RegExp(`^\\s*(?:\\S+\\s+){${count - 1}}\\S+\\s?(.*)$`).exec(line)?.[1] ?? '';

function place(startText: string, kilobytes: number): {start: number; end: number} | undefined {
  const start = exactHex(startText);
  if (start === undefined || !(kilobytes > 0)) return undefined;
  const end = start + kilobytes * 1024;
  // The sum counts only where it is exact, and an address at all.
  return end - start === kilobytes * 1024 && exactHex(end.toString(16)) === end ? {start, end} : undefined;
}

/** `rw---` and `rw-s-` (the fifth letter is for MAP_NORESERVE), or as the kernel has it. */
function permsOf(mode: string): string {
  const match = /^([r-][w-][x-])([sp-])[R-]?$/.exec(mode);
  return match ? match[1]! + (match[2] === 's' ? 's' : 'p') : '????';
}

const nameOf = (text: string): string => (text === '[ anon ]' ? '' : text === '[ stack ]' ? '[stack]' : text);

/** -X and -d know offset and device; -d prints `0fe:00000`. */
function backing(row: ReadonlyMap<string, string>): Partial<Region> {
  const offset = exactHex(row.get('Offset') ?? '');
  const device = /^([0-9a-f]{1,8}):([0-9a-f]{1,8})$/.exec(row.get('Device') ?? '');
  const [major, minor] = [1, 2].map((part) =>
    Number.parseInt(device?.[part] ?? '0', 16)
      .toString(16)
      .padStart(2, '0'),
  );
  return {
    ...(offset !== undefined && {offset}),
    ...(device && {dev: `${major}:${minor}`}),
    ...(row.has('Inode') && {inode: row.get('Inode')!}),
  };
}

const NOT_COUNTERS = new Set([
  'Address',
  'Kbytes',
  'Size',
  'Mode',
  'Perm',
  'Offset',
  'Device',
  'Inode',
  'Mapping',
  'THPeligible',
  'ProtectionKey',
  'VmFlags',
]);

function usageOf(row: ReadonlyMap<string, string>): Usage | undefined {
  const usage: Record<string, number> = {};
  for (const [column, text] of row) {
    const [counter, bytes] = [camelCase(column), Number(text) * 1024];
    if (NOT_COUNTERS.has(column) || !/^\d+$/.test(text) || !Number.isSafeInteger(bytes)) continue;
    if (!(counter in Object.prototype)) usage[counter] = bytes;
  }
  return Object.keys(usage).length > 0 ? usage : undefined;
}
