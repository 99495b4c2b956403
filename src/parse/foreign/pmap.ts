import {exactHex, type Region, type Usage} from '../../model/region.ts';
import {camelCase} from '../scan.ts';
import {readRows, type ListingReader, type RowReader} from './rows.ts';

/**
 * What pmap(1) of procps prints. It gives a start and a size in KiB, and no end; by default the last part of a file's
 * name, and `[ anon ]` for all memory without one, the brk heap too.
 *
 *     pmap       0000563f1c2a5000     32K r---- sleep
 *     pmap -x    Address  Kbytes  RSS  Dirty  Mode  Mapping       -d   Address  Kbytes  Mode  Offset  Device  Mapping
 *     pmap -X    Address  Perm  Offset  Device  Inode  Size  Rss  …  Mapping       -XX   the same with all of smaps
 *
 * busybox's pmap has other columns, and the kernel's four permissions; the pmap of SLES 11 has `START SIZE RSS … PERM
 * MAPPING`, with a K after each number. Rows of -x are also known without their heading, as sort(1) leaves them.
 */
export const readPmap: ListingReader = (lines) => {
  const first = lines.find((line) => isTable(line) || PLAIN.test(line) || BARE.test(line));
  if (first === undefined) return undefined;
  const table = isTable(first) || BARE.test(first);
  const columns = isTable(first) ? columnsOf(first) : table ? BARE_COLUMNS : [];
  const readRow = table ? tableReader(columns) : plainRow;
  const {regions, rejected} = readRows(
    lines,
    (line) => (isFraming(line) ? true : readRow(line)),
    (line) => OWNER.test(line),
  );
  const pid = lines.map((line) => OWNER.exec(line)?.[1]).find((found) => found !== undefined);
  const format = table ? formatOf(columns) : lines.some(isBusybox) ? 'busybox pmap' : 'pmap';
  return {format, regions, rejected, pid: pid === undefined ? undefined : Number(pid), lacks: lacksOf(format, columns)};
};

function formatOf(columns: readonly string[]): string {
  if (columns[1] === 'Perm') return columns.includes('VmFlags') ? 'pmap -XX' : 'pmap -X';
  if (columns.includes('PERM')) return 'pmap of SLES 11';
  if (columns.includes('Swap') || columns.includes('PSS')) return 'busybox pmap -x';
  return columns.includes('Offset') ? 'pmap -d' : 'pmap -x';
}

function lacksOf(format: string, columns: readonly string[]): string {
  if (columns.includes('Inode')) return 'the directories of files';
  const place = columns.includes('Offset') ? 'inodes' : 'offsets, devices and inodes';
  const resident = columns.includes('RSS') ? '' : 'resident memory, ';
  // These two print the kernel's names as they are.
  if (/busybox|SLES/.test(format)) return `${resident}${place}`;
  return `${resident}${place}, the directories of files and the names of [heap] and [vdso]`;
}

/** The heading of a table. */
const isTable = (line: string): boolean =>
  /^\s*(?:Address\s+(?:Kbytes|Perm)\s|START\s+SIZE\s).*\bmapping\s*$/i.test(line);

/** SLES has PSS, DIRTY and SWAP where others have Dirty; its other names are the same but for capitals. */
const columnsOf = (heading: string): string[] =>
  heading
    .trim()
    .split(/\s+/)
    .map((column) => (column === 'START' ? 'Address' : column === 'SIZE' ? 'Size' : column));

const PLAIN = /^\s*([0-9a-f]{8,16})\s+(\d+)K ([r-][w-][x-](?:[s-][R-]|[sp]))\s+(.*)$/s;

/** `%016llx %7luK %.4s  %s`: the kernel's letters for private and shared, which procps replaces. */
const isBusybox = (line: string): boolean => /^[0-9a-f]{8,16}\s+\d+K [r-][w-][x-][sp] /.test(line);

/** A row of -x: address, three numbers, five letters. */
const BARE = /^\s*[0-9a-f]{8,16}\s+\d+\s+\d+\s+\d+\s+[r-][w-][x-][s-][R-](?:\s|$)/;
const BARE_COLUMNS = ['Address', 'Kbytes', 'RSS', 'Dirty', 'Mode', 'Mapping'];

/** The line above a listing: PID and command. */
const OWNER = /^\s*([1-9]\d{0,6}):\s/;

/** The command line above a listing, its heading, lines drawn under columns, and sums. */
const isFraming = (line: string): boolean =>
  isTable(line) || /^\s*\d+:\s/.test(line) || isSum(line) || SUMS.test(line.trim());

const SUMS = /^(?:total:?\s.*|[-= ]*|mapped: .*|\d+K writable.private.*)$/i;

/** Numbers in KB, alone. */
const isSum = (line: string): boolean => /^[\d\s]+(?:KB\s*)?$/.test(line) && line.trim() !== '';

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
    const where = place(row.get('Address')!, Number(numberOf(row.get('Kbytes') ?? row.get('Size') ?? '')));
    const perms = permsOf(row.get('Mode') ?? row.get('Perm') ?? row.get('PERM') ?? '');
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
  new RegExp(`^\\s*(?:\\S+\\s+){${count - 1}}\\S+\\s?(.*)$`, 's').exec(line)?.[1] ?? '';

/** SLES 11 prints a K after each number. */
const numberOf = (text: string): string => text.replace(/K$/, '');

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

function nameOf(text: string): string {
  const name = text.trimStart();
  return name === '[ anon ]' ? '' : name === '[ stack ]' ? '[stack]' : name;
}

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
  'PERM',
  'Offset',
  'Device',
  'Inode',
  'Mapping',
  'MAPPING',
  'THPeligible',
  'ProtectionKey',
  'VmFlags',
]);

function usageOf(row: ReadonlyMap<string, string>): Usage | undefined {
  const usage: Record<string, number> = {};
  for (const [column, text] of row) {
    const [counter, bytes] = [camelCase(column), Number(numberOf(text)) * 1024];
    if (NOT_COUNTERS.has(column) || !/^\d+K?$/.test(text) || !Number.isSafeInteger(bytes)) continue;
    if (!(counter in Object.prototype)) usage[counter] = bytes;
  }
  return Object.keys(usage).length > 0 ? usage : undefined;
}
