import fc from 'fast-check';
import type {Clues} from '../../src/model/clues/clues.ts';
import {KINDS} from '../../src/model/kind.ts';
import type {Region} from '../../src/model/region.ts';
import {Snapshot} from '../../src/model/snapshot.ts';

const PAGE = 4096;

/** Regions in ascending order, some of which touch; of every kind, with some counters or none. */
export const regions: fc.Arbitrary<Region[]> = fc
  .record({
    hasUsage: fc.boolean(),
    drafts: fc.array(
      fc.record({
        gap: fc.constantFrom(0, 0, 1, 7),
        pages: fc.integer({min: 1, max: 9}),
        perms: fc.constantFrom('rw-p', 'r--p', 'r-xp', '---p', 'rw-s'),
        kind: fc.constantFrom(...KINDS),
        name: fc.constantFrom('', '', '[heap]', '/lib/a.so', '/lib/b.so', '[anon:x]'),
        rss: fc.nat(9),
        dirty: fc.nat(9),
        flags: fc.constantFrom(['rd', 'mr'], ['rd', 'mr', 'dc'], ['rd', 'hg']),
      }),
      {maxLength: 12},
    ),
  })
  .map(({hasUsage, drafts}) => {
    let at = 0x400000;
    return drafts.map(({gap, pages, perms, kind, name, rss, dirty, flags}): Region => {
      const start = at + gap * PAGE;
      at = start + pages * PAGE;
      const isFile = name.startsWith('/');
      return {
        start,
        end: at,
        perms,
        offset: 0,
        dev: isFile ? 'fd:00' : '00:00',
        inode: isFile ? '7' : '0',
        name,
        kind,
        usage: hasUsage ? {rss: rss * 1024, pss: rss * 512, privateDirty: dirty * 1024} : undefined,
        flags: hasUsage ? flags : undefined,
      };
    });
  });

/** One region, as short as a test can write it. */
export function region(start: number, end: number, perms: string, more: Partial<Region> = {}): Region {
  const isFile = more.name?.startsWith('/') ?? false;
  const [dev, inode] = isFile ? ['fd:00', '7'] : ['00:00', '0'];
  return {start, end, perms, offset: 0, dev, inode, name: '', kind: 'anon', ...more};
}

export const snapshotOf = (
  list: readonly Region[],
  clues: Clues = {},
  status: Readonly<Record<string, number>> = {},
): Snapshot =>
  new Snapshot({source: {from: 'process', format: 'smaps'}, regions: list, clues: {pageSize: PAGE, ...clues}, status});
