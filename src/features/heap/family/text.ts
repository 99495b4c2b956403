import {counted, durationText, sizeText} from '../../../model/amounts.ts';
import {wrapped} from '../../../text/lines.ts';
import {safe} from '../../../text/safe.ts';
import {renderRows, type Cell, type Column} from '../../../text/table.ts';
import {paint} from '../../../text/theme.ts';
import type {TextOptions} from '../../../text/process/who.ts';
import type {HeapFamily, HeapMember} from './family.ts';

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
  const {members, totals, mmapped, cost} = family;
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
    ...renderRows(COLUMNS, [...shown.map(memberCells), ...(members.length > 1 ? [total] : [])], width),
    ...(more > 0 ? [paint('quiet', `… ${counted(more, 'more process', 'more processes')}, use --all`)] : []),
    '',
    ...(members.length > 1 ? wrapped(SHARED, width) : []),
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

/** A table of a family would be one for each. */
const ONE = 'What all the memory of one of them is for, and not only of malloc: memmap heap PID.';

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
  return [
    {text: name, role: name === 'all' ? 'title' : undefined},
    ...amounts.map((bytes): Cell => ({
      text: bytes === undefined ? '?' : sizeText(bytes),
      role: bytes === 0 ? 'quiet' : undefined,
    })),
  ];
}
