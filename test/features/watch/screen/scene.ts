import fc from 'fast-check';
import {diff} from '../../../../src/diff/diff.ts';
import type {Region} from '../../../../src/model/region.ts';
import {Snapshot} from '../../../../src/model/snapshot.ts';
import {firstPicture, nextPicture, type Picture} from '../../../../src/features/watch/screen/picture.ts';
import {SORTS, type Sort, type View} from '../../../../src/features/watch/screen/view.ts';

/** Names that make a line too wide, move the cursor, or turn the writing round, if one lets them. */
const NAMES = [
  '',
  '',
  '',
  '[heap]',
  '[stack]',
  '/usr/lib/x86_64-linux-gnu/libc.so.6',
  '/memfd:漢字かな한글 (deleted)',
  '/tmp/\x1b[2J\x1b[31mred',
  '/tmp/e\u0301e\u0301',
  '/tmp/😀😀😀',
  '/tmp/\u202etxt',
  `/tmp/${'long'.repeat(80)}`,
  '/tmp/blank ',
];

interface Drawn {
  readonly gap: number;
  readonly pages: number;
  readonly name: string;
  readonly perms: string;
  readonly rss: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  gap: fc.constantFrom(0, 0, 1, 2, 2 ** 20),
  pages: fc.oneof({weight: 9, arbitrary: fc.integer({min: 1, max: 6})}, {weight: 1, arbitrary: fc.constant(2 ** 30)}),
  name: fc.constantFrom(...NAMES),
  perms: fc.constantFrom('rw-p', 'r-xp', '---p', 'rwxp', 'rw-s'),
  rss: fc.nat(3),
});

/** @param isMeasured as of smaps; else as of maps */
function snapshotOf(listing: readonly Drawn[], isMeasured: boolean): Snapshot {
  let at = 0x10000;
  const regions = listing.map(({gap, pages, name, perms, rss}): Region => {
    const start = at + gap * 4096;
    at = start + pages * 4096;
    const isFile = name.startsWith('/');
    const usage = isMeasured ? {rss: Math.min(rss, pages) * 4096} : undefined;
    return {
      start,
      end: at,
      perms,
      offset: 0,
      dev: isFile ? 'fd:00' : '00:00',
      inode: isFile ? '7' : '0',
      name,
      kind: 'anon',
      usage,
    };
  });
  const process = {pid: 4242, comm: 'a\x1b[31m漢', exe: '/usr/bin/some program', state: 'S', threads: 3};
  return new Snapshot({regions, process, source: {from: 'process', format: isMeasured ? 'smaps' : 'maps'}});
}

/** Some samples of a process: each is new, or the one before with a part changed, so that much stays alike. */
export const looks: fc.Arbitrary<readonly Snapshot[]> = fc
  .tuple(
    fc.array(drawn, {maxLength: 25}),
    fc.array(fc.tuple(fc.array(fc.tuple(fc.nat(30), fc.nat(2), drawn), {maxLength: 4}), fc.boolean()), {maxLength: 6}),
  )
  .map(([first, edits]) => {
    const listings = [{listing: first, isMeasured: true}];
    for (const [changes, isMeasured] of edits) {
      const listing = [...listings.at(-1)!.listing];
      for (const [place, without, one] of changes) listing.splice(place, without, one);
      listings.push({listing, isMeasured});
    }
    return listings.map(({listing, isMeasured}) => snapshotOf(listing, isMeasured));
  });

/** The picture that a watch would have after these samples. */
export function pictureOf(
  snapshots: readonly Snapshot[],
  isAfter?: (picture: Picture, snapshot: Snapshot) => void,
): Picture {
  const status = {name: 'a\x1b[31m漢', state: 'S', threads: 3, vmRss: 123_456_789, vmHwm: 234_567_890, vmSwap: 4096};
  let picture = firstPicture({snapshot: snapshots[0]!, status, t: 0, tick: 0});
  for (const snapshot of snapshots.slice(1)) {
    const {changes} = diff(picture.snapshot, snapshot, {match: 'address'});
    const tick = picture.tick + 1;
    const sight = {snapshot, status, t: picture.ms + 500, tick, at: '2026-01-31T12:34:56.789Z'};
    picture = nextPicture(picture, sight, changes);
    isAfter?.(picture, snapshot);
  }
  return picture;
}

export const views: fc.Arbitrary<View> = fc.record({
  sort: fc.constantFrom<Sort>(...(Object.keys(SORTS) as Sort[]), 'privateDirty', 'name', 'kind'),
  given: fc.constantFrom<Sort>('changed', 'privateDirty'),
  isReversed: fc.boolean(),
  filter: fc.constantFrom('', '', 'LIB', 'tmp', '漢', '\x1b', '0x10000', 'rw-p', 'no such thing anywhere'),
  isTyping: fc.boolean(),
  scroll: fc.constantFrom(0, 0, 3, 1e6),
  selected: fc.constantFrom(undefined, 0x10000, 0x11000, 0x15fff),
  page: fc.option(fc.constantFrom(0, 5, 1e6), {nil: undefined, freq: 4}),
  isByKind: fc.boolean(),
  help: fc.option(fc.constantFrom(0, 5, 1e6), {nil: undefined, freq: 4}),
  isPaused: fc.boolean(),
});
