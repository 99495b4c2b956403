import type {Range} from '../model/change.ts';
import {type Region, sizeOf} from '../model/region.ts';
import {type Draft, usageDelta} from './draft.ts';

/**
 * Are two files of one name different files? They are if both their inodes and their segments differ. With other inodes
 * but the same segments it may be the same file on another host.
 *
 * @param before the regions of one file, and its bss
 */
export function isAnotherFile(before: readonly Region[], after: readonly Region[]): boolean {
  const [a, b] = [before[0], after[0]];
  if (!a || !b || !hasInode(a) || !hasInode(b) || (a.inode === b.inode && a.dev === b.dev)) return false;
  return shapeOf(before) !== shapeOf(after);
}

const hasInode = ({inode}: Region): boolean => inode !== '' && inode !== '0';

const shapeOf = (regions: readonly Region[]): string =>
  regions
    .filter(hasInode)
    .map((region) => `${region.perms} ${region.offset} ${sizeOf(region)}`)
    .join('|');

/** All of one file was replaced by all of another. */
export const exchanged = (before: readonly Region[], after: readonly Region[]): Draft => ({
  kind: 'replaced',
  range: hull(after),
  from: hull(before),
  pieces: {before: before.map(rangeOf), after: after.map(rangeOf)},
  before,
  after,
  size: sumOf(after) - sumOf(before),
  usage: usageDelta(before, after),
});

const rangeOf = ({start, end}: Region): Range => ({start, end});

const hull = (regions: readonly Region[]): Range => ({start: regions[0]!.start, end: regions.at(-1)!.end});

const sumOf = (regions: readonly Region[]): number => regions.reduce((sum, region) => sum + sizeOf(region), 0);
