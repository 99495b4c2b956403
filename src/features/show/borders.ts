import {allRows} from '../../model/columns/combinations.ts';
import {address, hasNoAccess, isFileBacked, type Region, sizeOf} from '../../model/region.ts';
import {ABSENT} from '../../model/columns/columns.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {isSameBacking} from '../../model/same.ts';
import {counted, countText} from '../../model/amounts.ts';
import {totalsByFile, totalsByKind, type Totals} from '../../model/totals.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import {wrapped} from '../../text/lines.ts';

/**
 * Why two regions that touch are two and not one. The kernel merges neighbours that are alike (mm/vma.c,
 * is_mergeable_vma), so each border has a cause:
 *
 * backing    another file, or a file next to memory without one
 * offset     one file, but not the bytes that follow
 * guard      one of the two has no access: a guard page, or addresses kept free
 * perms      other permissions
 * name       another name (prctl PR_SET_VMA_ANON_NAME), or one that has none
 * flags      other VmFlags: what madvise, mlock and the like set
 * unseen     nothing that smaps shows: each had pages of its own before they met (anon_vma), or another NUMA policy
 * unknown    the source has no VmFlags, and nothing else differs
 */
type Cause = 'backing' | 'offset' | 'guard' | 'perms' | 'name' | 'flags' | 'unseen' | 'unknown';

/** Borders of one cause, and of one detail: the flags or permissions that differ. */
interface Borders {
  readonly cause: Cause;
  /** `dc`: the VmFlags that one has and the other lacks; `r--p | rw-p`; '' where there is no more to say. */
  readonly detail: string;
  readonly count: number;
  /** One of them. */
  readonly first: readonly [Region, Region];
}

/** All borders between regions that touch, the most frequent first. */
export function bordersOf(regions: Regions): Borders[] {
  const {start, end, length} = regions;
  const groups = new Map<string, Counted>();
  /** 60,000 borders share a few causes. */
  const known = new Map<number, Counted>();
  let [lastCode, last]: [number, Counted | undefined] = [-1, undefined];
  for (let row = 1; row < length; row++) {
    if (end[row - 1] !== start[row] || regions.kindAt(row) === 'vsyscall') continue;
    const code = codeOf(regions, row);
    if (code !== lastCode) {
      last = known.get(code);
      if (!last) known.set(code, (last = groupOf(groups, regions, row)));
      lastCode = code;
    }
    last!.count++;
  }
  return [...groups.values()]
    .sort((a, b) => b.count - a.count || start[a.row - 1]! - start[b.row - 1]!)
    .map(({cause, detail, count, row}) => ({cause, detail, count, first: [regions.at(row - 1), regions.at(row)]}));
}

interface Counted {
  readonly cause: Cause;
  readonly detail: string;
  count: number;
  /** The one above the first of these borders. */
  readonly row: number;
}

function groupOf(groups: Map<string, Counted>, regions: Regions, row: number): Counted {
  const [cause, detail] = causeOf(regions.at(row - 1), regions.at(row));
  const key = `${cause} ${detail}`;
  let group = groups.get(key);
  if (!group) groups.set(key, (group = {cause, detail, count: 0, row}));
  return group;
}

/** A number that is the same for borders of one cause, from what decides about it. */
function codeOf(regions: Regions, row: number): number {
  const {offset, perms, backing, flags, end, start} = regions;
  const [a, b] = [regions.backingAt(row - 1), regions.backingAt(row)];
  const isOne = backing[row - 1] === backing[row] || (isSameBacking(a, b) && a.name === b.name);
  if (a.isFile !== b.isFile || (a.isFile && !isOne)) return CODES.backing;
  const next = offset[row - 1]! + end[row - 1]! - start[row - 1]!;
  const knowsOffsets = offset[row - 1] !== ABSENT && offset[row] !== ABSENT;
  if (a.isFile && knowsOffsets && next !== offset[row]) return CODES.offset;
  if (perms[row - 1] !== perms[row]) return pairCode(CODES.perms, perms[row - 1]!, perms[row]!);
  return a.name === b.name ? pairCode(CODES.flags, flags[row - 1]!, flags[row]!) : CODES.name;
}

const CODES = {backing: 0, offset: 1, perms: 2, name: 3, flags: 4};

/** In either order. */
const pairCode = (code: number, a: number, b: number): number => (Math.min(a, b) * 2 ** 24 + Math.max(a, b)) * 8 + code;

function causeOf(before: Region, after: Region): [Cause, string] {
  const [a, b] = [isFileBacked(before), isFileBacked(after)];
  if (a !== b || (a && !isOneFile(before, after))) return ['backing', ''];
  if (a && !followsInFile(before, after)) return ['offset', ''];
  if (before.perms !== after.perms) {
    const isGuard = hasNoAccess(before) || hasNoAccess(after);
    return [isGuard ? 'guard' : 'perms', [before.perms, after.perms].sort().join(' | ')];
  }
  if (before.name !== after.name) return ['name', ''];
  if (!before.flags || !after.flags) return ['unknown', ''];
  const differing = differingFlags(before.flags, after.flags);
  return differing.length > 0 ? ['flags', differing.join(' ')] : ['unseen', ''];
}

