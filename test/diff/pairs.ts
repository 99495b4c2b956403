import fc from 'fast-check';
import {classify} from '../../src/classify/classify.ts';
import {Regions} from '../../src/model/columns/regions.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import type {Usage} from '../../src/model/region.ts';
import {bytes, Editor, isFile, toRegion, type Backing, type Piece} from './edits.ts';
import {lineOf} from './tools.ts';

/** Two snapshots; a failing property prints them as listings. */
export class Pair {
  readonly before: Snapshot;
  readonly after: Snapshot;

  constructor(before: readonly Piece[], after: readonly Piece[]) {
    this.before = snapshotOf(before);
    this.after = snapshotOf(after);
  }

  toString(): string {
    const [before, after] = [this.before, this.after].map(({regions}) =>
      regions.map((region) => `  ${lineOf(region)}\n`).join(''),
    );
    return `\nbefore:\n${before}after:\n${after}`;
  }
}

function snapshotOf(pieces: readonly Piece[]): Snapshot {
  const regions = Regions.of(pieces.map(toRegion));
  classify(regions);
  return new Snapshot({source: {from: 'capture', format: 'maps'}, regions});
}

const anonymous = (name: string): Backing => ({name, dev: '00:00', inode: '0'});

/** Few of each, so that neighbours and the two sides often have the same. `/bin/a` is deleted, built anew and on two disks. */
const BACKINGS: readonly Backing[] = [
  ...['', '', '', '', '[heap]', '[stack]', '[vdso]', '[vvar]', '[anon:x]'].map(anonymous),
  {name: '/bin/a', dev: 'fd:00', inode: '11'},
  {name: '/bin/a (deleted)', dev: 'fd:00', inode: '11'},
  {name: '/bin/a', dev: 'fd:00', inode: '12'},
  {name: '/bin/a', dev: 'fd:01', inode: '11'},
  {name: '/lib/b.so', dev: 'fd:00', inode: '13'},
  {name: '/dev/zero (deleted)', dev: '00:01', inode: '14'},
];

const PERMS = ['rw-p', 'rw-p', 'r--p', 'r-xp', '---p', 'rw-s'];
const COUNTERS = ['rss', 'pss', 'privateClean', 'privateDirty', 'sharedClean', 'anonymous', 'swap'];

const pagesUpTo = (most: number): fc.Arbitrary<number> => fc.integer({min: 1, max: most});
const backing = fc.constantFrom(...BACKINGS);
const perms = fc.constantFrom(...PERMS);
const usage = fc.record(Object.fromEntries(COUNTERS.map((counter) => [counter, fc.nat(3).map(bytes)])));

/** A file's page lies at its own address, give or take: so neighbours are often one after the other in the file, too. */
const start = fc.record({
  gap: fc.constantFrom(0, 0, 1, 3),
  length: pagesUpTo(6),
  backing,
  perms,
  usage,
  bias: fc.constantFrom(0, 0, 5),
  flags: fc.constantFrom(['rd', 'mr'], ['rd', 'mr', 'dc']),
});

const listing = fc.array(start, {maxLength: 9}).map((regions): Piece[] => {
  let at = 16;
  return regions.map(({gap, length, backing, perms, usage, bias, flags}) => {
    const first = at + gap;
    at = first + length;
    const offset = isFile(backing) ? bytes(first + bias - 16) : 0;
    return {...backing, start: bytes(first), end: bytes(at), perms, offset, usage, flags};
  });
});

const edit = fc.record({
  what: fc.constantFrom(
    'grow',
    'unmap',
    'protect',
    'rename',
    'replace',
    'map',
    'cut',
    'merge',
    'border',
    'move',
    'slide',
    'touch',
    'others',
  ),
  /** Which region, from which of its pages on, and how many. */
  index: fc.nat(20),
  from: fc.nat(7),
  length: pagesUpTo(5),
  down: fc.boolean(),
  backing,
  perms,
  usage,
  to: fc.nat(60),
});

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function apply(editor: Editor, {what, index: any, from, length, down, backing, perms, usage, to}: Edit): void {
  const index = any % Math.max(1, editor.pieces.length);
  const piece = editor.pieces[index];
  if (!piece) return;
  const start = Math.min(piece.start + bytes(from), piece.end - bytes(1));
  const end = start + bytes(length);
  switch (what) {
    case 'grow':
      return editor.grow(index, bytes(down ? -length : length));
    case 'unmap':
      return editor.unmap(start, end);
    case 'protect':
      return editor.set(start, end, {perms});
    case 'rename':
      // What has an inode goes on having it.
      if (isFile(piece)) return editor.set(piece.start, piece.end, {name: backing.name || '/bin/c'});
      return isFile(backing) ? undefined : editor.set(start, end, {name: backing.name});
    case 'replace':
      return editor.map({...piece, ...backing, start, end, perms, offset: isFile(backing) ? bytes(to) : 0});
    case 'map':
      return editor.map({
        ...piece,
        ...backing,
        start: bytes(to),
        end: bytes(to + length),
        perms,
        offset: isFile(backing) ? bytes(to) : 0,
      });
    case 'cut':
      return editor.cut(start);
    case 'border':
      editor.merge(piece.start, piece.end);
      return editor.cut(start);
    case 'merge':
      return editor.merge(start, end);
    case 'move': {
      editor.unmap(piece.start, piece.end);
      return editor.map({...piece, start: bytes(to), end: bytes(to) + piece.end - piece.start});
    }
    case 'slide':
      return editor.slide(index, bytes(to));
    case 'touch':
      return editor.set(piece.start, piece.end, {usage});
    case 'others':
      // Another process begins to share its pages.
      return editor.set(piece.start, piece.end, {
        usage: {...piece.usage, pss: usage['pss']!, privateClean: usage['privateClean']!},
      });
  }
}

const edited = fc.tuple(listing, fc.array(edit, {minLength: 1, maxLength: 5})).map(([before, edits]) => {
  const editor = new Editor(before);
  for (const edit of edits) apply(editor, edit);
  return [before, editor.pieces] as const;
});

const independent = fc.tuple(listing, listing);

/** Which counters a side has, if any: a listing of maps has none, an old kernel's smaps or pmap's has few. */
const counters = fc.constantFrom([], COUNTERS, COUNTERS, COUNTERS, ['rss'], ['rss', 'pss', 'swap']);

const keep = (piece: Piece, counters: readonly string[]): Piece => ({
  ...piece,
  usage:
    counters.length === 0 ? undefined : (Object.fromEntries(counters.map((key) => [key, piece.usage?.[key]])) as Usage),
});

export const pairs: fc.Arbitrary<Pair> = fc
  .tuple(
    fc.oneof({arbitrary: edited, weight: 4}, {arbitrary: independent, weight: 1}),
    counters,
    counters,
    fc.boolean(),
  )
  .map(([[before, after], first, second, same]) => {
    const last = same ? first : second;
    return new Pair(
      before.map((piece) => keep(piece, first)),
      after.map((piece) => keep(piece, last)),
    );
  });
