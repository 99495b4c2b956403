import {isInUserSpace} from './holes.ts';
import {isFileBacked, sizeOf, type Region} from './region.ts';

/**
 * Why two regions that touch are two and not one. The kernel joins neighbours that are alike (mm/vma.c, is_mergeable_vma),
 * so each border has a cause:
 *
 * backing    another file, or a file beside memory without one
 * offset     one file, but not the bytes that follow
 * guard      one of the two has no access: a guard page, or addresses kept free
 * perms      other permissions
 * name       another name (prctl PR_SET_VMA_ANON_NAME), or one that has none
 * flags      other VmFlags: what madvise, mlock and the like set
 * unseen     nothing that smaps shows: each had memory of its own before they touched (anon_vma), or another NUMA policy
 * unknown    the source has no VmFlags, and nothing else differs
 */
export type Cause = 'backing' | 'offset' | 'guard' | 'perms' | 'name' | 'flags' | 'unseen' | 'unknown';

/** Borders of one cause, and of one detail: the flags or permissions that differ. */
export interface Borders {
  readonly cause: Cause;
  /** `dc`: the VmFlags that one has and the other lacks; `r--p | rw-p`; '' where there is no more to say. */
  readonly detail: string;
  readonly count: number;
  /** One of them. */
  readonly first: readonly [Region, Region];
}

/** All borders between regions that touch, the most frequent first. */
export function bordersOf(regions: readonly Region[]): Borders[] {
  const groups = new Map<string, {cause: Cause; detail: string; count: number; first: [Region, Region]}>();
  const pairs = new Pairs();
  for (let index = 1; index < regions.length; index++) {
    const [before, after] = [regions[index - 1]!, regions[index]!];
    if (before.end !== after.start || !isInUserSpace(after)) continue;
    const [cause, detail] = causeOf(before, after, pairs);
    const key = `${cause} ${detail}`;
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, {cause, detail, count: 1, first: [before, after]});
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || a.first[0].start - b.first[0].start);
}

/** The two permissions on both sides of a border, in either order, as one text: made once, since 60,000 borders share a few. */
class Pairs {
  readonly #known = new Map<string, Map<string, string>>();

  of(a: string, b: string): string {
    let others = this.#known.get(a);
    if (!others) this.#known.set(a, (others = new Map()));
    let text = others.get(b);
    if (text === undefined) others.set(b, (text = [a, b].sort().join(' | ')));
    return text;
  }
}

function causeOf(before: Region, after: Region, pairs: Pairs): [Cause, string] {
  const [a, b] = [isFileBacked(before), isFileBacked(after)];
  if (a !== b || (a && !isOneFile(before, after))) return ['backing', ''];
  if (a && !followsInFile(before, after)) return ['offset', ''];
  if (before.perms !== after.perms) {
    const isGuard = before.perms.startsWith('---') || after.perms.startsWith('---');
    return [isGuard ? 'guard' : 'perms', pairs.of(before.perms, after.perms)];
  }
  if (before.name !== after.name) return ['name', ''];
  if (!before.flags || !after.flags) return ['unknown', ''];
  const differing = differingFlags(before.flags, after.flags);
  return differing.length > 0 ? ['flags', differing.join(' ')] : ['unseen', ''];
}

const isOneFile = (a: Region, b: Region): boolean => a.dev === b.dev && a.inode === b.inode && a.name === b.name;

const followsInFile = (before: Region, after: Region): boolean =>
  before.offset === undefined || after.offset === undefined || before.offset + sizeOf(before) === after.offset;

/** The kernel joins in spite of these: VM_SOFTDIRTY, and VM_MAYBE_GUARD, which the whole takes over. */
const NO_MATTER = new Set(['sd', 'gu']);

function differingFlags(a: readonly string[], b: readonly string[]): string[] {
  if (a === b) return [];
  const both = new Set([...a, ...b]);
  return [...both].filter((flag) => !NO_MATTER.has(flag) && a.includes(flag) !== b.includes(flag)).sort();
}
