import type {Kind} from '../model/kind.ts';
import {BYTE_KEYS, type ByteKey, MEASURES} from '../model/measures.ts';
import {address, hex, isRollup, isWritableCode, rangeText, type Region} from '../model/region.ts';
import type {Regions} from '../model/columns/regions.ts';
import type {End} from '../model/columns/stencil.ts';
import {sizeText} from '../model/amounts.ts';
import {nodesOf} from '../model/host/nodes.ts';
import {safe} from './safe.ts';
import {renderTable, type Cell, type Column} from './table.ts';
import type {Role} from './theme.ts';

/** A column of the table of regions. */
export interface RegionColumn extends Column {
  /** What it says, for `--columns help`. */
  readonly meaning: string;
  readonly cell: (region: Region) => Cell;
  /** The text of a column that only the place in memory decides: each region has its own. */
  readonly place?: (start: number, end: number) => string;
  /** Which addresses of twelve digits this text is, with a dash between two. */
  readonly addresses?: readonly End[];
  /** Of columns of bytes: those of each row; undefined where the source doesn't say. */
  readonly measure?: (regions: Regions) => Float64Array | undefined;
}

const words = (title: string, meaning: string, text: (region: Region) => string): RegionColumn => ({
  title,
  meaning,
  cell: (region) => ({text: safe(text(region))}),
});

/** The place of a region, which no other one has. */
const place = (
  title: string,
  meaning: string,
  addresses: readonly End[],
  text: (start: number, end: number) => string,
): RegionColumn => ({
  title,
  meaning,
  place: text,
  addresses,
  cell: ({start, end}) => {
    const own = text(start, end);
    return {text: own, length: own.length};
  },
});

/**
 * Cells of equal content are one object, made once: most of many regions have the size, the kind and the name of
 * another. That takes a third off the time of a table of 60,000.
 */
function once<Key>(make: (key: Key) => Cell): (key: Key) => Cell {
  const known = new Map<Key, Cell>();
  return (key) => {
    let cell = known.get(key);
    if (cell) return cell;
    if (known.size >= MOST_CELLS) known.clear();
    known.set(key, (cell = make(key)));
    return cell;
  };
}

/** At most this many cells are kept: a live screen runs for days. */
const MOST_CELLS = 10_000;

const amountCell = once((bytes: number | undefined): Cell => ({
  text: bytes === undefined ? '' : sizeText(bytes),
  role: bytes === 0 ? 'quiet' : undefined,
}));

const permsCell = once((perms: string): Cell => ({
  text: safe(perms),
  role: isWritableCode({perms}) ? 'bad' : undefined,
}));

const kindCell = once((kind: Kind): Cell => ({text: kind, role: KIND_ROLES[kind]}));

const guessedKindCell = once((kind: Kind): Cell => ({text: `${kind}?`, role: KIND_ROLES[kind]}));

function amount(key: ByteKey): RegionColumn {
  const measure = MEASURES[key];
  return {
    title: measure.title,
    get meaning() {
      return `${measure.noun}: ${measure.meaning} (${measure.fields.join(' + ')})`;
    },
    align: 'right',
    measure: (regions) => measure.ofRows(regions),
    cell: (region) => amountCell(measure.ofRegion(region)),
  };
}

const SIZE = amount('size');

/** After the permissions come all measures but the size, in the order of their table. */
const AMOUNTS = Object.fromEntries(
  BYTE_KEYS.filter((key) => key !== 'size').map((key) => [key, amount(key)]),
) as unknown as Readonly<Record<Exclude<ByteKey, 'size'>, RegionColumn>>;

/** Kinds that stand out, and kinds that are not memory. */
export const KIND_ROLES: Readonly<Record<string, Role>> = {
  heap: 'heap',
  arena: 'heap',
  managed: 'heap',
  stack: 'heap',
  guard: 'quiet',
  reserved: 'quiet',
};

const RANGE: readonly End[] = ['start', 'end'];

