import {pageSizeOf} from '../../model/clues/clues.ts';
import {holesOf} from '../../model/pages/holes.ts';
import {address, rangeText, sizeOf, type Region} from '../../model/region.ts';
import type {Headroom, Limit} from './limits.ts';
import {roomOf, type Room} from './room.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {firstWhere} from '../../model/search.ts';
import {counted, countText, sizeText} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/process/who.ts';
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
  const {mapping, brk, stack, regions, touching} = room;
  const parts = [
    ...[{what: 'mmap', of: mapping}, brk && {what: 'brk', of: brk}, stack && {what: 'stack', of: stack}].map(
      (part) => part && part.of.left != null && `${part.what} ${leftText(part.of, sizeText)}`,
    ),
    regions.left != null && counted(regions.left, 'region'),
    touching.left != null && `${leftText(touching, sizeText)} to touch (cgroup)`,
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
  const most = regions.binding?.value;
  const rows = [
    {what: 'mmap', of: mapping},
    {what: 'brk', of: brk},
    {what: 'stack', of: stack},
    {what: 'mlock', of: locked},
  ];
  const tight = new Map<string, {readonly limit: Limit; readonly whats: string[]}>();
  for (const {what, of} of rows) {
    const limit = of?.binding;
    if (!limit || !isTight(limit)) continue;
    const key = `${limit.name} ${limit.left}`;
    tight.set(key, {limit, whats: [...(tight.get(key)?.whats ?? []), what]});
  }
  return [
    most &&
      regions.used! > most / 2 &&
      `Regions: ${countText(regions.used!)} of ${countText(most)} allowed (vm.max_map_count). When ` +
        `they are used up, mmap, mprotect and munmap fail with ENOMEM, and new threads cannot start. --room says ` +
        `what uses them up.`,
    ...[...tight.values()].map(
      ({limit: {name, left, value}, whats}) =>
        `${whats.join(', ')}: ${sizeText(left!)} left of ${sizeText(value!)} (${TIGHT[name]}).`,
    ),
    mapping.binding?.name === 'addresses' &&
      mapping.left! < LITTLE &&
      `mmap: the largest hole between regions is ${sizeText(mapping.left!)}.`,
    brk?.binding?.name === 'addresses' &&
      brk.left! < LITTLE &&
      `brk: ${sizeText(brk.left!)} left until ` +
        `${brk.next ? `the region ${regionText(brk.next)}` : 'the end of user space'}; ` +
        `malloc then continues with mmap.`,
  ].filter((sentence): sentence is string => typeof sentence === 'string');
}

const isTight = ({name, value, used = 0, left}: Limit): boolean =>
  TIGHT[name] !== undefined && value != null && left != null && left < value / 10 && used > 0;

/** Limits that are worth a warning, and where they are set. */
const TIGHT: Readonly<Partial<Record<Limit['name'], string>>> = {
  RLIMIT_AS: 'RLIMIT_AS, ulimit -v',
  RLIMIT_DATA: 'RLIMIT_DATA, ulimit -d',
  RLIMIT_STACK: 'RLIMIT_STACK, ulimit -s',
  RLIMIT_MEMLOCK: 'RLIMIT_MEMLOCK, ulimit -l',
  'vm.overcommit_memory': 'CommitLimit, vm.overcommit_memory = 2',
};

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

function renderHeadrooms(room: Room, look: TextOptions): string[] {
  const {mapping, reserving, brk, stack, regions, locked, touching} = room;
  const {largest} = mapping;
  const hole = largest ? `the largest hole, at ${address(largest.start)}` : 'there is no hole';
  const rows: Row[] = [
    {what: 'mmap', of: mapping, addresses: hole},
    {what: 'mmap PROT_NONE', of: reserving, addresses: hole},
    brk && {
      what: 'brk',
      of: brk,
      addresses: brk.next ? `the next region, ${regionText(brk.next)}` : 'the end of user space',
    },
    stack && {
      what: 'stack',
      of: stack,
      addresses: stack.below ? `the region below, ${regionText(stack.below)}` : 'address 0',
    },
    locked && {what: 'mlock', of: locked},
    touching.left !== null && {what: 'touch', of: touching},
    {what: 'regions', of: regions, text: countText},
  ].filter((row) => row !== undefined && row !== false);
  return [
    ...renderTable(HEADROOM_COLUMNS, rows.map(cells), look.width),
    ...[...cgroupText(touching), ...unknownOnes(rows)].flatMap((sentence) => wrapped(sentence, look.width)),
  ];
}

