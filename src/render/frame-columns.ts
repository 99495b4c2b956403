import {address, rangeText} from '../model/region.ts';
import {deltaText, sizeText} from '../model/size.ts';
import {signOf} from './change.ts';
import {rssGrowth, sizeGrowth, type Row} from './frame-rows.ts';
import {cells, safe} from './safe.ts';
import {KIND_ROLES} from './columns.ts';
import type {Role} from './theme.ts';

export interface Column {
  readonly name: Name;
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly text: (row: Row) => string;
  readonly roleOf?: ((row: Row) => Role | undefined) | undefined;
}

export type Name = keyof typeof COLUMNS;

/** `least`: as wide as it is with usual contents, so that columns stand still while rows come and go. */
const COLUMNS = {
  sign: {title: '', least: 1, align: 'left', text: ({change}: Row) => (change ? signOf(change) : '')},
  range: {title: 'range', least: 25, align: 'left', text: ({region}: Row) => rangeText(region)},
  address: {title: 'address', least: 12, align: 'left', text: ({region}: Row) => address(region.start)},
  size: {title: 'size', least: 9, align: 'right', text: (row: Row) => sizeText(row.size)},
  sizeGrowth: {title: 'Δ size', least: 10, align: 'right', text: (row: Row) => growthText(sizeGrowth(row))},
  resident: {
    title: 'resident',
    least: 9,
    align: 'right',
    // Not known is not 0: smaps was not read since the region came.
    text: ({rss}: Row) => (rss === undefined ? '?' : sizeText(rss)),
    roleOf: ({rss}: Row): Role | undefined => (rss ? undefined : 'quiet'),
  },
  rssGrowth: {
    title: 'Δ resident',
    least: 10,
    align: 'right',
    text: (row: Row) => growthText(rssGrowth(row) ?? 0),
    roleOf: (row: Row): Role | undefined => ((rssGrowth(row) ?? 0) > 0 ? 'come' : 'go'),
  },
  perms: {
    title: 'perms',
    least: 5,
    align: 'left',
    text: ({region}: Row) => safe(region.perms),
    roleOf: ({region}: Row): Role | undefined => (region.perms.includes('wx') ? 'bad' : undefined),
  },
  kind: {
    title: 'kind',
    least: 8,
    align: 'left',
    text: ({region}: Row) => region.kind,
    roleOf: ({region}: Row): Role | undefined => KIND_ROLES[region.kind],
  },
  name: {
    title: 'name',
    least: 0,
    align: 'left',
    text: nameText,
    roleOf: ({region}: Row): Role | undefined => KIND_ROLES[region.kind],
  },
  /** Where there is no room for the kind, it stands for a name that isn't there. */
  nameOrKind: {
    title: 'name',
    least: 0,
    align: 'left',
    text: (row: Row) => nameText(row) || `(${row.region.kind})`,
    roleOf: ({region}: Row): Role | undefined => KIND_ROLES[region.kind],
  },
} as const;

const growthText = (bytes: number): string => (bytes === 0 ? '' : deltaText(bytes));

/** The kernel's name, and what the region is where that doesn't say it. */
function nameText({region}: Row): string {
  const {name, label = '', confidence} = region;
  const said = label !== '' && confidence === 'guess' ? `${label}?` : label;
  return safe([name, said].filter(Boolean).join('  '));
}

/** From all to the fewest; the first set that leaves room for the name is taken. */
const SETS: ReadonlyArray<readonly Name[]> = [
  ['sign', 'range', 'size', 'sizeGrowth', 'resident', 'rssGrowth', 'perms', 'kind', 'name'],
  ['sign', 'range', 'size', 'resident', 'rssGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'resident', 'rssGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'resident', 'rssGrowth', 'kind', 'name'],
  ['sign', 'address', 'size', 'resident', 'kind', 'name'],
  ['sign', 'address', 'size', 'resident', 'nameOrKind'],
  ['sign', 'size', 'resident', 'nameOrKind'],
  ['sign', 'size', 'nameOrKind'],
];

/** Without smaps: how the regions themselves grew is all that is known. */
const UNMEASURED_SETS: ReadonlyArray<readonly Name[]> = [
  ['sign', 'range', 'size', 'sizeGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'sizeGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'sizeGrowth', 'kind', 'name'],
  ['sign', 'address', 'size', 'kind', 'name'],
  ['sign', 'size', 'nameOrKind'],
];

/** Columns that a name should have at least, or others give way to it. */
const NAME_WIDTH = 14;
const GAP = 2;

/**
 * The columns that fit, with their widths; the last one takes what is left.
 *
 * @param isMeasured smaps was read at least once
 */
export function columnsFor(rows: readonly Row[], width: number, isMeasured: boolean): readonly Column[] {
  const widths = new Map<Name, number>();
  const widthOf = (name: Name): number => {
    const known = widths.get(name);
    if (known !== undefined) return known;
    const {least, text} = COLUMNS[name];
    const widest = rows.reduce<number>((most, row) => Math.max(most, cells(text(row))), least);
    widths.set(name, widest);
    return widest;
  };
  const taken = (set: readonly Name[]): number => set.slice(0, -1).reduce((sum, name) => sum + widthOf(name) + GAP, 0);
  const sets = isMeasured ? SETS : UNMEASURED_SETS;
  const set = sets.find((names) => taken(names) + NAME_WIDTH <= width) ?? sets.at(-1)!;
  const last = Math.max(0, width - taken(set));
  return set.map((name, index) => ({
    ...COLUMNS[name],
    name,
    width: index === set.length - 1 ? last : widthOf(name),
  }));
}