export const COLUMNS = {
  range: place('range', 'first byte, and first byte after it', RANGE, (start, end) => rangeText({start, end})),
  /** The vsyscall page alone has 16 digits, and would make the column wider for all. */
  shortRange: place('range', 'the same, where a terminal is narrow', RANGE, shortRange),
  start: place('start', 'first byte', ['start'], address),
  // A rollup is from the first region to the last, holes included: how much is mapped it does not say.
  size: {
    ...SIZE,
    cell: (region) => (isRollup(region) ? {text: ''} : SIZE.cell(region)),
  },
  perms: {
    title: 'perms',
    meaning: 'read, write, execute; p private, s asked for as shared',
    cell: (region) => permsCell(region.perms),
  },
  ...AMOUNTS,
  // Only core files have it, so it is not a measure of memory.
  dumped: {
    title: 'dumped',
    meaning: 'of a core file: how much of it is in there',
    align: 'right',
    measure: (regions) => regions.counter('dumped'),
    cell: ({usage}) => amountCell(usage?.['dumped']),
  },
  kind: {
    title: 'kind',
    meaning: 'what it is for; ? marks a guess',
    cell: (region) => (region.confidence ? guessedKindCell : kindCell)(region.kind),
  },
  name: {
    title: 'name',
    meaning: 'the name that the kernel prints, and in parentheses what memmap knows about it',
    gives: 'cut',
    cell: nameCell,
  },
  numa: {
    title: 'NUMA',
    meaning: 'how much of it lies on which node, and its memory policy; read only if it is asked for by name',
    cell: (region) => ({text: nodesText(region)}),
  },
  evidence: words('evidence', 'why it is of this kind', ({evidence = ''}) => evidence),
  flags: words('VmFlags', 'two letters each, as proc(5) has them', ({flags}) => flags?.join(' ') ?? ''),
  offset: words('offset', 'where in its file it begins', ({offset}) => (offset === undefined ? '' : hex(offset))),
  dev: words('dev', "the file's device, major:minor in hex", ({dev}) => dev),
  inode: words('inode', "the file's number on its device", ({inode}) => inode),
} as const satisfies Readonly<Record<string, RegionColumn>>;

/** `shortRange` is for the default on a terminal; nobody has to ask for it. */
export type ColumnName = keyof typeof COLUMNS;

/** What --columns takes. */
export const COLUMN_NAMES = (Object.keys(COLUMNS) as readonly ColumnName[]).filter((name) => name !== 'shortRange');

/** `N0 4 MiB, N1 2 MiB; bind:0-1`. */
function nodesText({usage = {}, attributes}: Region): string {
  const nodes = nodesOf(usage).map(([node, bytes]) => `N${node} ${sizeText(bytes)}`);
  return [nodes.join(', '), safe(attributes?.['numaPolicy'] ?? '')].filter(Boolean).join('; ');
}

/** `ffffffffff600000-…601000`: as wide as the other ranges. */
function shortRange(from: number, to: number): string {
  const [start, end] = [address(from), address(to)];
  return end.length > 12 && start.length === end.length ? `${start}-…${end.slice(-6)}` : `${start}-${end}`;
}

/** The cell of the region before: most often the same one is asked for again. */
let lastName:
  | {readonly name: string; readonly label: string | undefined; readonly kind: Kind; readonly cell: Cell}
  | undefined;

function nameCell(region: Region): Cell {
  const {name, label, kind} = region;
  if (lastName && name === lastName.name && label === lastName.label && kind === lastName.kind) return lastName.cell;
  const is = label !== undefined ? 'phrase' : name.startsWith('/') ? 'path' : undefined;
  const cell: Cell = {text: safe(nameAndLabel(region)), role: KIND_ROLES[kind], is};
  lastName = {name, label, kind, cell};
  return cell;
}

const nameAndLabel = ({name, label}: Region): string =>
  label === undefined ? name : name === '' ? `(${label})` : `${name} (${label})`;

/** What `--columns help` prints. */
export const renderColumnHelp = (width?: number): string =>
  `${renderTable(
    [{title: 'column'}, {title: 'says', gives: 'cut'}],
    COLUMN_NAMES.map((name) => [{text: name}, {text: COLUMNS[name].meaning}]),
    width,
  ).join('\n')}\n`;
