import {isInUserSpace} from '../../model/holes.ts';
import {address, hasNoAccess, isFileBacked, type Region, sizeOf} from '../../model/region.ts';
import {isSameBacking} from '../../model/same.ts';
import {counted, countText} from '../../model/amounts.ts';
import {totalsByFile, totalsByKind, type Totals} from '../../model/totals.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/who.ts';
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
export function bordersOf(regions: readonly Region[]): Borders[] {
  const groups = new Map<string, {cause: Cause; detail: string; count: number; first: [Region, Region]}>();
  const pairs = new Pairs();
  for (let index = 1; index < regions.length; index++) {
    const [before, after] = [regions[index - 1]!, regions[index]!];
    if (before.end !== after.start || !isInUserSpace(after)) continue;
    const [cause, detail] = causeOf(before, after, pairs);
    const key = `${cause} ${detail}`;
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, {cause, detail, count: 1, first: [before, after]});
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || a.first[0].start - b.first[0].start);
}

/**
 * The permissions on the two sides of a border, in either order, as one text. Made once: 60,000 borders share a few.
 */
class Pairs {
  readonly #known = new Map<string, Map<string, string>>();

  of(a: string, b: string): string {
    let others = this.#known.get(a);
    if (!others) this.#known.set(a, (others = new Map()));
    let text = others.get(b);
    if (text === undefined) others.set(b, (text = [a, b].sort().join(' | ')));
    return text;
  }
}

function causeOf(before: Region, after: Region, pairs: Pairs): [Cause, string] {
  const [a, b] = [isFileBacked(before), isFileBacked(after)];
  if (a !== b || (a && !isOneFile(before, after))) return ['backing', ''];
  if (a && !followsInFile(before, after)) return ['offset', ''];
  if (before.perms !== after.perms) {
    const isGuard = hasNoAccess(before) || hasNoAccess(after);
    return [isGuard ? 'guard' : 'perms', pairs.of(before.perms, after.perms)];
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
export function renderBorders({regions, clues}: Snapshot, look: TextOptions = {}): string[] {
  const own = regions.filter(isInUserSpace);
  const borders = bordersOf(regions);
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
