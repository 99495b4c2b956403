import {counted, countText, durationText, sizeText} from '../../model/amounts.ts';
import {hex, rangeText} from '../../model/region.ts';
import {wrapped} from '../../text/lines.ts';
import {renderRows, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import {who, type TextOptions} from '../../text/process/who.ts';
import type {ArenaBooks} from '../../parse/malloc/books.ts';
import type {Heap} from './heap.ts';
import {renderRuntime} from './runtime/text.ts';
import {sentenceOf} from './sentence.ts';

interface HeapLook extends TextOptions {
  /** Arenas at most; undefined: all. */
  readonly rows?: number | undefined;
}

/** malloc's books for people: the sentence first. */
export function renderHeap(heap: Heap, look: HeapLook): string {
  const {width} = look;
  const sentence = wrapped(sentenceOf(heap), width).map((line) => paint('title', line));
  return [
    ...sentence,
    '',
    ...wrapped(`${who(heap.snapshot)}: ${whose(heap)}`, width),
    '',
    ...(heap.runtime
      ? renderRuntime(heap.runtime, width)
      : wrapped(NO_TABLE, width).map((line) => paint('quiet', line))),
    ...(heap.books && (heap.totals.system > 0 || !heap.unnamed) ? renderBooks(heap, heap.books, look) : []),
    '',
    ...wrapped(costText(heap), width).map((line) => paint('quiet', line)),
    '',
  ].join('\n');
}

function whose({allocator, beside, version, arenas}: Heap): string {
  if (allocator === 'unknown') return 'no allocator that memmap knows';
  if (allocator !== 'glibc') return `malloc of ${allocator}`;
  const known = version === undefined ? '' : ` ${version}`;
  const glibc = `malloc of ${allocator}${known}, ${counted(arenas.length, 'arena')}`;
  return beside === undefined ? glibc : `${glibc}, and ${beside}`;
}

/** Why it isn't said of all its memory what it is for. */
const NO_TABLE = 'No table of all memory by what it is for: what is resident could not be read.';

const costText = ({cost, snapshot}: Heap): string =>
  snapshot.source.format === 'core'
    ? `${sizeText(cost.bytesRead)} of the core was read in ${durationText(cost.ms)}.`
    : `${sizeText(cost.bytesRead)} of its memory was read in ${durationText(cost.ms)}, headers only; ` +
      'it was not stopped.';

const aloneText = ({count, bytes}: NonNullable<Heap['books']>['mmapped']): string =>
  `${counted(count, 'chunk')} mapped separately, ${sizeText(bytes)}: in use, and given back by free(3)`;

function renderBooks(heap: Heap, {runs, classes, mmapped}: NonNullable<Heap['books']>, look: HeapLook): string[] {
  const {width} = look;
  const shared = heap.totals.freeResident - heap.totals.trimmable;
  return [
    '',
    ...renderArenas(heap, look),
    ...(mmapped.count > 0 ? ['', ...wrapped(aloneText(mmapped), width)] : []),
    ...(shared > 0
      ? [
          '',
          ...wrapped(
            `${sizeText(shared)} more is free and resident, but stays: it shares pages with chunks in use, ` +
              'or is the top of a thread arena.',
            width,
          ),
        ]
      : []),
    ...(classes.length > 0 ? ['', ...renderClasses(heap, width)] : []),
    ...(runs.length > 0 ? ['', paint('title', 'largest free runs'), ...renderRuns(heap, width)] : []),
  ];
}

const SIZES = [
  ['system', 0],
  ['in use', 0],
  ['free', 0],
  ['fastbins', 90],
  ['tcache', 90],
  ['top', 80],
  ['trim', 0],
] as const;

const ARENA_COLUMNS: readonly Column[] = [
  {title: 'arena', gives: 'cut'},
  {title: 'heaps', align: 'right', least: 70},
  ...SIZES.map(([title, least]): Column => ({title, align: 'right', least})),
  {title: ''},
];

function renderArenas({arenas, totals}: Heap, {rows = Infinity, width}: HeapLook): string[] {
  const ordered = arenas.toSorted((a, b) => Number(b.isMain) - Number(a.isMain) || b.free - a.free);
  const shown = ordered.slice(0, rows);
  const cells = shown.map((arena) => arenaCells(arena.isMain ? 'main' : hex(arena.address), arena, remarkOf(arena)));
  const tcache = arenas.reduce((sum, arena) => sum + (arena.tcache ?? 0), 0);
  const heaps = arenas.reduce((sum, arena) => sum + arena.heaps, 0);
  if (arenas.length > 1) cells.push(arenaCells('all', {...totals, heaps, tcache}, ''));
  const more = arenas.length - shown.length;
  return [
    ...renderRows(ARENA_COLUMNS, cells, width),
    ...(more > 0 ? [paint('quiet', `… ${counted(more, 'more arena')}, use --all`)] : []),
  ];
}

type Figures = Pick<ArenaBooks, 'heaps' | 'system' | 'inUse' | 'free' | 'fastbins' | 'tcache' | 'top' | 'trimmable'>;

function arenaCells(name: string, figures: Figures, remark: string): Cell[] {
  const {heaps, system, inUse, free, fastbins, tcache, top, trimmable} = figures;
  const amount = (bytes: number | undefined): Cell => ({
    text: bytes === undefined ? '?' : sizeText(bytes),
    role: bytes === 0 ? 'quiet' : undefined,
  });
  return [
    {text: name, role: name === 'all' ? 'title' : undefined},
    {text: countText(heaps)},
    ...[system, inUse, free, fastbins, tcache, top, trimmable].map(amount),
    {text: remark, role: remark === 'torn' ? 'bad' : 'quiet'},
  ];
}

const remarkOf = ({torn, moved}: ArenaBooks): string => (torn === undefined ? (moved ? 'moved' : '') : 'torn');

const CLASS_COLUMNS: readonly Column[] = [
  {title: 'free chunks of', align: 'right'},
  {title: 'chunks', align: 'right'},
  {title: 'size', align: 'right'},
  {title: ''},
];

/** Signs of the longest bar. */
const BAR = 30;

function renderClasses({books}: Heap, width: number | undefined): string[] {
  const classes = books!.classes;
  const most = Math.max(...classes.map(({bytes}) => bytes));
  const rows = classes.map(({from, chunks, bytes}): Cell[] => [
    {text: `${sizeText(from)}+`},
    {text: countText(chunks)},
    {text: sizeText(bytes)},
    {text: '█'.repeat(Math.round((bytes / most) * BAR)), role: 'heap'},
  ]);
  return renderRows(CLASS_COLUMNS, rows, width);
}

const SHOWN_RUNS = 5;

function renderRuns({books}: Heap, width: number | undefined): string[] {
  const columns: Column[] = [{title: 'range'}, {title: 'size', align: 'right'}];
  const rows = books!.runs
    .slice(0, SHOWN_RUNS)
    .map((run): Cell[] => [{text: rangeText(run)}, {text: sizeText(run.end - run.start)}]);
  return renderRows(columns, rows, width);
}
