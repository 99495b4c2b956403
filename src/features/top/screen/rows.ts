import {type ProcessRow, weightOf} from '../../../model/host/processes.ts';
import {Trouble} from '../../../model/trouble.ts';
import {filterOfRows, sorted} from '../../ps/choose.ts';
import {groupItems, type Item, itemsOf, type TopPicture} from '../picture.ts';
import type {TopState, View} from './view.ts';

/** The items that are shown, in order. Found once for a picture and a view: several parts of a frame ask for them. */
export function itemsShown({picture, view, minSize}: TopState): readonly Item[] {
  const asked = JSON.stringify([view.sort, view.isReversed, view.filter, view.by, view.inside, minSize]);
  const known = found.get(picture);
  if (known?.asked === asked) return known.items;
  const items = ordered(chosen(picture, view, minSize), view);
  found.set(picture, {asked, items});
  return items;
}

const found = new WeakMap<TopPicture, {readonly asked: string; readonly items: readonly Item[]}>();

/** Of groups, those that have a process that matches. */
function chosen(picture: TopPicture, {filter, by, inside}: View, minSize: number): Item[] {
  const matches = filter === '' ? (): boolean => true : matcherOf(filter);
  const {rows} = picture.host;
  const items =
    by === undefined
      ? itemsOf(picture, inside ? rows.filter((row) => row[inside.by] === inside.group) : rows)
      : groupItems(picture, rows, by);
  return items.filter(
    ({row}) => weightOf(row, 'pss') >= minSize && ('members' in row ? row.members.some(matches) : matches(row)),
  );
}

/** A filter as ps takes it; while it is typed it may not be one yet. */
function matcherOf(filter: string): (row: ProcessRow) => boolean {
  try {
    return filterOfRows(filter);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return () => false;
  }
}

/** Where two are equal, the larger comes first. */
function ordered(items: readonly Item[], {sort, isReversed}: View): Item[] {
  const byRow = new Map(items.map((item) => [item.row, item]));
  const bySize = sorted([...byRow.keys()], 'pss');
  const rows = sort === 'growth' || sort === 'pss' ? bySize : sorted(bySize, sort);
  const all = rows.map((row) => byRow.get(row)!);
  if (sort === 'growth') all.sort((a, b) => b.growth - a.growth);
  return isReversed ? all.reverse() : all;
}

/** The place of the selected item; undefined: none is, or it is not among them. */
export function placeOf(items: readonly Item[], {selected}: View): number | undefined {
  const place = selected === undefined ? -1 : items.findIndex(({key}) => key === selected);
  return place < 0 ? undefined : place;
}

/** The first row that is shown of `count`: the selected one is always among them. */
export function firstShown(items: readonly Item[], view: View, count: number): number {
  const from = Math.min(view.scroll, Math.max(0, items.length - count));
  const place = placeOf(items, view);
  return place === undefined ? from : Math.max(0, place - count + 1, Math.min(from, place));
}
