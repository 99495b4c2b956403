import {bordersOf, type Borders, type Cause} from '../model/borders.ts';
import {isInUserSpace} from '../model/holes.ts';
import {address} from '../model/region.ts';
import {counted, countText} from '../model/size.ts';
import {totalsByFile, totalsByKind, type Totals} from '../model/totals.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {safe} from './safe.ts';
import type {Look} from './snapshot.ts';
import {renderTable, type Cell, type Column} from './table.ts';
import {wrapped} from './wrap.ts';

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
  dc: 'MADV_DONTFORK', wf: 'MADV_WIPEONFORK', dd: 'MADV_DONTDUMP', hg: 'MADV_HUGEPAGE', nh: 'MADV_NOHUGEPAGE',
  mg: 'MADV_MERGEABLE', sr: 'MADV_SEQUENTIAL', rr: 'MADV_RANDOM', lo: 'mlock', lf: 'MLOCK_ONFAULT', nr: 'MAP_NORESERVE',
  ac: 'counted for overcommit', gd: 'grows down', sl: 'mseal', um: 'userfaultfd', uw: 'userfaultfd', ht: 'hugetlb',
  mr: 'may be made readable', mw: 'may be made writable', me: 'may be made executable',
}; // prettier-ignore

/** What uses the regions up that a process may have, and what keeps neighbours from being one. */
export function renderBorders({regions, clues}: Snapshot, look: Look = {}): string[] {
  const own = regions.filter(isInUserSpace);
  const borders = bordersOf(regions);
  const touching = borders.reduce((sum, {count}) => sum + count, 0);
  const limit = clues.maxMapCount === undefined ? '' : ` of ${countText(clues.maxMapCount)} allowed (vm.max_map_count)`;
  const isMany = clues.maxMapCount !== undefined && own.length > clues.maxMapCount / 2;
  const sentences = [
    `${counted(own.length, 'region')}${limit}: ${mostOf(totalsByKind(own))}.`,
    ...(isMany ? [`By file: ${mostOf(totalsByFile(own))}.`] : []),
    ...(touching === 0 ? [] : [`${counted(touching, 'region')} ${touching === 1 ? 'touches' : 'touch'} the one before. The kernel joins neighbours that are alike; these are kept apart by:`]), // prettier-ignore
  ];
  return [
    ...sentences.flatMap((sentence) => wrapped(sentence, look.width)),
    ...(touching === 0 ? [] : renderCauses(borders, look)),
  ];
}

const MOST = 12;

const COLUMNS: readonly Column[] = [
  {title: 'borders', align: 'right'},
  {title: 'what differs', gives: true},
  {title: 'one is at'},
];

/** Where the terminal has no room for it, the example is left out. */
const NARROW = 60;

function renderCauses(borders: readonly Borders[], {width = Infinity}: Look): string[] {
  const columns = COLUMNS.slice(0, width < NARROW ? 2 : 3);
  const rows = borders.slice(0, MOST).map((each) => bordersCells(each).slice(0, columns.length));
  const rest = borders.slice(MOST).reduce((sum, {count}) => sum + count, 0);
  return [...renderTable(columns, rows, width), ...(rest > 0 ? [`… and ${counted(rest, 'border')} with other differences`] : [])]; // prettier-ignore
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

/** The groups with most regions. */
function mostOf(groups: ReadonlyMap<string, Totals>): string {
  const sorted = [...groups].sort(([, a], [, b]) => b.regions - a.regions);
  const rest = sorted.slice(4).reduce((sum, [, {regions}]) => sum + regions, 0);
  const most = sorted.slice(0, 4).map(([name, {regions}]) => `${safe(name)} ${countText(regions)}`);
  return [...most, ...(rest > 0 ? [`others ${countText(rest)}`] : [])].join(', ');
}
