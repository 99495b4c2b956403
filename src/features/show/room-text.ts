import {pageSizeOf} from '../../model/clues.ts';
import {holesOf} from '../../model/holes.ts';
import {address, rangeText, sizeOf, type Region} from '../../model/region.ts';
import {roomOf, type Headroom, type Room} from './room.ts';
import {counted, countText, sizeText} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/who.ts';
import {renderRows, renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import {wrapped} from '../../text/lines.ts';

interface RoomLook extends TextOptions {
  /** Holes at most; undefined: all. */
  readonly rows?: number | undefined;
}

/** How much room there is, in one line; and a line for each thing that is nearly used up. */
export function renderRoomLine(snapshot: Snapshot, look: TextOptions = {}): string[] {
  const room = roomOf(snapshot);
  const {mapping, brk, stack, regions} = room;
  const parts = [
    mapping.left !== undefined && `mmap ${sizeText(mapping.left)}`,
    brk?.left !== undefined && `brk ${sizeText(brk.left)}`,
    stack?.left !== undefined && stack.limit !== undefined && `stack ${sizeText(stack.left)}`,
    regions.left !== undefined && counted(regions.left, 'region'),
  ].filter(Boolean);
  return [
    ...wrapped(`Room for: ${parts.join(', ')} (see --room).`, look.width),
    ...tightOnes(room).flatMap((sentence) =>
      wrapped(`! ${sentence}`, look.width, '  ').map((line) => paint('bad', line)),
    ),
  ];
}

/** Less than 16 MiB of addresses is little on a 64-bit machine. */
const LITTLE = 16 * 2 ** 20;

/** What is nearly used up, a sentence each. */
function tightOnes({mapping, brk, stack, regions, locked}: Room): string[] {
  const isTight = ({used, limit, left, endsAt}: Headroom): boolean =>
    endsAt === 'limit' && left! < limit! / 10 && used > 0;
  return [
    regions.limit &&
      regions.used > regions.limit / 2 &&
      `Regions: ${countText(regions.used)} of ${countText(regions.limit)} allowed (vm.max_map_count). When ` +
        `they are used up, mmap, mprotect and munmap fail with ENOMEM, and new threads cannot start. --room says ` +
        `what uses them up.`,
    isTight(mapping) && `mmap: ${sizeText(mapping.left!)} left of ${sizeText(mapping.limit!)} (RLIMIT_AS, ulimit -v).`,
    mapping.endsAt === 'addresses' &&
      mapping.left! < LITTLE &&
      `mmap: the largest hole between regions is ${sizeText(mapping.left!)}.`,
    brk &&
      isTight(brk) &&
      `brk: ${sizeText(brk.left!)} left of ${sizeText(brk.limit!)} for data (RLIMIT_DATA, ulimit -d).`,
    brk &&
      brk.endsAt === 'addresses' &&
      brk.left! < LITTLE &&
      `brk: ${sizeText(brk.left!)} left until ` +
        `${brk.next ? `the region ${regionText(brk.next)}` : 'the end of user space'}; malloc then continues with mmap.`,
    stack &&
      isTight(stack) &&
      `stack: ${sizeText(stack.left!)} left of ${sizeText(stack.limit!)} (RLIMIT_STACK, ulimit -s).`,
    locked &&
      isTight(locked) &&
      `mlock: ${sizeText(locked.left!)} left of ${sizeText(locked.limit!)} (RLIMIT_MEMLOCK, ulimit -l).`,
  ].filter((sentence): sentence is string => typeof sentence === 'string');
}

/** Why mmap, brk or a deeper stack would fail: what is used, what is allowed, what is left, and what ends it. */
export function renderRoom(snapshot: Snapshot, look: RoomLook = {}): string[] {
  const room = roomOf(snapshot);
  return [
    ...renderHeadrooms(room, look),
    '',
    ...renderHoles(snapshot, room, look),
    ...renderArenas(room).flatMap((sentence) => ['', ...wrapped(sentence, look.width)]),
  ];
}

function renderHeadrooms({mapping, brk, stack, regions, locked}: Room, look: TextOptions): string[] {
  const {largest} = mapping;
  const hole = largest ? `the largest hole, at ${address(largest.start)}` : 'there is no hole';
  const rows = [
    cells('mmap', mapping, sizeText, ending(mapping, 'RLIMIT_AS', hole)),
    brk &&
      cells(
        'brk',
        brk,
        sizeText,
        ending(
          brk,
          'RLIMIT_DATA, on VmData',
          brk.next ? `the next region, ${regionText(brk.next)}` : 'the end of user space',
        ),
      ),
    stack &&
      cells(
        'stack',
        stack,
        sizeText,
        ending(stack, 'RLIMIT_STACK', stack.below ? `the region below, ${regionText(stack.below)}` : 'address 0'),
      ),
    cells('regions', regions, countText, ending(regions, 'vm.max_map_count', '')),
    locked && cells('mlock', locked, sizeText, ending(locked, 'RLIMIT_MEMLOCK', '')),
  ];
  return renderTable(
    HEADROOM_COLUMNS,
    rows.filter((row) => row !== undefined),
    look.width,
  );
}

const HEADROOM_COLUMNS: readonly Column[] = [
  {title: 'room for'},
  {title: 'used', align: 'right'},
  {title: 'limit', align: 'right'},
  {title: 'left', align: 'right'},
  {title: 'what ends it', gives: 'cut', least: 60},
];

const ending = ({endsAt}: Headroom, limit: string, addresses: string): string =>
  endsAt === 'limit' ? limit : endsAt === 'addresses' ? addresses : '';

const cells = (what: string, {used, limit, left}: Headroom, text: (value: number) => string, ends: string): Cell[] => [
  {text: what},
  {text: text(used)},
  {text: limit === undefined ? '?' : limit === null ? 'none' : text(limit)},
  {text: left === undefined ? '?' : text(left)},
  {text: ends},
];

/** The last part of a path says enough here. */
const regionText = (region: Region): string =>
  `at ${address(region.start)} (${safe((region.name || region.label || region.kind).replace(/^.*\/(?=[^/]+$)/, ''))})`;

/** At most this many holes, unless all are asked for. */
const FEW_HOLES = 5;

function renderHoles(snapshot: Snapshot, {mapping}: Room, look: RoomLook): string[] {
  const {regions} = snapshot;
  const holes = holesOf(regions, pageSizeOf(snapshot));
  const largest = holes.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, look.rows ?? Infinity);
  const byStart = new Map(regions.map((region) => [region.end, region]));
  const small = holes.filter((hole) => sizeOf(hole) < 2 ** 20).length;
  const rows = largest.map((hole): Cell[] => {
    const before = byStart.get(hole.start);
    return [
      {text: rangeText(hole)},
      {text: sizeText(sizeOf(hole))},
      {text: before ? safe(before.name || before.label || before.kind) : ''},
    ];
  });
  return [
    ...wrapped(
      `${counted(holes.length, 'hole')} of ${sizeText(mapping.free)} in total, ${countText(small)} ` +
        `of them below 1 MiB.`,
      look.width,
    ),
    ...renderRows(
      [
        {title: largest.length < holes.length ? 'largest holes' : 'hole'},
        {title: 'size', align: 'right'},
        {title: 'after', gives: 'cut', least: 50},
      ],
      rows,
      look.width,
    ),
  ];
}

export const fewHoles = (isAll: boolean): number | undefined => (isAll ? undefined : FEW_HOLES);

/** How much of what was asked for is really memory. */
function renderArenas({arenas, writable}: Room): string[] {
  const sum = (amount: (arena: Room['arenas'][number]) => number): number =>
    arenas.reduce((total, each) => total + amount(each), 0);
  const inMemory = arenas.some(({resident}) => resident !== undefined)
    ? `, ${sizeText(sum(({resident}) => resident ?? 0))} resident`
    : '';
  return [
    ...(arenas.length === 0
      ? []
      : [
          `${counted(arenas.length, 'arena')} of glibc malloc beside [heap]: ` +
            `${sizeText(sum(({committed, reserved}) => committed + reserved))} of address space, ` +
            `${sizeText(sum(({committed}) => committed))} made accessible${inMemory}.`,
        ]),
    ...(writable.rss === undefined || writable.size === 0
      ? []
      : [
          `Private writable memory without a file: ${sizeText(writable.size)}, of which ` +
            `${sizeText(writable.rss)} (${percent(writable.rss, writable.size)}) is resident.`,
        ]),
  ];
}

const percent = (part: number, whole: number): string => `${Math.round((part / whole) * 100)} %`;
