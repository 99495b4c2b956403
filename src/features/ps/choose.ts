import {
  type Amounts,
  NAME_KEYS,
  type NameKey,
  type ProcessRow,
  ROW_KEYS,
  type RowKey,
  weightOf,
} from '../../model/host/processes.ts';
import {filterOf} from '../../text/filter.ts';
import {measureAmong, nearestName, unknownName} from '../../text/measures.ts';

/** Only of processes whose descriptors were looked at. */
export const HELD_KEYS = ['held', 'gpu'] as const;

export type HeldKey = (typeof HELD_KEYS)[number];

export type SortKey = RowKey | HeldKey | NameKey;

export const SORT_KEYS: readonly SortKey[] = [...ROW_KEYS, ...HELD_KEYS, ...NAME_KEYS];

/** Does an order need what descriptors hold? */
export const isOfHeld = (key: string | undefined): boolean => HELD_KEYS.some((each) => each === key);

/** The order that a text names: a measure in any spelling, `pid`, `name` or `user`. @throws Trouble `usage` */
export const sortKeyOf = (text: string): SortKey => keyAmong(text, SORT_KEYS);

/** The same, where there is more to sort by. @param all the keys of measures among them */
export function keyAmong<Key extends string>(text: string, all: readonly Key[]): Key | RowKey {
  const key = all.find((each) => each === text.trim()) ?? measureAmong(text, ROW_KEYS);
  if (key !== undefined) return key;
  const others = all.filter((each) => !ROW_KEYS.some((measure) => measure === each));
  throw unknownName(text, 'sort order', nearestName(text, ROW_KEYS, others), all);
}

/** Rows in order: of a measure the largest first. */
export function sorted<Row extends Amounts>(rows: readonly Row[], key: SortKey): Row[] {
  const measure = ROW_KEYS.find((each) => each === key);
  if (measure) {
    const weights = new Map(rows.map((row) => [row, weightOf(row, measure)]));
    return rows.toSorted((a, b) => weights.get(b)! - weights.get(a)!);
  }
  const heldKey = HELD_KEYS.find((each) => each === key);
  if (heldKey) return rows.toSorted((a, b) => (b[heldKey] ?? 0) - (a[heldKey] ?? 0));
  const of = (row: Row): string | number => {
    const {pid, name, group, user} = row as Partial<ProcessRow> & {readonly group?: string};
    return (key === 'pid' ? pid : key === 'user' ? user : (group ?? name)) ?? '';
  };
  return rows.toSorted((a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0));
}

/**
 * What --filter means: a text in the name, title, user, unit, container or cgroup of a process.
 *
 * @throws Trouble `usage`
 */
export function filterOfRows(text: string): (row: ProcessRow) => boolean {
  const matches = filterOf(text);
  return ({name, title, user, unit, container, cgroup}) =>
    [name, title, user, unit, container, cgroup].some((each) => each !== undefined && matches(each));
}
