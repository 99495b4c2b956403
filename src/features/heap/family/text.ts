import {counted, durationText, sizeText} from '../../../model/amounts.ts';
import {wrapped} from '../../../text/lines.ts';
import {safe} from '../../../text/safe.ts';
import {renderRows, type Cell, type Column} from '../../../text/table.ts';
import {paint} from '../../../text/theme.ts';
import type {TextOptions} from '../../../text/process/who.ts';
import type {HeapFamily, HeapMember} from './family.ts';
import {ownHeapOf} from './runtimes.ts';

interface FamilyLook extends TextOptions {
  /** Processes at most; undefined: all. */
  readonly rows?: number | undefined;
}

const AMOUNTS = [
  ['system', 0],
  ['in use', 0],
  ['free', 0],
  ['mmapped', 90],
  ['trim', 0],
] as const;

const COLUMNS: readonly Column[] = [
  {title: 'pid', align: 'right'},
  ...AMOUNTS.map(([title, least]): Column => ({title, align: 'right', least})),
  {title: ''},
  {title: 'process', gives: 'cut'},
];

/** The books of several processes for people: the sentence first, then a row for each. */
export function renderHeapFamily(family: HeapFamily, {width, rows = Infinity}: FamilyLook): string {
  const {members, totals, mmapped, runtimes, cost} = family;
  const shown = members.slice(0, rows);
  const more = members.length - shown.length;
  const isKnown = members.some(({heap}) => heap.books !== undefined);
  const total = [
    ...cells('all', isKnown ? totals : undefined, isKnown ? mmapped.bytes : undefined),
    {text: ''},
    {text: ''},
  ];
  return [
    ...wrapped(family.sentence, width).map((line) => paint('title', line)),
    '',
    ...(runtimes.length > 0 ? [...renderHeaps(family, {width, rows}), ''] : []),
    ...renderRows(COLUMNS, [...shown.map(memberCells), ...(members.length > 1 ? [total] : [])], width),
    ...(more > 0 ? [paint('quiet', `… ${counted(more, 'more process', 'more processes')}, use --all`)] : []),
    '',
    ...(members.length > 1 ? wrapped(runtimes.length > 0 ? SHARED_HEAPS : SHARED, width) : []),
    ...wrapped(ONE, width),
    ...leftOut(family).flatMap((line) => wrapped(line, width)),
    ...wrapped(
      `${sizeText(cost.bytesRead)} of their memory was read in ${durationText(cost.ms)}, headers only; ` +
        'they were not stopped.',
      width,
    ).map((line) => paint('quiet', line)),
    '',
  ].join('\n');
}

/** Free pages that fork(2) shared are in the books of each, and come back when the last one gives them back. */
const SHARED =
  'Each has books of its own: pages that processes share since fork(2) are in the books of each, and are free ' +
  'for others once none of them has them.';

const SHARED_HEAPS =
  'Each has books and heaps of its own: pages that processes share since fork(2) are in those of each, and are free ' +
  'for others once none of them has them.';

/** A table of a family would be one for each. */
const ONE = 'What all the memory of one of them is for, and not only of malloc: memmap heap PID.';

const HEAP_COLUMNS: readonly Column[] = [
  {title: 'pid', align: 'right'},
  {title: 'in use', align: 'right'},
  {title: 'kept', align: 'right'},
  {title: 'resident', align: 'right'},
  {title: 'heap of'},
  {title: 'process', gives: 'cut'},
];

/** What the runtimes of the members have in heaps of their own, the most that is kept first, and together. */
function renderHeaps({members, runtimes}: HeapFamily, {width, rows = Infinity}: FamilyLook): string[] {
  const heaps = members
    .flatMap(({heap, title}) => {
      const own = ownHeapOf(heap);
      return own ? [{...own, pid: String(heap.snapshot.process.pid), name: heap.runtime!.name, title}] : [];
    })
    .sort((a, b) => (b.kept ?? -1) - (a.kept ?? -1) || (b.resident ?? 0) - (a.resident ?? 0));
  const row = ({pid, name, title}: Pick<(typeof heaps)[number], 'pid' | 'name' | 'title'>, of: Amounts): Cell[] => [
    {text: pid, role: pid === 'all' ? 'title' : undefined},
    ...[of.used, of.kept, of.resident].map(amountCell),
    {text: name},
    {text: safe(title), is: 'phrase'},
  ];
  const sums = runtimes.filter(({processes}) => processes > 1);
  const shown = heaps.slice(0, rows).map((heap) => row(heap, heap));
  const more = heaps.length - shown.length;
  return [
    ...renderRows(HEAP_COLUMNS, [...shown, ...sums.map((sum) => row({...sum, pid: 'all', title: ''}, sum))], width),
    ...(more > 0 ? [paint('quiet', `… ${counted(more, 'more heap')}, use --all`)] : []),
    ...heapsLack(sums).flatMap((line) => wrapped(line, width)),
  ];
}

/** A sum of which a part is not known is of the others. */
function heapsLack(sums: HeapFamily['runtimes']): string[] {
  const without = sums.reduce((sum, {unknown, processes}) => sum + (unknown < processes ? unknown : 0), 0);
  return without === 0
    ? []
    : [`The sums leave out ${counted(without, 'heap')} of which it is not known what is in use and what is kept.`];
}

interface Amounts {
  readonly used: number | null;
  readonly kept: number | null;
  readonly resident: number | null;
}

const leftOut = ({ended, missing, members}: HeapFamily): string[] => [
  ...sumsLack(members.filter(({heap}) => heap.books === undefined).length, members.length),
  ...(ended > 0 ? [`${counted(ended, 'process', 'processes')} ended, or had no memory to read.`] : []),
  ...(missing.length > 0 ? [`${counted(missing.length, 'process', 'processes')} could not be read.`] : []),
];

const sumsLack = (without: number, all: number): string[] =>
  without === 0 || without === all
    ? []
    : [`The sums leave out ${counted(without, 'process', 'processes')} whose books were not found.`];

function memberCells({heap, title}: HeapMember): Cell[] {
  const {snapshot, totals, books} = heap;
  const isTorn = heap.arenas.some(({torn}) => torn !== undefined);
  const remark = books === undefined ? 'no books' : isTorn ? 'torn' : '';
  return [
    ...cells(String(snapshot.process.pid), books && totals, books?.mmapped.bytes),
    {text: remark, role: isTorn ? 'bad' : 'quiet'},
    {text: safe(title), is: 'phrase'},
  ];
}

function cells(name: string, totals: HeapFamily['totals'] | undefined, alone: number | undefined): Cell[] {
  const amounts = [totals?.system, totals?.inUse, totals?.free, alone, totals?.trimmable];
  return [{text: name, role: name === 'all' ? 'title' : undefined}, ...amounts.map(amountCell)];
}

const amountCell = (bytes: number | null | undefined): Cell => ({
  text: bytes == null ? '?' : sizeText(bytes),
  role: bytes === 0 ? 'quiet' : undefined,
});
