import {isFileBacked, sizeOf, type Region} from '../model/region.ts';
import {usageDelta, type Draft} from './draft.ts';

/**
 * Finds what moved: memory that is gone at one address and new at another (mremap(2) with MREMAP_MAYMOVE). A mapped file is
 * known by its inode and offset. Anonymous memory has nothing to know it by, so it counts as moved only where exactly one
 * region of its size, permissions and name went and exactly one came, and is called a guess.
 *
 * @returns the drafts with such pairs as one `moved` each
 */
export function pairMoved(drafts: readonly Draft[]): Draft[] {
  const gone = uniqueByKey(drafts.filter((draft) => draft.kind === 'gone' && isWhole(draft, draft.before)));
  const come = uniqueByKey(drafts.filter((draft) => draft.kind === 'new' && isWhole(draft, draft.after)));
  const pairOf = new Map<Draft, Draft>();
  for (const [key, from] of gone) {
    const to = come.get(key);
    if (from && to) pairOf.set(to, from);
  }
  const paired = new Set(pairOf.values());
  return drafts
    .filter((draft) => !paired.has(draft))
    .map((draft) => (pairOf.has(draft) ? moved(pairOf.get(draft)!, draft) : draft));
}

function moved(from: Draft, to: Draft): Draft {
  const [before] = from.before as [Region];
  const [after] = to.after as [Region];
  return {
    kind: 'moved',
    range: to.range,
    from: from.range,
    slide: after.start - before.start,
    before: [before],
    after: [after],
    size: 0,
    usage: usageDelta([before], [after]),
    isGuess: !isFileBacked(before) && !before.name.startsWith('['),
  };
}

/** A draft about all of one region, not about what is left of it. */
const isWhole = (draft: Draft, regions: readonly Region[]): boolean =>
  regions.length === 1 && regions[0]!.start === draft.range.start && regions[0]!.end === draft.range.end;

/** Key → its draft, or undefined where several drafts have the key. */
function uniqueByKey(drafts: readonly Draft[]): Map<string, Draft | undefined> {
  const byKey = new Map<string, Draft | undefined>();
  for (const draft of drafts) {
    const region = (draft.before[0] ?? draft.after[0])!;
    const {perms, dev, inode, offset, name, nameBase64} = region;
    const key = JSON.stringify([
      sizeOf(region),
      perms,
      dev,
      inode,
      isFileBacked(region) ? offset : 0,
      name,
      nameBase64,
    ]);
    byKey.set(key, byKey.has(key) ? undefined : draft);
  }
  return byKey;
}
