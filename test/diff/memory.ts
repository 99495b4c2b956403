import type {Diff} from '../../src/diff/diff.ts';
import type {Change, Range} from '../../src/model/change.ts';
import {isFileBacked, type Region} from '../../src/model/region.ts';
import {pagesOf} from './tools.ts';

/** What lies at each page: a listing without its borders. */
export type Memory = Map<number, string>;

/** What one page of a region is. A place in the file is a part of it, a place in the region is not. */
export function pageText(region: Region, page: number): string {
  const {perms, name, dev, inode, offset, start} = region;
  const place = isFileBacked(region) ? `${dev} ${inode} ${offset! + page - start}` : 'anonymous';
  return `${perms} ${place} ${name}`;
}

export function memoryOf(regions: readonly Region[]): Memory {
  const memory: Memory = new Map();
  for (const region of regions) for (const page of pagesOf(region)) memory.set(page, pageText(region, page));
  return memory;
}

/** Where a change's memory was before: its range, or its pieces. */
export function rangesBefore({kind, range, from, pieces}: Change): readonly Range[] {
  if (pieces) return pieces.before;
  return kind === 'new' || kind === 'grown' ? [] : [from ?? range];
}

/** Where it is after. */
export function rangesAfter({kind, range, pieces}: Change): readonly Range[] {
  if (pieces) return pieces.after;
  return kind === 'gone' || kind === 'shrunk' ? [] : [range];
}

/** Does to a memory what a diff says: no look at the second listing but through the changes. */
export function applyTo(memory: Memory, changes: Diff['changes']): Memory {
  const result = new Map(memory);
  for (const change of changes) for (const page of rangesBefore(change).flatMap(pagesOf)) result.delete(page);
  for (const change of changes) {
    for (const page of rangesAfter(change).flatMap(pagesOf)) {
      const region = change.after.find(({start, end}) => start <= page && page < end);
      if (!region) throw new Error(`${change.kind}: no region of "after" has page ${page.toString(16)}`);
      result.set(page, pageText(region, page));
    }
  }
  return result;
}