/** One line of the table. */
interface Row {
  readonly what: string;
  readonly of: Headroom;
  /** What bounds the addresses. */
  readonly addresses?: string;
  readonly text?: (value: number) => string;
}

const HEADROOM_COLUMNS: readonly Column[] = [
  {title: 'room for'},
  {title: 'used', align: 'right'},
  {title: 'left', align: 'right'},
  {title: 'what ends it first', gives: 'cut', least: 60},
];

const cells = ({what, of, addresses = '', text = sizeText}: Row): Cell[] => [
  {text: what},
  {text: of.used === undefined ? '' : text(of.used)},
  {text: leftText(of, text, IN_SIGNS)},
  {text: of.binding ? limitText(of.binding, addresses) : of.left === null ? unboundText(of) : ''},
];

const IN_WORDS = {exact: '', about: 'about ', atMost: 'at most '};
const IN_SIGNS = {exact: '', about: '≈ ', atMost: '≤ '};

function leftText({left, precision}: Headroom, text: (value: number) => string, how = IN_WORDS): string {
  if (left == null) return left === null ? 'no limit' : '?';
  return `${how[precision]}${text(left)}`;
}

/** The limit that binds, with its value. */
function limitText({name, value, counter, mode, file}: Limit, addresses: string): string {
  if (name === 'addresses') return addresses;
  const size = value == null ? '' : sizeText(value);
  if (name === 'vm.max_map_count') return `${name} = ${countText(value!)}, and one more`;
  if (name === 'vm.overcommit_memory')
    return mode === 0 ? 'RAM and swap, in one call (overcommit 0)' : `CommitLimit = ${size} (overcommit 2)`;
  if (name === 'cgroup') return `${file} = ${size} (cgroup)`;
  return `${name} = ${size}${counter ? ` (${counter})` : ''}`;
}

/** Whose limit it is, and what it doesn't bound. */
const cgroupText = ({binding}: Headroom): string[] =>
  binding
    ? [
        `The cgroup ${safe(binding.path!)} bounds what can be touched, not what can be mapped; page cache counts, ` +
          `and is reclaimed first.`,
      ]
    : [];

/** Why there is no limit. */
const unboundText = ({limits}: Headroom): string =>
  limits.some(({name, value}) => name === 'RLIMIT_MEMLOCK' && value !== null)
    ? 'CAP_IPC_LOCK lifts RLIMIT_MEMLOCK'
    : '';

/** Limits that the source doesn't tell, and whom they may concern. */
function unknownOnes(rows: readonly Row[]): string[] {
  const whom = new Map<string, string[]>();
  for (const {what, of} of rows) for (const name of of.unknown) whom.set(name, [...(whom.get(name) ?? []), what]);
  const list = [...whom].map(([name, whats]) => `${name} (${whats.join(', ')})`);
  return list.length === 0 ? [] : [`Not known here, and may bind first: ${list.join('; ')}.`];
}

/** The last part of a path says enough here. */
const regionText = (region: Region): string =>
  `at ${address(region.start)} (${safe((region.name || region.label || region.kind).replace(/^.*\/(?=[^/]+$)/, ''))})`;

/** At most this many holes, unless all are asked for. */
const FEW_HOLES = 5;

function renderHoles(snapshot: Snapshot, {mapping}: Room, look: RoomLook): string[] {
  const {table} = snapshot;
  const holes = holesOf(table, pageSizeOf(snapshot), snapshot.clues.machine);
  const largest = holes.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, look.rows ?? Infinity);
  const small = holes.filter((hole) => sizeOf(hole) < 2 ** 20).length;
  const rows = largest.map((hole): Cell[] => {
    const before = endingAt(table, hole.start);
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

/** The region that ends at an address. */
function endingAt(table: Regions, address: number): Region | undefined {
  const row = firstWhere((each) => table.end[each]! >= address, table.length);
  return row < table.length && table.end[row] === address ? table.at(row) : undefined;
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
          `${counted(arenas.length, 'heap')} of glibc malloc's arenas beside [heap]: ` +
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