const isOneFile = (a: Region, b: Region): boolean => isSameBacking(a, b) && a.name === b.name;

const followsInFile = (before: Region, after: Region): boolean =>
  before.offset === undefined || after.offset === undefined || before.offset + sizeOf(before) === after.offset;

/** The kernel merges in spite of these: VM_SOFTDIRTY, and VM_MAYBE_GUARD, which the merged region inherits. */
const IGNORED = new Set(['sd', 'gu']);

function differingFlags(a: readonly string[], b: readonly string[]): string[] {
  if (a === b) return [];
  const both = new Set([...a, ...b]);
  return [...both].filter((flag) => !IGNORED.has(flag) && a.includes(flag) !== b.includes(flag)).sort();
}

const CAUSES: Readonly<Record<Cause, string>> = {
  backing: 'another file, or none',
  offset: 'another place in the file',
  guard: 'one without access',
  perms: 'permissions',
  name: 'name',
  flags: 'VmFlags',
  unseen: 'nothing in smaps',
  unknown: 'unknown without smaps',
};

/** What sets a flag of VmFlags that keeps neighbours apart: madvise(2), mlock(2), mmap(2). */
const SETTERS: Readonly<Record<string, string>> = {
  dc: 'MADV_DONTFORK',
  wf: 'MADV_WIPEONFORK',
  dd: 'MADV_DONTDUMP',
  hg: 'MADV_HUGEPAGE',
  nh: 'MADV_NOHUGEPAGE',
  mg: 'MADV_MERGEABLE',
  sr: 'MADV_SEQUENTIAL',
  rr: 'MADV_RANDOM',
  lo: 'mlock',
  lf: 'MLOCK_ONFAULT',
  nr: 'MAP_NORESERVE',
  ac: 'counted for overcommit',
  gd: 'grows down',
  sl: 'mseal',
  um: 'userfaultfd',
  uw: 'userfaultfd',
  ht: 'hugetlb',
  mr: 'may be made readable',
  mw: 'may be made writable',
  me: 'may be made executable',
};

/** What uses up the regions that a process may have, and what keeps neighbours from being merged. */
export function renderBorders({table, clues}: Snapshot, look: TextOptions = {}): string[] {
  const own = table.pick(allRows(table).filter((row) => table.kindAt(row) !== 'vsyscall'));
  const borders = bordersOf(table);
  const touching = borders.reduce((sum, {count}) => sum + count, 0);
  const limit = clues.maxMapCount === undefined ? '' : ` of ${countText(clues.maxMapCount)} allowed (vm.max_map_count)`;
  const isMany = clues.maxMapCount !== undefined && own.length > clues.maxMapCount / 2;
  const sentences = [
    `${counted(own.length, 'region')}${limit}: ${mostOf(totalsByKind(own))}.`,
    ...(isMany ? [`By file: ${mostOf(totalsByFile(own))}.`] : []),
    ...(touching === 0
      ? []
      : [
          `${counted(touching, 'region')} ${touching === 1 ? 'touches' : 'touch'} the one before. The ` +
            `kernel merges neighbours that are alike; these are kept apart by:`,
        ]),
  ];
  return [
    ...sentences.flatMap((sentence) => wrapped(sentence, look.width)),
    ...(touching === 0 ? [] : renderCauses(borders, look)),
  ];
}

const MOST = 12;

const COLUMNS: readonly Column[] = [
  {title: 'borders', align: 'right'},
  {title: 'what differs', gives: 'cut'},
  {title: 'one is at', least: 60},
];

function renderCauses(borders: readonly Borders[], {width}: TextOptions): string[] {
  const rows = borders.slice(0, MOST).map(bordersCells);
  const rest = borders.slice(MOST).reduce((sum, {count}) => sum + count, 0);
  return [
    ...renderTable(COLUMNS, rows, width),
    ...(rest > 0 ? [`… and ${counted(rest, 'border')} with other differences`] : []),
  ];
}

function bordersCells({cause, detail, count, first: [, after]}: Borders): Cell[] {
  const which = cause === 'flags' ? flagsText(detail) : safe(detail);
  return [
    {text: countText(count)},
    {text: which === '' ? CAUSES[cause] : `${CAUSES[cause]}: ${which}`},
    {text: address(after.start), role: 'quiet'},
  ];
}

const flagsText = (detail: string): string =>
  detail
    .split(' ')
    .map((flag) => (SETTERS[flag] ? `${safe(flag)} (${SETTERS[flag]})` : safe(flag)))
    .join(', ');

/** The groups with the most regions. */
function mostOf(groups: ReadonlyMap<string, Totals>): string {
  const sorted = [...groups].sort(([, a], [, b]) => b.regions - a.regions);
  const rest = sorted.slice(4).reduce((sum, [, {regions}]) => sum + regions, 0);
  const most = sorted.slice(0, 4).map(([name, {regions}]) => `${safe(name)} ${countText(regions)}`);
  return [...most, ...(rest > 0 ? [`others ${countText(rest)}`] : [])].join(', ');
}
